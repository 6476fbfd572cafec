"""Plays the pointing game with every method: trains what is missing, tests, draws and tabulates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.boxes import beside_dataset, from_path
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.entries import Entry, seeded_config
from wsml_mm.experiments.results import CHECKPOINTS, METRIC
from wsml_mm.experiments.retest import (
    checkpoints,
    mean_average_precision,
    retest,
    set_input_size,
)
from wsml_mm.quiet import quiet
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.pointing import draw_pointing_game, pointing_markdown
from wsml_mm_cli.command import run
from wsml_mm_cli.pointing_game import parse_args

from .comparison_options import (
    chosen_entries,
    command_line,
    execution_of,
    stopping_in_one_line,
    styles_of,
)


class _OneOrTwo(argparse.Action):
    """Takes a list of one or two values."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        if len(values) > 2:
            parser.error(f'argument {option}: {len(values)} numbers; give a width and a height')
        setattr(namespace, self.dest, values)


def find_boxes(path: str | None, dataset: Any) -> dict[str, Any] | None:
    """Returns the config of the boxes a command line names, or of those beside the data set."""
    return beside_dataset(dataset) if path is None else from_path(path)


def seen_config(method: Entry, seed: int, args: argparse.Namespace) -> Config:
    """Returns a run's config, its test images of the size that the command line wants."""
    with quiet():
        cfg = seeded_config(method, seed, args.cfg_options)
    if args.input_size:
        set_input_size(cfg, args.input_size)
    return cfg


def score_run(
    method: Entry, seed: int, args: argparse.Namespace, boxes: dict[str, Any]
) -> list[dict[str, Any]]:
    """Returns a run's accuracies and test mAP, one row for its best and one for its last epoch."""
    game = dict(type='PointingGame', boxes=boxes, tolerance=args.tolerance)
    rows: list[dict[str, Any]] = []
    paths = checkpoints(run_folder(Path(args.work_dir), method.name, seed))
    for checkpoint, path in paths.items():
        if rows and _epoch(path) == _epoch(paths['best']):
            rows.append({**rows[0], 'checkpoint': checkpoint})
            continue
        cfg = seen_config(method, seed, args)
        metrics = retest(
            cfg,
            path,
            [mean_average_precision(cfg), game],
            {'cam_peak': dict(type='CamPeakHook', method=args.method)},
        )
        row: dict[str, Any] = {'method': method.name, 'seed': seed, 'checkpoint': checkpoint}
        row |= {k.removeprefix('pointing/'): v for k, v in metrics.items() if 'pointing/' in k}
        rows.append({**row, 'mAP': metrics[METRIC]})
    return rows


def _epoch(path: Path) -> str:
    return path.stem.rpartition('_')[2]  # of epoch_3.pth and best_multi-label_mAP_epoch_3.pth


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    from rich.progress import track

    args = parse_args(argv)
    methods, root = chosen_entries(args), Path(args.work_dir)
    # What is missing is said before the training.
    source = seen_config(methods[0], args.seeds[0], args).test_dataloader.dataset
    with quiet():
        classes = DATASETS.build(source).metainfo['classes']
    boxes = find_boxes(args.boxes, source)
    if boxes is None:
        raise SystemExit(f'{args.configs[0]}: its data set has no folder Annotations; give --boxes')
    with stopping_in_one_line() as failures:
        outcome = run_comparison(methods, args.seeds, root, args.cfg_options, execution_of(args))
        failures += outcome.failures
        by_name = {method.name: method for method in methods}
        rows = []
        for run in track(outcome.results, f'pointing game of {len(outcome.results)} runs'):
            rows += score_run(by_name[run.method], run.seed, args, boxes)
        rows.sort(key=lambda row: CHECKPOINTS.index(row['checkpoint']))
        styles = styles_of(methods, root, args.seeds[0])
        figure = draw_pointing_game(rows, classes, args.title, styles)
        out = Path(args.out or root / 'pointing_game')
        write_figure_files(out, figure, rows, command_line('pointing_game', argv))
        table = pointing_markdown(rows, classes)
        out.with_name(out.name + '.md').write_text(table, encoding='utf-8')
        print(f'\n{table}\nFigure, table and numbers: {out}.*')


if __name__ == '__main__':
    run(main)
