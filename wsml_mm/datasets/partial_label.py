"""The dataset wrapper that shows a model the observed labels of a split, and only those."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from mmpretrain.registry import DATASETS, TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.labels.encoding import POSITIVE, UNLISTED, UNOBSERVED
from wsml_mm.labels.files import reading
from wsml_mm.labels.sparse import SparseLabels

from .annotations import SplitNames, annotation_file, read_groups, read_labels, read_names
from .feature_batch import FeatureRows, LabelRows, fits, have_batches, samples_like
from .holdout import SplitPart
from .image_loader import ImageLoader
from .images import BAD_IMAGES, find_readable, run_pipeline, warn_of_lost_values
from .nesting import refuse_observed_below
from .observation import Observation, ObserveAll, observe_split

# Where the full labels ride along for a diagnosis; no code of the frameworks reads this name.
FULL_LABELS = 'wsml_full_score'
_LOOKED_AT = 6  # images, before a training: do they show after loading what their files hold?


@DATASETS.register_module()
class PartialLabelDataset:
    """Wraps a multi-label dataset of a whole official split and hides all but observed labels.

    Labels are observed over the whole split first and the part is taken afterwards, as in the
    field's scripts, so that a mask does not depend on the hold-out. Each packed sample carries
    `gt_score`, a (C,) int8 tensor of {1, 0, -1}, and `sample_idx`, its position in the whole
    split; `gt_label` holds the observed positives only, so that no code path can see the truth.
    Source: the scripts of Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        dataset: config (or instance) of the dataset, with its pipeline.
        observe: config of an observation process, e.g. `dict(type='SinglePositive', seed=1200)`;
            None: every known label.
        holdout: `dict(part='train' | 'val', fraction=0.2, seed=1200)`; None: the whole split.
        subsample: `dict(fraction=0.5, seed=999)`: train on a random share of the part only, as the
            reference's experiment with fewer images; with `folds=5, without=0` on all random folds
            but one; None: on all of it.
        indices: keep only these positions of the part (or its first `indices`).
        diagnosis: also carry the full labels (under a name no stock code reads) so that hooks can
            tell right from wrong choices; never used for training.
        bad_images: 'stop' at an image that cannot be read, or 'skip': load every image of the
            part once at the start, as the pipeline does, list the bad ones and leave them out.
        lazy_init: load labels on first use.
        unlisted: what the labels are that a dataset of MMPretrain does not list in `gt_label`:
            'negative', or 'unobserved' where only some of the positives are annotated.
            None: negative; datasets of this package know it themselves.

    Raises:
        ValueError: if `bad_images`, `unlisted` or a key of `holdout` is unknown, or the dataset
            holds a `PartialLabelDataset` already.
        IndexError: if one of `indices` is out of range.

    Config:
        dataset = dict(
            type='PartialLabelDataset', dataset=dict(type='VOC2012', data_root='data/VOC2012'),
            observe=dict(type='SinglePositive', seed=1200), holdout=dict(part='train'))
    """

    def __init__(
        self,
        dataset: Any,
        observe: Any = None,
        holdout: dict[str, Any] | None = None,
        indices: int | Sequence[int] | None = None,
        diagnosis: bool = False,
        bad_images: str = 'stop',
        subsample: dict[str, Any] | None = None,
        lazy_init: bool = False,
        unlisted: str | None = None,
    ) -> None:
        if unlisted not in (None, *UNLISTED):
            raise ValueError(f'unlisted={unlisted!r}: use "unobserved" or "negative"')
        refuse_observed_below(type(self).__name__, dataset)
        if bad_images not in BAD_IMAGES:
            raise ValueError(f'bad_images={bad_images!r}: use "stop" or "skip"')
        with reading(annotation_file(dataset)):
            self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        observe = ObserveAll() if observe is None else observe
        self.observe: Observation = (
            TASK_UTILS.build(observe) if isinstance(observe, dict) else observe
        )
        self._part = SplitPart(holdout, subsample, indices)
        self.holdout, self.subsample = self._part.holdout, subsample
        self.diagnosis, self.bad_images, self.unlisted = diagnosis, bad_images, unlisted
        # For batches of stored features: a packed sample, whose fields all have, and all rows.
        self._like: Any = None
        self._rows: LabelRows | None = None
        self.index_offset = 0  # set by the hook where several wrapped datasets are concatenated
        self.group_offset = 0  # likewise, of the numbers of its groups
        self._groups: NDArray[np.int64] | None = None
        self._fully_initialized = False
        if not lazy_init:
            self.full_init()

    def full_init(self) -> None:
        """Loads the labels, observes the whole split and takes the part.

        Raises:
            ValueError: if nothing is left to train on.
        """
        if self._fully_initialized:
            return
        with reading(annotation_file(self.dataset)):
            self.dataset.full_init()
        self.full_labels = read_labels(self.dataset, self.unlisted)
        names = SplitNames.of(self.dataset)
        self._groups = read_groups(self.dataset)
        self.labels = observe_split(self.observe, self.full_labels, names)
        self.indices = self._part.positions(len(self.full_labels))
        if self.bad_images == 'skip':
            readable = find_readable(self._image_paths(), ImageLoader.of(self.dataset))
            self.indices = self.indices[readable]
        if not len(self.indices):
            raise ValueError(
                f'{type(self.dataset).__name__}: no image is left of {len(self.full_labels)} '
                f'after holdout={self.holdout}; check data_root, split and holdout'
            )
        self._fully_initialized = True
        if self.bad_images != 'skip':
            few = self.indices[:: max(1, len(self.indices) // _LOOKED_AT)][:_LOOKED_AT]
            warn_of_lost_values(self._image_paths(few), ImageLoader.of(self.dataset))

    def _image_paths(self, positions: Iterable[Any] | None = None) -> list[str]:
        """Returns the image files of positions of the split; None: of this part."""
        positions = self.indices if positions is None else positions
        infos = (self.dataset.get_data_info(int(position)) for position in positions)
        return [str(info.get('img_path', '')) for info in infos]

    def __getstate__(self) -> dict[str, Any]:
        # A spawned worker takes the labels from its dataset's mapped files: a copy each would be
        # hundreds of megabytes at OpenImages' size.
        state = {**self.__dict__, '_rows': None}
        if self._fully_initialized and hasattr(self.dataset, 'sparse_labels'):
            if self.labels is self.full_labels:
                del state['labels']
            del state['full_labels']
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self._fully_initialized and 'full_labels' not in state:
            self.full_labels = read_labels(self.dataset, self.unlisted)
            self.labels = state.get('labels', self.full_labels)

    @property
    def metainfo(self) -> dict[str, Any]:
        """The wrapped dataset's classes and other facts."""
        info: dict[str, Any] = self.dataset.metainfo
        return info

    @property
    def num_samples(self) -> int:
        """Rows of the whole official split: sample indices lie below this."""
        self.full_init()
        return len(self.full_labels)

    def sample_groups(self) -> NDArray[np.int64] | None:
        """Returns the group of each row of the whole split, (N,) from 0; None: it has none."""
        self.full_init()
        return self._groups

    def num_unobserved(self) -> int:
        """Counts the unobserved labels of this part."""
        self.full_init()
        return int(self.labels.row_counts(UNOBSERVED)[self.indices].sum())

    def fingerprint(self) -> str:
        """Returns a hash of the image names in order and their observed labels.

        Folders do not count, so that data may move; a checkpoint's per-sample state is refused
        where this differs.
        """
        self.full_init()
        digest = hashlib.sha256(self.labels.fingerprint().encode())
        digest.update(read_names(self.dataset).digest())
        return digest.hexdigest()[:16]

    def __len__(self) -> int:
        self.full_init()
        return len(self.indices)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Returns the annotation of sample `idx` of this part, observed labels only."""
        self.full_init()
        position = int(self.indices[idx])
        info: dict[str, Any] = self.dataset.get_data_info(position)
        for hidden in ('labels', 'gt_score', 'gt_label_difficult'):
            info.pop(hidden, None)
        info['gt_label'] = self.labels.listed(position, POSITIVE).tolist()
        info['sample_idx'] = self.index_offset + position
        return info

    def get_cat_ids(self, idx: int) -> list[int]:
        """Returns the observed positive classes of sample `idx` of this part."""
        self.full_init()
        ids: list[int] = self.labels.listed(int(self.indices[idx]), POSITIVE).tolist()
        return ids

    def __getitem__(self, idx: int) -> dict[str, Any]:
        """Returns the packed sample `idx` of this part.

        Raises:
            ValueError: if the pipeline drops the image or does not pack a sample; another image
                in its place would carry wrong labels.
        """
        info = self.get_data_info(idx)
        packed = run_pipeline(self.dataset.pipeline, dict(info), paths=self._image_paths)
        position = int(self.indices[idx])
        samples = packed['data_samples']
        # Test-time augmentation packs a list of samples of one image.
        for sample in samples if isinstance(samples, list) else [samples]:
            sample.set_gt_score(torch.from_numpy(self.labels.row(position)))
            sample.pop('sample_idx', None)  # of the pipeline, which may have packed it as data
            sample.set_field(info['sample_idx'], 'sample_idx', field_type='metainfo')
            if (group := self._groups_of(position)) is not None:
                sample.set_field(int(group), 'group', field_type='metainfo')
            if self.diagnosis:
                sample.set_field(torch.from_numpy(self.full_labels.row(position)), FULL_LABELS)
        return packed

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Returns the packed samples of a batch, for PyTorch's loader.

        Equal to `[self[i] for i in indices]`; stored features and labels are read in one go.
        """
        self.full_init()
        if not have_batches(self.dataset):
            return [self[index] for index in indices]
        if self._like is None:
            self._like = self[0]['data_samples']
        rows = self._label_rows(list(indices))
        fields: dict[str, Sequence[Any]] = {
            'gt_label': rows.positives,
            'gt_score': rows.labels[0].unbind(),
            'img_path': rows.paths,
            'sample_idx': (rows.positions + self.index_offset).tolist(),
        }
        if (groups := self._groups_of(rows.positions)) is not None:
            fields['group'] = groups.tolist()
        if self.diagnosis:
            fields[FULL_LABELS] = rows.labels[1].unbind()
        inputs = torch.from_numpy(self.dataset.feature_rows(rows.positions)).unbind()
        samples = samples_like(self._like, fields)
        return [{'inputs': i, 'data_samples': s} for i, s in zip(inputs, samples, strict=True)]

    def feature_rows(self, indices: Sequence[int]) -> FeatureRows:
        """Returns what the samples of a batch of stored features hold, as tensors.

        Args:
            indices: of samples, B; the dataset is one that `have_batches` tells of.
        """
        self.full_init()
        positions = self.indices[np.asarray(indices, np.int64)]
        if (rows := self._kept_rows()) is not None:
            dense = rows.dense(torch.as_tensor(indices))
        else:
            dense = [torch.from_numpy(each.rows(positions)) for each in self._carried()]
        groups = self._groups_of(positions)
        return FeatureRows(
            torch.from_numpy(self.dataset.feature_rows(positions)),
            dense[0].float(),
            torch.from_numpy(positions + self.index_offset),
            None if groups is None else torch.from_numpy(groups),
            dense[1] if self.diagnosis else None,
        )

    def _groups_of(self, positions: Any) -> Any:
        """Returns the groups of positions of the split, as samples carry them; None: no groups."""
        return None if self._groups is None else self._groups[positions] + self.group_offset

    def _carried(self) -> list[SparseLabels]:
        """Returns the labels that samples carry, observed ones first."""
        return [self.labels, self.full_labels] if self.diagnosis else [self.labels]

    def _label_rows(self, indices: list[int]) -> LabelRows:
        """Returns what samples of this part hold beside features; unpacked once if it is small."""
        if (rows := self._kept_rows()) is not None:
            return rows.take(indices)
        return LabelRows.of(self.dataset, self._carried(), self.indices[indices])

    def _kept_rows(self) -> LabelRows | None:
        """Returns what all samples of this part hold beside features; None: it is too much."""
        if not fits(self.labels, self.indices):
            return None
        labels = self._carried()
        if self._rows is None or not self._rows.are_of(self.dataset, labels, self.indices):
            self._rows = LabelRows.of(self.dataset, labels, self.indices)
        return self._rows

    def get_subset(self, indices: Any) -> Any:
        """Refuses: a renumbered copy would misplace permanent corrections.

        Raises:
            NotImplementedError: always; `indices=` does it safely.
        """
        raise NotImplementedError('PartialLabelDataset: use indices=..., which keeps sample_idx')

    get_subset_ = get_subset
