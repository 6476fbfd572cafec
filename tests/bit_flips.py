"""Single changed bits of files, as a bad disk or a bad copy leaves them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

COUNT = 240


def flipped(files: Sequence[Path], count: int = COUNT, seed: int = 0) -> Iterator[Path]:
    """Flips one random bit of the files at a time, yields the file, and puts it right again."""
    rng = random.Random(seed)
    places = [(path, place) for path in sorted(files) for place in range(path.stat().st_size)]
    for _ in range(count):
        path, place = rng.choice(places)
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[place] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        yield path
        path.write_bytes(whole)
