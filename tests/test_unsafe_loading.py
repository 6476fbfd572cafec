"""No module runs code out of a file it reads."""

from __future__ import annotations

import ast

import pytest
from helpers import REPO

SAFE = {'np.load': ('allow_pickle', False), 'torch.load': ('weights_only', True)}
UNSAFE_MODULES = {'pickle', 'cPickle', 'dill', 'cloudpickle', 'joblib', 'shelve', 'marshal', 'yaml'}
UNSAFE_CALLS = {
    'eval', 'exec', 'compile', 'np.fromfile', 'numpy.load', 'os.system', 'os.popen',
    'ElementTree.parse', 'ElementTree.fromstring', 'ElementTree.XML', 'ElementTree.iterparse',
    'minidom.parse', 'minidom.parseString',
}  # fmt: skip


def unsafe(source: str) -> list[str]:
    """Returns what a module does that could run code out of a file it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            names += [node.module or ''] if isinstance(node, ast.ImportFrom) else []
            found += [name for name in names if name.split('.')[0] in UNSAFE_MODULES]
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
        if name in SAFE:
            option, value = SAFE[name]
            found += [] if given.get(option) is value else [name]
        elif name in UNSAFE_CALLS or any(
            given.get(key) is value
            for key, value in (('shell', True), ('allow_pickle', True), ('weights_only', False))
        ):
            found.append(name)
    return found


@pytest.mark.parametrize(
    'source',
    ['np.load(p)', 'np.load(p, allow_pickle=True)', 'torch.load(p)', 'import pickle',
     'torch.load(p, weights_only=False)', 'from yaml import load', 'ElementTree.parse(p)',
     'subprocess.run(p, shell=True)', 'read(p, allow_pickle=True)'],
)  # fmt: skip
def test_the_check_sees_unsafe_loading(source):
    assert unsafe(source)


def test_the_package_loads_nothing_unsafely():
    modules = sorted((REPO / 'wsml_mm').rglob('*.py'))
    assert len(modules) > 40
    assert {str(m): u for m in modules if (u := unsafe(m.read_text(encoding='utf-8')))} == {}
