"""Writes a composed config as a file that stands by itself, for any train.py."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from mmengine.config import Config, ConfigDict

from .config_parts import takes
from .configs import first_stage_config
from .training import share_labels


def write_config(cfg: Config, path: str | os.PathLike[str]) -> list[str]:
    """Writes a config without bases; one with `linear_init` as two files, one a stage.

    Args:
        cfg: of `compose`; not changed.
        path: of the file; the first stage stands beside it, with `_linear` at the end of its name.

    Returns:
        The commands that train it, in order, with the train.py of this package or of MMPretrain.

    Raises:
        ValueError: if the path does not end in .py.
    """
    path = Path(path)
    if path.suffix != '.py':
        raise ValueError(f'{path}: the name of a config ends in .py')
    path.parent.mkdir(parents=True, exist_ok=True)
    second, first = Config(cfg.to_dict()), first_stage_config(cfg)
    command = f'python tools/train.py {shlex.quote(str(path))}'
    if first is None:
        second.dump(path)
        return [command]
    stage = second.linear_init
    file = path.with_name(f'{path.stem}_linear.py')
    first.randomness = second.randomness
    first.merge_from_dict(stage.pop('cfg_options', None) or {})
    share_labels(first, second)
    stage.config = file.name
    Config(first.to_dict()).dump(file)
    second.dump(path)
    folder = shlex.quote(str(Path('work_dirs') / file.stem))
    return [
        f'python tools/train.py {shlex.quote(str(file))} --work-dir {folder}',
        f'{command} --cfg-options {" ".join(_start_from(second, f"{folder}/best_*.pth"))}',
    ]


def _start_from(cfg: Config, checkpoint: str) -> list[str]:
    best = f'"$(ls {checkpoint})"'
    options = [f'load_from={best}']
    if cfg.linear_init.get('carry_corrections', False):
        hooks: ConfigDict = cfg.default_hooks
        keys = [k for k, hook in hooks.items() if hook and takes(hook, 'state_from')]
        options += [f'default_hooks.{key}.state_from={best}' for key in keys]
    return options
