"""Digests of the data that a config names: labels as they are observed, and images."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.nesting import find, innermost, is_a, unwrap, walk
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.labels.contents import Contents

from .configs import LOADERS

Digests = dict[str, str]


class DataDigests:
    """Finds the digests of data sets; each data set is built once.

    Labels are read anew for every object of this class: files of annotations are parsed, small ones
    once a process for the same content, or where a data set keeps prepared columns, parsed again if
    their size or time changed. What is noticed of images says `Contents`.

    Args:
        contents: what is known of images from earlier calls; None: every image is read.
    """

    def __init__(self, contents: Contents | None = None) -> None:
        self.contents = Contents() if contents is None else contents
        self._built: dict[str, Any] = {}
        self._found: dict[str, Digests] = {}

    def of(self, cfg: Config) -> Digests:
        """Returns 'train labels', 'train images' and the same of val and test.

        With `diagnosis=True` also 'train full labels', which decide what is logged of a method's
        choices. Where a loader has several data sets, their number follows: 'train 2 labels'.
        """
        found: Digests = {}
        for name in LOADERS:
            leaves = [] if cfg.get(name) is None else list(leaf_configs(cfg[name].dataset))
            for number, leaf in enumerate(leaves, start=1):
                part = name.removesuffix('_dataloader') + (f' {number}' if number > 1 else '')
                found |= {f'{part} {what}': digest for what, digest in self._of_leaf(leaf).items()}
        return found

    def _of_leaf(self, leaf: Mapping[str, Any]) -> Digests:
        key = json.dumps(leaf, sort_keys=True, default=str)
        if key not in self._found:
            wrapped = is_a(leaf, PartialLabelDataset)
            self._found[key] = self._partial(leaf) if wrapped else self._plain(leaf)
        return self._found[key]

    def _partial(self, leaf: Mapping[str, Any]) -> Digests:
        # Unreadable images count by their bytes as well: to decode them all would take too long.
        settings = {k: v for k, v in leaf.items() if k not in ('type', 'dataset', 'bad_images')}
        dataset = PartialLabelDataset(self._build(leaf['dataset']), **settings)
        dataset.full_init()
        found = {'labels': dataset.fingerprint()}
        if dataset.diagnosis:
            found['full labels'] = dataset.full_labels.fingerprint()
        found['images'] = self.contents.images(_image_paths(dataset.dataset, dataset.indices))
        return found

    def _plain(self, leaf: Mapping[str, Any]) -> Digests:
        dataset = self._build(leaf)
        everything = range(len(dataset))
        digest = hashlib.sha256()
        for index in everything:
            info = {k: v for k, v in dataset.get_data_info(index).items() if k != 'img_path'}
            digest.update(json.dumps(info, sort_keys=True, default=_listed).encode())
        images = self.contents.images(_image_paths(dataset, everything))
        return {'labels': digest.hexdigest()[:16], 'images': images}

    def _build(self, config: Any) -> Any:
        """Builds a data set without its pipeline: train and val may share a split."""
        if not isinstance(config, Mapping):
            return config
        config = unwrap(config, FeatureDataset)  # neither labels nor images need features
        config = {**config, **({'pipeline': []} if 'pipeline' in config else {})}
        key = json.dumps(config, sort_keys=True, default=str)
        if key not in self._built:
            self._built[key] = DATASETS.build(config)
            getattr(self._built[key], 'full_init', lambda: None)()
        return self._built[key]


def leaf_configs(dataset: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yields the config of each `PartialLabelDataset` below wrappers; else what is innermost."""
    found = list(find(dataset, PartialLabelDataset))
    if found:
        yield from found
        return
    parts = list(walk(dataset))
    yield from (part for part in parts if innermost(part) is part and 'datasets' not in part)


def _image_paths(dataset: Any, indices: Any) -> list[str]:
    if isinstance(dataset, ColumnDataset):
        folder = os.path.join(str(dataset.img_prefix), '') if dataset.img_prefix else ''
        return [folder + name for name in dataset.image_names().subset(indices)]
    infos = (dataset.get_data_info(int(index)) for index in indices)
    return [str(info['img_path']) for info in infos if 'img_path' in info]


def _listed(value: Any) -> Any:
    return value.tolist() if hasattr(value, 'tolist') else repr(value)
