"""The mAP evaluator: sklearn-equal, blind to unannotated labels, per class and per group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpretrain.registry import METRICS
from numpy.typing import NDArray

from wsml_mm.evaluation.scored_labels import ScoredLabels
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED

Result = dict[str, NDArray[Any]]
Groups = Mapping[str, Sequence[int | str]]


@METRICS.register_module()
class MeanAveragePrecision(BaseMetric):  # type: ignore[misc]
    """Mean over classes of the average precision, in percent: `multi-label/mAP`.

    Only annotated labels count. A class with nothing annotated is skipped; the log says how many.
    It equals the mean of scikit-learn's `average_precision_score`. Source of the rule for classes
    without a positive: https://github.com/snucml/LargeLossMatters.

    Args:
        empty_class: a class that is annotated but has no positive counts 'zero' (the reference's
            metric) or is left out by 'skip'.
        classwise: also report `AP/<class>` of every class.
        groups: names and their classes (names or indices); also report `mAP/<group>`. 'dataset':
            the groups that the evaluated dataset names, as OpenImages' G1..G5.
        min_positives: leave out classes with fewer positives than this, whose average precision
            is little more than chance.
        kwargs: arguments of MMEngine's `BaseMetric`: collect_device ('cpu' or 'gpu', where the
            results of several ranks meet), prefix (of the reported names), collect_dir.

    Raises:
        ValueError: if `empty_class`, `groups` or `min_positives` is unknown.

    Config:
        val_evaluator = dict(type='MeanAveragePrecision', classwise=True)
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        empty_class: str = 'zero',
        classwise: bool = False,
        groups: Groups | str | None = None,
        min_positives: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if empty_class not in ('zero', 'skip'):
            raise ValueError(f'empty_class={empty_class!r}: use "zero" or "skip"')
        if isinstance(groups, str) and groups != 'dataset':
            raise ValueError(
                f'groups={groups!r}: use "dataset" for those that the dataset names, or a dict of '
                'names and their classes'
            )
        if min_positives < 0:
            raise ValueError(f'min_positives={min_positives}: use 0 or more')
        self.empty_class, self.classwise, self.groups = empty_class, classwise, groups
        self.min_positives = min_positives

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keeps each sample's annotated entries, one result a sample (ranks are merged by it)."""
        for sample in data_samples:
            score = sample['pred_score'].detach().cpu()
            score = score.to(torch.promote_types(score.dtype, torch.float32)).numpy()
            if 'gt_score' in sample:
                target = sample['gt_score'].cpu().numpy().astype(np.int8)
            else:
                target = np.zeros(len(score), dtype=np.int8)
                target[sample['gt_label'].cpu().numpy()] = POSITIVE
            known = target != UNOBSERVED
            result: Result = {'score': score[known], 'positive': target[known] == POSITIVE}
            if not known.all():
                result['class'] = np.flatnonzero(known).astype(np.int32)
                result['size'] = np.int64(len(score))  # type: ignore[assignment]
            self.results.append(result)

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Returns the metrics of all samples, in percent.

        Raises:
            ValueError: if there are none, or the dataset names no groups where they are asked for.
        """
        if not results:
            raise ValueError(
                'mAP of no samples: the evaluation set is empty; check the dataset of the val or '
                'test dataloader'
            )
        labels = _merge(results)
        names = (self.dataset_meta or {}).get('classes')
        metrics = _report(
            labels, self.empty_class, names, self._groups(), self.classwise, self.min_positives
        )
        skipped = metrics['classes'] - metrics['scored_classes']
        if skipped:
            few = f' or fewer than {self.min_positives} positives' if self.min_positives else ''
            print_log(
                f'mAP: {skipped:.0f} of {metrics["classes"]:.0f} classes have nothing to '
                f'score on{few} and are left out',
                logger='current',
            )
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

        Raises:
            ValueError: if the shapes differ or a group names an unknown class.
        """
        if pred.shape != target.shape or pred.ndim != 2:
            raise ValueError(
                f'pred {pred.shape} and target {target.shape} must both be (N, C); check '
                'num_classes of the head'
            )
        labels = ScoredLabels.from_dense(pred, target)
        return _report(labels, empty_class, classes, groups, classwise, min_positives)


def _merge(results: list[Result]) -> ScoredLabels:
    """Returns the annotated labels of all samples; memory is linear in their number."""
    width = int(results[0].get('size', len(results[0]['score'])))  # type: ignore[call-overload]
    everything = np.arange(width, dtype=np.int32)
    return ScoredLabels.from_triples(
        np.concatenate([result.get('class', everything) for result in results]),
        np.concatenate([result['score'] for result in results]),
        np.concatenate([result['positive'] for result in results]),
        width,
    )


def _report(
    labels: ScoredLabels,
    empty_class: str,
    classes: Sequence[Any] | None,
    groups: Groups | None,
    classwise: bool,
    min_positives: int,
) -> dict[str, float]:
    names = list(classes or range(len(labels)))
    index: dict[Any, int] = {name: place for place, name in enumerate(names)}
    index |= {place: place for place in range(len(names))}
    ap = 100 * labels.average_precision()
    ap[labels.positives() < max(min_positives, empty_class == 'skip')] = np.nan
    metrics = {
        'mAP': _mean(ap),
        'classes': float(len(ap)),
        'scored_classes': float((~np.isnan(ap)).sum()),
    }
    for group, members in (groups or {}).items():
        metrics[f'mAP/{group}'] = _mean(ap[_places(group, members, index)])
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


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
