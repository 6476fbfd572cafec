"""What the tools share that train methods and draw what happened during the training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .comparison import run_comparison, run_folder
from .entries import Entry
from .execution import Execution
from .history import RunDynamics, read_run
from .results import RESULT_FILE


def dynamics_of(
    methods: Sequence[Entry],
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None = None,
    execution: Execution | None = None,
) -> tuple[list[RunDynamics], list[str]]:
    """Trains what is missing of a comparison and reads every run, method by method.

    Args:
        methods: of `read_methods`.
        seeds: of observed labels and training.
        root: folder of the comparison.
        options: config settings to override, as --cfg-options.
        execution: see `run_comparison`.

    Returns:
        The dynamics of finished runs, and what is said of failed ones (with `keep_going`).

    Raises:
        FileNotFoundError: if a finished run holds no dynamics, before anything is trained.
    """
    for method in methods:
        for seed in seeds:
            folder = run_folder(root, method.name, seed)
            if (folder / RESULT_FILE).is_file():
                read_run(folder, method.name, seed)
    outcome = run_comparison(methods, seeds, root, options, execution)
    runs = [read_run(run_folder(root, r.method, r.seed), r.method, r.seed) for r in outcome.results]
    return runs, outcome.failures
