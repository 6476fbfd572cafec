"""Gives a config a method: replaces the loss, and takes back what an earlier method brought."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.utils import import_modules_from_strings

from .changes import changes, take_back
from .config_parts import class_of, takes
from .configs import find_config, first_stage_config, partial_datasets
from .method import Method
from .pipelines import change_pipelines, keep_feature_maps

FULL_LABELS = dict(key='full', title='full labels', colour='#000000', marker='*')


def apply_method(config: Config, method: Method, data: str | None = None) -> Config:
    """Returns a config with a method in place of the one it has.

    The loss is replaced, never merged. What an earlier method brought along, which the config keeps
    under `method.changes`, is taken back; changes made by hand since then stay. The first stage of
    LinearInit gets the same method.

    Args:
        config: complete; not changed.
        method: of `read_method`.
        data: key of the data set whose published hyper-parameters are used; None:
            `protocol.data` of the config, and where there is none the method's own.

    Raises:
        ValueError: if the config has no place for the loss, or the method changes images that the
            config reads as stored features.
    """
    parts = _as_config(method.parts(data or (config.get('protocol') or {}).get('data')))
    imports = parts.get('imports') or []
    _import(imports, method)
    cfg = _without_method(config)
    _head_of(cfg, method)
    _add_what_losses_need(cfg)
    before = cfg.to_dict()
    _add_imports(cfg, imports)
    cfg.merge_from_dict(dict(model=parts.get('model') or {}))
    cfg.merge_from_dict(dict(model=dict(head=parts.get('head') or {})))
    if parts.get('feature_maps'):
        keep_feature_maps(cfg)
    cfg.merge_from_dict(parts.get('settings') or {})
    change_pipelines(cfg, method, parts)
    for key, hook in (parts.get('hooks') or {}).items():
        cfg.default_hooks[key] = hook
    after = cfg.to_dict()
    for content in (before, after):
        content['model']['head'].pop('loss', None)  # replaced by every method, so never taken back
    _head_of(cfg, method).loss = parts.loss
    _record(cfg, method.record(), list(changes(before, after)))
    _in_first_stage(cfg, lambda first: apply_method(first, method, data))
    return cfg


def full_labels(config: Config) -> Config:
    """Returns a config that trains on all labels: the upper bound of every method.

    Args:
        config: with AN, the baseline; not changed.

    Raises:
        ValueError: if nobody knows all labels, or the config hides none.
    """
    protocol = config.get('protocol') or {}
    name = protocol.get('name') or config.filename
    if not protocol.get('full_labels', True):
        raise ValueError(
            f'{name}: nobody knows all labels of these images (protocol.full_labels=False); leave '
            '--upper-bound out'
        )
    cfg = deepcopy(config)
    hiding = [d for d in partial_datasets(cfg.train_dataloader.dataset) if d.get('observe')]
    if not hiding:
        raise ValueError(
            f'{name}: its training set hides no label (observe=None), it is its own upper bound; '
            'leave --upper-bound out'
        )
    before = cfg.to_dict()
    for dataset in hiding:
        dataset.observe = None
    made = [*((cfg.get('method') or {}).get('changes') or []), *changes(before, cfg.to_dict())]
    _record(cfg, FULL_LABELS, made)
    _in_first_stage(cfg, full_labels)
    return cfg


def _as_config(content: dict[str, Any]) -> ConfigDict:
    return ConfigDict(deepcopy(content))


def _record(cfg: Config, record: dict[str, Any], made: list[dict[str, Any]]) -> None:
    cfg.method = _as_config({**record, 'changes': made} if made else record)


def _without_method(config: Config) -> Config:
    cfg = deepcopy(config)
    record = cfg.pop('method', None)
    if isinstance(record, dict):
        take_back(cfg._cfg_dict, record.get('changes') or [])
    return cfg


def _in_first_stage(cfg: Config, change: Any) -> None:
    first = first_stage_config(cfg)
    if first is None:
        return
    cfg.linear_init.config = _as_config(change(first).to_dict())
    options = cfg.linear_init.get('cfg_options') or {}
    for key in [k for k in options if k.startswith('model.head.loss.')]:
        del options[key]  # arguments of another method's loss


def _head_of(cfg: Config, method: Method) -> ConfigDict:
    head = (cfg.get('model') or {}).get('head')
    if not isinstance(head, dict) or (class_of(head) and not takes(head, 'loss')):
        kind = head.get('type') if isinstance(head, dict) else head
        raise ValueError(
            f'{cfg.filename}: model.head ({kind}) takes no loss, which is what {method.title} '
            'replaces; write the loss into the config by hand and name it as NAME=FILE'
        )
    return head


def _import(modules: Sequence[str], method: Method) -> None:
    folder = str(Path(method.file).resolve().parent)
    if modules and folder not in sys.path:
        sys.path.append(folder)  # a user's loss stands beside the method's file
    if modules:
        import_modules_from_strings(list(modules))


def _add_imports(cfg: Config, modules: Sequence[str]) -> None:
    own = cfg.get('custom_imports') or ConfigDict(imports=[], allow_failed_imports=False)
    named = [own['imports']] if isinstance(own['imports'], str) else list(own['imports'])
    own['imports'] = [*named, *(m for m in modules if m not in named)]
    cfg.custom_imports = own


def _add_what_losses_need(cfg: Config) -> None:
    """Adds the package and its hooks to a config that was written without them."""
    _add_imports(cfg, ['wsml_mm'])
    hooks = cfg.setdefault('default_hooks', ConfigDict())
    listed = [*hooks.values(), *(cfg.get('custom_hooks') or [])]
    present = [class_of(hook) for hook in listed if isinstance(hook, dict)]
    runtime = Config.fromfile(find_config('_base_/default_runtime.py'))
    for key, hook in runtime.default_hooks.items():
        kind = class_of(hook)
        if kind is None or not kind.__module__.startswith('wsml_mm.') or key == 'checkpoint':
            continue  # whoever has hooks of MMEngine's own has chosen them
        if not any(p is not None and issubclass(p, kind) for p in present):
            hooks.setdefault(key, hook)
