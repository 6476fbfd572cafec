"""Shows how LL-Cp's corrections made the labels of training images grow, and exports them all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine.hooks import newest_loadable
from wsml_mm.engine.hooks.state_checkpoint import STATE, load_state, read_state_checkpoint
from wsml_mm.engine.hooks.training_facts import assign_index_offsets, fingerprint_of
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.config_parts import class_of, typed_parts
from wsml_mm.experiments.configs import build_partial_datasets
from wsml_mm.experiments.entries import Entry, read_entries, seeded_config
from wsml_mm.experiments.options import merge_options
from wsml_mm.models.label_state import Entries, LabelState, TrainingFacts
from wsml_mm.models.losses import LargeLossCorrectPerm
from wsml_mm.reports.label_growth import (
    Corrections,
    choose_samples,
    count_hidden,
    epoch_rows,
    judge,
)
from wsml_mm.reports.label_growth_figure import draw_growth
from wsml_mm.reports.label_history import (
    correction_rows,
    export_corrections,
    find_samples,
    history_of,
)
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.tables import write_csv
from wsml_mm_cli.command import run
from wsml_mm_cli.label_growth import parse_args

from .comparison_options import command_line, stopping_in_one_line


def read_config(args: argparse.Namespace, method: Entry) -> Config:
    """Returns the config of the training that is shown.

    Raises:
        SystemExit: if its loss keeps no corrections.
    """
    if args.checkpoint is None or args.seed is not None:
        cfg = seeded_config(method, args.seed, args.cfg_options)
    else:
        cfg = method.read()
        merge_options(cfg, args.cfg_options)
    kinds = [class_of(part) for _, part in typed_parts(cfg.model)]
    perm = [k for k in kinds if k is not None and issubclass(k, LargeLossCorrectPerm)]
    if len(perm) != 1:
        raise SystemExit(
            f'{args.config}: has {len(perm)} LargeLossCorrectPerm (LL-Cp), one is due: its '
            'corrections hold and are kept, the choices of LL-R and LL-Ct are made anew each step'
        )
    return cfg


def trained(args: argparse.Namespace, method: Entry) -> str:
    """Trains the config where that is not done; returns its last checkpoint."""
    root = Path(args.work_dir)
    with stopping_in_one_line():
        run_comparison([method], [args.seed], root, args.cfg_options)
    return str(newest_loadable(run_folder(root, method.name, args.seed)))


def load_growth(
    cfg: Config, checkpoint: str, source: str = ''
) -> tuple[Corrections, list[PartialLabelDataset], int]:
    """Returns a checkpoint's corrections, judged, with the training set and its epochs.

    Args:
        cfg: of the training.
        checkpoint: of it.
        source: the option that named it, for messages.

    Raises:
        ValueError: if the checkpoint holds no corrections, or those of another training set.
    """
    leaves, saved = build_partial_datasets(cfg), read_state_checkpoint(checkpoint, source)
    facts = TrainingFacts(assign_index_offsets(leaves), leaves[0].labels.num_classes)
    state = LabelState(facts, {'corrections': Entries(constant=1)})
    load_state([state], saved[STATE], fingerprint_of(leaves))
    table = judge(state.suspicions('corrections'), leaves)
    epochs = max([int(saved['meta']['epoch']), *(table['epoch'][-1:] + 1)])
    return table, leaves, epochs


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods = None if args.method is None else [args.method]
    method = read_entries([args.config], methods)[0]
    if args.checkpoint is None and args.seed is None:
        args.seed = 1200
    cfg = read_config(args, method)
    checkpoint = args.checkpoint or trained(args, method)
    table, leaves, epochs = load_growth(cfg, checkpoint, '--checkpoint ')
    if args.images:
        samples = find_samples(args.images, leaves)
    else:
        samples = choose_samples(table, args.count, args.choice_seed)
    if not samples:
        raise SystemExit(f'{checkpoint}: no label is corrected yet (LL-Cp begins in epoch 2)')
    summary = epoch_rows(table, epochs, count_hidden(leaves))
    growth = phrase_of(summary[-1])
    title = f'{method.name}, {growth}' if args.title is None else args.title
    figure = draw_growth([history_of(s, table, leaves) for s in samples], epochs, title)
    out = Path(args.out)
    shown = [{k: v[table['sample'] == s] for k, v in table.items()} for s in samples]
    rows = [row for part in shown for row in correction_rows(part, leaves)]
    paths = write_figure_files(out, figure, rows, command_line('label_growth', argv), dpi=100)
    write_csv(out.with_name(f'{out.name}_epochs.csv'), summary)
    if args.export:
        export_corrections(Path(args.export), table, leaves)
    print(f'{growth}\nFigure: {paths[0]}')


def phrase_of(row: dict[str, Any]) -> str:
    """Returns the last epoch's summary as a phrase."""
    text = f'{row["corrected_so_far"]} corrections in {row["epoch"]} epochs'
    if row['right_so_far'] + row['wrong_so_far']:
        text += f', {row["precision_so_far"]:.0%} of them right'
    return text


if __name__ == '__main__':
    run(main)
