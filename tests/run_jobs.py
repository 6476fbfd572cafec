"""What worker processes of the tests of comparisons import: work to do, hooks that fail or wait."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS

import wsml_mm


def hold_device(task):
    """Holds a device for a while under a lock file of its own; returns it and the process."""
    folder, number, fails = task
    device = os.environ.get('CUDA_VISIBLE_DEVICES')
    held = Path(folder, f'device_{device}')
    held.touch(exist_ok=False)  # two jobs on one device meet here
    time.sleep(0.2)
    held.unlink()
    if fails == 'raise':
        raise ValueError(f'bad\nnumber {number}')
    if fails == 'die':
        os.kill(os.getpid(), signal.SIGKILL)
    return device, os.getpid()


def wait_for_ever(folder):
    """Notes its process and never comes back."""
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)


def where_am_i(task):
    """Returns the process that this one was started by, and the package's file."""
    return os.getppid(), wsml_mm.__file__


@HOOKS.register_module()
class FailHook(Hook):
    """Ends a training with a message of several lines."""

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        raise ValueError('something\nthe loss is bad')


@HOOKS.register_module()
class GateHook(Hook):
    """Notes the process in `work_dir/waiting`, then waits until there is a file $GATE."""

    def after_train_epoch(self, runner):
        gate = Path(os.environ['GATE'])
        if not gate.exists():
            Path(runner.work_dir, 'waiting').write_text(str(os.getpid()))
        while not gate.exists():
            time.sleep(0.05)
