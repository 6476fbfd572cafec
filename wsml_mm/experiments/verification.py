"""Reads everything again that kept stamps say is unchanged: what size and time cannot tell."""

from __future__ import annotations

import functools
import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.nesting import is_a, walk
from wsml_mm.labels.columns import changed_sources
from wsml_mm.labels.contents import Verification

from .comparison import CONTENTS_FILE
from .configs import LOADERS, fill_loaders
from .data_digests import DataDigests
from .identity import identity
from .results import RESULT_FILE, read_result


@dataclass
class Verified:
    """What became of kept things.

    Args:
        wrong: what differs, one line each with the fix.
        columns: prepared labels that were read.
        caches: feature caches that were read.
        stamps: stamps of work folders and caches that were compared.
        results: results of runs that were read.
    """

    wrong: list[str] = field(default_factory=list)
    columns: int = 0
    caches: int = 0
    stamps: int = 0
    results: int = 0

    def __str__(self) -> str:
        return (
            f'{self.columns} prepared label sets, {self.caches} feature caches, {self.stamps} '
            f'stamps of files and images, {self.results} results'
        )

    def attempt(self, act: Callable[[], Any]) -> Any:
        """Returns what a call returns; its error goes to `wrong`."""
        try:
            return act()
        except (ValueError, OSError) as error:
            self.wrong.append(str(error))
            return None


def verify_table(file: Path) -> Verified:
    """Verifies the labels that are kept of a table, below its folder."""
    found = Verified()
    name = glob.escape(f'labeltable_{file.stem.lower()}_')
    folders = sorted((file.parent / 'wsml_mm').glob(f'{name}*/'))
    for folder in folders:
        _verify_columns(folder, found)
    return found


def verify_config(cfg: Config, work_dirs: Sequence[Path]) -> Verified:
    """Verifies what is kept of the data of a config, of all its loaders.

    Args:
        cfg: of a training.
        work_dirs: folders of comparisons, whose stamps and results are verified as well.
    """
    found = Verified()
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    fill_loaders(cfg, LOADERS)
    parts = [part for name in LOADERS if cfg.get(name) for part in walk(cfg[name].dataset)]
    for folder in _prepared_folders(parts, found):
        _verify_columns(folder, found)
    caches = _caches(parts, found)
    kept = [file for root in work_dirs for file in sorted(root.rglob(CONTENTS_FILE))]
    kept += [stamps for stamps in caches if stamps.is_file()]
    contents = found.attempt(lambda: Verification(kept))
    if contents is not None:
        found.attempt(lambda: identity(cfg, DataDigests(contents)))
        _verify_caches(caches, contents, found)
        found.stamps = contents.compared
        found.wrong += [_unnoticed(what, file) for what, file in contents.differing]
    for file in sorted({f for root in work_dirs for f in root.rglob(RESULT_FILE)}):
        found.results += found.attempt(functools.partial(read_result, file)) is not None
    return found


def _verify_caches(
    caches: Mapping[Path, FeatureDataset], contents: Verification, found: Verified
) -> None:
    for stamps, cache in caches.items():
        found.caches += stamps.with_suffix('.npy').is_file()
        wrong = found.attempt(functools.partial(cache.changed_since, contents))
        if wrong and stamps not in {file for _, file in contents.differing}:
            found.wrong.append(wrong)


def _unnoticed(what: str, file: Path) -> str:
    """Returns the line for a file, or for images, that changed and kept size and time."""
    begin = f'{what}: has changed and kept its size and time, so that {file} takes it for unchanged'
    if file.name == CONTENTS_FILE:
        return f'{begin}; delete that file, then start what used it again'
    return f'{begin}; delete {file.with_suffix(".npy")}, the features are made anew'


def _verify_columns(folder: Path, found: Verified) -> None:
    changed = found.attempt(lambda: changed_sources(folder))
    found.columns += changed is not None
    found.wrong += [
        f'{path}: has changed and kept its size and time, so that the labels in '
        f'{folder} are the old ones; delete that folder, it is made anew'
        for path in changed or ()
    ]


def _prepared_folders(parts: Sequence[Any], found: Verified) -> list[Path]:
    kept = [dataset for dataset in _opened(parts, ColumnDataset, found) if dataset.prepare]
    folders = [found.attempt(functools.partial(getattr, d, 'prepared_folder')) for d in kept]
    return sorted({folder for folder in folders if folder is not None})


def _caches(parts: Sequence[Any], found: Verified) -> dict[Path, FeatureDataset]:
    """Returns feature data sets, not opened, by their files of stamps."""
    caches = _opened(parts, FeatureDataset, found)
    stamps = [found.attempt(functools.partial(getattr, cache, 'stamps')) for cache in caches]
    named = zip(stamps, caches, strict=True)
    return {file: cache for file, cache in named if file is not None}


def _opened(parts: Sequence[Any], kind: type, found: Verified) -> list[Any]:
    """Builds the data sets of a class, none of which is read yet."""
    configs = [{**part, 'lazy_init': True} for part in parts if is_a(part, kind)]
    built = [found.attempt(functools.partial(DATASETS.build, config)) for config in configs]
    return [dataset for dataset in built if dataset is not None]
