"""Sparse state: a value and an epoch for some (sample, class) pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ..ranks import gather_objects, total_count, world_size
from .entry_checks import Keys, check_keys, check_rows, saved_columns
from .entry_merge import Held, merged, sorted_distinct
from .facts import TrainingFacts


@dataclass(frozen=True)
class Entries:
    """Column of (sample, class) pairs that a method decides about, each with a value and an epoch.

    Args:
        constant: the value of every entry, which then takes no memory; None: float32 values.
        keep: of a pair that is written again in a later epoch, keep the 'first' value or the
            'last'.
        max_fraction: no more entries than this share of the unobserved labels (of N * C where
            their number is not known); None: no limit.
        warn_share: warn once when more than this share of the unobserved labels has an entry.

    Raises:
        ValueError: if an argument is out of range.
    """

    constant: float | None = None
    keep: str = 'first'
    max_fraction: float | None = None
    warn_share: float | None = None

    def __post_init__(self) -> None:
        if self.keep not in ('first', 'last'):
            raise ValueError(f'Entries(keep={self.keep!r}): use "first" or "last"')
        for name in ('max_fraction', 'warn_share'):
            if (share := getattr(self, name)) is not None:
                check_number(name, share, 'a share between 0 and 1', 0, 1)

    def create(self, facts: TrainingFacts) -> EntryStore:
        """Returns an empty store for a training set."""
        return EntryStore(facts.num_samples, facts.num_classes, self, facts.num_unobserved)


class EntryStore:
    """Entries sorted by sample and class, 8 bytes each, or 12 with values.

    Entries are added during an epoch and take effect when merged at its end, so that every visit
    of a sample within an epoch sees the same state. Merging is a set union over ranks: ranks that
    saw the same padded sample, or a sample repeated within the epoch, agree.

    Args:
        num_samples: N, rows of the official split.
        num_classes: C.
        column: its settings.
        num_unobserved: unobserved labels of the training set, for shares; None: not known.
    """

    def __init__(
        self,
        num_samples: int,
        num_classes: int,
        column: Entries | None = None,
        num_unobserved: int | None = None,
    ) -> None:
        self.num_samples, self.num_classes = num_samples, num_classes
        self.column = column or Entries(constant=1)
        self.num_unobserved = num_unobserved
        self.warn_share = self.column.warn_share
        self._added: list[tuple[Keys, NDArray[np.float32]]] = []
        self._hold(Held.of(_NONE, _NONE, _NONE, (num_samples, num_classes)))

    def __len__(self) -> int:
        return len(self._held.classes)

    @property
    def room(self) -> int | None:
        """How many entries may still be added on all ranks; None: no limit."""
        return self._room

    def share(self) -> float | None:
        """Returns the share of the unobserved labels that have an entry; None: not known."""
        return len(self) / self.num_unobserved if self.num_unobserved else None

    def add(self, rows: Tensor, chosen: Tensor, values: Tensor | None = None) -> None:
        """Records entries of a batch, which hold from the next merge on.

        Args:
            rows: (B,) samples.
            chosen: (B, C) bool, the entries.
            values: (B, C), read at the chosen entries; None for a column with a constant.

        Raises:
            IndexError: if a sample is out of range.
            ValueError: if the entries are of another shape.
        """
        check_rows(rows, self.num_samples)
        if chosen.shape != (len(rows), self.num_classes):
            raise ValueError(
                f'the chosen entries {tuple(chosen.shape)} must be '
                f'{(len(rows), self.num_classes)}, a row of classes for each sample'
            )
        pairs = chosen.nonzero()
        given = None if values is None else values.detach()[pairs[:, 0], pairs[:, 1]]
        place, classes = pairs.cpu().unbind(1)  # one copy from a device, not two
        self.add_pairs(rows.cpu()[place], classes, given)

    def add_pairs(self, samples: Tensor, classes: Tensor, values: Tensor | None = None) -> None:
        """Records (K,) samples and (K,) classes, with (K,) values; otherwise as `add`."""
        check_rows(samples, self.num_samples)
        if (values is None) != (self.column.constant is not None):
            raise ValueError(
                f'{self.column}: give values for a column of values, none for one of a constant'
            )
        labels = classes.cpu().to(torch.int64)
        if outside := labels[(labels < 0) | (labels >= self.num_classes)].tolist():
            raise IndexError(f'class {outside[0]} is outside 0..{self.num_classes - 1}')
        keys = samples.cpu().to(torch.int64) * self.num_classes + labels
        given = _NONE if values is None else values.detach().float().cpu().numpy()
        self._added.append((keys.numpy(), given))
        if self._room is not None:
            self._room -= total_count(len(keys))

    def held(self, rows: Tensor) -> Tensor:
        """Returns a (B, C) bool CPU mask of the merged entries of (B,) samples.

        Raises:
            IndexError: if a sample is out of range.
        """
        mask = torch.zeros(len(rows), self.num_classes, dtype=torch.bool)
        mask.view(-1).numpy()[self._places(rows)[1]] = True
        return mask

    def values(self, rows: Tensor, fill: float = 0.0) -> Tensor:
        """Returns the (B, C) float32 CPU values of (B,) samples, `fill` where there is no entry.

        Raises:
            IndexError: if a sample is out of range.
        """
        found = torch.full((len(rows), self.num_classes), fill)
        entries, places = self._places(rows)
        constant = self.column.constant
        flat = found.view(-1).numpy()
        flat[places] = self._held.values[entries] if constant is None else constant
        return found

    def _places(self, rows: Tensor) -> tuple[Keys, Keys]:
        """Returns where in the store the entries of samples are, and where in a (B, C) batch."""
        check_rows(rows, self.num_samples)
        samples = rows.cpu().numpy().astype(np.int64)
        starts, end = self._held.starts[samples], self._held.starts[samples + 1]
        lengths = end - starts
        # The batch's entries one row after the other, and the place of the batch of each.
        entries = np.repeat(end - lengths.cumsum(), lengths) + np.arange(lengths.sum())
        shift = np.repeat(np.arange(len(samples)) * self.num_classes, lengths)
        return entries, shift + self._held.classes[entries]

    def pending(self) -> Keys:
        """Returns the keys (sample * C + class) added since the last merge, sorted, distinct."""
        return sorted_distinct(np.concatenate([_NONE, *(keys for keys, _ in self._added)]))

    def merge(self, epoch: int) -> int:
        """Makes the added entries hold from now on, on all ranks (a collective).

        Args:
            epoch: they were found in, from 0.

        Returns:
            The number of entries that are new.
        """
        own = tuple(map(_joined, zip(*self._added, strict=True))) or (_NONE, _NONE)
        self._added.clear()
        keys, values = map(_joined, zip(*gather_objects(own), strict=True))
        return self._write(keys, None if self.column.constant is not None else values, epoch)

    def write(self, keys: Keys, values: NDArray[Any] | None, epoch: int) -> int:
        """Writes entries that hold at once; every rank must write the same.

        Args:
            keys: (K,) sample * C + class, in any order; of a key given twice the first counts, or
                the last where the column keeps the last.
            values: (K,); None for a column with a constant.
            epoch: that is noted, from 0.

        Returns:
            The number of entries that are new.

        Raises:
            IndexError: if a key is out of range.
            ValueError: if there are more or fewer values than keys, or one is not finite.
        """
        return self._write(np.array(keys), values, epoch)

    def _write(self, keys: Keys, values: NDArray[Any] | None, epoch: int) -> int:
        """Writes entries as `write` does, but may sort `keys` itself."""
        if not len(keys):
            return 0
        keys = check_keys(keys, values, (self.num_samples, self.num_classes))
        last, given = self.column.keep == 'last', None
        if values is None:
            keys = sorted_distinct(keys)
        else:
            order = slice(None, None, -1) if last else slice(None)
            keys, first = np.unique(keys[order], return_index=True)
            given = np.asarray(values, np.float32)[order][first]
        before = len(self)
        self._hold(merged(self._held, keys, given, epoch, self.num_classes, last))
        return len(self) - before

    def _hold(self, held: Held) -> None:
        self._held = held
        self._room: int | None = None
        if self.column.max_fraction is not None:
            base = self.num_unobserved
            if base is None:
                base = self.num_samples * self.num_classes
            limit = math.floor(Fraction(str(self.column.max_fraction)) * base)
            self._room = max(limit - len(self), 0)

    def clear(self) -> None:
        """Drops the merged entries, for a method that chooses anew; what was added is kept."""
        self._hold(Held.of(_NONE, _NONE, _NONE, (self.num_samples, self.num_classes)))

    def table(self) -> dict[str, NDArray[Any]]:
        """Returns the merged entries as columns 'sample', 'class', 'epoch' and 'value'."""
        starts, classes, epochs, values = self._held
        sample = np.repeat(np.arange(self.num_samples, dtype=np.int64), np.diff(starts))
        if self.column.constant is not None:
            values = np.full(len(sample), self.column.constant, np.float32)
        long = {'class': classes.astype(np.int64), 'epoch': epochs.astype(np.int64)}
        return {'sample': sample, **long, 'value': values}

    def state_dict(self) -> dict[str, Any]:
        """Returns the merged entries as plain tensors and ints (no pickled objects).

        Entries of the unfinished epoch are not in it: on resume that epoch starts again.
        """
        state = {
            'num_samples': self.num_samples,
            'num_classes': self.num_classes,
            'keys': torch.from_numpy(self._held.keys(self.num_classes)),
            'epochs': torch.from_numpy(self._held.epochs.copy()),
        }
        if self.column.constant is None:
            state['values'] = torch.from_numpy(self._held.values.copy())
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Replaces the entries by saved ones.

        Raises:
            ValueError: if they belong to another number of samples or classes, or are damaged.
        """
        shape = (self.num_samples, self.num_classes)
        columns = saved_columns(state, shape, self.column.constant is not None)
        values = columns[2] if len(columns) > 2 else np.zeros(0)
        self._hold(Held.of(columns[0].astype(np.int64, copy=False), columns[1], values, shape))
        self._added.clear()


_NONE: Any = np.zeros(0, np.int64)


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Returns arrays one after the other; one alone is not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts or [_NONE])


def room_of(store: EntryStore, scope: str) -> int | None:
    """Returns how many entries a step may add, of all ranks or of each for itself."""
    room = store.room
    return room if room is None or scope == 'global' else room // world_size()
