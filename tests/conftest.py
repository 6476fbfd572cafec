"""Shared set-up: MMEngine's singletons do not leak from one test into the next.

The suite runs on the CPU wherever it runs. `TEST_ON_GPU=1 make test` leaves the GPU to it, where
those of several ranks are skipped.
"""

from __future__ import annotations

import os

if not os.environ.get('TEST_ON_GPU'):  # before anything asks for a GPU
    os.environ['CUDA_VISIBLE_DEVICES'] = ''

import pytest
import torch
from helpers import without_yapf
from hypothesis import HealthCheck, settings
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer
from trained_runs import linear_run, whole_run  # noqa: F401  (fixtures)

import wsml_mm  # noqa: F401  (registers everything)

# On a GPU: the digits of a CPU, and the same ones each time.
torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = False, True

# A busy machine is no failure of a property.
settings.register_profile(
    'patient', deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile('patient')


@pytest.fixture(autouse=True, scope='session')
def plain_config_texts():
    with pytest.MonkeyPatch.context() as patch:
        without_yapf(patch)
        yield


@pytest.fixture(autouse=True)
def fresh_singletons(monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tiny tensors: threads only cost here
    yield
    torch.set_num_threads(threads)
    for singleton in (MMLogger, Visualizer, DefaultScope, MessageHub):
        singleton._instance_dict.clear()
