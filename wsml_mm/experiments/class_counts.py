"""What groups of classes take from a config: counts of annotations, and a test by class."""

from __future__ import annotations

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray

from wsml_mm.evaluation.frequency_groups import COUNTS, annotation_counts

from .config_parts import typed_parts
from .configs import build_partial_datasets


def count_annotations(cfg: Config) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Returns the classes and how often each is annotated in the official training split."""
    leaves = build_partial_datasets(cfg)
    counts = {
        c: np.sum([annotation_counts(leaf.full_labels, c) for leaf in leaves], axis=0)
        for c in COUNTS
    }
    return tuple(leaves[0].metainfo['classes']), counts


def require_class_scores(cfg: Config, config: str) -> None:
    """Refuses, before hours of training, a test that does not report every class.

    Raises:
        ValueError: if no test metric has `classwise=True`.
    """
    if not any(part.get('classwise') for _, part in typed_parts(cfg.test_evaluator)):
        raise ValueError(
            f'{config}: the test reports no class; set '
            "test_evaluator=dict(type='MeanAveragePrecision', classwise=True)"
        )
