"""The one store of per-sample label state: which unobserved labels became positive, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class CorrectionStore:
    """Permanently corrected labels as sorted sparse pairs (sample, class), 12 bytes each.

    Corrections are added during an epoch and take effect when merged at its end, as in the
    reference code, whose loader workers read a snapshot of the labels from the epoch's start.
    Merging is a set union: ranks that saw the same padded sample, or a sample repeated within the
    epoch, agree.

    Args:
        num_samples: N, rows of the official split.
        num_classes: C.
    """

    def __init__(self, num_samples: int, num_classes: int) -> None:
        self.num_samples, self.num_classes = num_samples, num_classes
        self._hold(np.zeros(0, np.int64), np.zeros(0, np.int32))
        self._added: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, rows: Tensor, classes: Tensor) -> None:
        """Records corrections of the running epoch, (K,) samples and (K,) classes.

        Raises:
            IndexError: if a sample is out of range.
        """
        self._check_rows(rows)
        keys = rows.cpu().to(torch.int64) * self.num_classes + classes.cpu().to(torch.int64)
        self._added.append(keys.numpy())

    def lookup(self, rows: Tensor) -> Tensor:
        """Returns a (B, C) bool CPU mask of the merged corrections of (B,) samples.

        Raises:
            IndexError: if a sample is out of range.
        """
        self._check_rows(rows)
        held = torch.zeros(len(rows), self.num_classes, dtype=torch.bool)
        if not len(self._keys):
            return held
        samples = rows.cpu().numpy().astype(np.int64)
        first, end = samples * self.num_classes, self._starts[samples + 1]
        lengths = end - self._starts[samples]
        # The batch's keys one row after the other, and what turns each into a place of `held`.
        entries = np.repeat(end - lengths.cumsum(), lengths) + np.arange(lengths.sum())
        shift = np.repeat(np.arange(len(first)) * self.num_classes - first, lengths)
        held.view(-1).numpy()[self._keys[entries] + shift] = True
        return held

    def pending(self) -> NDArray[np.int64]:
        """Returns the keys (sample * C + class) added since the last merge, sorted, distinct."""
        return np.unique(np.concatenate(self._added)) if self._added else np.zeros(0, np.int64)

    def merge(self, epoch: int, keys: NDArray[np.int64] | None = None) -> int:
        """Makes corrections hold from now on.

        Args:
            epoch: they were found in, from 0.
            keys: of all ranks; None: those added here.

        Returns:
            The number of corrections that are new.
        """
        found = self.pending() if keys is None else np.unique(keys)
        self._added.clear()
        if not len(found):
            return 0
        places = np.searchsorted(self._keys, found)
        if len(self._keys):
            known = self._keys[np.minimum(places, len(self._keys) - 1)] == found
            found, places = found[~known], places[~known]
        self._hold(
            np.insert(self._keys, places, found),
            np.insert(self._epochs, places, np.int32(epoch)),
        )
        return len(found)

    def _hold(self, keys: NDArray[np.int64], epochs: NDArray[np.int32]) -> None:
        self._keys = keys  # sample * C + class, ascending
        self._epochs = epochs
        # Where each sample's keys begin: a search among millions for every batch would cost more
        # than all else that a step does with labels.
        bounds = np.arange(self.num_samples + 1) * self.num_classes
        self._starts: NDArray[np.int64] = np.searchsorted(keys, bounds)

    def table(self) -> dict[str, NDArray[np.int64]]:
        """Returns the merged corrections as columns 'sample', 'class', 'epoch'."""
        sample, label = np.divmod(self._keys, self.num_classes)
        return {'sample': sample, 'class': label, 'epoch': self._epochs.astype(np.int64)}

    def state_dict(self) -> dict[str, Any]:
        """Returns the merged corrections as plain tensors and ints (no pickled objects).

        Corrections of the unfinished epoch stay out: on resume that epoch starts again.
        """
        return {
            'num_samples': self.num_samples,
            'num_classes': self.num_classes,
            'keys': torch.from_numpy(self._keys.copy()),
            'epochs': torch.from_numpy(self._epochs.copy()),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Replaces the corrections by saved ones.

        Raises:
            ValueError: if they belong to another number of samples or classes, or are damaged.
        """
        for name in ('num_samples', 'num_classes'):
            if int(state[name]) != getattr(self, name):
                raise ValueError(
                    f'the checkpoint holds label corrections for {name}={int(state[name])}, the '
                    f'training set has {getattr(self, name)}: resume with the same data, or start '
                    'anew with load_from, which leaves corrections behind'
                )
        keys = state['keys'].cpu().numpy().astype(np.int64)
        epochs = state['epochs'].cpu().numpy().astype(np.int32)
        inside = not len(keys) or 0 <= keys[0] <= keys[-1] < self.num_samples * self.num_classes
        if keys.ndim != 1 or keys.shape != epochs.shape or not inside or (np.diff(keys) <= 0).any():
            raise ValueError(
                "the checkpoint's label corrections are damaged (not ascending within "
                f'{self.num_samples} samples of {self.num_classes} classes): resume from another '
                'checkpoint'
            )
        self._hold(keys, epochs)
        self._added.clear()

    def _check_rows(self, rows: Tensor) -> None:
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < self.num_samples:
            bad = int(rows.max()) if int(rows.max()) >= self.num_samples else int(rows.min())
            raise IndexError(
                f'sample_idx {bad} is outside 0..{self.num_samples - 1}: it must be the position '
                'in the whole training split; check num_samples and the dataset wrapper'
            )
