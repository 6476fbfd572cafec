"""A trained classifier with all that it needs to see a photograph."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmpretrain.registry import TRANSFORMS
from numpy.typing import NDArray

from wsml_mm.datasets.images import run_pipeline
from wsml_mm.datasets.nesting import class_of, walk
from wsml_mm.datasets.transforms import LoadResizedImage
from wsml_mm.labels.wording import some_of

ImageInput = str | os.PathLike[str] | NDArray[Any]
_HINT = 'repair it or name another image'


@dataclass(frozen=True)
class TrainedClassifier:
    """A classifier of photographs, of `assemble`.

    Args:
        model: an `ImageClassifier` in evaluation mode, on its device, whose `test_step` returns
            data samples with `pred_score` (C,) and `pred_label`; of frozen features, extractor and
            head are one.
        steps: configs of the test pipeline's transforms, which ends with PackInputs.
        classes: C names.
        config: that it was made from.
        checkpoint: file of its weights; '' where a model was given.
        saved: what the checkpoint holds beside weights and the optimiser.
    """

    model: Any = field(repr=False)
    steps: Sequence[Mapping[str, Any]] = field(repr=False)
    classes: tuple[str, ...]
    config: Config = field(repr=False)
    checkpoint: str = ''
    saved: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Refuses names of another number than the head has classes."""
        count = getattr(self.model.head, 'num_classes', len(self.classes))
        if count != len(self.classes):
            raise ValueError(
                f'classes: {len(self.classes)} names ({some_of(self.classes)}) for a head of '
                f'{count} classes; give one name for each'
            )

    @classmethod
    def of_model(cls, model: Any, classes: Sequence[str] | None = None) -> TrainedClassifier:
        """Takes a built model as `mmpretrain.get_model` returns it: with `_config`.

        Args:
            model: its class names, if it has any, are in `_dataset_meta`.
            classes: names in their place.

        Raises:
            ValueError: if it has no config, or nobody names its classes.
        """
        cfg = getattr(model, '_config', None)
        if cfg is None:
            raise ValueError(
                f'{type(model).__name__}: has no config that says how images are prepared; make '
                'it with wsml_mm.apis.assemble(config, checkpoint)'
            )
        classes = classes or (getattr(model, '_dataset_meta', None) or {}).get('classes')
        if not classes:
            raise ValueError('the model does not say its classes; give classes=[...]')
        model.eval()
        return cls(model, pipeline_steps(cfg), tuple(map(str, classes)), cfg)

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        found: torch.device = next(self.model.parameters()).device
        return found

    def preparing(self) -> PrepareImage:
        """Returns a function that prepares an image as the test of the training does.

        It takes a path, or an array (H, W, 3) of uint8 in the order BGR, as MMCV reads files; and
        returns `inputs` and `data_samples`. It raises ValueError for an image that cannot be read.
        """
        return PrepareImage(self.steps)

    @torch.no_grad()
    def predict(self, packed: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Returns a data sample for each prepared image, with `pred_score` and `pred_label`.

        Only images of one size go through the model together: padded to a common size, it would
        see each otherwise than alone.

        Args:
            packed: of `preparing()`.
        """
        found: list[Any] = [None] * len(packed)
        for places in _by_size(packed):
            data = {
                'inputs': torch.stack([packed[place]['inputs'] for place in places]),
                'data_samples': [packed[place]['data_samples'] for place in places],
            }
            for place, sample in zip(places, self.model.test_step(data), strict=True):
                found[place] = sample
        return found


class PrepareImage:
    """Prepares images by path, or as arrays that need no loading.

    Args:
        steps: configs of the transforms.
    """

    def __init__(self, steps: Sequence[Mapping[str, Any]]) -> None:
        built = [TRANSFORMS.build(dict(step)) for step in steps]
        self.of_file = Compose(built)
        self._of_array = Compose([each for step in built for each in _without_loading(step)])

    def __call__(self, image: ImageInput) -> dict[str, Any]:
        """Returns the packed sample of an image.

        Raises:
            ValueError: if it cannot be read, naming it.
        """
        if isinstance(image, (str, os.PathLike)):
            return run_pipeline(self.of_file, {'img_path': os.fspath(image)}, _HINT)
        shape = tuple(image.shape[:2])
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f'an array of {image.shape} is no image; give (H, W, 3), BGR, uint8')
        packed: dict[str, Any] = self._of_array(
            {'img': image, 'img_shape': shape, 'ori_shape': shape}
        )
        return packed


def pipeline_steps(cfg: Config) -> list[Mapping[str, Any]]:
    """Returns the configs of the transforms with which a config tests images.

    Raises:
        ValueError: if no dataset of test_dataloader or val_dataloader has a pipeline.
    """
    for name in ('test_dataloader', 'val_dataloader'):
        loader = cfg.get(name)
        for part in walk(loader['dataset']) if loader is not None else ():
            if isinstance(part, Mapping) and part.get('pipeline'):
                return list(part['pipeline'])
    raise ValueError(
        f'{cfg.filename}: no dataset of test_dataloader or val_dataloader has a pipeline, which '
        'says how an image is prepared; add one'
    )


def _without_loading(step: Any) -> list[Any]:
    """Returns what is left to do of a transform where the pixels are there already."""
    from mmpretrain.datasets.transforms import LoadImageFromFile

    if isinstance(step, LoadResizedImage):
        resize = dict(type='Resize', scale=step.scale, backend='pillow', interpolation='bilinear')
        return [TRANSFORMS.build(resize)]
    return [] if isinstance(step, LoadImageFromFile) else [step]


def _by_size(packed: Sequence[Mapping[str, Any]]) -> Iterator[list[int]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for place, each in enumerate(packed):
        groups.setdefault(tuple(each['inputs'].shape), []).append(place)
    yield from groups.values()


def configured_classes(cfg: Config) -> list[str] | None:
    """Returns the class names of a config's test set, without reading its labels; None: unknown.

    The data need not be there.
    """
    from mmpretrain.registry import DATASETS

    for name in ('test_dataloader', 'val_dataloader', 'train_dataloader'):
        loader = cfg.get(name)
        parts = list(walk(loader['dataset'])) if loader is not None else []
        leaf = parts[-1] if parts else None
        if not isinstance(leaf, Mapping):
            continue
        named = leaf.get('classes') or (leaf.get('metainfo') or {}).get('classes')
        if isinstance(named, (list, tuple)):
            return [str(each) for each in named]
        kind = class_of(leaf)
        known = getattr(kind, 'METAINFO', {}).get('classes')
        if known:
            return [str(each) for each in known]
        if hasattr(kind, 'class_names'):  # of a LabelTable: a file of names, or none
            try:
                found = DATASETS.build({**leaf, 'pipeline': [], 'lazy_init': True}).class_names()
            except (OSError, ValueError):
                continue
            if found:
                return list(found)
    return None
