"""L48: windows of bird recordings with a natural single positive label, the recording's target."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.registry import DATASETS
from numpy.typing import NDArray

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.files import lies_below
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .release import class_indices, read_held_out, read_records, read_species

SPLITS = ('train', 'val', 'test')
_CLIP = ('asset_id', 'file_path', 'present_species_codes', 'unknown_species_codes',
         'absent_species_codes')  # fmt: skip
_HINT = 'take clips.json of ml48s.tar.gz, or correct that record'


@DATASETS.register_module()
class L48(ColumnDataset):
    """A split of the Merlin L48 Spectrogram Dataset: 100 bird species, windows of recordings.

    A window is a clip of clips.json; present species are positive, absent ones known negatives,
    unknown ones unobserved, in the test split too, where no metric counts them. Clips of which
    nothing is known are left out, as in the published counts. `L48Target` observes what a training
    knows. The group of a clip, for `GroupConsistency`, is its recording. Source: Sun et al.,
    NeurIPS 2025, https://arxiv.org/abs/2511.00252, and the format of github.com/visipedia/ml48s.

    Args:
        data_root: the folder of assets.json, clips.json, taxa.csv and images/, and of val_split.npy
            of the owners' training code, which 'train' and 'val' need.
        split: 'train', 'val' (of the owners' training recordings those of val_split.npy) or 'test'.
        classes: keep only these species codes, in this order; None: all of taxa.csv.
        target_only: keep only clips in which the target species of the recording was marked: each
            then has its one positive under `L48Target`.
        kwargs: prepare (False: read the official files each time, keep no columns in
            `data_root/wsml_mm`) and arguments of MMPretrain's `MultiLabelDataset`: pipeline
            (transforms of an image), data_prefix (`dict(img_path=FOLDER)`), indices (keep these
            rows only), test_mode, lazy_init (read on first use).

    Raises:
        ValueError: if the split is unknown.

    Config:
        dataset = dict(type='L48', data_root='data/ml48s', split='train')
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        target_only: bool = False,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f'L48: split={split!r}; use {", ".join(SPLITS)}')
        self.target_only = target_only
        kwargs.setdefault('data_prefix', {'img_path': ''})
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns."""
        return super().prepared_name + ('_target' if self.target_only else '')

    @property
    def sources(self) -> list[Path]:
        """The files of species, recordings, clips and, but for 'test', of what is held out."""
        root = Path(self.data_root)
        files = [root / 'taxa.csv', root / 'assets.json', root / 'clips.json']
        return files if self.split == 'test' else [*files, root / 'val_split.npy']

    def read_columns(self) -> LabelColumns:
        """Reads the official files.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: if a record is not of its format, a species is unknown or present and absent
                at once, a clip's file lies elsewhere than in its recording's folder, or none is
                left.
        """
        taxa, assets_file, clips_file, *held_out = self.sources
        species = read_species(taxa)
        index = {code: place for place, code in enumerate(species)}
        fields = ('id', 'split', 'target_species_code')
        assets = {asset['id']: asset for asset in read_records(assets_file, fields)}
        held = read_held_out(held_out[0]) if held_out else set()
        names, rows = [], []
        for name, present, absent in self._clips(clips_file, assets, held, index):
            names.append(name)
            rows.append((present, absent))
        if not names:
            raise ValueError(f'{clips_file}: no labelled clip is of the split {self.split!r}')
        return LabelColumns(
            NameColumn.from_names(names),
            SparseLabels.from_rows(rows, len(species), rest=UNOBSERVED),
            {'classes': tuple(species)},
        )

    def _clips(
        self,
        path: Path,
        assets: Mapping[int, Mapping[str, Any]],
        held: set[int],
        index: Mapping[str, int],
    ) -> Iterator[tuple[str, list[int], list[int]]]:
        """Yields name, present and absent classes of the split's clips."""
        for number, clip in enumerate(read_records(path, _CLIP), start=1):
            where, asset = f'{path}: record {number}', assets.get(clip['asset_id'])
            if asset is None:
                raise ValueError(
                    f'{where}: asset {clip["asset_id"]!r} is not in assets.json; {_HINT}'
                )
            split = 'val' if clip['asset_id'] in held else asset['split']
            if split != self.split:
                continue
            name = str(clip['file_path'])
            if not lies_below(name, []) or Path(name).parent.name != str(clip['asset_id']):
                raise ValueError(
                    f'{where}: {name!r} is no file in the folder of asset {clip["asset_id"]}; '
                    f'{_HINT}'
                )
            present, absent, unknown = (
                class_indices(
                    clip[f'{kind}_species_codes'], index, f'{where}: {kind}_species_codes'
                )
                for kind in ('present', 'absent', 'unknown')
            )
            twice = (set(present) & set(absent)) | (set(unknown) & {*present, *absent})
            if twice:
                code = list(index)[min(twice)]
                raise ValueError(f'{where}: species {code!r} is in two of its lists; {_HINT}')
            if (
                self.target_only
                and asset['target_species_code'] not in clip['present_species_codes']
            ):
                continue
            if present or absent:
                yield name, present, absent

    def sample_groups(self) -> NDArray[np.int64]:
        """Returns the recording of each clip, (N,), numbered from 0 by ascending id."""
        assets = [int(Path(name).parent.name) for name in self.image_names()]
        found: NDArray[np.int64] = np.unique(assets, return_inverse=True)[1].astype(np.int64)
        return found
