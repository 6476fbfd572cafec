from __future__ import annotations

import pytest
import torch
from focal_oracle import LOGITS, PARTLY, SINGLE, check, gradient_at, started

from wsml_mm import AssumeNegativeLoss, PartialAsymmetricLoss, TrainingFacts
from wsml_mm.labels import SparseLabels

ASL = dict(gamma_neg=4, gamma_unobserved=4, clip=0.05, reduction='sum')
CSL = dict(gamma_neg=1, gamma_unobserved=4, reduction='sum')
ALL = '-.119203 .001407 .387456 0 / .007670 .668428 -.880797 .031250'
IGNORE = '-.119203 0 .387456 0 / 0 .668428 -.880797 0'
PRIOR = dict(class_prior=(0.1, 0.6, 0.2, 0.1), eta=0.5)


@pytest.mark.parametrize(
    ('settings', 'labels', 'value', 'gradient'),
    [
        (ASL, SINGLE, 2.881274, '-.119203 .000578 .059030 0 / .004022 .222747 -.880797 .018639'),
        (ASL | dict(detach_focal=False), SINGLE, 2.881274,
         '-.119203 .002618 .208874 0 / .017130 .616428 -.880797 .073117'),
        (CSL, PARTLY, 4.305804, ALL),
        (CSL | dict(mode='ignore'), PARTLY, 4.251211, IGNORE),
        (CSL | dict(mode='ignore_normalize'), PARTLY, 5.668282,
         '-.158937 0 .516608 0 / 0 .891237 -1.174396 0'),
        (CSL | dict(mode='selective', top_k=1), PARTLY, 4.252850,
         '-.119203 .001407 .387456 0 / 0 .668428 -.880797 0'),
        (CSL | dict(mode='selective', top_k=1) | PRIOR, PARTLY, 4.251212, IGNORE),
    ],
)  # fmt: skip
def test_oracle_values(settings, labels, value, gradient):
    check(started(PartialAsymmetricLoss(**settings)), labels, value, gradient)


def test_far_entries_keep_finite_losses_and_their_gradients():
    for settings in ({}, dict(clip=0.05), dict(detach_focal=False), dict(gamma_pos=0.5)):
        loss = started(PartialAsymmetricLoss(**settings))
        for logit in (-110.0, -90.0, -20.0, 20.0, 90.0, 110.0):
            for label in (1, 0, -1):
                gradient_at(loss, logit, label)
        # The reference's bound of 1e-8 takes the gradient of a positive below -18.4.
        assert gradient_at(loss, -90.0, 1) == pytest.approx(-0.25, rel=1e-3)


def test_without_focus_it_is_assume_negative():
    x, z = torch.tensor(LOGITS, dtype=torch.float64), torch.tensor(PARTLY)
    loss = PartialAsymmetricLoss(gamma_neg=0, gamma_unobserved=0)
    torch.testing.assert_close(loss(x, z), AssumeNegativeLoss()(x, z))


def test_the_selection_counts_over_the_batch_and_leaves_observed_labels():
    loss = started(PartialAsymmetricLoss('selective', top_k=2))
    loss.keep_trace = True
    x, z = torch.tensor(LOGITS), torch.tensor(PARTLY)
    loss(x, z)
    left_out = loss.trace.actions['ignored']
    assert left_out.sum() == 4  # 2 * 2 images, all that are unobserved
    assert not (left_out & (z != -1)).any()
    several = started(PartialAsymmetricLoss('selective', top_k=1, **PRIOR))
    several.keep_trace = True
    several(x, z, sample_idx=torch.arange(2))
    # The two highest scores, (1, 3) and (1, 0), then the class of prior 0.6.
    assert several.trace.actions['ignored'].nonzero().tolist() == [[0, 1], [1, 0], [1, 3]]


# The class prior


def facts(**change):
    labels = [[1, 0, -1, -1], [-1, 1, 0, -1], [-1, -1, 1, 0]]
    sparse = SparseLabels.from_dense(torch.tensor(labels, dtype=torch.int8).numpy())
    known = dict(labels=[sparse], classes=list('abcd'), max_epochs=4)
    return TrainingFacts(3, 4, **{**known, **change})


def scores(*rows):
    matrix = torch.tensor(rows)

    def predict():
        for i in range(len(matrix)):
            yield torch.tensor([i]), matrix[i : i + 1]

    return predict


def test_an_automatic_prior_is_the_mean_score_after_epochs_of_ignoring():
    loss = PartialAsymmetricLoss('selective', top_k=0, class_prior='auto', eta=0.5, prior_epochs=2)
    loss.start(facts())
    loss.keep_trace = True
    x, z = torch.tensor(LOGITS), torch.tensor(PARTLY)
    seen = []
    for epoch, high in enumerate((0.1, 0.9, 0.1)):
        loss.set_epoch(epoch, 4)
        loss(x, z, sample_idx=torch.arange(2))
        seen.append(loss.trace.actions['ignored'])
        loss.end_epoch(scores([0.1, high, 0.2, 0.3], [0.2, high, 0.1, 0.3], [0.0, high, 0.3, 0.3]))
    assert torch.equal(seen[0], z == -1)
    assert torch.equal(seen[1], z == -1)
    assert torch.equal(seen[2], (z == -1) & torch.tensor([False, True, False, False]))
    found = loss.state.classes('class_prior').data
    torch.testing.assert_close(found, torch.tensor([0.1, 0.9, 0.2, 0.3]))


def test_a_file_of_priors_goes_by_names(tmp_path):
    file = tmp_path / 'priors.csv'
    file.write_text('class,prior\nd,0.4\nb,0.2\na,0.1\nc,0.3\n')
    loss = PartialAsymmetricLoss('selective', top_k=1, class_prior=str(file))
    loss.start(facts())
    found = loss.state.classes('class_prior').data
    torch.testing.assert_close(found, torch.tensor([0.1, 0.2, 0.3, 0.4]))
    loss = PartialAsymmetricLoss('selective', top_k=1, class_prior=str(file))
    with pytest.raises(ValueError, match=r'other classes than the training set \(.*only there: d'):
        loss.start(facts(classes=list('abce')))


def test_what_cannot_be_is_refused_in_one_line():
    for build, says in (
        (lambda: PartialAsymmetricLoss('some'), "mode='some': use one of negative, ignore"),
        (lambda: PartialAsymmetricLoss('ignore', class_prior='auto'), 'is for mode="selective"'),
        (lambda: PartialAsymmetricLoss(top_k=1.5), r'top_k=1\.5: .*whole number'),
        (lambda: PartialAsymmetricLoss(clip=1), 'clip=1: a probability'),
        (lambda: PartialAsymmetricLoss(gamma_neg=-1), 'gamma_neg=-1: an exponent'),
        (lambda: PartialAsymmetricLoss(alpha=(1, 2)), 'factors of positives, negatives'),
    ):
        with pytest.raises(ValueError, match=says):
            build()
    loss = PartialAsymmetricLoss('selective', top_k=1, class_prior=[0.1, 0.2])
    with pytest.raises(ValueError, match='2 values for 4 classes'):
        loss.start(facts())
    with pytest.raises(ValueError, match=r'top_k=2 leaves out all unobserved labels, 2\.0 an'):
        PartialAsymmetricLoss('selective', top_k=2).start(facts())
    loss = PartialAsymmetricLoss('selective', class_prior='auto')
    single = SparseLabels.from_dense(torch.eye(4).mul(2).sub(1).to(torch.int8).numpy())
    with pytest.raises(ValueError, match=r'no negative is observed.*give class_prior=FILE'):
        loss.start(facts(labels=[single]))
    with pytest.warns(UserWarning, match='no negative label is observed.*the floor only'):
        PartialAsymmetricLoss('ignore').start(facts(labels=[single]))
