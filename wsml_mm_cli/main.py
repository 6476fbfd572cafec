"""The entry of all commands: `wsml-mm COMMAND ...`, and of the scripts in tools/."""

from __future__ import annotations

import difflib
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from . import worker_server
from .command import run as run_main
from .imports import no_collection

COMMANDS = {
    'init': 'look at a folder of images and tables, and write a config that trains on it',
    'train': 'train a classifier',
    'dist-train': 'the same on several devices of one or more machines, by torchrun',
    'slurm-train': 'the same under Slurm',
    'test': 'test a checkpoint',
    'compare': 'train and test several methods over seeds: tables and figure',
    'suite': 'compare over several data sets: ranks, published numbers, tuning on validation',
    'predict': 'find the labels of photographs: CSV, JSON, Parquet, pictures',
    'export': 'write a trained model as ONNX or for torch.export, with a model card',
    'audit': 'rank labels that are probably missing or wrong, and put verdicts back (audit apply)',
    'advise': 'say which method and delta_rel suit a data set, and when plain AN does better',
    'sweep': 'vary one setting: mAP by delta_rel, by the share of images, by anything',
    'check-dataset': 'find all that is wrong with a table of labels, or with the data of a config',
    'prepare-dataset': "what to download of the field's benchmarks, and their statistics",
    'fine-tune-classes': 'fit the rows of a trained last layer class by class',
    'write-config': 'write a protocol and a method as one config file',
    'write-mask': 'write the labels that a config observes',
    'memorisation': 'draw how methods memorise wrong labels',
    'selection-quality': 'draw how often rejections and corrections are right',
    'label-growth': 'draw which labels LL-Cp adds when',
    'draw-cams': 'draw class activation maps side by side',
    'pointing-game': "how often a map's maximum lies in a box",
    'groups': 'mAP of groups of classes, rare to frequent',
    'openimages-ids': 'list the images of OpenImages to fetch',
}


def run(command: str, argv: Sequence[str] | None = None) -> None:
    """Runs a command; the package is imported once the command line is known to be sound.

    Args:
        command: the name of its module in `wsml_mm_cli` and `wsml_mm.cli`.
        argv: its arguments; None: those of the process.
    """
    options = import_module(f'wsml_mm_cli.{command}').parse_args(argv)
    _pass_over_missing_operators()
    if getattr(options, 'jobs', 1) > 1 and not options.devices and worker_server.is_possible():
        worker_server.start()  # its import and ours take seconds, and run at once
    run_main(lambda: _work(command, argv))


def _work(command: str, argv: Sequence[str] | None) -> None:
    with no_collection():
        work = import_module(f'wsml_mm.cli.{command}')
        from wsml_mm.experiments.spelling import explained_types

    with explained_types():
        work.main(argv)


def _pass_over_missing_operators() -> None:
    """Silences mmcv-lite's warning of compiled operators, which no model here has."""
    text = 'Fail to import ``MultiScaleDeformableAttention``'
    warnings.filterwarnings('ignore', message=text)
    known = os.environ.get('PYTHONWARNINGS', '')
    if text not in known:  # read by processes that are started
        os.environ['PYTHONWARNINGS'] = ','.join(filter(None, [known, f'ignore:{text}']))


def usage() -> str:
    """Returns what `wsml-mm --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f'  {name:{width}}  {what}' for name, what in COMMANDS.items()]
    return '\n'.join(
        ['usage: wsml-mm COMMAND ...', '', *lines, '', 'wsml-mm COMMAND --help says more.']
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Runs `wsml-mm`."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ('-h', '--help'):
        print(usage())
        raise SystemExit(0 if words else 2)
    name = words[0].replace('_', '-')
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, 1)
        hint = f'did you mean {near[0]}?' if near else f'use {", ".join(COMMANDS)}'
        print(f'wsml-mm: error: no command {words[0]!r}; {hint}', file=sys.stderr)
        raise SystemExit(2)
    sys.argv = [f'wsml-mm {name}', *words[1:]]  # as argparse and the written commands show it
    run(name.replace('-', '_'))


if __name__ == '__main__':
    main()
