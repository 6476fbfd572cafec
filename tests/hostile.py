"""Bad input as one list of cases in each package: what is refused, and what the message names.

A case prepares its input and returns what to call. `refusals` makes the test of a list: it asks
for the type of the error, for one line that names the file, the value and the fix, and that no
file has changed and none was left half-written.
"""

from __future__ import annotations

import errno
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
import torch
from helpers import CLASSES, write_devkit
from mmengine.registry import init_default_scope

from wsml_mm import VOC2012
from wsml_mm.datasets import feature_extraction

Act = Callable[[], Any]
Prepare = Callable[[Path], Act]
FULL = OSError(errno.ENOSPC, 'No space left on device')
READ_ONLY = OSError(errno.EROFS, 'Read-only file system')


class Case(NamedTuple):
    """Input that is refused.

    `says` holds what the message names, in its order: the file or argument, the value, the fix;
    ' ... ' stands for the words between. `never` is a text that the message does not hold, by
    default the advice of a library to load a file unsafely.
    """

    id: str
    make: Prepare
    error: type[BaseException]
    says: str
    never: str = 'unsafe'


def refusals(*cases: Case) -> Callable[..., None]:
    """Returns the test of these cases."""
    ids = [case.id for case in cases]
    assert len(set(ids)) == len(ids), 'two cases have one name'

    @pytest.mark.parametrize('case', cases, ids=ids)
    def test(case: Case, tmp_path: Path) -> None:
        with small_set_up():
            check(case, tmp_path)

    return test


def check(case: Case, folder: Path) -> None:
    """Asserts that the case is refused in one line, and that no file changes."""
    act = case.make(folder)
    before = tree(folder)
    with pytest.raises(case.error) as refusal:
        act()
    message = str(refusal.value)
    assert missing_from(message, case.says) is None, message
    assert case.never not in message
    assert '\n' not in message
    assert len(message.replace(str(folder), '')) < 500
    after = tree(folder)
    assert {name: after.get(name) for name in before} == before
    assert [name for name in after.keys() - before.keys() if after[name] is not None] == []


def missing_from(message: str, says: str) -> str | None:
    """Returns the first part of `says` that the message does not hold after those before it."""
    for part in says.split(' ... '):
        _, found, message = message.partition(part)
        if not found:
            return part
    return None


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file's content, folders with None; not the locks and the log of a training."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob('*')
        if path.suffix != '.lock' and 'run' not in path.relative_to(folder).parts
    }


@contextmanager
def small_set_up() -> Iterator[None]:
    """One process, MMPretrain's registries, fixed weights."""
    with mock.patch.dict(os.environ, LOCAL_RANK='0'):
        init_default_scope('mmpretrain')
        feature_extraction.build_extractor.cache_clear()
        torch.manual_seed(0)
        yield
        feature_extraction.build_extractor.cache_clear()


# --- what the system refuses -----------------------------------------------------------------


def refuse(error: OSError) -> Callable[..., Any]:
    """A stand-in for a call that the system refuses; root may write everywhere else."""

    def refused(*args, **kwargs):
        raise error

    return refused


def fails(target: Any, name: str, error: OSError, act: Act) -> Act:
    def run():
        with mock.patch.object(target, name, refuse(error)):
            return act()

    return run


# --- data and files --------------------------------------------------------------------------


def kit_of(folder: Path) -> Path:
    return write_devkit(folder / 'kit', train=6, val=2)


def voc(kit: Path, **kwargs: Any) -> VOC2012:
    return VOC2012(data_root=str(kit), **{'classes': CLASSES, **kwargs})


def of_kit(act: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        kit = kit_of(folder)
        return lambda: act(kit)

    return make


def spoil(path: Path, how: str) -> None:
    """Makes a file 'missing', 'empty', 'truncated' or 'noise'."""
    whole = path.read_bytes()
    if how == 'missing':
        path.unlink()
        return
    path.write_bytes(
        {'empty': b'', 'truncated': whole[: len(whole) // 2], 'noise': bytes(range(256)) * 4}[how]
    )


class Bomb:
    """Unpickling this would write a file, which the test would see."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def save_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb(path.with_name('boom'))))


def save_unsafe_checkpoint(path: Path) -> None:
    torch.save({'state_dict': {}, 'wsml_mm': Bomb(path.with_name('boom'))}, path)
