"""One result a sample: merged by ranks in any order, in little more memory than the labels'."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
import torch

from wsml_mm import MeanAveragePrecision
from wsml_mm.evaluation.kept_labels import KeptBatch, scored_labels


def scored(images=40, classes=6, unknown=0.3):
    random = np.random.default_rng(0)
    pred = random.random((images, classes), np.float32)
    target = (random.random((images, classes)) < 0.3).astype(np.int8)
    target[random.random((images, classes)) < unknown] = -1
    return pred, target


def process(metric, pred, target, batch):
    for first in range(0, len(pred), batch):
        some = slice(first, first + batch)
        pairs = zip(torch.from_numpy(pred[some]), torch.from_numpy(target[some]), strict=True)
        metric.process(None, [dict(pred_score=s, gt_score=t) for s, t in pairs])
    return metric


def sent(results):
    """As MMEngine sends the results of a rank to rank 0."""
    return pickle.loads(pickle.dumps(results, protocol=2))


@pytest.mark.parametrize('unknown', [0.0, 0.3])
def test_two_ranks_equal_one(unknown):
    pred, target = scored(unknown=unknown)
    one = process(MeanAveragePrecision(), pred, target, 40)
    ranks = [
        sent(process(MeanAveragePrecision(), pred[r::2], target[r::2], 7).results) for r in (0, 1)
    ]
    together = [sample for pair in zip(*ranks, strict=True) for sample in pair]
    due = MeanAveragePrecision.calculate(pred, target)
    assert one.compute_metrics(one.results) == one.compute_metrics(together) == due
    # what a sampler adds to fill the last round is cut off
    cut = MeanAveragePrecision.calculate(pred[:33], target[:33])
    assert one.compute_metrics(one.results[:33]) == one.compute_metrics(together[:33]) == cut
    shuffled = [one.results[i] for i in np.random.default_rng(1).permutation(40)]
    assert one.compute_metrics(shuffled) == due


@pytest.mark.parametrize('unknown', [0.0, 0.3])
def test_a_sample_is_sent_without_its_batch(unknown):
    pred, target = scored(1000, 50, unknown)
    sample = KeptBatch.of(pred, target).samples()[500]
    assert len(pickle.dumps(sample, protocol=2)) < 2000
    labels = scored_labels([sent(sample)])
    for label, (scores, positive) in enumerate(labels):
        known = target[500, label] != -1
        assert scores.tolist() == [pred[500, label]] * int(known)
        assert positive.tolist() == [target[500, label] == 1] * int(known)


def test_batches_with_and_without_unknown_labels_are_merged():
    pred, target = scored(unknown=0)
    target[23, 2:] = -1
    metric = process(MeanAveragePrecision(), pred, target, 10)
    assert metric.compute_metrics(metric.results) == MeanAveragePrecision.calculate(pred, target)


def test_what_is_kept_does_not_follow_the_model():
    pred, target = torch.rand(40, 6), torch.from_numpy(scored(unknown=0)[1])
    due = MeanAveragePrecision.calculate(pred.numpy().copy(), target.numpy().copy())
    metric = process(MeanAveragePrecision(), pred.numpy(), target.numpy(), 1)
    pred.zero_()
    target.zero_()
    assert metric.compute_metrics(metric.results) == due


def test_memory_of_an_evaluation_is_that_of_its_labels():
    images, classes, batch = 20_000, 500, 64
    random = np.random.default_rng(0)
    metric = MeanAveragePrecision()
    tracemalloc.start()
    for _ in range(0, images, batch):
        pred = random.random((batch, classes), np.float32)
        process(metric, pred, (pred < 0.1).astype(np.int8), batch)
    kept = tracemalloc.get_traced_memory()[0]
    metric.evaluate(images)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    labels = 5 * images * classes  # float32 and a byte
    assert kept < 1.1 * labels
    assert peak < 1.3 * labels
