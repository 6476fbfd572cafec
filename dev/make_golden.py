"""Writes tests/referee/golden.npz: what the four losses did at the commit before the redesign.

It was run once, at that commit, and is kept to say where the numbers come from:
`PYTHONPATH=CHECKOUT_OF_20375ee python dev/make_golden.py`. `tests/referee/test_golden.py` holds the
present losses against the file.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import wsml_mm

OUT = Path(__file__).resolve().parent.parent / 'tests' / 'referee' / 'golden.npz'
KINDS = {
    'an': wsml_mm.AssumeNegativeLoss,
    'll-r': wsml_mm.LargeLossReject,
    'll-ct': wsml_mm.LargeLossCorrectTemp,
    'll-cp': wsml_mm.LargeLossCorrectPerm,
}
SAMPLES, CLASSES, BATCH, STEPS, EPOCHS = 20, 8, 6, 4, 6


def batches(seed: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Returns sample indices (T, B) with repeats, logits (T, B, C) with ties, labels (N, C)."""
    random = np.random.default_rng(seed)
    labels = random.choice([1, 0, -1], (SAMPLES, CLASSES), p=[0.1, 0.2, 0.7])
    images = random.integers(0, SAMPLES, (EPOCHS * STEPS, BATCH))
    logits = random.normal(0, 2, (EPOCHS * STEPS, BATCH, CLASSES))
    logits[1::3] = np.round(logits[1::3] * 2) / 2  # every third batch is full of ties
    return torch.from_numpy(images), torch.from_numpy(logits).to(dtype), torch.from_numpy(labels)


def record(name: str, percent_of: str, delta_rel: float, dtype: torch.dtype) -> dict[str, object]:
    """Trains one loss over all batches; returns selections, losses, gradients and corrections."""
    images, logits, labels = batches(len(name), dtype)
    options = {} if name == 'an' else dict(delta_rel=delta_rel, percent_of=percent_of)
    if name == 'll-cp':
        options['num_samples'] = SAMPLES
    loss = KINDS[name](**options)
    loss.keep_trace = True
    selected, values, gradients = [], [], []
    for step, (index, score) in enumerate(zip(images, logits, strict=True)):
        if name != 'an' and step % STEPS == 0:
            loss.set_epoch(step // STEPS, EPOCHS)
        leaf = score.clone().requires_grad_()
        value = loss(leaf, labels[index], sample_idx=index)
        value.backward()
        selected.append(loss.trace.selected.numpy())
        values.append(value.item())
        gradients.append(leaf.grad.double().numpy())
    found = {
        'selected': np.packbits(np.stack(selected)),
        'loss': np.array(values),
        'gradient': np.stack(gradients).astype(
            np.float64 if dtype == torch.float64 else np.float32
        ),
    }
    if name == 'll-cp':
        loss.set_epoch(EPOCHS)
        table = loss.corrections.table()
        found['corrections'] = np.stack([table['sample'], table['class'], table['epoch']])
    return found


if __name__ == '__main__':
    arrays: dict[str, np.ndarray] = {}
    for kind in KINDS:
        for base in ('all', 'unobserved') if kind != 'an' else ('all',):
            for rate in ('0.2', '7.5') if kind != 'an' else ('0.2',):
                for precision in ('float32', 'float64'):
                    key = f'{kind}|{base}|{rate}|{precision}'
                    result = record(kind, base, float(rate), getattr(torch, precision))
                    arrays |= {f'{key}|{k}': v for k, v in result.items()}
    for kind in KINDS:  # float32 inputs are these, rounded
        inputs = batches(len(kind), torch.float64)
        for name, values in zip(('images', 'logits', 'labels'), inputs, strict=True):
            arrays[f'{kind}|{name}'] = values.numpy()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT, **arrays)
    print(f'{len(arrays)} arrays, {OUT.stat().st_size} bytes: {OUT}')
