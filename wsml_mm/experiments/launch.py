"""Distributed start-up that works on CPU machines as well as on GPUs."""

from __future__ import annotations

import os
import subprocess

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from wsml_mm.engine import PartialLabelHook


def build_runner(cfg: Config) -> Runner:
    """Builds the config's Runner, under the launcher it names.

    A config without `PartialLabelHook` gets one: otherwise nobody would notice a loss that takes
    unobserved labels for targets, or a metric that counts them.
    """
    if cfg.get('launcher', 'none') != 'none' and not torch.cuda.is_available():
        if cfg.launcher == 'slurm':
            _read_slurm()
        _start_gloo(cfg)
    runner = Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
    if isinstance(runner, Runner) and not any(
        isinstance(h, PartialLabelHook) for h in runner.hooks
    ):
        runner.register_hook(PartialLabelHook())
    return runner


def _read_slurm() -> None:
    """Translates a Slurm task's environment into torch's."""
    env = os.environ
    if 'MASTER_ADDR' not in env:
        hosts = ['scontrol', 'show', 'hostname', env['SLURM_NODELIST']]
        env['MASTER_ADDR'] = subprocess.check_output(hosts, text=True).split()[0]
    env.setdefault('MASTER_PORT', '29500')
    env['RANK'], env['WORLD_SIZE'] = env['SLURM_PROCID'], env['SLURM_NTASKS']
    env['LOCAL_RANK'] = env['SLURM_LOCALID']


def _start_gloo(cfg: Config) -> None:
    # mmengine selects a CUDA device in its own start-up and passes device ids to the DDP wrapper;
    # both fail without a GPU.
    if not dist.is_initialized():
        dist.init_process_group('gloo')
    cfg.merge_from_dict({'env_cfg.dist_cfg.backend': 'gloo'})
    if cfg.get('model_wrapper_cfg') is None:
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel',
            broadcast_buffers=False,
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
    cfg.model_wrapper_cfg.setdefault('device_ids', None)
