"""One file an epoch with the sums of `LabelRecord`, for the analyses of a training."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.files import array_error, write_durably

FOLDER = 'dynamics'
_LISTED = 'arrays'  # names of the others; files of earlier versions have no such list
_NAME = re.compile(r'epoch_(\d+)(?:_(\d+))?\.npz')


def epoch_file(work_dir: str | os.PathLike[str], epoch: int, loss: int = 0) -> Path:
    """Returns WORK_DIR/dynamics/epoch_003.npz; a model's further losses carry their number.

    Args:
        work_dir: of the training.
        epoch: counted from 1.
        loss: number of the loss within the model, from 0.
    """
    suffix = f'_{loss}' if loss else ''
    return Path(work_dir) / FOLDER / f'epoch_{epoch:03d}{suffix}.npz'


def write_epoch(path: Path, totals: Mapping[str, Tensor], classes: Sequence[str] | None) -> None:
    """Writes an epoch's sums, durably and in the same bytes whenever it is done again.

    Args:
        path: of `epoch_file`.
        totals: of `LabelRecord.totals`, (C,) each; losses are written as float64, counts as
            int64.
        classes: C names; None: numbers.

    Raises:
        OSError: if the file cannot be written.
    """
    arrays = {
        key: value.numpy() if key.endswith('_loss') else value.numpy().astype(np.int64)
        for key, value in totals.items()
    }
    size = len(arrays['open_count'])
    names = classes if classes is not None and len(classes) == size else range(size)
    content = io.BytesIO()
    # Any: the stubs take a mapping's keyword arguments for the option allow_pickle.
    columns: dict[str, Any] = {'classes': np.array([str(n) for n in names], dtype=np.str_)}
    columns |= arrays
    # A damaged archive may lose its last arrays without a word.
    columns = {_LISTED: np.array([*columns], dtype=np.str_), **columns}
    np.savez(content, **columns)
    write_durably(path, content.getvalue())


def read_epoch(path: Path) -> dict[str, NDArray[Any]]:
    """Returns the arrays of an epoch's file.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            found = {key: content[key] for key in content.files}
        if (listed := found.pop(_LISTED, None)) is not None and listed.tolist() != [*found]:
            raise ValueError(f'{len(found)} of {len(listed)} arrays')
        return found
    except Exception as error:  # of zip, numpy and the system; all mean the same
        raise ValueError(
            f'{path}: is damaged ({array_error(error)}); delete its run folder and run again'
        ) from error


def epoch_files(work_dir: str | os.PathLike[str], loss: int = 0) -> dict[int, Path]:
    """Returns the files of one loss by epoch, in order."""
    found = {}
    for path in (Path(work_dir) / FOLDER).glob('epoch_*.npz'):
        match = _NAME.fullmatch(path.name)
        if match and int(match[2] or 0) == loss:
            found[int(match[1])] = path
    return dict(sorted(found.items()))


def forget_epochs(work_dir: str | os.PathLike[str], done: int) -> None:
    """Removes the files of epochs after the first `done`, which are about to be trained (again)."""
    folder = Path(work_dir) / FOLDER
    outdated = [
        path
        for path in folder.glob('epoch_*.npz')
        if (match := _NAME.fullmatch(path.name)) and int(match[1]) > done
    ]
    for path in [*outdated, *folder.glob('.epoch_*.npz.*')]:  # and drafts of a killed run
        path.unlink(missing_ok=True)
