"""The one label encoding: 1 positive, 0 known negative, -1 unobserved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

POSITIVE, NEGATIVE, UNOBSERVED = 1, 0, -1

# An attribute of a tensor of labels that were checked already: a dataset's are, when it is opened.
# What is made of such a tensor does not have it.
CHECKED = 'wsml_checked'

# What labels are that an annotation does not list, in the words of options.
UNLISTED = {'unobserved': UNOBSERVED, 'negative': NEGATIVE}

# How other projects write (positive, known negative, unobserved); NaN stands for itself.
ENCODINGS: dict[str, tuple[float, float, float]] = {
    'wsml': (1, 0, -1),
    'reference': (1, -1, 0),  # LargeLossMatters and Cole et al.: 0 is unobserved
    'nan': (1, 0, float('nan')),
}


def check_labels(labels: Any, where: str = 'target') -> None:
    """Refuses labels of other values than {1, 0, -1}: the one guard of losses and metrics.

    Args:
        labels: of any shape; an array, or a tensor on the CPU.
        where: what holds them, for the message.

    Raises:
        ValueError: naming the first bad value.
    """
    # Torch reads 255 of uint8, which cannot hold -1, as -1.
    unobserved = (labels == UNOBSERVED) & (labels < 0)
    wrong = ~((labels == POSITIVE) | (labels == NEGATIVE) | unobserved)
    if wrong.any():
        raise ValueError(
            f'{where} holds {labels[wrong][0].item():g}; labels are 1 (positive), 0 (negative) '
            'and -1 (unobserved). Mixup, CutMix and label smoothing blend them: switch those off; '
            'convert other encodings with wsml_mm.labels.decode_labels'
        )


def decode_labels(values: ArrayLike, encoding: str, where: str = 'labels') -> NDArray[np.int8]:
    """Converts another project's label encoding to {1, 0, -1}.

    Args:
        values: labels of any shape, in the given encoding.
        encoding: a key of `ENCODINGS`.
        where: the file's name, for the message.

    Raises:
        ValueError: if the encoding is unknown or a value does not belong to it.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f'{where}: unknown label encoding {encoding!r}; use {sorted(ENCODINGS)}')
    raw = np.asarray(values, dtype=np.float64)
    decoded = np.full(raw.shape, -2, dtype=np.int8)
    for code, label in zip(ENCODINGS[encoding], (POSITIVE, NEGATIVE, UNOBSERVED), strict=True):
        decoded[np.isnan(raw) if np.isnan(code) else raw == code] = label
    if (decoded == -2).any():
        bad = raw[decoded == -2].flat[0]
        raise ValueError(
            f'{where}: label {bad:g} is not of the encoding {encoding!r} '
            f'{ENCODINGS[encoding]} (positive, negative, unobserved); correct the file or name its '
            'encoding'
        )
    return decoded
