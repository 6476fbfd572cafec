"""Trains every method at every value of one setting, with every seed; tabulates and draws it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import DictAction

from wsml_mm.experiments.comparison import run_folder
from wsml_mm.experiments.entries import Entry
from wsml_mm.experiments.sweep import Setting, plan_sweep, run_sweep
from wsml_mm.experiments.sweep_settings import config_key, delta_rel, train_fraction
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.styles import read_styles
from wsml_mm.reports.sweep import draw_sweep, run_rows, sweep_markdown, sweep_rows
from wsml_mm.reports.tables import write_csv
from wsml_mm_cli.command import run
from wsml_mm_cli.sweep import parse_args

from .comparison_options import (
    chosen_baseline,
    chosen_entries,
    command_line,
    execution_of,
    stopping_in_one_line,
)


def setting_of(args: argparse.Namespace) -> Setting:
    """Returns the setting that parsed options vary."""
    if args.delta_rel is not None:
        return Setting('delta_rel', r'$\Delta_\mathrm{rel}$ (%)', args.delta_rel, delta_rel)
    if args.train_fraction is not None:
        return Setting(
            'train_fraction', 'share of the training images', args.train_fraction, train_fraction
        )
    key, *texts = args.set
    # Values mean what they mean to --cfg-options.
    reader = argparse.ArgumentParser()
    reader.add_argument('--cfg', nargs='+', action=DictAction)
    values = [reader.parse_args(['--cfg', f'{key}={text}']).cfg[key] for text in texts]

    return Setting(key, key, values, config_key(key))


def sweep_folders(
    methods: Sequence[Entry],
    setting: Setting,
    seed: int,
    root: Path,
    options: dict[str, Any] | None = None,
) -> dict[str, Path]:
    """Returns one run folder of each method of a sweep, in their order."""
    found = {
        method.name: run_folder(root / plan.folder, method.name, seed)
        for plan in plan_sweep(methods, setting, options)
        for method in plan.methods
    }
    return {method.name: found[method.name] for method in methods}


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods, setting, root = chosen_entries(args), setting_of(args), Path(args.work_dir)
    names = [m.name for m in methods]
    baseline = chosen_baseline(args.baseline, methods)
    with stopping_in_one_line() as failures:
        points, failed = run_sweep(
            methods, setting, args.seeds, root, args.cfg_options, execution_of(args)
        )
        failures += failed
        rows, command = sweep_rows(points, setting.name, baseline), command_line('sweep', argv)
        folders = sweep_folders(methods, setting, args.seeds[0], root, args.cfg_options)
        figure = draw_sweep(points, setting.label, names, args.title, read_styles(folders))
        paths = write_figure_files(root / setting.name, figure, rows, command)
        write_csv(root / f'{setting.name}_runs.csv', run_rows(points, setting.name))
        table = sweep_markdown(rows, setting.name, names)
        page = f'{table}\nMade by `{command}`\n'
        (root / f'{setting.name}.md').write_text(page, encoding='utf-8')
        print(f'\n{table}\nFigure, tables and runs: {paths[0]}')


if __name__ == '__main__':
    run(main)
