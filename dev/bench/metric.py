"""Mean average precision, dense and sparse, against what computes it today."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from mmpretrain.evaluation import AveragePrecision
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from wsml_mm import MeanAveragePrecision
from wsml_mm.evaluation import ScoredLabels

from .growth import curve
from .rows import row
from .timing import Measured, alone, alternate

Dense = tuple[NDArray[np.float32], NDArray[np.int8]]


def dense(images: int, classes: int) -> Dense:
    """Returns random scores and full labels, 3.6 % of them positive as in COCO."""
    rng = np.random.default_rng(0)
    target = (rng.random((images, classes), np.float32) < 0.036).astype(np.int8)
    return rng.random((images, classes), np.float32), target


def by_sklearn(pred: NDArray[np.float32], target: NDArray[np.int8]) -> float:
    """The loop over classes that users write around scikit-learn; unknown labels left out."""
    found = []
    for scores, labels in zip(pred.T, target.T, strict=True):
        known = labels >= 0
        found.append(average_precision_score(labels[known] == 1, scores[known]))
    return float(np.mean(found))


def by_torchmetrics(pred: NDArray[np.float32], target: NDArray[np.int8]) -> float:
    """Rewrite of torchmetrics' algorithm: a precision-recall curve of distinct scores a class."""
    found = []
    for scores, labels in zip(torch.from_numpy(pred).T, torch.from_numpy(target).T, strict=True):
        order = scores.argsort(descending=True)
        scores, labels = scores[order], labels[order]
        ends = torch.nonzero(scores[1:] - scores[:-1]).squeeze(1)
        ends = torch.cat([ends, ends.new_tensor([len(labels) - 1])])
        hits = labels.cumsum(0)[ends]
        precision, recall = hits / (1 + ends), hits / hits[-1]
        precision = torch.cat([precision.flip(0), precision.new_ones(1)])
        recall = torch.cat([recall.flip(0), recall.new_zeros(1)])
        found.append(-((recall[1:] - recall[:-1]) * precision[:-1]).sum())
    return float(torch.stack(found).mean())


def by_mmpretrain(pred: NDArray[np.float32], target: NDArray[np.int8]) -> float:
    """MMPretrain's own AveragePrecision, as it stands."""
    return float(AveragePrecision.calculate(torch.from_numpy(pred), torch.from_numpy(target)))


def ours(pred: NDArray[np.float32], target: NDArray[np.int8]) -> float:
    """Returns our mAP in percent."""
    return MeanAveragePrecision.calculate(pred, target)['mAP']


def _against(rival: Callable[..., float], quick: bool, shape: tuple[int, int]) -> Measured:
    pred, target = dense(*(2000, 8) if quick else shape)
    return alternate(lambda: ours(pred, target), lambda: rival(pred, target), None if quick else 5)


@row('metric/mAP 40137x80', "scikit-learn's function in a loop over classes", '>= 5')
def over_sklearn(quick: bool) -> Measured:
    """COCO's test set."""
    return _against(by_sklearn, quick, (40_137, 80))


@row('metric/mAP 40137x80 over torchmetrics', "torchmetrics' algorithm, rewritten", '>= 1')
def over_torchmetrics(quick: bool) -> Measured:
    """COCO's test set."""
    return _against(by_torchmetrics, quick, (40_137, 80))


@row('metric/mAP 40137x80 over MMPretrain', "MMPretrain's AveragePrecision", '>= 1')
def over_mmpretrain(quick: bool) -> Measured:
    """COCO's test set."""
    return _against(by_mmpretrain, quick, (40_137, 80))


@row('metric/mAP 100000x500', "scikit-learn's function in a loop over classes", '>= 5', heavy=True,
     note='a tenth of the images of the row of 1 M x 500')  # fmt: skip
def large(quick: bool) -> Measured:
    """Many images."""
    return _against(by_sklearn, quick, (100_000, 500))


def _peak_of(images: int, classes: int) -> dict[str, float]:
    pred, target = dense(images, classes)
    from .timing import peak, resident

    before = resident()
    ours(pred, target)
    return {'over': (peak() - before) * 2**20 / (pred.nbytes + target.nbytes)}


def _memory(images: int, quick: bool) -> Measured:
    found = alone(_peak_of, 20_000 if quick else images, 500)
    return Measured([1 + max(found['over'], 0.0)])


@row('metric/memory of mAP 200000x500', '', '<= 1.3', 'x the inputs')
def memory(quick: bool) -> Measured:
    """Peak memory over the inputs, which are counted as well."""
    return _memory(200_000, quick)


@row('metric/memory of mAP 1000000x500', '', '<= 1.3', 'x the inputs', heavy=True)
def memory_heavy(quick: bool) -> Measured:
    """2.5 GB of inputs."""
    return _memory(1_000_000, quick)


def sparse(images: int, classes: int, share: float) -> tuple[Dense, tuple[NDArray[np.int64], ...]]:
    """Returns dense scores and labels of which a share is observed, and those alone."""
    rng = np.random.default_rng(0)
    pred = rng.random((images, classes), np.float32)
    target = np.full((images, classes), -1, np.int8)
    known = rng.random((images, classes), np.float32) < share
    target[known] = rng.random(int(known.sum())) < 0.3
    target[0], target[1] = 1, 0  # each class has both
    return (pred, target), np.nonzero(target >= 0)


@row('metric/mAP 125436x500, 2 % observed', "scikit-learn's function by class", '>= 40',
     note="a tenth of OpenImages' classes: both grow with them alike")  # fmt: skip
def observed(quick: bool) -> Measured:
    """Only observed labels are kept, with their scores."""
    shape = (2000, 10) if quick else (125_436, 500)
    (pred, target), (rows, classes) = sparse(*shape, 0.02)
    triples = classes, pred[rows, classes], target[rows, classes] == 1

    def by_triples() -> float:
        return float(ScoredLabels.from_triples(*triples, shape[1]).average_precision().mean())

    return alternate(by_triples, lambda: by_sklearn(pred, target), 3)


def _work(function: Callable[..., float], images: int) -> Callable[[], object]:
    pred, target = dense(images, 20)
    return lambda: function(pred, target)


_grow = curve('mAP by images, 20 classes', 'images', (1000, 10_000, 100_000), (100, 1000))
_grow('MeanAveragePrecision', lambda images: _work(ours, images))
_grow('scikit-learn by class (rival)', lambda images: _work(by_sklearn, images))
_grow("torchmetrics' algorithm (rival)", lambda images: _work(by_torchmetrics, images))
