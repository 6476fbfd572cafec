"""LL-Cp's corrections in a checkpoint: read safely, and held against the training set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.models.corrections import CorrectionStore

STATE = 'wsml_mm'  # the key beside the weights


def index_samples(leaves: Sequence[PartialLabelDataset]) -> int:
    """Numbers the samples of concatenated datasets through; returns how many there are."""
    total = 0
    for leaf in leaves:
        leaf.index_offset = total
        total += leaf.num_samples
    return total


def fingerprint_of(leaves: Sequence[PartialLabelDataset]) -> str:
    """Returns a hash of the images and observed labels that per-sample state belongs to."""
    return '+'.join(leaf.fingerprint() for leaf in leaves)


def read_checkpoint(path: str, source: str = '') -> dict[str, Any]:
    """Returns a checkpoint that holds label corrections, read without unpickling objects.

    Args:
        path: of the checkpoint.
        source: the option that named it, for messages.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, holds more than plain values, or no corrections.
    """
    try:
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{source}{path}: no such checkpoint; name one of a training with LargeLossCorrectPerm'
        ) from error
    except Exception as error:  # of pickle, zip and torch; their advice is to load it unsafely
        raise ValueError(
            f'{source}{path}: is damaged or holds more than plain values '
            f'({type(error).__name__}) and is not loaded; train with PlainCheckpointHook, or name '
            'a checkpoint of such a training'
        ) from error
    if not isinstance(checkpoint, dict) or STATE not in checkpoint:
        raise ValueError(
            f'{source}{path}: the checkpoint holds no label corrections; name one of a training '
            'with LargeLossCorrectPerm'
        )
    return checkpoint


def load_corrections(
    stores: Sequence[CorrectionStore], saved: dict[str, Any], fingerprint: str
) -> None:
    """Loads a checkpoint's corrections into the stores, one a loss.

    Args:
        stores: of the model's losses.
        saved: what the checkpoint holds under `STATE`.
        fingerprint: of the training set the stores are for.

    Raises:
        ValueError: if they belong to another training set or another number of losses.
    """
    if saved['fingerprint'] != fingerprint:
        raise ValueError(
            'the checkpoint holds label corrections of another training set (other images, '
            'image order or observed labels): resume with the same data, or start anew with '
            'load_from, which leaves corrections behind'
        )
    if len(saved['corrections']) != len(stores):
        raise ValueError(
            f'the checkpoint holds label corrections of {len(saved["corrections"])} losses, '
            f'the model has {len(stores)}: resume with the same model, or start anew with '
            'load_from, which leaves corrections behind'
        )
    for store, state in zip(stores, saved['corrections'], strict=True):
        store.load_state_dict(state)
