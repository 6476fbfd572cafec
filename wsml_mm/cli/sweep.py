"""Trains every method at every value of one setting, with every seed; tabulates and draws it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, DictAction

from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.config_parts import part_at, takes, typed_parts
from wsml_mm.experiments.configs import first_stage_config
from wsml_mm.experiments.entries import Entry
from wsml_mm.experiments.sweep import Setting, plan_sweep
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.styles import read_styles
from wsml_mm.reports.sweep import draw_sweep, run_rows, sweep_markdown, sweep_rows
from wsml_mm.reports.tables import write_csv

from .compare import (
    add_baseline_option,
    add_comparison_options,
    chosen_baseline,
    chosen_entries,
    spelled,
)

SUBSAMPLE_SEED = 999  # of the reference's --ss_frac_train


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Vary one setting; a method without it is run once and drawn as a reference'
    )
    add_comparison_options(parser)
    add_baseline_option(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        '--delta-rel', nargs='+', type=float, metavar='PERCENT', help='of the large-loss methods'
    )
    what.add_argument(
        '--train-fraction', nargs='+', type=float, metavar='SHARE', help='of the training images'
    )
    what.add_argument('--set', nargs='+', metavar='KEY V1 V2', help='any config key, its values')
    args = parser.parse_args(argv)
    if args.set is not None and len(args.set) < 2:
        parser.error('--set takes a config key and its values: --set KEY V1 V2 ...')
    return args


def setting_of(args: argparse.Namespace) -> Setting:
    """Returns the setting that parsed options vary."""
    if args.delta_rel is not None:
        return Setting('delta_rel', r'$\Delta_\mathrm{rel}$ (%)', args.delta_rel, _delta_rel)
    if args.train_fraction is not None:
        return Setting(
            'train_fraction', 'share of the training images', args.train_fraction, _train_fraction
        )
    key, *texts = args.set
    # Values mean what they mean to --cfg-options.
    reader = argparse.ArgumentParser()
    reader.add_argument('--cfg', nargs='+', action=DictAction)
    values = [reader.parse_args(['--cfg', f'{key}={text}']).cfg[key] for text in texts]

    def override(cfg: Config, value: Any) -> dict[str, Any]:
        parent, _, name = key.rpartition('.')
        part = part_at(cfg._cfg_dict, parent)
        return {key: value} if isinstance(part, dict) and takes(part, name) else {}

    return Setting(key, key, values, override)


def _delta_rel(cfg: Config, value: float) -> dict[str, Any]:
    losses = [key for key, part in typed_parts(cfg.model, 'model') if takes(part, 'delta_rel')]
    settings: dict[str, Any] = {f'{key}.delta_rel': value for key in losses}
    first = first_stage_config(cfg)
    if settings and first is not None:  # LinearInit: both stages
        own = cfg.linear_init.get('cfg_options') or {}
        settings['linear_init.cfg_options'] = {**own, **_delta_rel(first, value)}
    return settings


def _train_fraction(cfg: Config, value: float) -> dict[str, Any]:
    return {
        f'{key}.subsample': dict(fraction=value, seed=SUBSAMPLE_SEED)
        for key, part in typed_parts(cfg.train_dataloader.dataset, 'train_dataloader.dataset')
        if takes(part, 'subsample')
    }


def run_sweep(
    methods: Sequence[Entry],
    setting: Setting,
    seeds: Sequence[int],
    root: Path,
    jobs: int = 1,
    options: dict[str, Any] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Trains what a sweep takes; returns the results of each value, references under ''.

    Finished runs below `root` are kept, an interrupted one is resumed.

    Args:
        methods: of `read_entries`.
        setting: what varies.
        seeds: of observed labels and training.
        root: folder; a value's runs are in `<setting>_<value>`, those of references in `reference`.
        jobs: runs at a time.
        options: config settings to override, as --cfg-options.
    """
    points: dict[str, list[dict[str, Any]]] = {}
    plans = plan_sweep(methods, setting, options)
    for number, plan in enumerate(plans, start=1):
        print(f'{number}/{len(plans)} {plan.folder}: {", ".join(m.name for m in plan.methods)}')
        results = run_comparison(plan.methods, seeds, root / plan.folder, jobs, plan.options)
        points.setdefault(plan.value, []).extend(results)
    return points


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
    points = run_sweep(methods, setting, args.seeds, root, args.jobs, args.cfg_options)
    rows, command = sweep_rows(points, setting.name, baseline), spelled('sweep', argv)
    styles = read_styles(sweep_folders(methods, setting, args.seeds[0], root, args.cfg_options))
    figure = draw_sweep(points, setting.label, names, args.title, styles)
    paths = write_figure_files(root / setting.name, figure, rows, command)
    write_csv(root / f'{setting.name}_runs.csv', run_rows(points, setting.name))
    table = sweep_markdown(rows, setting.name, names)
    (root / f'{setting.name}.md').write_text(f'{table}\nMade by `{command}`\n', encoding='utf-8')
    print(f'\n{table}\nFigure, tables and runs: {paths[0]}')


if __name__ == '__main__':
    main()
