"""What docs/audit.md shows works as it stands there; verdicts given on its page change a model."""

from __future__ import annotations

import csv
import importlib
import re
import shlex
import shutil
import subprocess
from glob import glob
from pathlib import Path

from browser import chromium, downloaded
from helpers import CLASSES, REPO, read_devkit, train
from mmengine.config import Config

from wsml_mm.cli import audit

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


def test_from_the_page_to_another_model(linear_run, tmp_path, capsys):
    """Keys in Chromium, the file that it exports, new labels, a training: another mAP."""
    from selenium.webdriver.support.ui import Select

    folder, config = tmp_path / 'audit', str(linear_run.config)
    audit.main([config, str(linear_run.checkpoint), '--out', str(folder), '--html',
                '--device', 'cpu'])  # fmt: skip
    with open(folder / 'suspicions.csv', newline='') as file:
        asked = [row for row in csv.DictReader(file) if row['list'] == 'missing']
    assert len(asked) == 96
    truth = read_devkit(linear_run.images.parent)
    there = [truth[row['image']][CLASSES.index(row['class'])] for row in asked]
    with chromium(tmp_path) as driver:
        driver.get((folder / 'audit.html').as_uri())
        Select(driver.find_element('css selector', '#list')).select_by_value('missing')
        driver.execute_script('document.activeElement.blur()')
        driver.switch_to.active_element.send_keys(''.join('ra'[yes] for yes in there))
        assert '96 of 120' in driver.find_element('css selector', '#progress').text
        driver.find_element('css selector', '#export').click()
        (folder / 'verdicts.csv').write_text(downloaded(tmp_path, 'verdicts-*.csv'))
    apply = ['apply', str(folder / 'verdicts.csv'), '--to', config]
    audit.main([*apply, '--out', str(tmp_path / 'corrected.csv')])
    assert f'{sum(there)} unobserved -> positive' in capsys.readouterr().out
    found = {}
    for name in (config, str(tmp_path / 'corrected.py')):
        cfg = Config.fromfile(name)
        cfg.work_dir, cfg.train_cfg.max_epochs = str(tmp_path / Path(name).stem), 20
        found[name] = train(cfg).message_hub.get_scalar('val/multi-label/mAP').current()
    before, after = found.values()
    assert after > before + 3
