"""Options and kinds of values that several commands share."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path
from typing import Any

from .number_options import integer

# Of `wsml_mm.models.cam`, which would have to be imported for them.
CAM_METHODS = ('cam', 'gradcam', 'gradcam++', 'hirescam', 'layercam', 'xgradcam')


class Distinct(argparse.Action):
    """Takes a list whose values differ."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        """Stores the values, or ends with a usage error."""
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            parser.error(f'{option} names {twice[0]} twice; once is enough')
        setattr(namespace, self.dest, values)


class OneOrTwo(argparse.Action):
    """Takes a list of one or two values."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        """Stores the values, or ends with a usage error."""
        if len(values) > 2:
            parser.error(f'argument {option}: {len(values)} numbers; give a width and a height')
        setattr(namespace, self.dest, values)


class Settings(argparse.Action):
    """Takes key=value pairs as MMEngine's `DictAction` does, which is imported if there are any."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        """Stores the settings, or ends with a usage error."""
        from mmengine.config import DictAction

        if wrong := [pair for pair in values if '=' not in pair]:
            parser.error(f'{option} {wrong[0]}: write KEY=VALUE, e.g. train_cfg.max_epochs=3')
        DictAction(self.option_strings, self.dest)(parser, namespace, values, option)


def shipped_methods() -> list[str]:
    """Returns the keys of the methods in configs/methods, without importing the package."""
    spec = importlib.util.find_spec('wsml_mm')
    roots = [Path(root) for root in (spec and spec.submodule_search_locations) or ()]
    folders = [place / 'configs' / 'methods' for root in roots for place in (root, root.parent)]
    return sorted({path.stem for folder in folders for path in folder.glob('*.py')})


def add_settings_option(parser: argparse.ArgumentParser, example: str = '') -> None:
    """Adds --cfg-options."""
    what = f'settings to override{example and ", " + example}'
    parser.add_argument('--cfg-options', nargs='+', action=Settings, help=what)


def add_method_options(parser: argparse.ArgumentParser) -> None:
    """Adds --method and --upper-bound, for tools that take one config."""
    parser.add_argument(
        '--method',
        help=f'in place of the one in the config: {", ".join(shipped_methods())}, or a file of '
        'your own; default: the config as it is, a shipped protocol with AN',
    )
    parser.add_argument('--upper-bound', action='store_true', help='AN with all labels observed')


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Adds what train and test share: MMPretrain's options, --method and --upper-bound."""
    add_method_options(parser)
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--no-pin-memory', action='store_true', help='do not pin memory')
    add_settings_option(parser, 'key=value, e.g. train_cfg.max_epochs=3 "k=[1,2]"')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='launcher'
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=integer(0, 2**31, 'the number of a process of this machine, from 0'),
        default=0,
        help='set by torchrun',
    )
