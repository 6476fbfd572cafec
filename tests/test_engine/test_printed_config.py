from __future__ import annotations

import copy
import pickle

import pytest
from mmengine.config import Config
from mmengine.config import config as of_mmengine

from wsml_mm.engine.printed_config import PrintedConfig

CONTENT = dict(model=dict(type='A', size=[1, 2]), name='x', lr=1e-3)


@pytest.fixture
def layouts(monkeypatch):
    found = []
    lay_out = of_mmengine.FormatCode
    monkeypatch.setattr(
        of_mmengine, 'FormatCode', lambda *a, **k: found.append(a) or lay_out(*a, **k)
    )
    return found


def test_is_laid_out_once(layouts):
    cfg = PrintedConfig.of(Config(CONTENT))
    expected = Config(CONTENT).pretty_text
    layouts.clear()
    assert [cfg.pretty_text, cfg.pretty_text, copy.deepcopy(cfg).pretty_text] == [expected] * 3
    assert len(layouts) == 1


def test_a_change_is_seen(layouts):
    cfg = PrintedConfig.of(Config(CONTENT))
    before = cfg.pretty_text
    cfg.model['size'].append(3)  # in place, deep within
    assert cfg.pretty_text == Config(cfg.to_dict()).pretty_text != before


def test_is_a_config_in_all_else(tmp_path):
    cfg = Config(CONTENT)
    own = PrintedConfig.of(cfg)
    own.added = 1
    assert cfg.added == 1  # one content
    other = pickle.loads(pickle.dumps(own))
    assert other.to_dict() == cfg.to_dict()
    assert other.pretty_text == own.pretty_text == cfg.pretty_text
    own.dump(tmp_path / 'a.py')
    assert (tmp_path / 'a.py').read_text() == cfg.pretty_text
