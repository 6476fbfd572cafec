"""Distributed start-up that works on CPU machines as well as on GPUs."""

from __future__ import annotations

import atexit
import gc
import os
import subprocess

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from wsml_mm.engine import PartialLabelHook
from wsml_mm.engine.printed_config import PrintedConfig


def build_runner(cfg: Config) -> Runner:
    """Builds the config's Runner, under the launcher it names.

    A config without `PartialLabelHook` gets one: otherwise nobody would notice a loss that takes
    unobserved labels for targets, or a metric that counts them.

    Raises:
        ValueError: if it asks for mixed precision where no device has it.
    """
    _check_amp(cfg)
    if cfg.get('launcher', 'none') != 'none' and not torch.cuda.is_available():
        if cfg.launcher == 'slurm':
            _read_slurm()
        _start_gloo(cfg)
    cfg = PrintedConfig.of(cfg)
    runner = Runner.from_cfg(cfg) if 'runner_type' not in cfg else RUNNERS.build(cfg)
    if isinstance(runner, Runner) and not any(
        isinstance(h, PartialLabelHook) for h in runner.hooks
    ):
        runner.register_hook(PartialLabelHook())
    return runner


def _check_amp(cfg: Config) -> None:
    wanted = (cfg.get('optim_wrapper') or {}).get('type') == 'AmpOptimWrapper'
    if wanted and get_device() in ('cpu', 'mps'):
        raise ValueError(
            f'{cfg.filename}: mixed precision (--amp, AmpOptimWrapper) needs a GPU that PyTorch '
            f'sees, and here is only {get_device()}; leave it out'
        )


def close_group_at_exit() -> None:
    """Lets a process that has done its work end cleanly; to be called once it has.

    A thread of gloo that lets go of a tensor while Python shuts down ends the process by abort, so
    that a finished training looks failed (seen: 5 of 25 ends under load). After an error nothing is
    registered: waiting for a collective that others never join would hide the error.
    """
    if dist.is_available() and dist.is_initialized():
        atexit.unregister(_close_group)
        atexit.register(_close_group)


def _close_group() -> None:
    gc.collect()  # DDP wrappers hold the group, and with it the threads
    if dist.is_initialized():
        dist.destroy_process_group()


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
