"""Precision, recall, F1 and AUROC over annotated labels: an evaluator beside the mAP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import METRICS
from numpy.typing import NDArray

from wsml_mm.evaluation.decisions import Decisions, harmonic
from wsml_mm.evaluation.kept_labels import Kept
from wsml_mm.evaluation.scored_labels import ScoredLabels
from wsml_mm.evaluation.thresholds import Threshold, check_thresholds, thresholds_of

from .observed_metric import ObservedMetric, mean, names_of


@METRICS.register_module()
class PartialLabelMetric(ObservedMetric):
    """Precision, recall and F1 at a threshold, and the area under the ROC curve, in percent.

    Only annotated labels count, where MMPretrain's `MultiLabelMetric` counts unobserved ones too.
    Reported are `multi-label/CP`, `CR` and `F1`, the means over classes, `CF1`, the harmonic mean
    of CP and CR, as the field's tables have it, `OP`, `OR` and `OF1` of all labels together, and
    `AUROC`, the mean over classes. A class without a known positive or without a known negative is
    left out of all of them; the log says how many, `judged_classes` how many remain. They equal
    scikit-learn's figures (zero_division=0). CF1 and OF1: Wang et al., CVPR 2016,
    https://arxiv.org/abs/1604.04573.

    Args:
        threshold: a label is taken for positive where its score is at least this, 0 to 1: one
            number, one for each class in order, or a dict by class name.
        classwise: also report `precision/<class>`, `recall/<class>`, `F1/<class>` and
            `AUROC/<class>` of every class; NaN for a class that is left out.
        kwargs: arguments of `ObservedMetric`: labels ('observed', or 'full' where a diagnosis
            carries them), unobserved ('skip', or 'negative'), and of MMEngine's `BaseMetric`:
            collect_device ('cpu' or 'gpu', where the results of several ranks meet), prefix (of
            the reported names), collect_dir.

    Raises:
        ValueError: if a threshold is not between 0 and 1.

    Config:
        precision = dict(type='PartialLabelMetric', threshold=0.5, classwise=True)
        val_evaluator = [dict(type='MeanAveragePrecision'), precision]
    """

    title = 'PartialLabelMetric'

    def __init__(self, threshold: Threshold = 0.5, classwise: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_thresholds(threshold)
        self.threshold, self.classwise = threshold, classwise

    def compute_metrics(self, results: Kept) -> dict[str, float]:
        """Returns the metrics of all samples, in percent.

        Raises:
            ValueError: if there are none, no class has both a known positive and a known
                negative, or the thresholds are not those of the classes.
        """
        labels = self.merged(results)
        metrics = _report(labels, self.threshold, self.class_names, self.classwise)
        if left_out := len(labels) - int(metrics['judged_classes']):
            print_log(
                f'{self.title}: {left_out} of {len(labels)} classes lack a known positive or a '
                f'known negative and are left out ({labels.kinds().in_words()})',
                logger='current',
            )
        return metrics

    @staticmethod
    def calculate(
        pred: NDArray[np.floating],
        target: NDArray[np.integer],
        threshold: Threshold = 0.5,
        classes: Sequence[Any] | None = None,
        classwise: bool = False,
    ) -> dict[str, float]:
        """Returns the metrics of (N, C) scores and (N, C) labels of {1, 0, -1}, in percent.

        Args:
            pred: (N, C) scores.
            target: (N, C) labels; -1 is ignored.
            threshold: see the class.
            classes: C names, for `classwise` and thresholds by name.
            classwise: report every class.

        Raises:
            ValueError: if the shapes differ, a label is of another value, the score of an
                annotated label is not finite, no class can be judged, or the thresholds are not
                those of the classes.
        """
        check_thresholds(threshold)
        return _report(ScoredLabels.from_dense(pred, target), threshold, classes, classwise)


def _report(
    labels: ScoredLabels, threshold: Threshold, classes: Sequence[Any] | None, classwise: bool
) -> dict[str, float]:
    names, kinds = names_of(classes, len(labels)), labels.kinds()
    kinds.require_scorable(PartialLabelMetric.title)
    judged = kinds.scorable
    decisions = Decisions.of(labels, thresholds_of(threshold, names))
    overall = decisions.of_classes(judged).together()
    each = {
        'precision': decisions.precision,
        'recall': decisions.recall,
        'F1': decisions.f1,
        'AUROC': labels.area_under_roc(),
    }
    each = {name: np.where(judged, 100 * values, np.nan) for name, values in each.items()}
    metrics = {
        'CP': mean(each['precision']),
        'CR': mean(each['recall']),
        'F1': mean(each['F1']),
        'OP': float(100 * overall.precision[0]),
        'OR': float(100 * overall.recall[0]),
        'OF1': float(100 * overall.f1[0]),
        'AUROC': mean(each['AUROC']),
        'judged_classes': float(judged.sum()),
    }
    metrics['CF1'] = harmonic(metrics['CP'], metrics['CR'])
    if classwise:
        for name, values in each.items():
            metrics |= {f'{name}/{c}': float(v) for c, v in zip(names, values, strict=True)}
    return metrics
