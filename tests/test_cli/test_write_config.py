"""A written config stands by itself: MMPretrain's own train.py takes it, and so does ours."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import mmpretrain
import pytest
from helpers import REPO, assert_same, load, run_python, tiny_config, write_devkit
from mmengine.config import Config

from wsml_mm.cli import compare, write_config
from wsml_mm.cli import train as train_cli
from wsml_mm.experiments.compose import compose

STOCK_TRAIN = Path(mmpretrain.__file__).parent / '.mim' / 'tools' / 'train.py'
needs_stock = pytest.mark.skipif(not STOCK_TRAIN.is_file(), reason='MMPretrain ships no tools')

LOSS = """
from mmpretrain.registry import MODELS
from wsml_mm import AssumeNegativeLoss

@MODELS.register_module()
class MyLoss(AssumeNegativeLoss):
    def __init__(self, weight, **kwargs):
        super().__init__(**kwargs)
        self.weight = weight
"""
METHOD = """
method = dict(key='mine', title='Mine', imports=['loss_of_test_write_config'],
              loss=dict(type='MyLoss', weight=0.5),
              hooks=dict(ema=dict(type='EMAHook')))
"""


@pytest.fixture(autouse=True)
def _place(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # set by the command line for good
    monkeypatch.setattr(sys, 'path', [*sys.path])
    Path('loss_of_test_write_config.py').write_text(LOSS)
    Path('my_method.py').write_text(METHOD)


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


@pytest.fixture
def protocol(devkit):
    """A config of a user's own; returns its name."""
    cfg = tiny_config(devkit, '', 'LL-R', epochs=2)
    cfg.pop('work_dir')
    cfg.dump('mine.py')
    return 'mine.py'


def commands(printed: str) -> list[str]:
    return [line.strip() for line in printed.splitlines() if line.startswith('  ')]


def test_written_for_a_shipped_protocol(capsys):
    write_config.main(
        ['coco2014/resnet50_e2e', '--method', 'll-r', '--out', 'made/a.py', '--seed', '7',
         '--cfg-options', 'train_cfg.max_epochs=3']
    )  # fmt: skip
    expected = compose('coco2014/resnet50_e2e', 'll-r', {'train_cfg.max_epochs': 3})
    expected.randomness.seed = expected.train_dataloader.dataset.observe.seed = 7
    assert '_base_' not in Path('made/a.py').read_text()
    assert Config.fromfile('made/a.py').to_dict() == expected.to_dict()
    printed = capsys.readouterr().out
    assert printed.startswith('made/a.py: LL-R under coco2014/resnet50_e2e;')
    assert commands(printed) == ['python tools/train.py made/a.py']


def test_upper_bound_and_default(capsys):
    write_config.main(['scenes/lite0_linear', '--out', 'an.py'])
    write_config.main(['scenes/lite0_linear', '--upper-bound', '--out', 'full.py'])
    assert Config.fromfile('an.py').method.key == 'an'
    assert Config.fromfile('full.py').train_dataloader.dataset.observe is None
    assert 'full.py: full labels under scenes/lite0_linear' in capsys.readouterr().out
    with pytest.raises(ValueError, match=r'ends in \.py'):
        write_config.main(['scenes/lite0_linear', '--out', 'full'])


@needs_stock
def test_own_config_and_own_method_under_stock_train(protocol, capsys):
    write_config.main([protocol, '--method', 'my_method.py', '--out', 'made.py'])
    cfg = Config.fromfile('made.py')
    assert cfg.model.head.loss == dict(type='MyLoss', weight=0.5)
    (command,) = commands(capsys.readouterr().out)
    assert command == f'PYTHONPATH={Path.cwd()} python tools/train.py made.py'
    result = run_python(
        str(STOCK_TRAIN), 'made.py', env={'PYTHONPATH': f'{Path.cwd()}:{REPO}:{REPO / "tests"}'}
    )
    assert result.returncode == 0, result.stderr[-3000:]
    saved = load(Path('work_dirs/made/epoch_2.pth'))
    assert 'ema_state_dict' in saved
    # The next method leaves neither the average nor the loss.
    write_config.main(['made.py', '--method', 'an', '--out', 'plain.py'])
    plain = Config.fromfile('plain.py')
    assert plain.model.head.loss == dict(type='AssumeNegativeLoss')
    assert 'ema' not in plain.default_hooks
    assert plain.custom_imports.imports == ['wsml_mm']


def test_own_method_in_a_comparison(protocol, capsys):
    # In processes of their own: the loss is found there too.
    compare.main(
        [protocol, '--methods', 'an', 'my_method.py', '--upper-bound', '--work-dir', 'out',
         '--jobs', '2', '--baseline', 'an', '--cfg-options', 'train_cfg.max_epochs=1']
    )  # fmt: skip
    table = Path('out/table.md').read_text()
    for name in ('AN', 'Mine', 'full labels'):
        assert f'| {name} |' in table
    record = Config.fromfile('out/configs/mine.py').method
    assert (record.key, record.title) == ('mine', 'Mine')
    with pytest.raises(SystemExit, match='--baseline ll-r: not one of'):
        compare.main([protocol, '--methods', 'an', '--work-dir', 'o', '--baseline', 'll-r'])


def _linear_init(devkit) -> str:
    """Two stages, of which the first trains the head alone; returns the second's file."""
    cfg = tiny_config(devkit, '', 'AN', epochs=1)
    cfg.pop('work_dir')
    cfg.optim_wrapper.paramwise_cfg = dict(custom_keys=dict(backbone=dict(lr_mult=0)))
    cfg.default_hooks.checkpoint.save_best = 'multi-label/mAP'
    cfg.dump('first.py')
    cfg.linear_init = dict(config='first.py', carry_corrections=False)
    cfg.dump('second.py')
    return 'second.py'


@needs_stock
def test_both_stages_under_stock_train(devkit, capsys):
    write_config.main(
        [_linear_init(devkit), '--method', 'll-cp', '--out', 'run.py', '--seed', '5',
         '--cfg-options', 'linear_init.carry_corrections=True']
    )  # fmt: skip
    stages = [Config.fromfile(file) for file in ('run_linear.py', 'run.py')]
    for cfg in stages:
        assert cfg.model.head.loss.type == 'LargeLossCorrectPerm'
        assert cfg.train_dataloader.dataset.observe.seed == cfg.randomness.seed == 5
    first, second = commands(capsys.readouterr().out)
    # The second stage alone would start from other weights.
    stock = [str(STOCK_TRAIN), 'run.py']
    result = run_python(*stock)
    assert result.returncode != 0
    assert 'linear_init: its first stage is not loaded' in result.stderr
    for command in (first, second):
        script = command.replace('python tools/train.py', f'"{sys.executable}" "{STOCK_TRAIN}"')
        # Through a shell, which finds the best checkpoint.
        shell = f'import subprocess; subprocess.run(["bash", "-euc", {script!r}], check=True)'
        made = run_python('-c', shell)
        assert made.returncode == 0, made.stderr[-3000:]
    (best,) = Path('work_dirs/run_linear').glob('best_*.pth')
    logs = [path.read_text() for path in Path('work_dirs/run').glob('*/*.log')]
    assert sum(f'Load checkpoint from {best}' in log for log in logs) == 1
    # Resumed without naming the first stage again.
    again = run_python(*stock, '--resume', '--cfg-options', 'train_cfg.max_epochs=2')
    assert again.returncode == 0, again.stderr[-3000:]


def test_our_train_runs_both_stages_or_takes_the_first_as_given(devkit, capsys):
    write_config.main([_linear_init(devkit), '--method', 'll-r', '--out', 'run.py'])
    first, second = (shlex.split(line)[2:] for line in commands(capsys.readouterr().out))
    train_cli.main(['run.py', '--work-dir', 'both'])
    (best,) = Path('both/linear_init').glob('best_*.pth')
    train_cli.main([*second[:1], '--work-dir', 'given', '--cfg-options', f'load_from={best}'])
    assert not Path('given/linear_init').exists()
    assert Path('given/epoch_1.pth').is_file()
    # Composed on the fly, the first stage stands in the config itself.
    train_cli.main(['second.py', '--method', 'll-r', '--work-dir', 'composed'])
    saved = [load(Path(f'{run}/epoch_1.pth'))['state_dict'] for run in ('both', 'composed')]
    assert_same(*saved)
    assert first == ['run_linear.py', '--work-dir', 'work_dirs/run_linear']


def test_tools_give_methods_to_own_configs(protocol):
    train_cli.main([protocol, '--method', 'll-cp', '--cfg-options', 'train_cfg.max_epochs=1'])
    assert Path('work_dirs/ll-cp_mine/epoch_1.pth').is_file()
    made = train_cli.make_config(train_cli.parse_args([protocol]))
    assert made.work_dir == 'work_dirs/mine'
    made = train_cli.make_config(train_cli.parse_args(['scenes/lite0_linear', '--upper-bound']))
    assert made.work_dir == 'work_dirs/full_lite0_linear_scenes'
    with pytest.warns(FutureWarning, match='is now scenes/lite0_linear.py --method ll-r'):
        made = train_cli.make_config(
            train_cli.parse_args(['large_loss/ll-r_lite0_linear_scenes.py'])
        )
    assert made.work_dir == 'work_dirs/ll-r_lite0_linear_scenes'  # as it always was


def test_a_base_of_an_earlier_version_ends_in_one_line():
    Path('old.py').write_text("_base_ = 'configs/large_loss/ll-r_lite0_e2e_voc5.py'\n")
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', str(REPO / 'tools/train.py'), 'old.py'],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith('old.py: ')
    assert "'configs/voc5/lite0_e2e.py'" in line
