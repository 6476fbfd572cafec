"""Trains on several devices of one or more machines, each with a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from wsml_mm_cli.command import run
from wsml_mm_cli.dist_train import parse_args

TRAIN = ['-m', 'wsml_mm_cli.main', 'train']


def command(args: argparse.Namespace, env: Mapping[str, str]) -> list[str]:
    """Returns the command that starts the processes.

    Args:
        args: of the command line.
        env: its NNODES, NODE_RANK, MASTER_ADDR and PORT say what of several machines this one is.
    """
    return [
        sys.executable,
        *('-m', 'torch.distributed.run'),
        f'--nnodes={env.get("NNODES", "1")}',
        f'--node_rank={env.get("NODE_RANK", "0")}',
        f'--master_addr={env.get("MASTER_ADDR", "127.0.0.1")}',
        f'--master_port={env.get("PORT", "29500")}',
        f'--nproc_per_node={args.gpus}',
        *(*TRAIN, args.config, '--launcher', 'pytorch', *args.options),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command, in place of this process."""
    words = command(parse_args(argv), os.environ)
    os.execvp(words[0], words)


if __name__ == '__main__':
    run(main)
