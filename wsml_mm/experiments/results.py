"""Results of runs: the metric, the checkpoints that are tested, the classes."""

from __future__ import annotations

from typing import Any

METRIC = 'multi-label/mAP'


_CLASS = 'multi-label/AP/'


MOMENTS = ('best', 'last')


Result = dict[str, Any]


def class_scores(result: Result, moment: str) -> dict[str, float]:
    """Returns the test AP of each class of one run, by name; none without `classwise=True`.

    Args:
        result: of `run_once`.
        moment: of `MOMENTS`, 'best' validation epoch or 'last'.
    """
    test = result[f'test_{moment}']
    return {k.removeprefix(_CLASS): v for k, v in test.items() if k.startswith(_CLASS)}
