"""All that a training learns of single labels, in named columns: one store for every method."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .entries import Entries, EntryStore
from .facts import TrainingFacts
from .rows import Classes, ClassStore, Rows, RowStore

Column = Entries | Rows | Classes
Store = EntryStore | RowStore | ClassStore

_DAMAGED = "the checkpoint's label state is damaged ({}): resume from another checkpoint"


def stay_outside_compiled_code() -> None:
    """Hides what changes from step to step from `torch.compile`, once it is in use.

    Traced, sorted keys of a new length in each epoch would be compiled anew in each. The compiler
    is only imported by who uses it: it takes a second. The classes are changed and not the stores,
    whose copies would write into the original.
    """
    if 'torch._dynamo' in sys.modules:
        _hide_stores()


@cache
def _hide_stores() -> None:
    disable: Any = torch.compiler.disable  # untyped
    for kind in (EntryStore, RowStore):
        for name in ('add', 'held', 'values', 'rows', 'descend', 'follow'):
            if hasattr(kind, name):
                setattr(kind, name, disable(getattr(kind, name)))


class LabelState:
    """The columns of one loss, created for a training set; saved and loaded as one.

    Args:
        facts: the training set.
        columns: name and kind of each.
    """

    def __init__(self, facts: TrainingFacts, columns: Mapping[str, Column]) -> None:
        self.facts = facts
        self._stores: dict[str, Store] = {name: c.create(facts) for name, c in columns.items()}

    def entries(self, name: str) -> EntryStore:
        """Returns an `Entries` column.

        Raises:
            KeyError: if there is no such column.
        """
        store: EntryStore = self._get(name, EntryStore)
        return store

    def rows(self, name: str) -> RowStore:
        """Returns a `Rows` column.

        Raises:
            KeyError: if there is no such column.
        """
        store: RowStore = self._get(name, RowStore)
        return store

    def classes(self, name: str) -> ClassStore:
        """Returns a `Classes` column.

        Raises:
            KeyError: if there is no such column.
        """
        store: ClassStore = self._get(name, ClassStore)
        return store

    def _get(self, name: str, kind: type[Any]) -> Any:
        store = self._stores.get(name)
        if not isinstance(store, kind):
            raise KeyError(
                f'label state has no column {name!r} of this kind; its columns are '
                f'{ {n: type(s).__name__ for n, s in self._stores.items()} }'
            )
        return store

    def entry_stores(self) -> Iterator[tuple[str, EntryStore]]:
        """Yields the `Entries` columns and their names."""
        for name, store in self._stores.items():
            if isinstance(store, EntryStore):
                yield name, store

    def to(self, device: torch.device) -> LabelState:
        """Moves the dense columns to the device of the model."""
        for store in self._stores.values():
            if not isinstance(store, EntryStore):
                store.to(device)
        return self

    def merge(self, epoch: int) -> None:
        """Makes what was added in an epoch hold, on all ranks (a collective)."""
        for _, store in self.entry_stores():
            store.merge(epoch)

    def step(self, lr: float | None = None) -> None:
        """Trains the `Rows` columns with what the batches since the last step have asked for."""
        for store in self._stores.values():
            if isinstance(store, RowStore):
                store.step(lr)

    def restart(self) -> None:
        """Lets what was loaded be the start of a new training: optimisers begin anew."""
        for store in self._stores.values():
            if isinstance(store, RowStore):
                store.restart()

    def suspicions(self, name: str, at_least: float | None = None) -> dict[str, NDArray[Any]]:
        """Returns what is believed of single labels: 'sample', 'class', 'value' and 'epoch'.

        Args:
            name: of an `Entries` or `Rows` column.
            at_least: leave out lower values; a `Rows` column, which has a value for every label,
                needs it. Its epochs are -1.

        Raises:
            ValueError: if it is missing.
        """
        store = self._stores[name]
        if isinstance(store, EntryStore):
            table = store.table()
            kept = slice(None) if at_least is None else table['value'] >= at_least
            return {key: column[kept] for key, column in table.items()}
        if at_least is None:
            raise ValueError(f'suspicions({name!r}): a dense column needs at_least=...')
        data = store.data.cpu().numpy()
        found = np.nonzero(data >= at_least)
        sample, label = found if data.ndim == 2 else (np.full(len(found[0]), -1), found[0])
        epochs = np.full(len(label), -1)
        return {'sample': sample, 'class': label, 'value': data[found], 'epoch': epochs}

    def state_dict(self) -> dict[str, Any]:
        """Returns every column as plain tensors and numbers."""
        return {'columns': {name: store.state_dict() for name, store in self._stores.items()}}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Replaces every column by a saved one.

        Raises:
            ValueError: if the saved columns have other names, sizes, or are damaged.
        """
        if 'columns' not in saved:
            raise ValueError(_DAMAGED.format('no columns'))
        if set(saved['columns']) != set(self._stores):
            raise ValueError(
                f'the checkpoint holds label state {sorted(saved["columns"])}, the method keeps '
                f'{sorted(self._stores)}: resume with the same method, or start a new training '
                'with load_from, which does not load label state'
            )
        for name, store in self._stores.items():
            try:
                store.load_state_dict(saved['columns'][name])
            except KeyError as error:
                raise ValueError(_DAMAGED.format(f'{name} without {error}')) from error
