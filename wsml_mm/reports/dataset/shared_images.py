"""Photographs that two loaders of a config share, under one name or under two."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from wsml_mm.datasets.image_folders import FolderLists
from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.image_look import Look
from wsml_mm.datasets.pixels import grey_thumbnail
from wsml_mm.datasets.table import Problem, ProblemLog

from .checked_dataset import CheckedDataset
from .image_files import ImageFiles, look_at_all

KIND, NEAR_KIND = 'image in two splits', 'similar image in two splits'
_FAR = 6.0  # grey levels: parts of a picture and of its copy, compressed or resized, differ less
_FINE = 32  # parts a side in which similar images are compared again
_FINE_MEAN, _ALIKE = 5.0, 0.97  # grey levels of their mean difference, and their correlation
_MOST = 200_000  # images among which similar ones are looked for


class _Pair(NamedTuple):
    """An image of the checked loader and one of another: what they have in common."""

    mine: int
    theirs: int
    alike: str
    near: bool = False


def check_shared_images(dataset: CheckedDataset, files: ImageFiles, log: ProblemLog) -> None:
    """Compares the images of a loader with those of the others of its config.

    By their files' paths, where images were loaded also by file content, pixels and looks.

    Args:
        dataset: of the loader.
        files: its image files.
        log: takes the images that are in both.
    """
    told = log.counts[KIND] > 0  # of the tables, by name
    for loader, other in dataset.others().items():
        # The test data may be those of the validation, image by image.
        if not told and 'train' in (dataset.loader, loader):
            _report(list(_same_paths(dataset, other)), dataset, (loader, other), log)
        if files.decoded:
            _report(list(_same_pictures(dataset, files, other)), dataset, (loader, other), log)
    if len(files.looks) > _MOST:
        what = f'copies that were compressed or resized are looked for among {_MOST:,} images only'
        fix = 'compare smaller parts, if that matters; the same files and pixels were found'
        log(Problem('similar images not looked for', dataset.title, what, fix, serious=False))


def _report(
    pairs: list[_Pair], mine: CheckedDataset, theirs: tuple[str, CheckedDataset], log: ProblemLog
) -> None:
    (loader, other), where = theirs, mine.title
    if 1 < len(pairs) == len(other.columns) and not any(pair.near for pair in pairs):
        what = f'all {len(pairs):,} images of {loader} are in {mine.loader} too'
        fix = 'give each loader its own, e.g. with holdout=dict(part=...)'
        log(Problem(KIND, where, what, fix, serious=False))
        return
    for pair in pairs:
        name, second = mine.columns.names[pair.mine], other.columns.names[pair.theirs]
        what = f'{name!r} of {mine.loader} and {second!r} of {loader} {pair.alike}'
        kind, fix = KIND, 'keep it in one loader'
        if pair.near:
            kind, fix = NEAR_KIND, 'if they are one photograph, keep it in one loader'
        log(Problem(kind, mine.where(pair.mine), what, fix, name, '', serious=False))


def _same_paths(dataset: CheckedDataset, other: CheckedDataset) -> Iterator[_Pair]:
    places = {dataset.path(index): index for index in range(len(dataset.columns))}
    for index in range(len(other.columns)):
        if (found := places.get(other.path(index))) is not None:
            yield _Pair(found, index, 'are one file')


def _same_pictures(
    dataset: CheckedDataset, files: ImageFiles, other: CheckedDataset
) -> Iterator[_Pair]:
    known = {os.path.normpath(dataset.path(index)) for index in files.looks}
    folders = FolderLists()
    paths = {
        index: path
        for index in range(len(other.columns))
        if folders.have(path := other.path(index)) and os.path.normpath(path) not in known
    }
    looks = dict(
        zip(paths, look_at_all(paths.values(), other.load, len(paths), 'others'), strict=True)
    )
    contents = {look.content: index for index, look in files.looks.items() if look.content}
    # Pictures of two things may be alike once they are white.
    whole = {index: look for index, look in files.looks.items() if look.lost is None}
    pixels = {look.pixels: index for index, look in whole.items()}
    rest: dict[int, Look] = {}
    for index, look in looks.items():
        if look.error is not None:
            continue
        if (same := contents.get(look.content)) is not None:
            yield _Pair(same, index, 'are the same file')
        elif look.lost is None and (same := pixels.get(look.pixels)) is not None:
            yield _Pair(same, index, 'are files of the same pixels')
        elif look.lost is None:
            rest[index] = look
    for one, two in _near(whole, rest):
        first = _fine(dataset.path(one), dataset.load)
        second = _fine(other.path(two), other.load)
        if (apart := _difference(first, second)) is not None:
            yield _Pair(one, two, f'look the same (mean difference {apart:.1f} of 255)', near=True)


def _near(looks: dict[int, Look], others: dict[int, Look]) -> Iterator[tuple[int, int]]:
    """Yields pairs whose small pictures are alike: each of the others with the nearest."""
    if not looks or not others or len(looks) > _MOST:
        return
    tree = cKDTree(_vectors(looks))
    distance, nearest = tree.query(_vectors(others), distance_upper_bound=_FAR, p=np.inf)
    positions = list(looks)
    for index, apart, place in zip(others, distance, nearest, strict=True):
        if np.isfinite(apart):
            yield positions[place], index


def _vectors(looks: dict[int, Look]) -> NDArray[Any]:
    small = b''.join(look.small for look in looks.values())
    return np.frombuffer(small, np.uint8).reshape(len(looks), -1).astype(np.float32)


def _fine(path: str, load: ImageLoader | None) -> NDArray[np.float64]:
    return grey_thumbnail((load or ImageLoader())(path), _FINE).astype(np.float64)


def _difference(one: NDArray[np.float64], two: NDArray[np.float64]) -> float | None:
    """Returns the mean difference of two small pictures in grey levels; None: they are not one."""
    apart = float(np.abs(one - two).mean())
    # Two pictures without contrast are near to each other, whatever they show.
    if apart > _FINE_MEAN or min(one.std(), two.std()) < _FAR:
        return None
    return apart if float(np.corrcoef(one.ravel(), two.ravel())[0, 1]) > _ALIKE else None
