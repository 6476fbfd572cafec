"""Ranks labels that are probably missing or wrong; `audit apply` puts verdicts into new labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import audit_apply
from .number_options import integer, seed_number
from .options import add_method_options, add_settings_option

APPLY = 'apply'
EXAMPLE = """example, of all epochs of a training:
  wsml-mm train mine.py --keep-epochs
  wsml-mm audit mine.py work_dirs/mine --out audit
writes audit/suspicions.csv and .parquet, and audit/audit.json. Judge them (accept, reject or
unsure), then
  wsml-mm audit apply verdicts.csv --audit audit --to mine.py --out corrected.csv
writes the labels with the verdicts and says how to train on them: wsml-mm audit apply --help."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line; `action` says which of both commands it is."""
    words = audit_apply.words_of(argv)
    if words and words[0] == APPLY:
        return audit_apply.parse_args(words[1:])
    parser = argparse.ArgumentParser(
        description='Rank the labels of the training images that are probably missing or wrong',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action='rank')
    parser.add_argument('config', help='of the training: a file, or a protocol with --method')
    parser.add_argument(
        'checkpoints',
        nargs='*',
        metavar='CHECKPOINT',
        help='of it, or its folder: the checkpoints of all its epochs; of several the mean logit '
        'ranks, which finds more than the last epoch does',
    )
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    add_method_options(parser)
    parser.add_argument(
        '--folds',
        type=integer(2, 100, 'a number of folds, 2 to 100'),
        help='no checkpoint: train K models, each on all folds but one, which it scores, so that '
        'no model judges its own labels',
    )
    parser.add_argument(
        '--keep-epochs',
        action='store_true',
        help='with --folds: keep all epochs of each model and rank by the mean over them',
    )
    parser.add_argument('--seed', type=seed_number, default=0, help='of the folds and their models')
    parser.add_argument(
        '--jobs',
        type=integer(1, 1024, 'give a number of runs at a time, at least 1'),
        default=1,
        help='folds that are trained at a time',
    )
    most = 10**7
    parser.add_argument(
        '--per-class',
        type=integer(0, most, f'a number of labels, 0 to {most}'),
        help='keep so many of each class and list; default: 200, fewer of very many classes',
    )
    parser.add_argument(
        '--top',
        type=integer(0, most, f'a number of labels, 0 to {most}'),
        default=10_000,
        help='keep so many of all classes together; default: 10000',
    )
    parser.add_argument(
        '--for-tools',
        action='store_true',
        help='also write label_studio.json and .xml, and fiftyone.json',
    )
    parser.add_argument(
        '--html', action='store_true', help='also write audit.html, pages to decide on in a browser'
    )
    parser.add_argument(
        '--limit',
        type=integer(1, most, f'a number of labels, 1 to {most}'),
        default=1000,
        help='suspicions on the pages, the first by rank; default: 1000',
    )
    parser.add_argument(
        '--cams', action='store_true', help='on the pages, where the last model sees each class'
    )
    parser.add_argument(
        '--image-prefix',
        default='',
        metavar='TEXT',
        help="before image names in Label Studio, e.g. '/data/local-files/?d=photos/'",
    )
    parser.add_argument('--device', help='to compute on, e.g. cpu or cuda:1; default: a GPU if any')
    parser.add_argument(
        '--batch-size', type=integer(1, 2**20, 'a number of images'), default=16, help='default: 16'
    )
    parser.add_argument(
        '--workers',
        type=integer(0, 1024, 'a number of processes'),
        default=1,
        help='processes that load images; default: 1',
    )
    add_settings_option(parser)
    args = parser.parse_intermixed_args(words)  # options may stand between the checkpoints
    args.devices = []
    if bool(args.checkpoints) is bool(args.folds):
        parser.error('give one or more checkpoints, or --folds K to train models here')
    if args.keep_epochs and not args.folds:
        parser.error('--keep-epochs is for --folds; of a training give the folder')
    if not args.per_class and args.per_class is not None and not args.top:
        parser.error('--per-class 0 with --top 0 keeps nothing; raise one')
    if args.cams and not args.html:
        parser.error('--cams is for the pages: give --html as well')
    if args.cams and args.folds:
        parser.error('--cams needs a checkpoint: leave it with --folds')
    if args.image_prefix and not args.for_tools:
        parser.error('--image-prefix is for Label Studio: give --for-tools as well')
    return args
