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
from wsml_mm.experiments.launch import build_runner, close_group_at_exit
from wsml_mm.labels.files import finite
from wsml_mm_cli.command import run
from wsml_mm_cli.test import parse_args

from .options import finish_config, load_config


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
    close_group_at_exit()
    if args.out and args.out_item == 'metrics' and is_main_process():
        mmengine.dump(finite(metrics) if args.out.endswith('.json') else metrics, args.out)


if __name__ == '__main__':
    run(main)
