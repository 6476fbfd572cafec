from __future__ import annotations

import pytest
from helpers import CLASSES, REPO, read_devkit, run_python, write_devkit

from wsml_mm.cli.check_dataset import main


@pytest.fixture
def kit(tmp_path, monkeypatch):
    kit = write_devkit(tmp_path / 'kit', train=6, val=2)
    lines = [f'{name};{" ".join(c for c, v in zip(CLASSES, row, strict=True) if v)}'
             for name, row in read_devkit(kit).items()]  # fmt: skip
    (kit / 't.csv').write_text('\n'.join(['file;tags', *lines]) + '\n')
    (kit / 'classes.txt').write_text('\n'.join(CLASSES) + '\n')
    monkeypatch.chdir(kit)
    return kit


OPTIONS = ['--columns', 'image=file', 'positive=tags', '--separator', ' ', '--images', 'JPEGImages']


def test_a_sound_table(kit, capsys):
    main(['t.csv', *OPTIONS, '--classes', 'classes.txt', '--html', 'out/r.html', '--decode',
          '--unlisted', 'negative'])  # fmt: skip
    text = capsys.readouterr().out
    assert 't.csv: 6 images, 5 classes' in text
    assert 'no errors' in text
    assert 'Report: out/r.html' in text
    assert (kit / 'out' / 'r.html').read_text(encoding='utf-8').startswith('<!doctype html>')


def test_errors_end_with_code_1(kit, capsys):
    (kit / 'JPEGImages' / 'train_001.jpg').unlink()
    with pytest.raises(SystemExit) as end:
        main(['t.csv', *OPTIONS])
    assert end.value.code == 1
    text = capsys.readouterr().out
    assert "t.csv:3: there is no image 'train_001.jpg'; add the image" in text
    assert '1 error, ' in text


def test_images_beside_the_table_and_merged_rows(kit, capsys):
    (kit / 'JPEGImages' / 't.csv').write_text(
        'image,positive\ntrain_000.jpg,a\ntrain_000.jpg,b\ntrain_001.jpg,a\n'
    )
    main(['JPEGImages/t.csv', '--duplicates', 'merge'])
    assert '2 images, 2 classes; labels: 3 positive' in capsys.readouterr().out


CONFIG = """
pipeline = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]
train_dataloader = dict(dataset=dict(type='PartialLabelDataset', dataset=dict(
    type='VOC2012', data_root='{root}', classes={classes}, pipeline=pipeline),
    observe=dict(type='SinglePositive', seed=1)))
model = dict(head=dict(num_classes={width}))
"""


@pytest.mark.parametrize(('width', 'code'), [(5, None), (4, 1)])
def test_a_config(kit, capsys, width, code):
    (kit / 'c.py').write_text(CONFIG.format(root=kit, classes=CLASSES, width=width))
    if code is None:
        main(['c.py'])
        text = ' '.join(capsys.readouterr().out.split())
        assert '6 positive, 0 known negative, 24 unobserved (80.0%)' in text
        main(['c.py', '--all-labels', '--loader', 'train'])
        assert '0 unobserved (0.0%)' in ' '.join(capsys.readouterr().out.split())
        return
    with pytest.raises(SystemExit):
        main(['c.py'])
    assert 'model.head.num_classes=4, but the data have 5 classes' in capsys.readouterr().out


def test_validation_data_without_negatives_end_with_code_1(kit, capsys):
    loader = "dict(dataset=dict(type='LabelTable', data_root='{}', ann_file='{}', classes={}))"
    (kit / 'train.csv').write_text('image,positive,negative\ntrain_000.jpg,ant,*\n')
    (kit / 'val.csv').write_text('image,positive\nval_000.jpg,ant\nval_001.jpg,bee\n')
    tables = {n: loader.format(kit, f'{n}.csv', CLASSES) for n in ('train', 'val')}
    text = '\n'.join(f'{name}_dataloader = {table}' for name, table in tables.items())
    (kit / 'c.py').write_text(f'{text}\nmodel = dict(head=dict(num_classes=5))\n')
    for name in ('train_000.jpg', 'val_000.jpg', 'val_001.jpg'):
        (kit / 'JPEGImages' / name).rename(kit / name)
    with pytest.raises(SystemExit) as end:
        main(['c.py'])
    assert end.value.code == 1
    text = ' '.join(capsys.readouterr().out.split())
    assert 'c.py (val): mAP: none of the 5 classes has a known positive and a known' in text
    assert '1 error, ' in text


def test_a_config_without_data(kit, capsys):
    (kit / 'c.py').write_text(CONFIG.format(root='nowhere', classes=CLASSES, width=5))
    with pytest.raises(SystemExit) as end:
        main(['c.py'])
    assert end.value.code == 1
    assert 'no VOC devkit there' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['u.csv'], r'error: u\.csv: no such file'),
        (['t.xlsx'], r'error: t\.xlsx: a table of labels ends with one of'),
        (['t.csv', '--classes', 'c.txt'], r'error: c\.txt: no such file; list the class names'),
        (['t.csv', '--unlisted', 'x'], r"error: unlisted='x': use \"unobserved\" or"),
        (['t.csv', '--columns', 'file=image'], r"error: columns=.*: unknown 'file'; use image,"),
        (['t.csv', '--columns', 'image'], r'error: --columns image: write it as KEY=NAME'),
        (['c.py'], r'error: c\.py: no such config'),
        (['scenes/lite0_linear.py', '--images', 'x'], r'error: --images is for a ta'),
    ],
)
def test_what_is_wrong_is_one_line(kit, arguments, message):
    with pytest.raises(SystemExit, match=message) as end:
        main(arguments)
    assert '\n' not in str(end.value)


@pytest.mark.smoke
def test_the_tool(kit):
    result = run_python(str(REPO / 'tools' / 'check_dataset.py'), 't.csv', *OPTIONS, cwd=kit)
    assert result.returncode == 0, result.stderr
    assert 't.csv: 6 images, 5 classes' in result.stdout
