"""What the rows and columns of a split are called, for processes and files that go by names."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wsml_mm.datasets.annotations import read_names
from wsml_mm.labels.names import NameColumn


@dataclass(frozen=True)
class SplitNames:
    """The class names of a split, and its image names on demand.

    Args:
        classes: the C class names, in order.
        images: returns the names of the N images, in order; most processes never ask.
    """

    classes: tuple[str, ...]
    images: Callable[[], NameColumn]

    @classmethod
    def of(cls, dataset: Any) -> SplitNames:
        """Returns the names of a dataset's whole split."""
        classes = tuple(dataset.metainfo.get('classes') or ())
        return cls(classes, functools.partial(read_names, dataset))

    def fingerprint(self) -> str:
        """Returns a hash of the image names in order, the class names and both numbers.

        Folders do not count, so that data may move.
        """
        images = self.images()
        facts = [len(images), len(self.classes), *self.classes]
        return hashlib.sha256(json.dumps(facts).encode() + images.digest()).hexdigest()[:16]
