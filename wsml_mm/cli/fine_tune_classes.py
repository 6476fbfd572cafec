"""Fits each class's row of a trained last layer on stored features, on known labels only (CFT)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from torch import Tensor

from wsml_mm.datasets import FeatureDataset
from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.engine.hooks.checkpoint_identity import TRAINING
from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.fine_tuning import FineTuned, fine_tune_classes
from wsml_mm.experiments.options import merge_options
from wsml_mm.labels.files import write_durably
from wsml_mm.models.checkpoint_file import read_checkpoint, sealed
from wsml_mm_cli.command import run
from wsml_mm_cli.fine_tune_classes import parse_args

_ROWS = ('head.fc.weight', 'head.fc.bias')


def stored_part(cfg: Config, loader: str) -> tuple[Tensor, Tensor]:
    """Returns features, (N, D), and observed labels, (N, C), of a loader's data set.

    Raises:
        ValueError: if it is not one `PartialLabelDataset` of stored, pooled features.
    """
    found = wrapped_datasets(DATASETS.build(cfg[loader].dataset))
    inner = found[0].dataset if len(found) == 1 else None
    if not isinstance(inner, FeatureDataset) or inner.keep != 'pooled':
        raise ValueError(
            f'{cfg.filename}: {loader} is not one PartialLabelDataset of stored pooled features, '
            'on which the last layer is fitted; name the linear protocol of the data set'
        )
    features = torch.from_numpy(inner.feature_rows(found[0].indices))
    return features, torch.from_numpy(found[0].labels.rows(found[0].indices))


def fine_tune(cfg: Config, checkpoint: dict[str, Any], **options: Any) -> FineTuned:
    """Fine-tunes a checkpoint's last layer in place of its `state_dict`.

    Args:
        cfg: of a linear layer on stored features.
        checkpoint: of it; changed.
        options: of `fine_tune_classes`.

    Raises:
        ValueError: if it has no linear head, or no class has known labels of both kinds.
    """
    weights = checkpoint.get('state_dict') or {}
    if missing := [name for name in _ROWS if name not in weights]:
        raise ValueError(
            f'the checkpoint has no {missing[0]}: it is not of a linear head, whose rows could be '
            'fitted'
        )
    train, val = (stored_part(cfg, name) for name in ('train_dataloader', 'val_dataloader'))
    weight, bias = (weights[name].float() for name in _ROWS)
    tuned = fine_tune_classes(weight, bias, train, val, **options)
    for name, rows in zip(_ROWS, (tuned.weight, tuned.bias), strict=True):
        weights[name] = rows.to(weights[name].dtype)
    return tuned


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    cfg = read_config(args.config)
    merge_options(cfg, args.cfg_options)
    checkpoint = read_checkpoint(args.checkpoint)
    tuned = fine_tune(cfg, checkpoint, epochs=args.epochs, lr=args.lr, seed=args.seed)
    # Without optimiser and label state: nothing is to be resumed from it.
    kept = {k: checkpoint[k] for k in ('meta', 'state_dict', TRAINING) if k in checkpoint}
    content = io.BytesIO()
    torch.save(kept, content)
    write_durably(args.out, sealed(content.getvalue()), 'free some space, or name another file')
    fitted, better = (tuned.epochs >= 0).sum(), (tuned.epochs > 0).sum()
    before, after = (100 * np.nanmean(part) for part in (tuned.before, tuned.after))
    print(
        f'{args.out}: {fitted} of {len(tuned.epochs)} classes have known labels of both kinds, '
        f'{better} keep a fitted row; validation mAP of the {fitted} {before:.2f} -> {after:.2f}'
    )


if __name__ == '__main__':
    run(main)
