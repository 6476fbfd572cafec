"""The entry of all commands: what it answers without importing the package, and how it runs one."""

from __future__ import annotations

import ast
import sys

import pytest
from helpers import REPO, run_python

from wsml_mm.benchmarks.catalogue import BENCHMARKS
from wsml_mm.benchmarks.openimages_v3.dataset import SPLITS
from wsml_mm.evaluation.frequency_groups import COUNTS
from wsml_mm.experiments.method import shipped_methods
from wsml_mm.experiments.results import CHECKPOINTS
from wsml_mm.models.cam import CAM_METHODS
from wsml_mm_cli import comparison_options, groups, openimages_ids, options, prepare_dataset, train
from wsml_mm_cli.main import COMMANDS, main, run

PARSERS = REPO / 'wsml_mm_cli'
# Answers of every command in one process, with what was imported for them.
_ANSWERS = """
import contextlib, io, sys
from wsml_mm_cli.main import COMMANDS, main
for name in COMMANDS:
    for words in (['--help'], ['--no-such-option']):
        out = io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                main([name, *words])
        except SystemExit as end:
            print(name, words[0], end.code, f'usage: wsml-mm {name} ' in out.getvalue(),
                  words != ['--help'] or 'example' in out.getvalue())
heavy = {'wsml_mm', 'torch', 'mmengine', 'mmpretrain', 'numpy'}
print(sorted(heavy & {module.split('.')[0] for module in sys.modules}))
"""


def test_help_and_usage_errors_import_nothing_heavy():
    lines = run_python('-c', _ANSWERS).stdout.splitlines()
    expected = [
        f'{name} {word} {code} True True'
        for name in COMMANDS
        for word, code in (('--help', 0), ('--no-such-option', 2))
    ]
    assert lines == [*expected, '[]']


def test_only_the_standard_library_is_imported_by_modules():
    for path in PARSERS.glob('*.py'):
        for node in ast.parse(path.read_text(encoding='utf-8')).body:
            if isinstance(node, ast.Import | ast.ImportFrom) and not getattr(node, 'level', 0):
                names = (
                    [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
                )
                assert {name.split('.')[0] for name in names} <= set(sys.stdlib_module_names), path


def test_every_command_has_its_parser_its_work_and_its_script():
    modules = {name.replace('-', '_') for name in COMMANDS}
    assert {path.stem for path in (REPO / 'tools').glob('*.py')} == modules
    assert modules <= {path.stem for path in PARSERS.glob('*.py')}
    assert modules <= {path.stem for path in (REPO / 'wsml_mm' / 'cli').glob('*.py')}


def test_choices_are_those_of_the_package():
    """They are written out, for the package would have to be imported for them."""
    assert {k: tuple(b.published) for k, b in BENCHMARKS.items()} == prepare_dataset.SPLITS
    assert openimages_ids.SPLITS['openimages-v3'] == SPLITS
    assert comparison_options.CAM_METHODS == CAM_METHODS
    assert options.shipped_methods() == shipped_methods()
    argv = ['c.py', '--work-dir', 'w']
    for count in COUNTS:
        assert groups.parse_args([*argv, '--count', count]).count == count
    for checkpoint in CHECKPOINTS:
        assert groups.parse_args([*argv, '--checkpoint', checkpoint]).checkpoint == checkpoint


def test_settings_are_those_of_mmengine(capsys):
    def settings(*words):
        return train.parse_args(['c.py', '--cfg-options', *words]).cfg_options

    parsed = settings('train.max_epochs=3', 'k=[1,2]', 'name=x')
    assert parsed == {'train.max_epochs': 3, 'k': [1, 2], 'name': 'x'}
    with pytest.raises(SystemExit):
        settings('max_epochs')
    assert '--cfg-options max_epochs: write KEY=VALUE' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['trian'], "no command 'trian'; did you mean train?"),
        (['check_datset'], 'did you mean check-dataset?'),
        (['x'], 'use init, train, dist-train, slurm-train, test,'),
    ],
)
def test_unknown_command(words, message, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


def test_list_of_commands(capsys):
    with pytest.raises(SystemExit) as end:
        main(['--help'])
    assert end.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith('  ')] == [*COMMANDS]


def test_runs_a_command(tmp_path, monkeypatch):
    out = tmp_path / 'mine.py'
    monkeypatch.setattr(sys, 'argv', ['wsml-mm'])
    main(['write_config', 'scenes/lite0_linear.py', '--method', 'll-r', '--out', str(out)])
    assert "'LargeLossReject'" in out.read_text()
    assert sys.argv[0] == 'wsml-mm write-config'
    out.unlink()
    run('write_config', ['scenes/lite0_linear.py', '--out', str(out)])
    assert out.is_file()


def test_mmcv_lite_is_passed_over(tmp_path):
    """Its warning of compiled operators that no model needs, also in processes that are started."""
    code = f"""
import subprocess, sys, warnings
from wsml_mm_cli.main import run
run('write_config', ['scenes/lite0_linear.py', '--out', {str(tmp_path / 'c.py')!r}])
text = 'Fail to import ``MultiScaleDeformableAttention`` from x'
warnings.warn(text)
child = f'import warnings; warnings.warn({{text!r}}); warnings.warn("seen")'
subprocess.run([sys.executable, '-c', child])
"""
    errors = run_python('-c', code).stderr
    assert 'MultiScale' not in errors
    assert 'seen' in errors
