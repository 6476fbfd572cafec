"""The identity of a run: everything that decides its result, and nothing else.

What counts is data (labels as observed, images), the files a config names (weights, masks) by what
they hold, folders that a metric reads (boxes), modules of one's own that a config imports, though
not what these import, and every setting of the config but those listed here. A key that is not
listed counts, so that a setting nobody thought of makes another run rather than a wrong table.

Versions of packages are noted in a result and are no part of the identity.
"""

from __future__ import annotations

import copy
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.labels.contents import Contents

from .configs import LOADERS
from .data_digests import DataDigests
from .training import first_stage_of

# Where results are written, what is printed, how processes start, what a method or protocol is
# called. Hooks and a first stage are taken up one by one.
IGNORED = frozenset(
    {
        'work_dir', 'experiment_name', 'log_level', 'log_processor', 'visualizer', 'vis_backends',
        'resume', 'launcher', 'env_cfg', 'custom_imports', 'default_scope', 'default_hooks',
        'custom_hooks', 'linear_init', 'method', 'protocol',
    }
)  # fmt: skip

# Variables by which configs build their parts; a Runner never reads them, and what they hold stands
# again where they are used.
IGNORED_VARIABLES = frozenset(
    {
        'source', 'cached', 'extractor', 'data_root', 'dataset_type', 'train_pipeline',
        'val_pipeline', 'test_pipeline',
    }
)  # fmt: skip

# How a loader fetches batches, not which.
IGNORED_OF_LOADERS = frozenset(
    {
        'num_workers', 'pin_memory', 'pin_memory_device', 'persistent_workers', 'prefetch_factor',
        'timeout', 'multiprocessing_context',
    }
)  # fmt: skip

# Where data lie and how they are loaded; what they are is in the digests.
IGNORED_OF_DATASETS = frozenset(
    {
        'data_root', 'data_prefix', 'img_prefix', 'ann_file', 'cache', 'prepare', 'lazy_init',
        'serialize_data', 'bad_images',
    }
)  # fmt: skip
IGNORED_OF_FEATURES = frozenset({'batch_size', 'max_gigabytes', 'num_workers'})

# Hooks that only log or save.
IGNORED_HOOKS = frozenset(
    {
        'LoggerHook', 'IterTimerHook', 'VisualizationHook', 'PictureHook', 'PlainCheckpointHook',
        'ProfilerHook', 'NPUProfilerHook', 'MemoryProfilerHook', 'EmptyCacheHook',
        'ClassNumCheckHook', 'LinearInitHook',
    }
)  # fmt: skip
CHECKPOINT_HOOKS = frozenset({'CheckpointHook', 'DurableCheckpointHook'})
# What decides which checkpoint is tested as the best.
COUNTED_OF_CHECKPOINTS = ('save_best', 'rule', 'greater_keys', 'less_keys')

# Files that a run writes, wherever a config names them.
IGNORED_OUTPUTS = frozenset({'out_file', 'out_file_path', 'out_dir', 'outfile_prefix', 'save_path'})

_INSTALLED = frozenset({'site-packages', 'dist-packages'})
_EVALUATORS = ('val_evaluator', 'test_evaluator')

Identity = dict[str, Any]


def identity(cfg: Config, digests: DataDigests | None = None) -> Identity:
    """Returns what decides the result of a run, by flat names that a message can quote.

    Args:
        cfg: of the run, its seeds and loaders filled in (`seeded_config`); unchanged.
        digests: what is known of data from earlier calls; None: all is read.

    Returns:
        JSON values: digests as 'train labels', 'train images' (see `DataDigests`), and settings as
        'optim_wrapper.optimizer.lr'. Those of a first stage are named 'linear_init.' and the same.
    """
    digests = DataDigests() if digests is None else digests
    found = {**digests.of(cfg), **settings(cfg, digests.contents)}
    stage = cfg.get('linear_init')
    if stage is not None:
        whole = copy.deepcopy(cfg)
        whole.setdefault('work_dir', '')
        first = identity(first_stage_of(whole, stage), digests)
        found |= {f'linear_init.{key}': value for key, value in first.items()}
        own = {k: v for k, v in stage.items() if k not in ('config', 'cfg_options')}
        found |= dict(_flat(own, 'linear_init')) if own else {}
    return found


def differences(stored: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Returns what differs between two identities, digests by name and settings with values."""
    keys = [key for key in {**stored, **now} if stored.get(key) != now.get(key)]
    return [
        key if ' ' in key else f'{key} ({_shown(stored, key)}, now {_shown(now, key)})'
        for key in keys
    ]


def _shown(found: Mapping[str, Any], key: str) -> str:
    text = json.dumps(found[key]) if key in found else 'not set'
    return text if len(text) <= 60 else f'{text[:57]}...'


def settings(cfg: Config, contents: Contents) -> Identity:
    """Returns the settings that count, flat; a file that one names counts by what it holds."""
    whole = cfg.to_dict()
    counted = {key: value for key, value in whole.items() if key not in IGNORED | IGNORED_VARIABLES}
    for name in LOADERS:
        if counted.get(name) is not None:
            loader = _without(counted[name], IGNORED_OF_LOADERS)
            counted[name] = {**loader, 'dataset': _dataset_settings(loader.get('dataset'))}
    if isinstance(counted.get('model'), Mapping):
        counted['model'] = _model_settings(counted['model'])
    counted['hooks'] = _hook_settings(whole)
    named = {str(v) for key, v in _flat(whole) if v and key.rpartition('.')[2] == 'data_root'}
    roots = sorted(named, key=len, reverse=True)
    found = {
        key: _value(value, roots, contents, key.startswith(_EVALUATORS))
        for key, value in _flat(counted)
        if key.rpartition('.')[2] not in IGNORED_OUTPUTS
    }
    code = _own_modules(whole.get('custom_imports') or {})
    return found | {f'imports.{name}': f'code {contents.images(files)}' for name, files in code}


def _without(part: Mapping[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in keys}


def _dataset_settings(part: Any) -> Any:
    """Drops where data lie, down through wrappers; pipelines stay as they are."""
    if isinstance(part, (list, tuple)):
        return [_dataset_settings(inner) for inner in part]
    if not isinstance(part, Mapping):
        return part
    ignored = IGNORED_OF_DATASETS
    if _class_name(part) == 'FeatureDataset':
        ignored = ignored | IGNORED_OF_FEATURES
    kept = _without(part, ignored)
    for key in ('dataset', 'datasets'):
        if key in kept:
            kept[key] = _dataset_settings(kept[key])
    return kept


def _model_settings(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Drops a `FeaturePreprocessor` without options: what it returns is what goes without it."""
    preprocessor = part.get('data_preprocessor')
    if not isinstance(preprocessor, Mapping) or len(preprocessor) > 1:
        return part
    if _class_name(preprocessor) == 'FeaturePreprocessor':
        return _without(part, frozenset({'data_preprocessor'}))
    return part


def _hook_settings(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the settings of hooks by class: keys of `default_hooks` are only names."""
    hooks = [*(whole.get('default_hooks') or {}).values(), *(whole.get('custom_hooks') or [])]
    found: dict[str, Any] = {}
    for hook in hooks:
        name = _class_name(hook) if isinstance(hook, Mapping) else _text(hook)
        if hook is None or name in IGNORED_HOOKS:
            continue
        counted = hook
        if name in CHECKPOINT_HOOKS:
            name = 'CheckpointHook'
            counted = {key: hook[key] for key in COUNTED_OF_CHECKPOINTS if key in hook}
        while name in found:
            name += '+'
        found[name] = counted
    return found


def _class_name(part: Mapping[str, Any]) -> str:
    return _text(part.get('type')).rpartition('.')[2]


def _text(value: Any) -> str:
    """Returns how an object of a config is written, without its address in memory."""
    named = getattr(value, '__qualname__', None)
    return str(value) if named is None else f'{value.__module__}.{named}'


def _flat(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    """Yields (dotted key, value) of nested dicts and lists; a list of plain values is one value."""
    if isinstance(value, tuple):
        value = list(value)
    nested = isinstance(value, list) and any(isinstance(v, (Mapping, list, tuple)) for v in value)
    if not nested and not (isinstance(value, Mapping) and value):
        yield key, value
        return
    for name, part in value.items() if isinstance(value, Mapping) else enumerate(value):
        yield from _flat(part, f'{key}.{name}' if key else str(name))


def _own_modules(imports: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yields imported modules that are not installed, with their files."""
    named = imports.get('imports') or []
    for name in [named] if isinstance(named, str) else named:
        file = getattr(sys.modules.get(name), '__file__', None)
        if file and not _INSTALLED & set(Path(file).parts) and name.partition('.')[0] != 'wsml_mm':
            package = Path(file).name == '__init__.py'
            yield name, _files_below(Path(file).parent, '*.py') if package else [file]


def _files_below(folder: Path, pattern: str = '*') -> list[str]:
    return sorted(str(path) for path in folder.rglob(pattern) if path.is_file())


def _value(value: Any, roots: list[str], contents: Contents, folders: bool) -> Any:
    if isinstance(value, list):
        return [_value(part, roots, contents, folders) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    if value is None or value == {} or isinstance(value, (bool, int, float)):
        return value
    text = _text(value)
    if ('.' in text or os.sep in text) and os.path.isfile(os.path.expanduser(text)):
        return f'file {contents.file(os.path.expanduser(text))}'
    if folders and os.sep in text and os.path.isdir(os.path.expanduser(text)):
        return f'folder {contents.images(_files_below(Path(text).expanduser()))}'
    for root in roots:
        if text == root or text.startswith(os.path.join(root, '')):
            return '{data_root}' + text[len(root.rstrip(os.sep)) :]
    return text
