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

from wsml_mm.datasets.labels import POSITIVE, UNOBSERVED

from ..average_precision import class_average_precision

Result = dict[str, NDArray[Any]]


@METRICS.register_module()
class MeanAveragePrecision(BaseMetric):  # type: ignore[misc]
    """Mean over classes of the average precision, in percent: `multi-label/mAP`.

    Only annotated labels count. A class with nothing annotated is skipped; the log says how many.

    Args:
        empty_class: a class that is annotated but has no positive counts 'zero' (the reference's
            metric) or is left out by 'skip'.
        classwise: also report `AP/<class>` of every class.
        groups: names and their classes (names or indices); also report `mAP/<group>`.
        kwargs: as for mmengine's `BaseMetric`.

    Raises:
        ValueError: if `empty_class` is unknown.
    """

    default_prefix = 'multi-label'

    def __init__(
        self,
        empty_class: str = 'zero',
        classwise: bool = False,
        groups: Mapping[str, Sequence[int | str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if empty_class not in ('zero', 'skip'):
            raise ValueError(f'empty_class={empty_class!r}: use "zero" or "skip"')
        self.empty_class, self.classwise = empty_class, classwise
        self.groups = dict(groups or {})

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
            result: Result = {'score': score[known], 'target': target[known]}
            if not known.all():
                result['class'] = np.flatnonzero(known).astype(np.int32)
                result['size'] = np.int64(len(score))  # type: ignore[assignment]
            self.results.append(result)

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Returns the metrics of all samples, in percent.

        Raises:
            ValueError: if there are none.
        """
        if not results:
            raise ValueError(
                'mAP of no samples: the evaluation set is empty; check the dataset of the val or '
                'test dataloader'
            )
        width = int(results[0].get('size', len(results[0]['score'])))  # type: ignore[call-overload]
        pred = np.zeros((len(results), width), dtype=results[0]['score'].dtype)
        target = np.full((len(results), width), UNOBSERVED, dtype=np.int8)
        for row, result in enumerate(results):
            places = result.get('class', slice(None))
            pred[row, places], target[row, places] = result['score'], result['target']
        names = (self.dataset_meta or {}).get('classes') or list(range(width))
        metrics = self.calculate(
            pred, target, self.empty_class, list(names), self.groups, self.classwise
        )
        skipped = metrics['classes'] - metrics['scored_classes']
        if skipped:
            print_log(
                f'mAP: {skipped:.0f} of {metrics["classes"]:.0f} classes have nothing to '
                'score on and are left out',
                logger='current',
            )
        return metrics

    @staticmethod
    def calculate(
        pred: NDArray[np.floating],
        target: NDArray[np.integer],
        empty_class: str = 'zero',
        classes: Sequence[Any] | None = None,
        groups: Mapping[str, Sequence[int | str]] | None = None,
        classwise: bool = False,
    ) -> dict[str, float]:
        """Returns the metrics of (N, C) scores and (N, C) labels of {1, 0, -1}, in percent.

        Args:
            pred: (N, C) scores.
            target: (N, C) labels; -1 is ignored.
            empty_class: 'zero' or 'skip', see the class.
            classes: C names, for `classwise` and `groups`.
            groups: names and their classes.
            classwise: report every class.

        Raises:
            ValueError: if the shapes differ or a group names an unknown class.
        """
        if pred.shape != target.shape or pred.ndim != 2:
            raise ValueError(
                f'pred {pred.shape} and target {target.shape} must both be (N, C); check '
                'num_classes of the head'
            )
        names = list(classes) if classes is not None else list(range(pred.shape[1]))
        ap = 100 * class_average_precision(pred, target)
        if empty_class == 'skip':
            ap[~(target == POSITIVE).any(axis=0)] = np.nan
        metrics = {
            'mAP': _mean(ap),
            'classes': float(len(ap)),
            'scored_classes': float((~np.isnan(ap)).sum()),
        }
        for group, members in (groups or {}).items():
            unknown = [
                m for m in members if m not in (range(len(names)) if isinstance(m, int) else names)
            ]
            if unknown:
                raise ValueError(
                    f'groups[{group!r}] names the unknown class {unknown[0]!r}; use a class name '
                    f'or an index of 0..{len(names) - 1}'
                )
            places = [m if isinstance(m, int) else names.index(m) for m in members]
            metrics[f'mAP/{group}'] = _mean(ap[places])
        if classwise:
            metrics |= {f'AP/{n}': float(v) for n, v in zip(names, ap, strict=True)}
        return metrics


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
