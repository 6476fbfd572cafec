"""Kills a training at random points, resumes it, and compares the end with an undisturbed run."""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

# What the clock and the folder decide, not the training.
_IGNORED = (
    '.meta',
    '/time',
    '/data_time',
    '/memory',
    '.eta',
    *(f'.runtime_info.{k}' for k in ('cfg', 'experiment_name', 'last_ckpt', 'best_ckpt')),
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config to train')
    parser.add_argument('--method', help='as of train.py; default: the one in the config')
    parser.add_argument('--work-dir', required=True, help='folder for the runs; emptied first')
    parser.add_argument('--kills', type=int, default=20, help='how often to kill')
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='settings to override')
    return parser.parse_args(argv)


def differences(left: Any, right: Any, where: str = '') -> Iterator[str]:
    """Yields the places where two checkpoints differ in a single bit."""
    if any(part in where for part in _IGNORED):
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for key in [*left, *(k for k in right if k not in left)]:
            if key in left and key in right:
                yield from differences(left[key], right[key], f'{where}.{key}')
            elif not any(part in f'{where}.{key}' for part in _IGNORED):
                yield f'{where}.{key} (only in one)'
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        if len(left) != len(right):
            yield f'{where} (length)'
        for number, pair in enumerate(zip(left, right, strict=False)):
            yield from differences(*pair, f'{where}[{number}]')
    elif isinstance(left, torch.Tensor) and isinstance(right, torch.Tensor):
        same = left.dtype == right.dtype and left.shape == right.shape
        if not (same and torch.equal(left.nan_to_num(), right.nan_to_num())):
            yield where
    elif left != right and not (left != left and right != right):
        yield where


def last_checkpoint(folder: Path) -> dict[str, Any]:
    """Loads the checkpoint that a training names as its last."""
    path = folder / Path((folder / 'last_checkpoint').read_text().strip()).name
    checkpoint: dict[str, Any] = torch.load(path, map_location='cpu', weights_only=True)
    return checkpoint


def _start(args: argparse.Namespace, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, '-W', 'ignore', '-m', 'wsml_mm.cli.train', args.config, '--resume']
    if args.method is not None:
        command += ['--method', args.method]
    command += ['--work-dir', str(folder)]
    if args.cfg_options:
        command += ['--cfg-options', *args.cfg_options]
    with log.open('ab') as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def _finish(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.wait():
        tail = '\n'.join(log.read_text(errors='replace').splitlines()[-15:])
        raise SystemExit(f'the training failed:\n{tail}')


def _kill(process: subprocess.Popen[bytes], folder: Path, latest: float, in_save: bool) -> bool:
    """Kills after a random time or in the middle of writing a checkpoint; False if too late."""
    begin = time.monotonic()
    while process.poll() is None:
        writing = in_save and any(folder.glob('.*.pth.*'))
        if writing or (not in_save and time.monotonic() - begin > latest):
            process.kill()
            process.wait()
            return True
        time.sleep(0.0005)
    return False


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    root, rng = Path(args.work_dir), random.Random(args.seed)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    begin = time.monotonic()
    _finish(_start(args, root / 'undisturbed', root / 'undisturbed.log'), root / 'undisturbed.log')
    length = time.monotonic() - begin
    expected = last_checkpoint(root / 'undisturbed')
    print(f'undisturbed training: {length:.0f} s', flush=True)
    kills = rounds = 0
    while kills < args.kills:
        rounds += 1
        folder, log = root / f'killed_{rounds}', root / f'killed_{rounds}.log'
        folder.mkdir()
        while kills < args.kills:
            in_save = kills % 2 == 1
            for draft in folder.glob('.*.pth.*'):
                draft.unlink()  # of an earlier kill; it would trigger the next one at once
            process = _start(args, folder, log)
            if not _kill(process, folder, rng.uniform(0.3, 1) * length, in_save):
                break
            kills += 1
            print(f'kill {kills}: {"while saving" if in_save else "at random"}', flush=True)
        _finish(_start(args, folder, log), log)
        found = list(differences(expected, last_checkpoint(folder)))
        if found:
            raise SystemExit(f'{folder} differs from the undisturbed run in {found[:5]}')
        print(f'round {rounds}: equal to the undisturbed run, bit for bit', flush=True)
    print(f'{kills} kills in {rounds} trainings: all end as the undisturbed one')


if __name__ == '__main__':
    main()
