"""Names on a command line: protocols, methods, complete configs, and names of earlier versions."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from helpers import REPO, tiny_config, write_devkit
from mmengine.config import Config

from wsml_mm.experiments.compose import compose, read_config
from wsml_mm.experiments.configs import find_config
from wsml_mm.experiments.entries import Entry, read_entries, seeded_config


@pytest.fixture
def own(tmp_path):
    """A complete config of a user's own, without a word about methods."""
    cfg = tiny_config(write_devkit(tmp_path / 'devkit'), '', 'LL-Cp')
    cfg.pop('work_dir')
    cfg.dump(tmp_path / 'mine.py')
    return str(tmp_path / 'mine.py')


def test_shipped_protocols_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = str(REPO / 'configs/scenes/lite0_linear.py')
    for name in ('scenes/lite0_linear.py', 'scenes/lite0_linear', 'configs/scenes/lite0_linear.py'):
        assert find_config(name) == expected
    with pytest.raises(FileNotFoundError, match=r'scenes/lite1\.py: no such config'):
        find_config('scenes/lite1.py')


def test_options_come_last():
    options = {'model.head.loss.delta_rel': 0.7, 'train_cfg.max_epochs': 2}
    cfg = compose('coco2014/resnet50_e2e', 'll-r', options)
    assert (cfg.model.head.loss.delta_rel, cfg.train_cfg.max_epochs) == (0.7, 2)
    assert compose('coco2014/resnet50_e2e', 'll-r').model.head.loss.delta_rel == 0.4


def test_upper_bound_is_of_an():
    cfg = compose('scenes/lite0_linear', 'an', upper_bound=True)
    assert cfg.train_dataloader.dataset.observe is None
    with pytest.raises(ValueError, match='LL-R with the upper bound'):
        compose('scenes/lite0_linear', 'll-r', upper_bound=True)


def test_own_configs_are_read_as_they_are(own):
    assert read_config(own).to_dict() == Config.fromfile(own).to_dict()
    assert read_config(own, 'an').model.head.loss == dict(type='AssumeNegativeLoss')
    assert read_config(own, upper_bound=True).train_dataloader.dataset.observe is None
    assert read_config('scenes/lite0_linear').method.key == 'an'


EARLIER = [
    ('large_loss/ll-r_lite0_linear_scenes.py', ('scenes/lite0_linear', 'll-r', False)),
    ('configs/large_loss/full_lite0_e2e_voc5.py', ('voc5/lite0_e2e', 'an', True)),
    ('../large_loss/ll-cp_resnet50_linear-init_nuswide-cole.py',
     ('nuswide-cole/resnet50_linear-init', 'll-cp', False)),
]  # fmt: skip


@pytest.mark.parametrize(('name', 'parts'), EARLIER)
def test_names_of_earlier_versions_are_read_with_a_warning(name, parts):
    protocol, method, full = parts
    new = f'{protocol}.py ' + ('--upper-bound' if full else f'--method {method}')
    with pytest.warns(FutureWarning) as caught:
        cfg = read_config(name)
    assert [str(w.message) for w in caught] == [f'{name} is now {new}']
    assert cfg.to_dict() == compose(protocol, method, upper_bound=full).to_dict()


def test_names_of_earlier_versions_in_a_comparison():
    with pytest.warns(FutureWarning):
        entries = read_entries([f'large_loss/{m}_lite0_linear_scenes.py' for m in ('an', 'full')])
    assert [e.name for e in entries] == ['AN', 'full labels']
    with warnings.catch_warnings():
        warnings.simplefilter('error')  # one warning is enough: the runs have the new names
        cfg = seeded_config(entries[1], 3)
    assert cfg.train_dataloader.dataset.observe is None


def test_a_base_of_an_earlier_version_is_refused_in_one_line(tmp_path):
    path = tmp_path / 'mine.py'
    path.write_text("_base_ = 'configs/large_loss/ll-r_lite0_e2e_voc5.py'\n")
    with pytest.raises(SystemExit) as error:
        read_config(str(path))
    message = str(error.value)
    assert '\n' not in message
    assert message.startswith(f'{path}: ')
    assert "_base_ = 'configs/voc5/lite0_e2e.py'" in message
    assert '--method ll-r' in message
    path.write_text("_base_ = 'missing.py'\n")
    with pytest.raises(FileNotFoundError, match=r'missing\.py'):
        read_config(str(path))


def test_entries_of_a_protocol(own, tmp_path):
    method = tmp_path / 'method.py'
    method.write_text("method = dict(key='x', title='Mine', loss=dict(type='LargeLossReject'))")
    entries = read_entries(['scenes/lite0_linear', f'b={own}'], ['an', 'll-r', str(method)], True)
    assert [e.name for e in entries] == ['AN', 'LL-R', 'Mine', 'full labels', 'b']
    assert [e.upper_bound for e in entries] == [False, False, False, True, False]
    cfg = seeded_config(entries[2], 5, {'model.head.loss.delta_rel': 3})
    assert cfg.model.head.loss == dict(type='LargeLossReject', delta_rel=3)
    assert cfg.train_dataloader.dataset.observe.seed == cfg.randomness.seed == 5
    assert seeded_config(entries[4], 5).model.head.loss.type == 'LargeLossCorrectPerm'
    # A protocol may be anyone's config.
    assert [e.config for e in read_entries([own], ['an', 'll-r'])] == [own, own]


def test_a_protocol_by_itself_is_an():
    (entry,) = read_entries(['scenes/lite0_linear.py'])
    assert (entry.name, entry.method.key) == ('AN', 'an')


def test_names_of_complete_configs(own, tmp_path):
    written = compose(own, 'll-ct')
    written.dump(tmp_path / 'written.py')
    assert [e.name for e in read_entries([own, str(tmp_path / 'written.py')])] == ['mine', 'LL-Ct']
    assert read_entries([own]) == [Entry('mine', own)]


@pytest.mark.parametrize(
    ('configs', 'methods', 'full', 'words'),
    [
        (['a.py', 'b.py'], ['an'], False, '2 protocols, 1 methods: write one PROTOCOL'),
        (['x=a.py'], ['an'], False, '0 protocols, 1 methods'),
        (['a.py'], None, True, '1 protocols, 0 methods'),
        (['scenes/lite0_linear'], ['an', 'an'], False, 'give each its own name'),
    ],
)
def test_refused_command_lines(configs, methods, full, words):
    with pytest.raises(ValueError, match=words):
        read_entries(configs, methods, full)


def test_no_other_config_names_an_earlier_one():
    for path in [REPO / 'README.md', REPO / 'Makefile', *(REPO / 'configs').rglob('*.py')]:
        assert 'large_loss/' not in Path(path).read_text(encoding='utf-8'), path
