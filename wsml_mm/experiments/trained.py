"""What the tools share that train methods and draw what happened during the training."""

from __future__ import annotations

import argparse
from pathlib import Path

from .comparison import run_comparison, run_folder
from .entries import read_entries
from .history import RunDynamics, read_run


def dynamics_of(args: argparse.Namespace) -> list[RunDynamics]:
    """Trains what is missing of a comparison and reads every run, method by method.

    Args:
        args: with the options of `add_comparison_options`.

    Raises:
        FileNotFoundError: if a finished run holds no dynamics, before anything is trained.
    """
    root = Path(args.work_dir)
    methods = read_entries(args.configs, args.methods, args.upper_bound)
    runs = [(run_folder(root, m.name, seed), m.name, seed) for m in methods for seed in args.seeds]
    for folder, name, seed in runs:
        if (folder / 'result.json').is_file():
            read_run(folder, name, seed)
    run_comparison(methods, args.seeds, root, args.jobs, args.cfg_options)
    return [read_run(*run) for run in runs]
