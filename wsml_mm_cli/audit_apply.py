"""Puts the verdicts on an audit's suspicions into new labels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .options import add_method_options, add_settings_option
from .table_options import add_table_options

EXAMPLE = """A verdict is accept (the class is in the image: the label becomes positive), reject (it
is not: the label becomes negative) or unsure (nothing changes), whatever the label was.

example:
  wsml-mm audit apply verdicts.csv --audit audit --to mine.py --out corrected.csv
writes corrected.csv, a LabelTable, and corrected.py, the config that trains on it."""


def words_of(argv: Sequence[str] | None) -> list[str]:
    """Returns the words of a command line; None: those of the process."""
    return list(sys.argv[1:] if argv is None else argv)


def parse_args(argv: Sequence[str]) -> argparse.Namespace:
    """Parses the words after `apply`."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else 'wsml-mm audit'
    parser = argparse.ArgumentParser(
        prog=f'{program} apply',
        description='Put verdicts on suspicions into new labels: all of them, or none',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(action='apply', jobs=1, devices=[])
    parser.add_argument(
        'verdicts',
        nargs='+',
        type=Path,
        metavar='VERDICTS',
        help='CSV or Parquet with the columns image, class, verdict and, if you like, annotator; '
        "or Label Studio's JSON, or FiftyOne's classifications JSON, of --for-tools",
    )
    parser.add_argument(
        '--to', required=True, metavar='CONFIG|TABLE', help='what the verdicts are applied to'
    )
    parser.add_argument(
        '--out',
        type=Path,
        required=True,
        help='a table (.csv, .parquet, ...), or of a config a mask (.npz), which can show labels '
        'that the annotation holds, and no others',
    )
    parser.add_argument(
        '--audit',
        type=Path,
        metavar='FOLDER',
        help='of the audit; default: that of the verdicts, if it holds audit.json',
    )
    parser.add_argument(
        '--on-conflict',
        choices=['refuse', 'unsure'],
        default='refuse',
        help='where two people disagree: refuse all, or count it as unsure; default: refuse',
    )
    parser.add_argument(
        '--state-from',
        type=Path,
        metavar='CHECKPOINT',
        help='also carry over what this training had learnt of labels (corrections), but for '
        'labels that are observed by now; with a config',
    )
    parser.add_argument(
        '--write-separator', default='|', help='between labels in the CSV that is written'
    )
    add_method_options(parser)
    add_settings_option(parser)
    add_table_options(parser)
    args = parser.parse_args(argv)
    if not args.to.endswith('.py') and args.state_from is not None:
        parser.error('--state-from needs a config: a table does not say what was trained on it')
    return args
