"""What is known of a data set of the field beside its labels: downloads, layout, published numbers.

Each data set's facts stand beside its reader. Nothing is downloaded: several owners ask for a
consent first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .downloads import Download

# The source of most published numbers.
SPLIT_SIZES = 'split sizes of the field: Liu et al. (CRISP), Table 6'


@dataclass(frozen=True)
class Benchmark:
    """A data set of the field and what is published of it.

    Args:
        dataset: config of the registered dataset, without `data_root` and `split`.
        folder: below the folder of all data sets; downloads lie and are unpacked in it.
        data_root: of the dataset, below the folder of all data sets.
        downloads: the official files.
        published: split -> statistic (a key of `statistics.split_statistics`) -> number. The
            splits are those that are prepared, in this order.
        source: where the published numbers stand.
        holdout: the split of which a share is held out, 80/20 as the field does; None: none.
    """

    dataset: dict[str, Any]
    folder: str
    data_root: str
    downloads: tuple[Download, ...]
    published: dict[str, dict[str, float | str]]
    source: str
    holdout: str | None = 'train'
