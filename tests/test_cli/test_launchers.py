"""The commands that start a training of several processes, as text: no machine here has them."""

from __future__ import annotations

import sys

import pytest
from helpers import run_python

from wsml_mm.cli import dist_train, slurm_train

TRAIN = ['-m', 'wsml_mm_cli.main', 'train', 'c.py']


def test_torchrun():
    args = dist_train.parse_args(['c.py', '4', '--method', 'll-r', '--amp'])
    words = dist_train.command(args, {'NNODES': '2', 'NODE_RANK': '1', 'MASTER_ADDR': 'x'})
    assert words[:8] == [
        sys.executable, '-m', 'torch.distributed.run', '--nnodes=2', '--node_rank=1',
        '--master_addr=x', '--master_port=29500', '--nproc_per_node=4',
    ]  # fmt: skip
    assert words[8:] == [*TRAIN, '--launcher', 'pytorch', '--method', 'll-r', '--amp']


def test_srun(monkeypatch):
    args = slurm_train.parse_args(['gpu', 'job', 'c.py', 'w', '--resume'])
    words = slurm_train.command(args, {'GPUS': '4', 'SRUN_ARGS': '--mem=8G --time 5'})
    assert words == [
        'srun', '-p', 'gpu', '--job-name=job', '--gres=gpu:4', '--ntasks=4', '--ntasks-per-node=4',
        '--cpus-per-task=5', '--kill-on-bad-exit=1', '--mem=8G', '--time', '5', sys.executable,
        '-u', *TRAIN, '--work-dir=w', '--launcher=slurm', '--resume',
    ]  # fmt: skip
    with pytest.raises(ValueError, match='GPUS=all: a number'):
        slurm_train.command(args, {'GPUS': 'all'})
    monkeypatch.setenv('PATH', '')
    with pytest.raises(FileNotFoundError, match='srun: no such command'):
        slurm_train.main(['gpu', 'job', 'c.py', 'w'])


def test_options_of_train_are_checked_before_any_process_starts(capsys):
    with pytest.raises(SystemExit):
        dist_train.parse_args(['c.py', '2', '--no-such-option'])
    assert '--no-such-option' in capsys.readouterr().err


def test_the_package_is_a_command():
    assert 'usage: wsml-mm COMMAND' in run_python('-m', 'wsml_mm', '--help').stdout
