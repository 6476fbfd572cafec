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
    assert "read as: Label Studio's JSON, positive labels from 'choice'" in text
    assert 'read as: a label that is not listed -> unobserved' in text
    page = (kit / 'r.html').read_text(encoding='utf-8')
    assert 'read as: Label Studio&#39;s JSON, positive' in page
    assert 'read as: a label that is not listed -&gt; unobserved' in page
    assert 'no errors' in text


def test_a_folder_of_xml_beside_its_images(kit, capsys):
    text = '<annotation><filename>train_000.jpg</filename><object><name>ant</name></object>'
    (kit / 'JPEGImages' / 'train_000.xml').write_text(f'{text}</annotation>')
    main(['JPEGImages', '--unlisted', 'negative'])
    text = ' '.join(capsys.readouterr().out.split())
    assert 'JPEGImages: 1 image, 1 classes; labels: 1 positive' in text
    assert 'read as: VOC annotations, positive labels from the objects' in text
    assert 'read as: a label that is not listed -> negative' in text
    (kit / 'JPEGImages' / 'train_000.xml').write_text('<annotation>')
    with pytest.raises(SystemExit):
        main(['JPEGImages'])
    text = capsys.readouterr().out
    assert 'JPEGImages/train_000.xml: is not an XML file' in text


CHEXPERT = """Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema
JPEGImages/train_000.jpg,Female,68,Frontal,AP,1.0,
JPEGImages/train_001.jpg,Male,1,Lateral,,,-1.0
JPEGImages/train_002.jpg,Male,1,Lateral,,0.0,1.0
"""


def test_indicators_are_asked_for_in_the_words_of_the_command(kit, capsys):
    (kit / 'c.csv').write_text(CHEXPERT)
    options = ['c.csv', '--layout', 'indicators', '--columns', 'image=Path']
    with pytest.raises(SystemExit):
        main(options)
    text = capsys.readouterr().out
    assert "c.csv:2: column 'Sex' holds 'Female'" in text
    assert 'if it is no class, say --ignored Sex Age Frontal/Lateral AP/PA;' in text
    options += ['--ignored', 'Sex', 'Age', 'Frontal/Lateral', 'AP/PA']
    with pytest.raises(SystemExit):
        main(options)
    text = capsys.readouterr().out
    assert "c.csv:2: column 'Edema' holds a blank cell, of which nothing is said" in text
    assert "c.csv:3: column 'Edema' holds '-1', of which nothing is said" in text
    assert 'negative or unobserved, e.g. --signs unobserved=blank,-1; if it is no class' in text
    main([*options, '--signs', 'unobserved=blank', 'negative=0,-1'])
    text = capsys.readouterr().out
    counts = '1 -> positive (2), 0 -> negative (1), -1 -> negative (1), blank -> unobserved (2)'
    assert f'read as: {counts}' in text
    assert "read as: columns not read: 'Sex', 'Age', 'Frontal/Lateral', 'AP/PA'" in text
    assert 'no errors' in text


def test_a_table_of_images_alone(kit, capsys):
    (kit / 'c.csv').write_text('id\ntrain_000\ntrain_001\n')
    main(['c.csv', '--layout', 'images', '--columns', 'image=id', '--suffix', '.jpg',
          '--classes', 'classes.txt', '--images', 'JPEGImages'])  # fmt: skip
    text = capsys.readouterr().out
    assert 'read as: images alone: every label -> unobserved' in text
    assert 'c.csv: no label of any image is known; label the images; for prediction it' in text
    assert 'no errors, 1 warning' in text


def test_the_word_for_no_class(kit, capsys):
    (kit / 'c.csv').write_text('image,positive\ntrain_000.jpg,a|b\ntrain_001.jpg,No Finding\n')
    main(['c.csv', '--nothing', 'No Finding', '--images', 'JPEGImages'])
    text = capsys.readouterr().out
    assert '2 classes; labels: 2 positive, 2 known negative, 0 unobserved' in text
    assert 'read as: a label that is not listed -> unobserved' in text


@pytest.mark.parametrize(
    ('table', 'says'),
    [
        ('Image,positive\ntrain_000.jpg,a\n', 'say --columns image=Image'),
        ('file name,positive\ntrain_000.jpg,a\n', 'or say --columns image=...'),
        ('image,positive\nx,a\nx,b\n', 'or unite them with --duplicates merge'),
        ('image,positive\nx,a\ny,b\nz,a;b\n', "if it is, say --separator ';'"),
        ('image,positive\nx,nan\n', 'or, if it is a class, give --classes ...'),
    ],
)
def test_fixes_are_in_the_words_of_the_command(kit, capsys, table, says):
    (kit / 'c.csv').write_text(table)
    with pytest.raises(SystemExit):
        main(['c.csv', '--images', 'JPEGImages'])
    text = capsys.readouterr().out
    assert says in text
    assert 'dict(' not in text


ADDED = dict(annotation_id=1, annotator=1, created_at='', updated_at='', lead_time=1)
TASK = {'data': {'image': 'a.jpg'}, 'annotations': []}
LABELS = {'classes': ['ant'], 'labels': {'a': [0]}}


@pytest.mark.parametrize(
    ('content', 'options', 'says'),
    [
        ([{'image': '/data/upload/1/a.jpg', 'choice': 'ant', **ADDED}], [],
         "say --image-names file, or --image-names original for an upload's first name"),
        ([TASK, {**ADDED, 'image': 'b.jpg', 'choice': 'ant'}], ['--unlisted', 'negative'],
         'label or remove it: with --unlisted negative it would have no class'),
        ([{**ADDED, 'image': 'b.jpg', 'x': {'choices': ['a']}, 'y': {'choices': ['b']}}], [],
         'say which: --columns positive=...'),
        ([{**ADDED, 'photo': 'b.jpg', 'choice': 'a'}], [], 'say --columns image=...'),
        ([{**ADDED, 'image': 'b.jpg', 'choice': 'a'}], ['--columns', 'negative=absnt'],
         'correct --columns negative=...'),
        (LABELS, [], 'export the images too, or say --suffix .jpg'),
        ({'samples': [{'filepath': 'a.jpg'}]}, [], 'say which: --columns positive=...'),
    ],
)  # fmt: skip
def test_fixes_of_exports_are_in_the_words_of_the_command(kit, capsys, content, options, says):
    (kit / 'p.json').write_text(json.dumps(content))
    with pytest.raises(SystemExit):
        main(['p.json', '--images', 'JPEGImages', *options])
    assert says in ' '.join(capsys.readouterr().out.split())


def test_fixes_of_xml_are_in_the_words_of_the_command(kit, capsys):
    (kit / 'x').mkdir()
    text = '<annotation><filename>{}</filename><object><name>ant</name></object></annotation>'
    (kit / 'x' / 'a.xml').write_text(text.format('b.jpg'))
    (kit / 'x' / 'b.xml').write_text(text.format('b'))
    with pytest.raises(SystemExit):
        main(['x'])
    text = ' '.join(capsys.readouterr().out.split())
    assert 'rename one of them, or say --suffix .jpg to go by the name of the XML file' in text
    assert "is 'b'); say --suffix .jpg to go" in text


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


def test_a_config_of_indicators_is_told_of_in_its_own_words(kit, capsys):
    (kit / 'c.csv').write_text(CHEXPERT)
    config = (
        "train_dataloader = dict(dataset=dict(type='LabelTable', data_root='{root}', "
        "ann_file='c.csv', layout='indicators', columns=dict(image='Path'), pipeline=[], "
        "classes=['Edema', 'No Finding'], signs=dict({signs})))\nmodel = dict()"
    )
    (kit / 'c.py').write_text(config.format(root=kit, signs=''))
    with pytest.raises(SystemExit):
        main(['c.py'])
    assert "e.g. signs=dict(unobserved=['blank', '-1'])" in capsys.readouterr().out
    (kit / 'c.py').write_text(config.format(root=kit, signs="unobserved=['blank', '-1']"))
    main(['c.py'])
    text = capsys.readouterr().out
    assert 'read as: 1 -> positive (2), 0 -> negative (1), blank -> unobserved (2), -1' in text
    assert 'no errors' in text


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
        (['u.csv'], r'error: u\.csv: no such file; check its name'),
        (['t.xlsx'], r'error: t\.xlsx: a table of labels ends with one of'),
        (['t.csv', '--classes', 'c.txt'], r'error: c\.txt: no such file; list the class names'),
        (['t.csv', '--unlisted', 'x'], r'error: --unlisted x: use "unobserved" or'),
        (['t.csv', '--columns', 'file=image'], r"error: --columns file=image: unknown 'file'; use"),
        (['t.csv', '--columns', 'image=a', 'image=b'], r"error: --columns image=b: 'image' is the"),
        (['t.csv', '--signs', 'blank'], r'error: --signs blank: write it as MEANING=SIGNS, e.g. '),
        (
            ['t.csv', '--layout', 'indicators', '--signs', 'no=0'],
            r"error: --signs no=0: unknown 'no'; use positive, negative, unobserved",
        ),
        (
            ['t.csv', '--signs', 'unobserved=blank'],
            r'error: --signs unobserved=blank: is for layout="indicators" only',
        ),
        (['t.csv', '--suffix', 'jpg'], r'error: --suffix jpg: write it like ".jpg"'),
        (['t.csv', '--columns', 'image'], r'error: --columns image: write it as KEY=NAME'),
        (['c.py'], r'error: c\.py: no such config'),
        (['scenes/lite0_linear.py', '--images', 'x'], r'error: --images is for a ta'),
        (['scenes/lite0_linear.py', '--unlisted', 'negative'], r'error: --unlisted is for a ta'),
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


def test_scores_estimate_the_class_priors(kit, capsys):
    main(['t.csv', *OPTIONS, '--classes', 'classes.txt'])
    text = capsys.readouterr().out
    assert 'prior from' in text
    assert 'prior (CRISP)' not in text
    heads = ','.join(f'score/{name}' for name in CLASSES)
    rows = [f'{name},{",".join(["0.5"] * len(CLASSES))}' for name in read_devkit(kit)]
    (kit / 's.csv').write_text('\n'.join([f'image,{heads}', *rows]) + '\n')
    main(['t.csv', *OPTIONS, '--classes', 'classes.txt', '--scores', 's.csv', '--html', 'r.html'])
    text = ' '.join(capsys.readouterr().out.split())
    assert '(mean score, if scores are calibrated)' in text
    assert '(CRISP, if positives are labelled at random)' in text
    assert 'prior (CRISP)' in (kit / 'r.html').read_text(encoding='utf-8')


def test_scores_of_other_images_are_one_error(kit):
    heads = ','.join(f'score/{name}' for name in CLASSES)
    (kit / 's.csv').write_text(f'image,{heads}\nother.jpg{",0.5" * len(CLASSES)}\n')
    with pytest.raises(SystemExit, match=r'error: s\.csv: has no scores of 6 of 6 images'):
        main(['t.csv', *OPTIONS, '--classes', 'classes.txt', '--scores', 's.csv'])
