"""The pointing game as an evaluator of an ordinary test run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmpretrain.registry import METRICS, TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.datasets.boxes import BoxTable
from wsml_mm.evaluation.pointing import pointing_hits

Result = dict[str, NDArray[Any]]


@METRICS.register_module()
class PointingGame(BaseMetric):  # type: ignore[misc]
    """How often a class's activation map is largest inside a box of that class, in percent.

    J. Zhang et al., "Top-down Neural Attention by Excitation Backprop", ECCV 2016
    (https://arxiv.org/abs/1608.00507). Every pair of an image and a class that has a box in it
    counts once. Reported are `pointing/accuracy`, hits / (hits + misses) over all pairs,
    `pointing/mean_class_accuracy`, the mean over classes, and `pointing/<class>`; beside them
    `pointing/centre/...`, what pointing at the middle of every image scores: the level to beat.

    The places come from `CamPeakHook`, which the config must name.

    Args:
        boxes: config of a box source, `VOCBoxes`, `COCOBoxes` or `OpenImagesBoxes`.
        tolerance: the distance from a box, in pixels of the original image, that still counts as
            a hit (15 in the paper).
        classwise: also report every class that has a box.
        kwargs: arguments of MMEngine's `BaseMetric`: collect_device ('cpu' or 'gpu', where the
            results of several ranks meet), prefix (of the reported names), collect_dir.

    Raises:
        ValueError: if the tolerance is negative.

    Config:
        boxes = dict(type='VOCBoxes', folder='data/VOCdevkit/VOC2012/Annotations')
        default_hooks = dict(cam_peak=dict(type='CamPeakHook'))
        test_evaluator = dict(type='PointingGame', boxes=boxes, tolerance=15)
    """

    default_prefix = 'pointing'

    def __init__(
        self,
        boxes: dict[str, Any] | Callable[[Sequence[str]], BoxTable],
        tolerance: float = 0.0,
        classwise: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not tolerance >= 0:
            raise ValueError(f'tolerance={tolerance}: give a distance of at least 0 pixels')
        self.source = TASK_UTILS.build(boxes) if isinstance(boxes, dict) else boxes
        self.tolerance, self.classwise = tolerance, classwise
        self._table: BoxTable | None = None

    @property
    def table(self) -> BoxTable:
        """The boxes, read at the first sample, when the data set's classes are known."""
        if self._table is None:
            classes = (self.dataset_meta or {}).get('classes')
            if classes is None:
                raise ValueError('PointingGame: the dataset names no classes; give classes to it')
            self._table = self.source(classes)
        return self._table

    def process(self, data_batch: Any, data_samples: Sequence[dict[str, Any]]) -> None:
        """Keeps one result a sample (ranks are merged by it), empty where nothing has a box."""
        for sample in data_samples:
            if 'cam_peak' not in sample:
                raise KeyError(
                    'PointingGame: the samples carry no cam_peak, which CamPeakHook sets in tests: '
                    "add default_hooks = dict(cam_peak=dict(type='CamPeakHook')) to the config"
                )
            peaks = sample['cam_peak'].cpu().numpy()
            height, width = sample['ori_shape'][:2]
            classes, xyxy = self.table.of(sample['img_path'], (height, width))
            present, hit = pointing_hits(peaks, classes, xyxy, self.tolerance)
            middle = np.tile(np.array([width / 2, height / 2]), (len(peaks), 1))
            centre = pointing_hits(middle, classes, xyxy, self.tolerance)[1]
            self.results.append({'class': present, 'hit': hit, 'centre': centre})

    def compute_metrics(self, results: list[Result]) -> dict[str, float]:
        """Returns the metrics of all samples, in percent.

        Raises:
            ValueError: if no image has a box.
        """
        columns = {
            key: np.concatenate([result[key] for result in results])
            for key in ('class', 'hit', 'centre')
        }
        if not len(columns['class']):
            raise ValueError(
                f'{self.table.source}: none of the {len(results)} tested images has a box there; '
                'give the boxes of this split'
            )
        names = list((self.dataset_meta or {})['classes'])
        metrics = self.calculate(columns['class'], columns['hit'], names, self.classwise)
        centre = self.calculate(columns['class'], columns['centre'], names, self.classwise)
        metrics |= {f'centre/{name}': value for name, value in centre.items() if name != 'pairs'}
        left_out = len(names) - len(np.unique(columns['class']))
        if left_out:
            print_log(
                f'pointing game: {left_out} of {len(names)} classes have no box and are left out',
                logger='current',
            )
        return metrics

    @staticmethod
    def calculate(
        classes: NDArray[np.integer],
        hits: NDArray[np.bool_],
        names: Sequence[str],
        classwise: bool = True,
    ) -> dict[str, float]:
        """Returns the accuracies over P games, in percent, and their number `pairs`.

        Args:
            classes: (P,) class indices.
            hits: (P,) outcomes.
            names: of the classes.
            classwise: report every class that has a box.
        """
        games = np.bincount(classes, minlength=len(names))
        won = np.bincount(classes, weights=hits, minlength=len(names))
        judged = np.flatnonzero(games)
        share = 100 * won[judged] / games[judged]
        metrics = {
            'accuracy': float(100 * won.sum() / games.sum()) if len(judged) else math.nan,
            'mean_class_accuracy': float(share.mean()) if len(judged) else math.nan,
            'pairs': float(games.sum()),
        }
        if classwise:
            metrics |= {names[int(c)]: float(v) for c, v in zip(judged, share, strict=True)}
        return metrics
