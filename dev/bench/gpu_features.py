"""On a GPU: features of a frozen backbone, beside the network and the reading of images alone."""

from __future__ import annotations

import json
from functools import cache, partial
from typing import Any

import torch

from wsml_mm.datasets.feature_extraction import build_extractor, extract_features

from .features import AN
from .rows import gpu_row
from .timing import Measured, alternate
from .training import devkit, folder, images_of, linear


class _Again:
    """A dataset's images, several times over."""

    def __init__(self, dataset: Any, times: int) -> None:
        self.dataset, self.times, self.pipeline = dataset, times, dataset.pipeline

    def __len__(self) -> int:
        return len(self.dataset) * self.times

    def get_data_info(self, idx: int) -> dict[str, Any]:
        info: dict[str, Any] = self.dataset.get_data_info(idx % len(self.dataset))
        return info


SPEC = json.dumps(
    dict(
        backbone=dict(type='ResNet', depth=50),
        neck=dict(type='GlobalAveragePooling'),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )
)


@cache
def _photographs(quick: bool) -> _Again:
    count, size = (8, 32) if quick else (1024, 224)
    cfg = linear(AN, count, 1, folder(), size, devkit(count, size))
    return _Again(images_of(cfg), 1 if quick else 8)


def _extract(precision: str, quick: bool) -> None:
    for _ in extract_features(_photographs(quick), SPEC, 'float32', None, None, precision):
        pass


def _extracted_a_second(precision: str, quick: bool) -> Measured:
    found = alternate(partial(_extract, precision, quick), lambda: None, 1 if quick else 3)
    return Measured([len(_photographs(quick)) / seconds for seconds in found.ours])


def _passed_a_second(precision: str, quick: bool) -> Measured:
    """What the network alone could do."""
    model = build_extractor(SPEC)[0].cuda().to(memory_format=torch.channels_last)
    batch = torch.randn(64, 3, 224, 224, device='cuda')
    batch = batch.contiguous(memory_format=torch.channels_last)

    def bare() -> None:
        with torch.no_grad(), torch.autocast('cuda', torch.bfloat16, precision == 'bfloat16'):
            for _ in range(10):
                model.extract_feat(batch)  # type: ignore[operator]

    return Measured([640 / seconds for seconds in alternate(bare, lambda: None).ours])


for _precision in ('float32', 'bfloat16'):
    gpu_row(f'extraction, ResNet-50, 224 px, {_precision}', '', '', 'images/s')(
        partial(_extracted_a_second, _precision)
    )
    gpu_row(f'the forward pass alone, {_precision}', '', '', 'images/s')(
        partial(_passed_a_second, _precision)
    )


def _over_reading(quick: bool) -> Measured:
    from wsml_mm.datasets.feature_extraction import _loader  # trees to compare with have none

    def read() -> None:
        for _ in _loader(_photographs(quick), 'cuda', None, None):
            pass

    return alternate(partial(_extract, 'bfloat16', quick), read, 1 if quick else 3)


gpu_row('extraction, bfloat16', 'reading its images alone, by the same processes', '>= 0.95')(
    _over_reading
)
