"""Newer packages are warned of, never refused."""

from __future__ import annotations

import warnings

import mmengine
import pytest
import torch

from wsml_mm.version import TESTED, warn_above_tested


@pytest.fixture(autouse=True)
def tested_versions(monkeypatch):
    for name, version in TESTED.items():
        monkeypatch.setattr(__import__(name), '__version__', version)


def test_tested_versions_are_silent(monkeypatch):
    monkeypatch.setattr(torch, '__version__', f'{TESTED["torch"]}+cu130')
    monkeypatch.setattr(mmengine, '__version__', '0.10.4')
    with warnings.catch_warnings(record=True) as caught:
        warn_above_tested()
    assert not caught


def test_newer_versions_are_named(monkeypatch):
    monkeypatch.setattr(mmengine, '__version__', '1.2.0')
    with pytest.warns(UserWarning, match=r'mmengine 1\.2\.0 \(tested up to'):
        warn_above_tested()
