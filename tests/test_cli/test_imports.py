"""What a command imports is imported without collections of garbage, and not walked over later."""

from __future__ import annotations

import gc
import importlib
import runpy
import sys
from contextlib import suppress
from types import SimpleNamespace

import pytest

from wsml_mm_cli import main
from wsml_mm_cli.imports import no_collection


@pytest.fixture
def before_torch(monkeypatch):
    """As in a new process; objects are not frozen in this one, whose tests make garbage."""
    frozen = []
    monkeypatch.delitem(sys.modules, 'torch')
    monkeypatch.setattr(gc, 'freeze', lambda: frozen.append(gc.isenabled()))
    return frozen


def test_nothing_is_collected_within_also_after_an_error(before_torch):
    with suppress(KeyError), no_collection():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()
    assert before_torch == [False]  # frozen before the first collection


def test_who_collects_nothing_goes_on_so(before_torch):
    gc.disable()
    try:
        with no_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
    assert before_torch == []


def test_a_process_with_torch_in_it_stays_as_it_is(monkeypatch):
    monkeypatch.setattr(gc, 'freeze', lambda: pytest.fail('garbage would stay for ever'))
    with no_collection():
        assert gc.isenabled()


def test_commands_import_so_and_work_as_ever(before_torch, monkeypatch):
    seen = []

    def importing(name):
        seen.append(gc.isenabled())
        return SimpleNamespace(main=lambda argv: seen.append(gc.isenabled()))

    monkeypatch.setattr(main, 'import_module', importing)
    main._work('train', [])
    assert seen == [False, True]


def test_the_process_that_workers_are_forked_from_imports_so(before_torch, monkeypatch):
    seen = {}
    monkeypatch.setattr(
        importlib, 'import_module', lambda name: seen.update({name: gc.isenabled()})
    )
    runpy.run_module('wsml_mm_cli.worker_imports')
    assert 'wsml_mm.experiments.execution' in seen
    assert not any(seen.values())
    assert before_torch == [False]
