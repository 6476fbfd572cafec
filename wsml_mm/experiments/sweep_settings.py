"""What a sweep may vary: the config settings that give a method another value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmengine.config import Config

from .config_parts import part_at, takes, typed_parts
from .configs import first_stage_config

SUBSAMPLE_SEED = 999  # of the reference's --ss_frac_train


def delta_rel(cfg: Config, value: float) -> dict[str, Any]:
    """Returns the overrides that give every large loss of a config another `delta_rel`."""
    losses = [key for key, part in typed_parts(cfg.model, 'model') if takes(part, 'delta_rel')]
    settings: dict[str, Any] = {f'{key}.delta_rel': value for key in losses}
    first = first_stage_config(cfg)
    if settings and first is not None:  # LinearInit: both stages
        own = cfg.linear_init.get('cfg_options') or {}
        settings['linear_init.cfg_options'] = {**own, **delta_rel(first, value)}
    return settings


def train_fraction(cfg: Config, value: float) -> dict[str, Any]:
    """Returns the overrides that leave a share of the training images."""
    return {
        f'{key}.subsample': dict(fraction=value, seed=SUBSAMPLE_SEED)
        for key, part in typed_parts(cfg.train_dataloader.dataset, 'train_dataloader.dataset')
        if takes(part, 'subsample')
    }


def config_key(key: str) -> Callable[[Config, Any], dict[str, Any]]:
    """Returns the overrides that give any config key a value, where the config has it."""

    def override(cfg: Config, value: Any) -> dict[str, Any]:
        parent, _, name = key.rpartition('.')
        part = part_at(cfg._cfg_dict, parent)
        return {key: value} if isinstance(part, dict) and takes(part, name) else {}

    return override
