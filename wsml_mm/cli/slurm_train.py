"""Trains under Slurm: `srun` starts a process for each device."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence

from wsml_mm_cli.command import run
from wsml_mm_cli.slurm_train import parse_args

from .dist_train import TRAIN


def command(args: argparse.Namespace, env: Mapping[str, str]) -> list[str]:
    """Returns the command that starts the processes.

    Args:
        args: of the command line.
        env: its GPUS, GPUS_PER_NODE, CPUS_PER_TASK and SRUN_ARGS, as in OpenMMLab's scripts.

    Raises:
        ValueError: if GPUS is no number.
    """
    gpus = env.get('GPUS', '8')
    if not gpus.isdigit():
        raise ValueError(f'GPUS={gpus}: a number of devices; give e.g. GPUS=8')
    each = env.get('GPUS_PER_NODE', str(min(8, int(gpus))))
    return [
        *('srun', '-p', args.partition, f'--job-name={args.job_name}', f'--gres=gpu:{each}'),
        *(f'--ntasks={gpus}', f'--ntasks-per-node={each}'),
        *(f'--cpus-per-task={env.get("CPUS_PER_TASK", "5")}', '--kill-on-bad-exit=1'),
        *shlex.split(env.get('SRUN_ARGS', '')),
        *(sys.executable, '-u', *TRAIN, args.config, f'--work-dir={args.work_dir}'),
        *('--launcher=slurm', *args.options),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command, in place of this process.

    Raises:
        FileNotFoundError: if this machine has no Slurm.
    """
    words = command(parse_args(argv), os.environ)
    if shutil.which('srun') is None:
        raise FileNotFoundError('srun: no such command; start it where Slurm is, or use dist-train')
    os.execvp(words[0], words)


if __name__ == '__main__':
    run(main)
