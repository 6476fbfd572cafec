"""What docs/predict_and_export.md shows works as it stands there."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers import CLASSES, REPO
from mmengine.config import Config

from wsml_mm import assemble

PAGE = (REPO / 'docs' / 'predict_and_export.md').read_text(encoding='utf-8')
BLOCKS = re.findall(r'```(python|bash)\n(.*?)```', PAGE, re.DOTALL)


@pytest.fixture
def folder(whole_run, tmp_path, monkeypatch):
    """A trained model and two photographs, under the names of the page."""
    monkeypatch.chdir(tmp_path)
    Path('work_dirs/mine').mkdir(parents=True)
    shutil.copy(whole_run.checkpoint, 'work_dirs/mine/epoch_2.pth')
    Config.fromfile(whole_run.config).dump('mine.py')
    Path('photographs').mkdir()
    for source, name in zip(whole_run.files, 'ab', strict=False):
        shutil.copy(source, f'photographs/{name}.jpg')
    return tmp_path


def run_line(line: str) -> None:
    program, command, *arguments = shlex.split(line)
    assert program == 'wsml-mm'
    importlib.import_module(f'wsml_mm.cli.{command}').main(arguments)


def test_every_block(folder, capsys):
    values: dict = {}
    for kind, block in BLOCKS:
        if kind == 'python':
            exec(block, values)
            continue
        for line in block.replace('\\\n', ' ').splitlines():
            run_line(line)
    assert [kind for kind, _ in BLOCKS] == ['bash', 'python', 'python', 'bash', 'python']
    assert list(values['dataset'].image_names()) == ['a.jpg', 'b.jpg']
    assert Path(values['dataset'].get_data_info(1)['img_path']).is_file()
    assert values['first']['pred_class'] == [CLASSES[c] for c in values['first']['pred_label']]
    trained = assemble('mine.py', 'work_dirs/mine/epoch_2.pth', 'cpu')
    (sample,) = trained.predict([trained.preparing()('photographs/a.jpg')])
    np.testing.assert_allclose(values['scores'], sample.pred_score, atol=1e-5)
    assert sorted(p.name for p in Path('pictures').iterdir()) == ['a.jpg.png', 'b.jpg.png']
    assert set(json.loads(Path('thresholds.json').read_text())) == set(CLASSES)
    assert 'Licence: CC BY 4.0.' in Path('mine.onnx.md').read_text()
