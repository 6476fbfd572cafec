from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from helpers import CLASSES, REPO, read_devkit, run_python, write_devkit

from wsml_mm import LabelTable
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
    assert 'not loaded' not in text
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
    assert 'images were looked for, not loaded: --decode does that' in text


def test_a_wrong_folder_is_one_error(kit, capsys):
    with pytest.raises(SystemExit):
        main(['t.csv', *OPTIONS[:-1], 'Images'])
    text = capsys.readouterr().out
    assert (
        "t.csv: none of the 6 images is below 'Images', which is no folder; is the folder" in text
    )
    assert "called './JPEGImages'?" in text
    assert '1 error, ' in text


def test_images_beside_the_table_and_merged_rows(kit, capsys):
    (kit / 'JPEGImages' / 't.csv').write_text(
        'image,positive\ntrain_000.jpg,a\ntrain_000.jpg,b\ntrain_001.jpg,a\n'
    )
    main(['JPEGImages/t.csv', '--duplicates', 'merge'])
    assert '2 images, 2 classes; labels: 3 positive' in capsys.readouterr().out


def test_what_an_export_was_read_as_is_said(kit, capsys):
    added = dict(annotation_id=1, annotator=1, created_at='', updated_at='', lead_time=1)
    rows = [{'image': '/data/upload/1/0a1b2c3d-train_000.jpg', 'choice': 'ant', **added}]
    (kit / 'p.json').write_text(json.dumps(rows))
    main(['p.json', '--images', 'JPEGImages', '--image-names', 'original', '--html', 'r.html'])
    text = ' '.join(capsys.readouterr().out.split())
    said = (
        "Label Studio's JSON, positive labels from 'choice'; labels that are not listed are unobs"
    )
    assert f'Read as {said}' in text
    assert 'Read as Label Studio&#39;s JSON' in (kit / 'r.html').read_text(encoding='utf-8')
    assert 'no errors' in text


def test_a_folder_of_xml_beside_its_images(kit, capsys):
    text = '<annotation><filename>train_000.jpg</filename><object><name>ant</name></object>'
    (kit / 'JPEGImages' / 'train_000.xml').write_text(f'{text}</annotation>')
    main(['JPEGImages', '--unlisted', 'negative'])
    text = ' '.join(capsys.readouterr().out.split())
    assert 'JPEGImages: 1 image, 1 classes; labels: 1 positive' in text
    assert 'from the objects; labels that are not listed are negative' in text
    (kit / 'JPEGImages' / 'train_000.xml').write_text('<annotation>')
    with pytest.raises(SystemExit):
        main(['JPEGImages'])
    text = capsys.readouterr().out
    assert 'JPEGImages/train_000.xml: is not an XML file' in text


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


def test_verify_finds_what_kept_its_size_and_time(kit, capsys):
    options = dict(columns=dict(image='file', positive='tags'), separator=' ', prepare=True)
    LabelTable('.', 't.csv', classes=CLASSES, **options)
    main(['t.csv', *OPTIONS, '--verify'])
    assert 'verified: 1 prepared label sets' in capsys.readouterr().out
    status = os.stat('t.csv')
    text = Path('t.csv').read_text()
    Path('t.csv').write_text(text.replace('ant', 'elk', 1) if 'ant' in text else 'x')
    os.utime('t.csv', ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(SystemExit) as end:
        main(['t.csv', *OPTIONS, '--verify'])
    assert end.value.code == 1
    text = ' '.join(capsys.readouterr().out.split())
    assert 't.csv: has changed and kept its size and time, so that the labels in ' in text
    assert 'delete that folder, it is made anew' in text


def test_verify_of_a_config(kit, capsys):
    (kit / 'c.py').write_text(CONFIG.format(root=kit, classes=CLASSES, width=5))
    main(['c.py', '--verify'])
    assert 'verified: 0 prepared label sets, 0 feature caches, 0' in capsys.readouterr().out
    kept = kit / 'work_dirs' / 'mine'
    kept.mkdir(parents=True)
    (kept / 'result.json').write_text('{}')
    for arguments in ([], ['--work-dir', 'work_dirs/mine']):
        with pytest.raises(SystemExit):
            main(['c.py', '--verify', *arguments])
        assert 'mine/result.json: ' in capsys.readouterr().out


@pytest.mark.smoke
def test_the_tool(kit):
    result = run_python(str(REPO / 'tools' / 'check_dataset.py'), 't.csv', *OPTIONS, cwd=kit)
    assert result.returncode == 0, result.stderr
    assert 't.csv: 6 images, 5 classes' in result.stdout
