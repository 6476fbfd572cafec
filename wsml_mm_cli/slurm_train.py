"""Trains under Slurm: `srun` starts a process for each device."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from . import train

EXAMPLE = """example, for 16 GPUs of two machines:
  GPUS=16 GPUS_PER_NODE=8 wsml-mm slurm-train gpu my_job coco2014/resnet50_e2e.py \\
      work_dirs/my_job --method ll-r
GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5) and SRUN_ARGS are as in OpenMMLab's scripts."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; what follows is checked as options of `train`."""
    parser = argparse.ArgumentParser(
        description='Train under Slurm; further options are those of train',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('partition', help='of the cluster')
    parser.add_argument('job_name', help='of the job')
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument('work_dir', help='folder of checkpoints and logs')
    args, options = parser.parse_known_args(argv)
    train.parse_args([args.config, *options])
    args.options = options
    return args
