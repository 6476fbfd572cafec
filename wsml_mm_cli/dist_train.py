"""Trains on several devices of one or more machines, each with a process of its own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import train
from .number_options import integer

EXAMPLE = """example, for the 4 GPUs of a machine:
  wsml-mm dist-train voc2012/resnet50_e2e.py 4 --method ll-r
on two machines, the same on each but for NODE_RANK (0 on that of MASTER_ADDR, 1 on the other):
  NNODES=2 NODE_RANK=0 MASTER_ADDR=10.0.0.1 PORT=29500 \\
      wsml-mm dist-train voc2012/resnet50_e2e.py 4 --method ll-r"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; what follows is checked as options of `train`."""
    parser = argparse.ArgumentParser(
        description='Train on several devices, by torchrun; further options are those of train',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument(
        'gpus', type=integer(1, 1024, 'processes of this machine, 1 at least'), help='each machine'
    )
    args, options = parser.parse_known_args(argv)
    train.parse_args([args.config, *options])
    args.options = options
    return args
