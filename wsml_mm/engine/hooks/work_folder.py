"""The checkpoints in a work folder, by their names: the folder may have moved or been copied."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.logging import print_log

from wsml_mm.models.checkpoint_file import read_checkpoint

POINTER = 'last_checkpoint'
MAIN_METRIC = 'multi-label/mAP'


def checkpoint_folder(work_dir: str | os.PathLike[str], out_dir: str | None = None) -> Path:
    """Returns where a training's checkpoints lie.

    Args:
        work_dir: of the training.
        out_dir: of its `CheckpointHook`, which makes a folder of the work folder's name in it.
    """
    return Path(out_dir, Path(work_dir).name) if out_dir else Path(work_dir)


def last_checkpoint(work_dir: str | os.PathLike[str], out_dir: str | None = None) -> Path | None:
    """Returns the file in the folder that has the name in `last_checkpoint`, there or not.

    MMEngine writes an absolute path, which in a moved or copied folder is another training's file.
    """
    pointer = Path(work_dir) / POINTER
    if not pointer.is_file():
        return None
    name = re.split(r'[/\\]', pointer.read_text(encoding='utf-8').strip())[-1]
    return checkpoint_folder(work_dir, out_dir) / name if name else None


def epoch_checkpoints(folder: str | os.PathLike[str]) -> list[Path]:
    """Returns the checkpoints epoch_N.pth and iter_N.pth in a folder, in the order of N."""
    numbered = [
        (int(m[1]), path)
        for path in Path(folder).glob('*.pth')
        if (m := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', path.name))
    ]
    return [path for _, path in sorted(numbered)]


def newest_loadable(work_dir: str | os.PathLike[str], out_dir: str | None = None) -> Path | None:
    """Returns the checkpoint to resume from: the last one named, else the newest that loads.

    Args:
        work_dir: of the training; checkpoints are epoch_N.pth or iter_N.pth.
        out_dir: of its `CheckpointHook`.
    """
    candidates = epoch_checkpoints(checkpoint_folder(work_dir, out_dir))[::-1]
    named = last_checkpoint(work_dir, out_dir)
    for path in dict.fromkeys([*([named] if named else []), *candidates]):
        try:
            read_checkpoint(path)
        except (OSError, ValueError) as error:  # an older one may do
            print_log(f'{error}: not to resume from', logger='current', level=30)
            continue
        return path
    return None


def to_resume_from(work_dir: str | os.PathLike[str], out_dir: str | None = None) -> Path | None:
    """Returns the checkpoint that `--resume` without a file means; None: there is no training yet.

    Raises:
        FileNotFoundError: if there was a training and none of its checkpoints can be loaded.
    """
    found, named = newest_loadable(work_dir, out_dir), last_checkpoint(work_dir, out_dir)
    if found is None and named is not None:
        raise FileNotFoundError(
            f'{Path(work_dir) / POINTER}: names {named.name}, and no checkpoint that loads lies in '
            f'{named.parent}: give the file with --resume FILE, or delete {POINTER} to start anew'
        )
    return found


def best_checkpoint(
    work_dir: str | os.PathLike[str], out_dir: str | None = None, metric: str = MAIN_METRIC
) -> Path:
    """Returns the best checkpoint of a finished training.

    Args:
        work_dir: of the training.
        out_dir: of its `CheckpointHook`.
        metric: where several were saved by, as `save_best` names it.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if there are several and the training's last checkpoint does not name one.
    """
    folder = checkpoint_folder(work_dir, out_dir)
    found = sorted(folder.glob('best_*.pth'))
    own = [path for path in found if path.name.startswith(f'best_{metric.replace("/", "_")}_')]
    found = own or (found if metric == MAIN_METRIC else [])
    if not found:
        raise FileNotFoundError(
            f'{folder}: no best_*.pth; train with CheckpointHook(save_best="{metric}")'
        )
    if len(found) == 1:
        return found[0]
    last = last_checkpoint(work_dir, out_dir)
    known = last is not None and last.is_file()
    name = _best_named(read_checkpoint(last), metric) if last is not None and known else None
    if name is None or folder / name not in found:
        raise ValueError(
            f'{folder}: holds {", ".join(path.name for path in found)}, and no last checkpoint '
            'says which is the best of this training: leave only that one there'
        )
    return folder / name


def _best_named(checkpoint: Mapping[str, Any], metric: str) -> str | None:
    """Returns the file name of the best checkpoint so far, as a later checkpoint knows it."""
    known = (checkpoint.get('message_hub') or {}).get('runtime_info') or {}
    path = known.get('best_ckpt') or known.get(f'best_ckpt_{metric}')
    return re.split(r'[/\\]', str(path))[-1] if path else None
