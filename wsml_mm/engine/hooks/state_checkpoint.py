"""Label state in a checkpoint: read without unpickling, and checked against the training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wsml_mm.models.checkpoint_file import read_checkpoint
from wsml_mm.models.label_state import LabelState

STATE = 'wsml_mm'  # the key beside the weights
FORMAT = 2
_WANTED = 'give one of a training whose method keeps label state, as LargeLossCorrectPerm does'


def pack_state(states: Sequence[LabelState], fingerprint: str) -> dict[str, Any]:
    """Returns what a checkpoint holds under `STATE`.

    Args:
        states: of the model's losses that keep state, in the order of the modules.
        fingerprint: of the training set they belong to.
    """
    losses = [state.state_dict() for state in states]
    return {'format': FORMAT, 'fingerprint': fingerprint, 'losses': losses}


def read_state_checkpoint(path: str, source: str = '') -> dict[str, Any]:
    """Returns a checkpoint that holds label state, under `STATE`.

    Args:
        path: of the checkpoint.
        source: the option that named it, for messages.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, holds more than plain values, or no label state.
    """
    checkpoint: Any = read_checkpoint(path, source=source, hint=_WANTED)
    if not isinstance(checkpoint, dict) or STATE not in checkpoint:
        raise ValueError(
            f'{source}{path}: the checkpoint holds no label corrections or other label state; '
            f'{_WANTED}'
        )
    return checkpoint


def load_state(states: Sequence[LabelState], saved: Mapping[str, Any], fingerprint: str) -> None:
    """Loads a checkpoint's label state.

    Args:
        states: of the model's losses that keep state, in the order of the modules.
        saved: what the checkpoint holds under `STATE`, of this format or the one before, which had
            nothing but the corrections of `LargeLossCorrectPerm`.
        fingerprint: of the training set the states are for.

    Raises:
        ValueError: if it belongs to another training set, another number of losses, or was written
            by a newer version.
    """
    if saved.get('format', 1) > FORMAT:
        raise ValueError(
            f'the checkpoint holds label state of format {saved["format"]}, this version reads up '
            f'to {FORMAT}: update wsml_mm'
        )
    if saved['fingerprint'] != fingerprint:
        raise ValueError(
            'the checkpoint holds label state of another training set (other images, image order '
            'or observed labels): resume with the same data, or start a new training with '
            'load_from, which does not load label state'
        )
    losses = saved.get('losses')
    if losses is None:
        losses = [{'columns': {'corrections': state}} for state in saved['corrections']]
    if len(losses) != len(states):
        raise ValueError(
            f'the checkpoint holds label state of {len(losses)} losses, the model has '
            f'{len(states)} that keep some: resume with the same model, or start a new training '
            'with load_from, which does not load label state'
        )
    for state, columns in zip(states, losses, strict=True):
        state.load_state_dict(columns)
