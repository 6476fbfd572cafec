"""Finds what is published of a method on a data set under a protocol."""

from __future__ import annotations

import functools
from typing import NamedTuple

from . import others, single_positive


class Published(NamedTuple):
    """One published number.

    Attributes:
        method: key, as in configs/methods.
        data: key of the data set, as `protocol.data` of a config.
        protocol: the config's name without the data set, e.g. 'resnet50_e2e'.
        mean: test mAP in percent.
        source: where it stands.
        spread: standard deviation over trials, where it is given.
        group: of classes; '': all.
    """

    method: str
    data: str
    protocol: str
    mean: float
    source: str
    spread: float | None = None
    group: str = ''


class Band(NamedTuple):
    """The range that published numbers make plausible for a reproduction, ends included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tells whether a value lies in the band, at the one digit that it is given with."""
        return self.low <= round(value, 1) <= self.high


def published_of(method: str, data: str, protocol: str) -> list[Published]:
    """Returns all published numbers of a method, one a source, and those of groups of classes.

    Args:
        method: key.
        data: key of the data set.
        protocol: `protocol.name` of a config, with or without the data set in front.
    """
    wanted = (method, data, _short(protocol))
    return [n for n in _numbers() if (n.method, n.data, n.protocol) == wanted]


def band_of(method: str, data: str, protocol: str) -> Band | None:
    """Returns the acceptance band of a method's mAP, None where the sources give none."""
    known = single_positive.BANDS.get((method, data))
    return Band(*known) if known and _short(protocol) == single_positive.E2E else None


def gap_band(data: str, protocol: str) -> Band | None:
    """Returns the acceptance band of LL-R minus AN."""
    known = single_positive.GAPS.get(data)
    return Band(*known) if known and _short(protocol) == single_positive.E2E else None


def _short(protocol: str) -> str:
    return protocol.rpartition('/')[2]


@functools.cache
def _numbers() -> tuple[Published, ...]:
    found = []
    for protocol, rows in (
        (single_positive.E2E, single_positive.END_TO_END),
        (single_positive.LINEAR, single_positive.LINEAR_INIT_ROWS),
        ('other', single_positive.OTHER_PROTOCOLS),
    ):
        for method, source, means, spreads in rows:
            columns = zip(single_positive.DATA, means, spreads or (None,) * 4, strict=True)
            found += [
                Published(method, data, protocol, mean, source, spread)
                for data, mean, spread in columns
                if mean is not None
            ]
    for method, source, mean in single_positive.OFFICIAL_NUSWIDE:
        found.append(Published(method, 'nuswide-official', single_positive.E2E, mean, source))
    for method, source, mean, groups in others.OPENIMAGES:
        place = (method, 'openimages-v3', others.OPENIMAGES_PROTOCOL)
        found.append(Published(*place, mean, source))
        found += [
            Published(*place, value, source, group=f'G{number}')
            for number, value in enumerate(groups, start=1)
        ]
    for method, source, of_l48 in others.L48_ROWS:
        found += [
            Published(method, data, protocol, mean, source)
            for (data, protocol), mean in zip(others.L48_COLUMNS, of_l48, strict=True)
            if mean is not None
        ]
    for method, data, protocol, source, mean in others.PROPORTIONS:
        found.append(Published(method, data, protocol, mean, source))
    return tuple(found)
