"""The mAP evaluator: sklearn-equal, blind to unannotated labels, per class and per group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import METRICS
from numpy.typing import NDArray

from wsml_mm.evaluation.class_rule import ClassRule
from wsml_mm.evaluation.kept_labels import Kept
from wsml_mm.evaluation.scored_labels import ScoredLabels

from .observed_metric import ObservedMetric, mean, names_of

Groups = Mapping[str, Sequence[int | str]]


@METRICS.register_module()
class MeanAveragePrecision(ObservedMetric):
    """Mean over classes of the average precision, in percent: `multi-label/mAP`.

    Only annotated labels count. A class with nothing annotated is left out, and so is one without
    a known negative, whose average precision is 100 whatever its scores; the log says how many. It
    equals the mean of scikit-learn's `average_precision_score`. Source of the rule for classes
    without a positive: https://github.com/snucml/LargeLossMatters.

    Args:
        empty_class: a class that is annotated but has no positive counts 'zero' (the reference's
            metric) or is left out by 'skip'.
        classwise: also report `AP/<class>` of every class.
        groups: names and their classes (names or indices); also report `mAP/<group>`. 'dataset':
            the groups that the evaluated dataset names, as OpenImages' G1..G5.
        min_positives: leave out classes with fewer positives than this, whose average precision
            is little more than chance.
        no_negatives: a class whose known labels are all positive is left out by 'skip', or counts
            'one' (100), as in the published protocol of OpenImages.
        kwargs: arguments of `ObservedMetric`: labels ('observed', or 'full' where a diagnosis
            carries them), unobserved ('skip', or 'negative'), and of MMEngine's `BaseMetric`:
            collect_device ('cpu' or 'gpu', where the results of several ranks meet), prefix (of
            the reported names), collect_dir.

    Raises:
        ValueError: if `empty_class`, `groups`, `min_positives` or `no_negatives` is unknown.

    Config:
        val_evaluator = dict(type='MeanAveragePrecision', classwise=True)
    """

    title = 'mAP'

    def __init__(
        self,
        empty_class: str = 'zero',
        classwise: bool = False,
        groups: Groups | str | None = None,
        min_positives: int = 0,
        no_negatives: str = 'skip',
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(groups, str) and groups != 'dataset':
            raise ValueError(
                f'groups={groups!r}: use "dataset" for those that the dataset names, or a dict of '
                'names and their classes'
            )
        self.rule = ClassRule(empty_class, min_positives, no_negatives)
        self.classwise, self.groups = classwise, groups

    def compute_metrics(self, results: Kept) -> dict[str, float]:
        """Returns the metrics of all samples, in percent.

        Raises:
            ValueError: if there are none, none of the figures would depend on the scores, or the
                dataset names no groups where they are asked for.
        """
        labels = self.merged(results)
        metrics = _report(labels, self.rule, self.class_names, self._groups(), self.classwise)
        for text, level in self.rule.remarks(labels.kinds()):
            print_log(f'mAP: {text}', logger='current', level=level)
        return metrics

    def _groups(self) -> Groups | None:
        if not isinstance(self.groups, str):
            return self.groups
        groups: Groups | None = (self.dataset_meta or {}).get('groups')
        if not groups:
            raise ValueError(
                "groups='dataset': the evaluated dataset names no groups in its metainfo; give "
                'groups=dict(NAME=[CLASS, ...]) or leave groups out'
            )
        return groups

    @staticmethod
    def calculate(
        pred: NDArray[np.floating],
        target: NDArray[np.integer],
        empty_class: str = 'zero',
        classes: Sequence[Any] | None = None,
        groups: Groups | None = None,
        classwise: bool = False,
        min_positives: int = 0,
        no_negatives: str = 'skip',
    ) -> dict[str, float]:
        """Returns the metrics of (N, C) scores and (N, C) labels of {1, 0, -1}, in percent.

        Args:
            pred: (N, C) scores.
            target: (N, C) labels; -1 is ignored.
            empty_class: 'zero' or 'skip', see the class.
            classes: C names, for `classwise` and `groups`.
            groups: names and their classes.
            classwise: report every class.
            min_positives: leave out classes with fewer positives.
            no_negatives: 'skip' or 'one', see the class.

        Raises:
            ValueError: if the shapes differ, a label is of another value, the score of an
                annotated label is not finite, no figure would depend on the scores, or a group
                names an unknown class.
        """
        rule = ClassRule(empty_class, min_positives, no_negatives)
        return _report(ScoredLabels.from_dense(pred, target), rule, classes, groups, classwise)


def _report(
    labels: ScoredLabels,
    rule: ClassRule,
    classes: Sequence[Any] | None,
    groups: Groups | None,
    classwise: bool,
) -> dict[str, float]:
    counted = rule.counted(labels.kinds())
    names = names_of(classes, len(labels))
    index: dict[Any, int] = {name: place for place, name in enumerate(names)}
    index |= {place: place for place in range(len(names))}
    ap = np.where(counted, 100 * labels.average_precision(), np.nan)
    metrics = {
        'mAP': mean(ap),
        'classes': float(len(ap)),
        'scored_classes': float(counted.sum()),
    }
    for group, members in (groups or {}).items():
        metrics[f'mAP/{group}'] = mean(ap[_places(group, members, index)])
    if classwise:
        metrics |= {f'AP/{n}': float(v) for n, v in zip(names, ap, strict=True)}
    return metrics


def _places(group: str, members: Sequence[int | str], index: dict[Any, int]) -> list[int]:
    """Returns the indices of a group's classes."""
    unknown = [member for member in members if member not in index]
    if unknown:
        raise ValueError(
            f'groups[{group!r}] names the unknown class {unknown[0]!r}; use a class name or an '
            f'index of 0..{max(index.values(), default=-1)}'
        )
    return [index[member] for member in members]
