"""A protocol and a method make a config; names of earlier versions are read as such a pair."""

from __future__ import annotations

import os
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from .apply import apply_method, full_labels
from .configs import find_config, is_shipped_protocol
from .method import Method, read_method
from .options import merge_options

BASELINE = 'an'  # what protocols train without a method
_EARLIER = re.compile(
    r'large_loss/(an|ll-r|ll-ct|ll-cp|full)_([a-z0-9]+_(?:e2e|linear|linear-init))_([\w-]+)(?:\.py)?'
)


class Choice(NamedTuple):
    """What a name stands for.

    Attributes:
        config: file of the protocol, or of a user's own config.
        method: key or file; None: the one in the config.
        upper_bound: whether all labels are observed.
    """

    config: str
    method: str | None = None
    upper_bound: bool = False


def compose(
    protocol: str | os.PathLike[str],
    method: str | Method,
    options: dict[str, Any] | None = None,
    upper_bound: bool = False,
) -> Config:
    """Returns the complete config of a method under a protocol.

    Args:
        protocol: a shipped one ('scenes/lite0_linear.py'), or any complete config.
        method: a shipped one ('ll-r'), or a file.
        options: settings to override, as --cfg-options.
        upper_bound: observe all labels, with AN.

    Raises:
        FileNotFoundError: if there is no such protocol or method.
        ValueError: if they do not go together.
    """
    if not isinstance(method, Method):
        method = read_method(method)
    if upper_bound and method.key != BASELINE:
        raise ValueError(
            f'{method.title} with the upper bound: that is AN on full labels; give one of both'
        )
    cfg = apply_method(_read(str(protocol)), method)
    if upper_bound:
        cfg = full_labels(cfg)
    merge_options(cfg, options)
    return cfg


def read_config(name: str, method: str | None = None, upper_bound: bool = False) -> Config:
    """Reads a config by its name: a user's own file, a shipped protocol, an earlier version's name.

    Args:
        name: of the file; a shipped protocol without a method is AN.
        method: to apply to it.
        upper_bound: observe all labels, with AN.

    Raises:
        FileNotFoundError: if there is no such config or method.
        ValueError: if they do not go together.
        SystemExit: if a base of it is a config of an earlier version.
    """
    choice = choose(name, method, upper_bound)
    if choice.method is None:
        return _read(choice.config)
    return compose(choice.config, choice.method, upper_bound=choice.upper_bound)


def choose(name: str, method: str | None = None, upper_bound: bool = False) -> Choice:
    """Returns what a name on a command line stands for; warns of one of an earlier version."""
    found = None if Path(name).is_file() else _earlier(name)
    if found is None:
        path = find_config(name)
        if method is None and (upper_bound or is_shipped_protocol(path)):
            method = BASELINE
        return Choice(path, method, upper_bound)
    if method is not None:
        found = Choice(found.config, method, upper_bound)
    elif upper_bound:
        found = Choice(found.config, BASELINE, True)
    warnings.warn(f'{name} is now {_as_written(found)}', FutureWarning, stacklevel=2)
    return found._replace(config=find_config(found.config))


def _earlier(text: str) -> Choice | None:
    found = _EARLIER.search(text)
    if found is None:
        return None
    method, protocol, data = found.groups()
    full = method == 'full'
    return Choice(f'{data}/{protocol}.py', BASELINE if full else method, full)


def _as_written(choice: Choice) -> str:
    return f'{choice.config} ' + (
        '--upper-bound' if choice.upper_bound else f'--method {choice.method}'
    )


def _read(name: str) -> Config:
    path = find_config(name)
    try:
        return Config.fromfile(path)
    except FileNotFoundError as error:
        found = _earlier(str(error))
        if found is None:
            raise
        raise SystemExit(
            f'{path}: inherits a config of an earlier version; write _base_ = '
            f'{"configs/" + found.config!r} and train it with '
            f'{_as_written(found).removeprefix(found.config + " ")}'
        ) from None
