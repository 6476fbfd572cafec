"""What docs/audit.md shows works as it stands there."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import subprocess
from glob import glob
from pathlib import Path

from helpers import REPO
from mmengine.config import Config

BLOCKS = re.findall(
    r'```bash\n(.*?)```', (REPO / 'docs' / 'audit.md').read_text(encoding='utf-8'), re.DOTALL
)


def test_every_block(whole_run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path('work_dirs/mine').mkdir(parents=True)
    for path in whole_run.checkpoint.parent.glob('epoch_*.pth'):
        shutil.copy(path, 'work_dirs/mine')
    Config.fromfile(whole_run.config).dump('mine.py')
    for block in BLOCKS:
        making, found, line = block.partition('wsml-mm ')
        subprocess.run(['bash', '-euc', making], check=True)
        command, *arguments = shlex.split(line)
        arguments = [path for a in arguments for path in sorted(glob(a)) or [a]]
        importlib.import_module(f'wsml_mm.cli.{command}').main(arguments)
    assert len(BLOCKS) == 4
    assert Path('audit2/audit.html').stat().st_size > 10_000
    assert found
    printed = capsys.readouterr().out
    assert 'advice: ' in printed
    assert 'wsml-mm train corrected.py' in printed
    assert Path('corrected.csv').is_file()
