from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from wsml_mm.experiments.fine_tuning import fine_tune_classes


def data(seed=0, rows=120, known=0.5):
    rng = np.random.default_rng(seed)
    truth = np.random.default_rng(9).normal(size=(4, 6))
    features = rng.normal(size=(rows, 6)).astype(np.float32)
    labels = (features @ truth.T + rng.normal(size=(rows, 4)) > 0).astype(np.int8)
    labels[rng.random(labels.shape) > known] = -1
    return torch.from_numpy(features), torch.from_numpy(labels)


def layer(seed=1):
    torch.manual_seed(seed)
    return torch.randn(4, 6), torch.randn(4)


def alone(weight, bias, train, val, label, epochs, lr, batch_size):
    """One class by itself, with modules of PyTorch and scikit-learn."""
    from sklearn.metrics import average_precision_score

    one = nn.Linear(6, 1)
    one.weight.data, one.bias.data = (
        weight[label : label + 1].clone(),
        bias[label : label + 1].clone(),
    )
    optimiser = torch.optim.Adam(one.parameters(), lr=lr)
    known = val[1][:, label] != -1
    order, found = torch.Generator().manual_seed(0), []
    for epoch in range(epochs + 1):
        if epoch:
            for batch in torch.randperm(len(train[0]), generator=order).split(batch_size):
                labels = train[1][batch, label]
                seen = labels != -1
                loss = nn.BCEWithLogitsLoss()(
                    one(train[0][batch][seen])[:, 0], labels[seen].float()
                )
                optimiser.zero_grad(), loss.backward(), optimiser.step()
        with torch.no_grad():
            scores = one(val[0])[:, 0]
        ap = average_precision_score(val[1][known, label].numpy(), scores[known].numpy())
        found.append((ap, -epoch, one.weight.detach().clone()[0], one.bias.item()))
    return max(found, key=lambda item: (round(item[0], 9), item[1]))


def test_each_class_is_what_it_is_by_itself():
    train, val, (weight, bias) = data(), data(2, 80), layer()
    found = fine_tune_classes(weight, bias, train, val, epochs=6, lr=0.05, batch_size=40)
    for label in range(4):
        ap, epoch, row, offset = alone(weight, bias, train, val, label, 6, 0.05, 40)
        assert found.after[label] == pytest.approx(ap)
        assert found.epochs[label] == -epoch
        torch.testing.assert_close(found.weight[label], row, rtol=1e-4, atol=1e-5)
        assert found.bias[label].item() == pytest.approx(offset, abs=1e-5)
    assert (found.after >= found.before).all()
    assert (found.epochs > 0).any()


def test_classes_without_both_kinds_keep_their_row_and_unknown_labels_do_not_matter():
    train, val, (weight, bias) = data(), data(2, 80), layer()
    train[1][:, 1][train[1][:, 1] == 0] = -1
    val[1][:, 2] = 1
    found = fine_tune_classes(weight, bias, train, val, epochs=3, lr=0.05)
    assert found.epochs[[1, 2]].tolist() == [-1, -1]
    assert np.isnan(found.after[[1, 2]]).all()
    assert torch.equal(found.weight[[1, 2]], weight[[1, 2]])
    assert not torch.equal(found.weight[[0, 3]], weight[[0, 3]])


def test_what_was_given_is_not_changed():
    train, val, (weight, bias) = data(), data(2, 80), layer()
    copies = [t.clone() for t in (weight, bias, *train, *val)]
    fine_tune_classes(weight, bias, train, val, epochs=1)
    assert all(map(torch.equal, copies, (weight, bias, *train, *val)))


def test_bad_input_in_one_line():
    train, val, (weight, bias) = data(), data(2, 80), layer()
    single = torch.where(train[1] == 1, 1, -1)
    for labels in (single, torch.full_like(train[1], -1)):
        with pytest.raises(ValueError, match='needs observed negatives beside positives') as error:
            fine_tune_classes(weight, bias, (train[0], labels), val)
        assert '\n' not in str(error.value)
    with pytest.raises(
        ValueError, match=r'val: features \(80, 6\) and labels \(79, 4\) do not fit'
    ):
        fine_tune_classes(weight, bias, train, (val[0], val[1][1:]))
    with pytest.raises(ValueError, match=r'train: features \(120, 5\).*layer \(4, 6\)'):
        fine_tune_classes(weight, bias, (train[0][:, :5], train[1]), val)
