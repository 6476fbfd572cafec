"""Tests a checkpoint, with MMPretrain's arguments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from copy import deepcopy

import mmengine
from mmengine.config import Config, ConfigDict
from mmengine.dist import is_main_process
from mmengine.evaluator import DumpResults

from wsml_mm.datasets.nesting import walk
from wsml_mm.experiments.launch import build_runner
from wsml_mm.labels.files import finite

from .command import run
from .number_options import integer, number
from .options import add_shared_options, finish_config, load_config


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description='Test a multi-label classifier')
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='file for the results')
    parser.add_argument(
        '--out-item', choices=['metrics', 'pred'], help='what --out holds; default: predictions'
    )
    parser.add_argument('--show-dir', help='folder for pictures of the predictions')
    parser.add_argument('--show', action='store_true', help='show the predictions in a window')
    parser.add_argument(
        '--interval',
        type=integer(1, 2**31, 'draw every n-th sample, n at least 1'),
        default=1,
        help='draw every n-th sample',
    )
    parser.add_argument(
        '--wait-time',
        type=number(0, 1e6, 'seconds, 0 or more'),
        default=2.0,
        help='seconds a window stays',
    )
    parser.add_argument('--tta', action='store_true', help='average over test-time augmentation')
    add_shared_options(parser)
    args = parser.parse_args(argv)
    if args.out is None and args.out_item is not None:
        parser.error('--out-item says what --out holds: give --out FILE as well')
    kinds = ('.json', '.yml', '.yaml', '.pkl', '.pickle')
    if args.out_item == 'metrics' and not args.out.endswith(kinds):
        parser.error(f'--out {args.out}: metrics are written to a file of {", ".join(kinds)}')
    return args


def make_config(args: argparse.Namespace) -> Config:
    """Returns the config to run, the command line's wishes merged."""
    cfg = load_config(args)
    cfg.load_from = args.checkpoint
    cfg.resume = False
    if args.amp:
        cfg.test_cfg.fp16 = True
    if args.show or args.show_dir is not None:
        cfg.default_hooks.visualization = dict(
            type='PictureHook',
            enable=True,
            show=args.show,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
            interval=args.interval,
        )
    if args.tta:
        _add_tta(cfg)
    finish_config(cfg, args, ['test_dataloader'])
    return cfg


def _add_tta(cfg: Config) -> None:
    cfg.setdefault('tta_model', dict(type='mmpretrain.AverageClsScoreTTA'))
    # Below PartialLabelDataset and its like; concatenated datasets have a pipeline each.
    holders = [part for part in walk(cfg.test_dataloader.dataset) if 'pipeline' in part]
    if not holders:
        raise ValueError(
            f'{cfg.filename}: no dataset of test_dataloader has a pipeline for --tta to change; '
            'give it one in the config, or leave out --tta'
        )
    if 'tta_pipeline' not in cfg:
        pipeline = holders[0].pipeline
        flips = [dict(type='RandomFlip', prob=1.0), dict(type='RandomFlip', prob=0.0)]
        tta = dict(type='TestTimeAug', transforms=[flips, [pipeline[-1]]])
        cfg.tta_pipeline = [*deepcopy(pipeline[:-1]), tta]
    cfg.model = ConfigDict(**cfg.tta_model, module=cfg.model)
    for holder in holders:
        holder.pipeline = cfg.tta_pipeline


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    runner = build_runner(make_config(args))
    if args.out and args.out_item in ('pred', None):
        runner.test_evaluator.metrics.append(DumpResults(out_file_path=args.out))
    metrics = runner.test()
    if args.out and args.out_item == 'metrics' and is_main_process():
        mmengine.dump(finite(metrics) if args.out.endswith('.json') else metrics, args.out)


if __name__ == '__main__':
    run(main)
