"""The losses against what they did before the redesign (dev/make_golden.py): nothing changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import wsml_mm

GOLDEN = np.load(Path(__file__).parent / 'golden.npz')
CASES = sorted({key.rsplit('|', 1)[0] for key in GOLDEN.files if key.endswith('|loss')})
KINDS = {
    'an': wsml_mm.AssumeNegativeLoss,
    'll-r': wsml_mm.LargeLossReject,
    'll-ct': wsml_mm.LargeLossCorrectTemp,
    'll-cp': wsml_mm.LargeLossCorrectPerm,
}
EPOCHS, STEPS = 6, 4


def test_every_method_is_in_the_file():
    assert {case.split('|')[0] for case in CASES} == set(KINDS)
    assert len(CASES) == 2 + 3 * 8


@pytest.mark.parametrize('case', CASES)
def test_same_selections_losses_gradients_and_corrections(case):
    kind, percent_of, delta_rel, precision = case.split('|')
    images, logits, labels = (
        torch.from_numpy(GOLDEN[f'{kind}|{name}']) for name in ('images', 'logits', 'labels')
    )
    logits = logits.to(getattr(torch, precision))
    options = {} if kind == 'an' else dict(delta_rel=float(delta_rel), percent_of=percent_of)
    if kind == 'll-cp':
        options['num_samples'] = len(labels)
    loss = KINDS[kind](**options)
    loss.keep_trace = True
    selected, values, gradients = [], [], []
    for step, (index, score) in enumerate(zip(images, logits, strict=True)):
        if kind != 'an' and step % STEPS == 0:
            loss.set_epoch(step // STEPS, EPOCHS)
        leaf = score.clone().requires_grad_()
        value = loss(leaf, labels[index], sample_idx=index)
        value.backward()
        selected.append(loss.trace.acted_on().numpy())
        values.append(value.item())
        gradients.append(leaf.grad.double().numpy())
    tolerance = 1e-12 if precision == 'float64' else 1e-6
    assert (np.packbits(np.stack(selected)) == GOLDEN[f'{case}|selected']).all()
    assert np.stack(selected).any() == (kind != 'an')
    np.testing.assert_allclose(values, GOLDEN[f'{case}|loss'], rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        np.stack(gradients), GOLDEN[f'{case}|gradient'], rtol=0, atol=tolerance
    )
    if kind == 'll-cp':
        loss.set_epoch(EPOCHS)
        table = loss.corrections.table()
        found = np.stack([table['sample'], table['class'], table['epoch']])
        np.testing.assert_array_equal(found, GOLDEN[f'{case}|corrections'])
