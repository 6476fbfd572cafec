"""Settings given on a command line, merged into a config that has a place for them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

# What a Runner and the tools read out of a config besides the Runner's arguments.
_READ = frozenset(
    {
        'activation_checkpointing', 'auto_resume', 'compile', 'custom_imports',
        'efficient_conv_bn_eval', 'find_unused_parameters', 'linear_init', 'method',
        'model_wrapper_cfg', 'protocol', 'runner_type', 'sync_bn', 'tta_model', 'tta_pipeline',
    }
)  # fmt: skip


def merge_options(cfg: Config, options: Mapping[str, Any] | None) -> None:
    """Merges --cfg-options into a config.

    Args:
        cfg: is changed.
        options: dotted keys and values.

    Raises:
        ValueError: if a first key is neither in the config nor read by anything: it would do
            nothing.
    """
    known = {*cfg.keys(), *inspect.signature(Runner.__init__).parameters, *_READ} - {'self', 'cfg'}
    for name in options or {}:
        key = name.partition('.')[0]
        if key not in known:
            raise ValueError(f'--cfg-options {name}: {_hint(key, cfg, known)}')
    cfg.merge_from_dict(dict(options or {}))


def _hint(key: str, cfg: Config, known: set[str]) -> str:
    inside = [
        f'{name}.{key}' for name, part in cfg.items() if isinstance(part, dict) and key in part
    ]
    close = difflib.get_close_matches(key, sorted(known), n=1)
    meant = (inside or close)[:2]
    return f'nothing reads {key}' + (
        f'; did you mean {" or ".join(meant)}?' if meant else '; the config has no such key'
    )
