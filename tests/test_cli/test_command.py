"""How a command ends: the line, the exit code, and when there is a traceback."""

from __future__ import annotations

import sys

import pytest
from helpers import REPO
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from wsml_mm.experiments.method import read_method
from wsml_mm.labels.files import write_durably
from wsml_mm_cli.command import run


class Spoilt:
    """A data set whose images are refused by this package."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return read_method('of-a-worker')


def full(folder):
    (folder / 'file').touch()
    write_durably(folder / 'file' / 'x', b'')


def unreadable(folder):
    path = folder / 'c.py'
    path.write_text('a = (\n')
    Config.fromfile(path)


FORESEEN = {
    'of this package': (lambda _: read_method('nope'), 'error: nope: no such method; name one of'),
    'of the system': (lambda folder: (folder / 'x').read_text(), 'error: [Errno 2] No such file'),
    'of a full disk': (full, 'cannot be written (File exists); free some space'),
    'unknown class': (
        lambda _: DATASETS.build(dict(type='Nope')),
        'error: KeyError: Nope is not in the mmpretrain::dataset registry',
    ),
    'unknown argument': (
        lambda _: DATASETS.build(dict(type='VOC2012', data_root='x', colour=1)),
        "unexpected keyword argument 'colour' (WSML_DEBUG=1 shows the traceback)",
    ),
    'config that is no Python': (unreadable, "SyntaxError: '(' was never closed"),
    'of a loader process': (
        lambda _: list(DataLoader(Spoilt(), num_workers=1)),
        'error: FileNotFoundError: of-a-worker: no such method; name one of',
    ),
}


@pytest.mark.parametrize('case', FORESEEN)
def test_a_foreseeable_error_is_one_line(case, tmp_path, capsys, monkeypatch):
    act, words = FORESEEN[case]
    monkeypatch.delenv('WSML_DEBUG', raising=False)
    with pytest.raises(SystemExit) as end:
        run(lambda: act(tmp_path))
    assert end.value.code == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if 'Warning' not in line]
    assert words in line
    monkeypatch.setenv('WSML_DEBUG', '1')
    with pytest.raises((OSError, KeyError, TypeError, SyntaxError)):
        run(lambda: act(tmp_path))


@pytest.mark.parametrize(
    'act', [lambda: int('x'), lambda: [][0], lambda: read_method(None), lambda: 1 / 0]
)
def test_a_fault_keeps_its_traceback(act):
    with pytest.raises((ValueError, IndexError, TypeError, ZeroDivisionError)):
        run(act)


def test_interrupt(capsys):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        run(interrupted)
    assert end.value.code == 130
    assert capsys.readouterr().err == 'interrupted\n'


def test_an_exit_code_of_a_command_stays():
    for code in (None, 0, 1, 'words'):
        with pytest.raises(SystemExit) as end:
            run(lambda code=code: sys.exit(code))
        assert end.value.code == code


def test_every_command_ends_that_way():
    tools = sorted(REPO.glob('tools/*.py'))
    modules = {
        path.stem for path in REPO.glob('wsml_mm/cli/*.py') if '\ndef main(' in path.read_text()
    }
    assert {path.stem for path in tools} == modules
    for paths, call in (
        (tools, "run('{}')"),
        ([REPO / f'wsml_mm/cli/{name}.py' for name in modules], 'run(main)'),
    ):
        for path in paths:
            end = f"\n\nif __name__ == '__main__':\n    {call.format(path.stem)}\n"
            assert path.read_text().endswith(end), path
