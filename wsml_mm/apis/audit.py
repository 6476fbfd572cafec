"""An audit: which labels of a training set are probably missing or wrong, by trained models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks.checkpoint_identity import TRAINING
from wsml_mm.engine.hooks.training_facts import fingerprint_of
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.version import __version__

from .missing_labels import Missing, ScoreCounts
from .selected_labels import selected_labels
from .suspicions import Suspicions, combine
from .training_scores import TrainingScores, trained_epochs

FORMAT = 1
ONE = 'probability of the checkpoint'
SEVERAL = 'sigmoid of the mean logit over the checkpoints'
MOST_ROWS = 500_000  # of a list, from the default number a class


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Args:
        table: columns of `suspicions.COLUMNS`.
        record: what it was of, for `audit.json`.
        missing: labels of each class.
        broken: name and reason of images that could not be read.
    """

    table: dict[str, list[Any]]
    record: dict[str, Any]
    missing: Missing
    broken: list[tuple[str, str]]


def default_per_class(num_classes: int) -> int:
    """Returns how many suspicions of each class are written unless it is said: 10 to 200."""
    return max(10, min(200, MOST_ROWS // max(num_classes, 1)))


def audit(
    leaf: PartialLabelDataset,
    scores: Sequence[TrainingScores],
    per_class: int | None = None,
    overall: int = 10_000,
    made: Mapping[str, Any] | None = None,
    watch: Any = None,
) -> Audit:
    """Ranks the labels of a training set by how probably they are missing or wrong.

    Args:
        leaf: the training set.
        scores: of its images; several, of distinct images, where each has models of its own
            (held-out folds).
        per_class: suspicions of each class and list that are kept; None: `default_per_class`.
        overall: suspicions of each list that are kept, of all classes.
        made: for the record: config and checkpoints.
        watch: called with the number of images of each batch.

    Raises:
        ValueError: if no image can be read, or label state of a checkpoint is damaged.
    """
    classes = [str(name) for name in leaf.metainfo['classes']]
    size, names = len(classes), SplitNames.of(leaf.dataset)
    per_class = default_per_class(size) if per_class is None else per_class
    found, counts = Suspicions(size, per_class, overall), ScoreCounts(size)
    for part in scores:
        for rows, probabilities in part:
            labels, combined = leaf.labels.rows(rows), combine(probabilities)
            found.add(rows, labels, combined)
            counts.add(combined.score, labels)
            if watch is not None:
                watch(len(rows))
    broken = [each for part in scores for each in part.broken]
    if not counts.images:
        raise ValueError(
            f'none of the {len(broken)} images could be read (first: {broken[0][0]}: '
            f'{broken[0][1]}); check them'
            if broken
            else 'the training set has no images'
        )
    models = [model for part in scores for model in part.models]
    fingerprint, saved = fingerprint_of([leaf]), [model.saved for model in models]
    shape = (leaf.num_samples, size)
    selected = None
    if len(scores) == 1:  # a held-out model has seen other images than it scores
        selected = selected_labels(saved, shape, fingerprint)
    checkpoints = max(len(part.models) for part in scores)
    missing = counts.missing()
    record = {
        'format': FORMAT,
        'by': f'wsml_mm {__version__}',
        **data_facts(leaf, names),
        'score': ONE if checkpoints == 1 else SEVERAL,
        'combined_checkpoints': checkpoints,
        'trained_epochs': trained_epochs(models),
        'held_out': len(scores) > 1,
        'trained_on_these_labels': _same(saved, fingerprint),
        **(made or {}),
        'kept': {'of_each_class': per_class, 'overall': overall},
        'scored_images': counts.images,
        'unreadable': [{'image': name, 'why': why} for name, why in broken],
        'missing': _totals(missing),
        'by_class': _by_class(classes, counts, missing),
    }
    table = found.table(names.images(), classes, checkpoints, selected)
    return Audit(table, record, missing, broken)


def data_facts(leaf: PartialLabelDataset, names: SplitNames) -> dict[str, Any]:
    """Returns by what an audit and its verdicts know their data again.

    Returns:
        'fingerprint' (of image and class names), 'images' (their number), 'classes' and 'labels'
        (a hash of the observed labels).
    """
    return {
        'fingerprint': names.fingerprint(),
        'images': leaf.num_samples,
        'classes': list(names.classes),
        'labels': leaf.labels.fingerprint(),
    }


def _same(saved: Iterable[Mapping[str, Any]], fingerprint: str) -> bool | None:
    """Tells whether the models were trained on the observed labels; None: they do not say."""
    known = [each[TRAINING].get('labels') for each in saved if TRAINING in each]
    return all(each == fingerprint for each in known) if known else None


def _totals(missing: Missing) -> dict[str, float]:
    return {name: float(np.nansum(values)) for name, values in missing._asdict().items()}


def _by_class(
    classes: Sequence[str], counts: ScoreCounts, missing: Missing
) -> list[dict[str, Any]]:
    positive, negative = counts.observed(POSITIVE), counts.observed(NEGATIVE)
    return [
        {
            'class': name,
            'observed_positive': int(positive[at]),
            'observed_negative': int(negative[at]),
            'unobserved': int(counts.images - positive[at] - negative[at]),
            'missing': float(missing.estimate[at]),
            'missing_low': float(missing.low[at]),
            'missing_high': float(missing.high[at]),
        }
        for at, name in enumerate(classes)
    ]
