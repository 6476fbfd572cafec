"""Labels and names of any multi-label dataset of MMPretrain, read once and checked."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.files import absolute_folders, lies_below
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .nesting import innermost, unwrapped_datasets, wrapped_datasets
from .table.gt_label import contradicts, holds_vectors, positive_classes
from .table.problem import RowError


def read_labels(dataset: Any, unlisted: str | None = None) -> SparseLabels:
    """Returns the full labels of a multi-label dataset, (N, C).

    A dataset with a method `sparse_labels()` is asked for them. Otherwise each sample's `gt_score`
    ({1, 0, -1}) or, without one, `gt_label` (positive classes) is read.

    Args:
        dataset: a built dataset.
        unlisted: what the classes are that no `gt_label` lists, 'negative' or 'unobserved'; None:
            negative.

    Raises:
        ValueError: if the classes are not known, a label is not of {1, 0, -1}, an image lies
            outside the dataset's folders, or the dataset knows itself what it does not list.
    """
    if hasattr(dataset, 'sparse_labels'):
        labels: SparseLabels = dataset.sparse_labels(*_passed_on(dataset, unlisted))
        return labels
    name = type(dataset).__name__
    classes = dataset.metainfo.get('classes')
    if classes is None:
        raise ValueError(f'{name} names no classes: give classes=... or metainfo to it')
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    folders = _folders(dataset)
    for info in infos:
        _check_path(info.get('img_path'), name, folders)
    _refuse_vectors(infos, len(classes), name)
    rows = [_read_row(info, classes, name) for info in infos]
    if unlisted == 'unobserved':
        rows = [(p, np.zeros(0, np.int64) if n is None else n) for p, n in rows]
    partial = any(negatives is not None for _, negatives in rows)
    # Beside partly annotated images, the negatives of the fully annotated ones must be listed.
    rest = np.arange(len(classes) if partial else 0)
    known = ((p, np.setdiff1d(rest, p) if n is None else n) for p, n in rows)
    return SparseLabels.from_rows(known, len(classes), UNOBSERVED if partial else NEGATIVE)


def count_unobserved(dataset: Any) -> int | None:
    """Counts the unobserved labels that the samples of a built dataset carry.

    Args:
        dataset: any stack of wrappers; without `PartialLabelDataset`, only a `gt_score` may hold
            -1. Of parts of a dataset the whole is counted.

    Returns:
        The number; None where a dataset does not say its labels.
    """
    counts: list[int] = [each.num_unobserved() for each in wrapped_datasets(dataset)]
    for each in unwrapped_datasets(dataset):
        try:
            counts.append(read_labels(each).counts()['unobserved'])
        except (AttributeError, TypeError, KeyError, ValueError):  # e.g. a dataset of torchvision
            return sum(counts) or None
    return sum(counts)


def _passed_on(dataset: Any, unlisted: str | None) -> tuple[str, ...]:
    """Returns the arguments of `sparse_labels`: only a wrapper has to ask what it wraps."""
    if unlisted is None:
        return ()
    if innermost(dataset) is dataset:
        raise ValueError(
            f'unlisted={unlisted!r}: {type(dataset).__name__} knows itself which labels are '
            'unobserved; leave it out, LabelTable takes it as an argument of its own'
        )
    return (unlisted,)


def read_names(dataset: Any) -> NameColumn:
    """Returns the images' names of a dataset in order; where it has none, their positions."""
    if hasattr(dataset, 'image_names'):
        names: NameColumn = dataset.image_names()
        return names
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    return NameColumn.from_names(str(i.get('img_path', n)) for n, i in enumerate(infos))


def read_groups(dataset: Any) -> NDArray[np.int64] | None:
    """Returns the group of each image (recording, patient) of a dataset with `sample_groups()`.

    Returns:
        (N,) numbers from 0; None: the dataset has no groups.

    Raises:
        ValueError: if there is not one number, 0 or more, for each image.
    """
    found = dataset.sample_groups() if hasattr(dataset, 'sample_groups') else None
    if found is None:
        return None
    groups = np.asarray(found)
    if groups.shape != (len(dataset),) or groups.dtype.kind not in 'iu' or (groups < 0).any():
        raise ValueError(
            f'{type(dataset).__name__}: sample_groups() returns {groups.dtype} {groups.shape}; it '
            f'must be one whole number, 0 or more, for each of the {len(dataset)} images'
        )
    return groups.astype(np.int64)


@dataclass(frozen=True)
class SplitNames:
    """The class names of a split, and its image names on demand: what its columns and rows are.

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


def with_dense_labels(info: dict[str, Any], num_classes: int) -> dict[str, Any]:
    """Puts the dense fields that pipelines pack in the place of a sparse pair `labels`.

    Args:
        info: of an image; where it has `labels`, the pair (known classes, their values of {1, 0}),
            it gets `gt_label`, the positive classes, and `gt_score`, (C,) int8 of {1, 0, -1}.
        num_classes: C.
    """
    if 'labels' in info:
        classes, values = info.pop('labels')
        info['gt_label'] = classes[values == POSITIVE].tolist()
        info['gt_score'] = np.full(num_classes, UNOBSERVED, np.int8)
        info['gt_score'][classes] = values
    return info


def annotation_file(dataset: Any) -> str:
    """Returns the name of the annotation file of a dataset or its config, for messages."""
    inner = innermost(dataset)
    fields = inner if isinstance(inner, dict) else getattr(inner, '__dict__', {})
    return str(fields.get('ann_file') or 'annotation')


def _folders(dataset: Any) -> list[str]:
    """Returns data_root and the image folders of a dataset, or of what it wraps."""
    dataset = innermost(dataset)
    prefix = getattr(dataset, 'data_prefix', None) or {}
    prefixes = prefix.values() if isinstance(prefix, dict) else [prefix]
    return absolute_folders([getattr(dataset, 'data_root', None) or '', *prefixes])


def _refuse_vectors(infos: Sequence[dict[str, Any]], num_classes: int, name: str) -> None:
    plain = (i['gt_label'] for i in infos if 'gt_label' in i and not {'gt_score', 'labels'} & {*i})
    vectors = holds_vectors(plain, num_classes)
    if isinstance(vectors, RowError):
        raise ValueError(f'{name}: {vectors.what}; {vectors.fix}')
    if vectors:
        raise ValueError(
            f'{name}: gt_label is a 0/1 vector of the {num_classes} classes, where MMPretrain has '
            'indices; list those of the positive classes, or read the file with LabelTable'
        )


def _check_path(path: Any, name: str, folders: Sequence[str]) -> None:
    if path and folders and '://' not in str(path) and not lies_below(str(path), folders):
        raise ValueError(
            f'{name}: img_path {str(path)!r} is outside the data folder {folders[0]}; name a file '
            'below it, or give the folder that holds all images as data_root'
        )


def _read_row(
    info: dict[str, Any], classes: Sequence[str], name: str
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
    """Returns an image's positive and negative classes; None: all that are not positive."""
    num_classes = len(classes)
    where = f'{name}: {info.get("img_path") or "an image"}'
    if 'labels' in info:
        classes, values = info['labels']
        return classes[values == POSITIVE], classes[values == NEGATIVE]
    if 'gt_score' in info:
        score = np.asarray(info['gt_score'])
        if score.shape != (num_classes,) or not np.isin(score, (1, 0, -1)).all():
            raise ValueError(
                f'{where}: gt_score must be {num_classes} values of {{1, 0, -1}}; convert other '
                'encodings with wsml_mm.labels.decode_labels'
            )
        if 'gt_label' in info and (error := contradicts(info['gt_label'], score, classes)):
            raise ValueError(f'{where}: {error.what}; {error.fix}')
        return np.flatnonzero(score == POSITIVE), np.flatnonzero(score == NEGATIVE)
    if 'gt_label' not in info:
        raise ValueError(f'{where}: has neither gt_label nor gt_score; add one to the annotation')
    found = positive_classes(info['gt_label'], classes)
    if isinstance(found, RowError):
        raise ValueError(f'{where}: {found.what}; {found.fix}')
    positive = np.array(found, dtype=np.int64)
    if len(np.unique(positive)) < len(positive):
        raise ValueError(f'{where}: gt_label {positive.tolist()} lists a class twice; list it once')
    return positive, None
