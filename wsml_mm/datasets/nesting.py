"""The one walk below dataset wrappers, for configs and for built datasets alike."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.runner.runner import _SlicedDataset
from mmpretrain.registry import DATASETS


def walk(dataset: Any) -> Iterator[Any]:
    """Yields a dataset and all that it wraps, each wrapper before what it wraps.

    Seen through are RepeatDataset, ConcatDataset, ClassBalancedDataset, KFoldDataset, the slice of
    MMEngine's `num_batch_per_epoch`, and any wrapper that holds `dataset` or `datasets`.

    Args:
        dataset: a config or a built dataset; a config may hold built ones.
    """
    yield dataset
    for inner in _inner(dataset):
        yield from walk(inner)


def find(dataset: Any, kind: type) -> Iterator[Any]:
    """Yields the outermost datasets of a class or of its subclasses.

    Args:
        dataset: a config or a built dataset.
        kind: the class; a config's `type` is looked up in the registry.
    """
    if is_a(dataset, kind):
        yield dataset
        return
    for inner in _inner(dataset):
        yield from find(inner, kind)


def innermost(dataset: Any) -> Any:
    """Returns what is below all wrappers around one dataset: a leaf, or several side by side.

    Args:
        dataset: a config or a built dataset.
    """
    while len(inner := _inner(dataset)) == 1 and not _holds_several(dataset):
        (dataset,) = inner
    return dataset


def wrapped_datasets(dataset: Any) -> list[Any]:
    """Returns the `PartialLabelDataset`s in a built dataset, each once, in order."""
    return list(dict.fromkeys(find(dataset, _partial_label_dataset())))


def unwrapped_datasets(dataset: Any) -> list[Any]:
    """Returns the innermost datasets in a built dataset that have no `PartialLabelDataset`."""
    return list(outside(dataset, _partial_label_dataset()))


def outside(dataset: Any, kind: type) -> Iterator[Any]:
    """Yields the datasets without a wrapper of a class around them that wrap nothing themselves.

    Args:
        dataset: a config or a built dataset.
        kind: the class of the wrappers.
    """
    if is_a(dataset, kind):
        return
    inner = _inner(dataset)
    if not inner:
        yield dataset
    for part in inner:
        yield from outside(part, kind)


def refuse_observed_below(wrapper: str, dataset: Any) -> None:
    """Refuses a wrapper that reads labels where they were hidden before: it would see none as such.

    Args:
        wrapper: its name.
        dataset: what it is to wrap, a config or a built dataset.

    Raises:
        ValueError: if there is a `PartialLabelDataset` in it.
    """
    kind = _partial_label_dataset()
    if next(find(dataset, kind), None) is not None:
        inner = f'{wrapper}({kind.__name__}(...))'
        fix = f'write {kind.__name__}({wrapper}(...))' if wrapper != kind.__name__ else 'keep one'
        raise ValueError(
            f'{inner} is the wrong order: what {kind.__name__} hides, {wrapper} would take for '
            f'known negatives; {fix}'
        )


def unwrap(config: Any, kind: type) -> Any:
    """Returns a copy of a dataset's config without the wrappers of a class or its subclasses.

    Args:
        config: of a dataset; a built one is returned as it is.
        kind: the class of the wrappers, which have one `dataset`.
    """
    while isinstance(config, Mapping) and is_a(config, kind):
        config = config['dataset']
    if not isinstance(config, Mapping):
        return config
    changed = copy.copy(config)
    if 'dataset' in config:
        changed['dataset'] = unwrap(config['dataset'], kind)  # type: ignore[index]
    if 'datasets' in config:
        changed['datasets'] = [unwrap(c, kind) for c in config['datasets']]  # type: ignore[index]
    return changed


def class_of(dataset: Any) -> type | None:
    """Returns the class of a dataset, or of a config's `type`; None: no class of that name."""
    if not isinstance(dataset, Mapping):
        return type(dataset)
    named = dataset.get('type')
    found = DATASETS.get(named) if isinstance(named, str) else named
    return found if isinstance(found, type) else None


def is_a(dataset: Any, kind: type) -> bool:
    """Tells whether a config or a built dataset is of a class or of a subclass of it."""
    found = class_of(dataset)
    return found is not None and issubclass(found, kind)


def _partial_label_dataset() -> type:
    kind: type = DATASETS.get('PartialLabelDataset')  # by name: its module needs this one
    return kind


def _inner(dataset: Any) -> list[Any]:
    """Returns what a dataset wraps directly."""
    if isinstance(dataset, _SlicedDataset):  # hands on every other attribute of what it wraps
        return [dataset._dataset]
    found = [*(_part(dataset, 'datasets') or ()), _part(dataset, 'dataset')]
    # A dataset of the user's may keep something else under these names, e.g. a text.
    return [part for part in found if isinstance(part, Mapping) or _is_built(part)]


def _holds_several(dataset: Any) -> bool:
    return not isinstance(dataset, _SlicedDataset) and _part(dataset, 'datasets') is not None


def _part(dataset: Any, name: str) -> Any:
    return dataset.get(name) if isinstance(dataset, Mapping) else getattr(dataset, name, None)


def _is_built(part: Any) -> bool:
    return hasattr(type(part), '__getitem__') and not isinstance(part, (str, bytes, Sequence))
