"""How trainings begin and end: mixed precision, and the end of a process under a launcher."""

from __future__ import annotations

import pytest
import torch
from helpers import run_python
from mmengine.config import Config

from wsml_mm.experiments.launch import build_runner

_SCRIPT = """
import atexit, os, sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from wsml_mm.experiments.launch import close_group_at_exit

def threads():
    names = [open(f'/proc/self/task/{task}/comm').read() for task in os.listdir('/proc/self/task')]
    return sum('gloo' in name for name in names)

def say(moment):
    print(moment, dist.is_initialized(), threads() > 0)

atexit.register(say, 'at the end')  # those registered first come last
dist.init_process_group('gloo', init_method=f'file://{sys.argv[1]}', rank=0, world_size=1)
model = DistributedDataParallel(torch.nn.Linear(2, 2))
model(torch.ones(1, 2)).sum().backward()
say('trained')
close_group_at_exit()
close_group_at_exit()
model.cycle = model  # as runners have: only the collector frees it
del model
"""


def test_no_thread_of_the_group_outlives_python(tmp_path):
    """One that lets go of a tensor while Python shuts down would abort a finished training."""
    result = run_python('-c', _SCRIPT, str(tmp_path / 'store'))
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == ['trained True True', 'at the end False False']


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_mixed_precision_without_a_gpu_is_refused(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("optim_wrapper = dict(type='AmpOptimWrapper')")
    cfg = Config.fromfile(path)
    with pytest.raises(ValueError, match=r'mine.py: mixed precision .--amp, AmpOptimWrapper. n'):
        build_runner(cfg)
