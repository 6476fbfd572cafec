"""All benchmarks by name, as `prepare_dataset` offers them."""

from __future__ import annotations

from . import voc2012
from .benchmark import Benchmark
from .coco2014 import facts as coco2014
from .cub200 import facts as cub200
from .nuswide import facts as nuswide
from .openimages_v3 import facts as openimages_v3

BENCHMARKS: dict[str, Benchmark] = {
    name: benchmark
    for data_set in (voc2012, coco2014, nuswide, cub200, openimages_v3)
    for name, benchmark in data_set.BENCHMARKS.items()
}
