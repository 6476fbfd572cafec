"""A process that imports the package once; worker processes are forked from it in no time.

It starts before the command itself imports the package, which takes seconds: both do it at once.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing import forkserver

_GPU_DRIVERS = ('/dev/nvidiactl', '/dev/kfd', '/dev/dxg')


def is_possible() -> bool:
    """Tells whether worker processes may be forked: on Linux, where no GPU is.

    What is imported may ask for GPUs, and CUDA does not survive a fork.
    """
    return sys.platform == 'linux' and not any(map(os.path.exists, _GPU_DRIVERS))


def start() -> None:
    """Starts the process, unless it runs; it ends with this one."""
    # MMEngine imports yapf, which on its first import writes tables that another process, here the
    # server, would find half written: EOFError. Here it writes them, in a quarter of a second.
    with contextlib.suppress(ImportError):
        importlib.import_module('yapf')
    multiprocessing.set_forkserver_preload(['wsml_mm_cli.worker_imports'])
    # It is to find the package where this process does; workers are given the environment anew.
    path = os.pathsep.join(place or os.getcwd() for place in sys.path)
    with environment('PYTHONPATH', path), no_interrupt():
        forkserver.ensure_running()


@contextlib.contextmanager
def environment(name: str, value: str | None) -> Iterator[None]:
    """Sets a variable within, which processes started there keep; None: leaves it as it is."""
    before = os.environ.get(name)
    if value is not None:
        os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


@contextlib.contextmanager
def no_interrupt() -> Iterator[None]:
    """Lets the processes started within never see Ctrl-C, which is their parent's to handle."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
