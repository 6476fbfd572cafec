"""`wsml-mm predict` on trained models: files, thresholds, pictures, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from helpers import CLASSES, read_devkit
from PIL import Image
from trained_runs import POOL, SWIN, VIT, write_untrained

from wsml_mm import LabelTable
from wsml_mm.apis import assemble
from wsml_mm.apis.model_facts import model_facts
from wsml_mm.cli import compare, predict
from wsml_mm.engine.hooks import best_checkpoint
from wsml_mm.experiments.results import read_result
from wsml_mm_cli.predict import parse_args


@pytest.fixture(params=['whole_run', 'linear_run'])
def run(request):
    return request.getfixturevalue(request.param)


def model_of(run):
    return [str(run.config), str(run.checkpoint)]


def rows_of(path):
    with open(path, newline='') as file:
        return list(csv.DictReader(file))


def test_a_folder_with_a_broken_image(run, tmp_path, capsys):
    photos = tmp_path / 'photos'
    (photos / 'more').mkdir(parents=True)
    for number, path in enumerate(run.files[:4]):
        shutil.copy(path, photos / ('more' if number % 2 else '.') / Path(path).name)
    (photos / 'broken.png').write_text('none')
    out = tmp_path / 'labels.csv'
    predict.main([*model_of(run), str(photos), '--out', str(out), '--threshold', '0.2'])
    rows = rows_of(out)
    assert len(rows) == 5
    assert [row['error'] for row in rows if row['error']] == ['it is a text file']
    for row in rows[1:]:
        scores = {name: float(row[f'score/{name}']) for name in CLASSES}
        expected = [name for name in CLASSES if scores[name] >= 0.2]
        assert row['positive'].split('|') == (expected or [''])
    printed = capsys.readouterr()
    assert f'{photos}/broken.png: cannot be read (it is a text file)' in printed.err
    assert '1 of 5 images were left out' in printed.err
    assert '5 images' in printed.err  # the progress bar
    assert 'labels.csv: 5 images below' in printed.out
    dataset = LabelTable(tmp_path, 'labels.csv', classes=CLASSES, data_prefix='photos')
    assert dataset.sparse_labels().row(0).tolist() == [-1] * 5
    assert Path(dataset.get_data_info(1)['img_path']).is_file()


def test_thresholds_chosen_on_validation_images(run, tmp_path, capsys):
    """They are kept, and a second call with the file finds the same labels."""
    images = [str(run.images / name) for name in read_devkit(run.images.parent, 'val')]
    kept = tmp_path / 'thresholds.json'
    command = [*model_of(run), *images, '--workers', '0']
    chosen = ['--threshold', 'best-f1', '--write-threshold', str(kept)]
    predict.main([*command, *chosen, '--out', str(tmp_path / 'a.json')])
    assert list(json.loads(kept.read_text())) == list(CLASSES)
    predict.main([*command, '--threshold', str(kept), '--out', str(tmp_path / 'b.json')])
    assert (tmp_path / 'a.json').read_text() == (tmp_path / 'b.json').read_text()
    predict.main([*command, '--threshold', 'precision=1', '--write-threshold', str(kept)])
    never = [name for name, value in json.loads(kept.read_text()).items() if value is None]
    printed = capsys.readouterr()
    assert ('never reaches precision=1 on the validation images' in printed.err) is bool(never)
    assert len(printed.out.splitlines()) == 2 + 8
    predict.main([*command, '--threshold', str(kept), '--out', str(tmp_path / 'c.csv')])


def test_the_likeliest_printed(whole_run, capsys):
    predict.main([*model_of(whole_run), whole_run.files[0], '--top-k', '2', '--device', 'cpu'])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith('train_000.jpg: ')
    assert line.count(',') == 1


def test_a_table_of_images(whole_run, tmp_path):
    table = tmp_path / 'unlabelled.csv'
    names = [Path(path).stem for path in whole_run.files[:3]]
    table.write_text('file\n' + '\n'.join([*names, 'gone']) + '\n')
    options = ['--images', str(whole_run.images), '--columns', 'image=file', '--suffix', '.jpg']
    out = tmp_path / 'new' / 'out.parquet'
    predict.main([*model_of(whole_run), str(table), *options, '--out', str(out)])
    dataset = LabelTable(out.parent, out.name, classes=CLASSES)
    assert list(dataset.image_names()) == [f'{name}.jpg' for name in [*names, 'gone']]


@pytest.mark.parametrize('cams', [[], ['--cams']])
def test_pictures(linear_run, tmp_path, cams):
    out = tmp_path / 'out'
    files = linear_run.files[:2]
    command = [*model_of(linear_run), *files, '--top-k', '1', '--show-dir', str(out), *cams]
    predict.main(command)
    pictures = sorted(out.iterdir())
    assert [p.name for p in pictures] == [f'{Path(f).name}.png' for f in files]
    assert all(min(Image.open(picture).size) > 100 for picture in pictures)


@pytest.mark.parametrize(
    ('backbone', 'neck', 'channels', 'cams'),
    [(VIT, None, 24, False), (SWIN, POOL, 12, True)],
    ids=['tokens', 'map of a transformer'],
)
def test_transformers(tmp_path, backbone, neck, channels, cams):
    run = write_untrained(tmp_path, backbone, neck, channels, 32)
    out = tmp_path / 'out.csv'
    command = [*model_of(run), *run.files[:3], '--top-k', '1']
    predict.main([*command, '--out', str(out)])
    assert len({row['score/ant'] for row in rows_of(out)}) == 3
    pictures = [*command, '--show-dir', str(tmp_path / 'pictures'), '--cams']
    if cams:
        predict.main(pictures)
        return
    with pytest.raises(ValueError, match=r'returns \(1, 24\) and no map .*out_type="featmap"'):
        predict.main(pictures)


def test_a_run_of_compare(linear_run, tmp_path, capsys):
    """The best checkpoint of a linear layer labels photographs, and its card knows the test."""
    compare.main([f'mine={linear_run.config}', '--seeds', '3', '--work-dir', str(tmp_path / 'w')])
    best = best_checkpoint(tmp_path / 'w' / 'mine_3')
    capsys.readouterr()
    predict.main([str(linear_run.config), str(best), *linear_run.files[:2], '--top-k', '1'])
    assert len(capsys.readouterr().out.splitlines()) == 2
    facts = model_facts(assemble(str(linear_run.config), best))
    result = read_result(best.parent / 'result.json')
    assert facts['test']['mAP'] == result.score('best')
    assert facts['data']['train labels'] == result.identity['train labels']
    assert (facts['method'], facts['seed']) == ('mine', 3)


def refused(command, error, match):
    with pytest.raises(error, match=match) as refusal:
        predict.main(command)
    assert '\n' not in str(refusal.value)


def test_refusals(whole_run, linear_run, tmp_path, capsys):
    model, photo = model_of(whole_run), whole_run.files[0]
    refused([str(whole_run.config), str(linear_run.checkpoint), photo], ValueError, 'is no checkpo')
    (tmp_path / 'empty').mkdir()
    refused([*model, str(tmp_path / 'empty')], ValueError, 'no image in this folder')
    refused([*model, photo, '--out', 'x.txt'], ValueError, 'x.txt: predictions are written to one')
    refused([*model, photo, '--threshold', 'high'], ValueError, '--threshold high: give a number,')
    refused([*model, photo, '--threshold', '7'], ValueError, 'threshold=7.0: scores lie between')
    refused([*model, photo, '--threshold', 'no.json'], FileNotFoundError, 'no such file of thres')
    for content, says in (
        ('{"ant": 0.5}', "t.json: threshold: 'bee' has none; give one for each of its 5 classes"),
        ('[0.5]', 't.json: is no JSON object of numbers by class'),
        ('{"ant": 2}', 't.json: threshold=2.0'),
    ):
        (tmp_path / 't.json').write_text(content)
        refused([*model, photo, '--threshold', str(tmp_path / 't.json')], ValueError, says)
    refused([*model, photo, '--suffix', '.jpg'], ValueError, 'are for a table; leave them out')
    refused([*model, 'a.csv', photo], ValueError, 'a.csv: is a table, which lists all')
    (tmp_path / 'x.jpg').write_text('none')
    out = str(tmp_path / 'out.csv')
    refused([*model, str(tmp_path / 'x.jpg'), '--out', out], ValueError, 'none of the 1 images')
    assert not Path(out).exists()
    wrong_classes = [*model, photo, '--classes', str(tmp_path / 'classes.txt')]
    (tmp_path / 'classes.txt').write_text('ant\nbee\n')
    refused(wrong_classes, ValueError, 'was trained on other classes than given')


@pytest.mark.parametrize(
    ('words', 'says'),
    [
        (['c.py', 'x.pth'], 'the following arguments are required: IMAGES'),
        (['c.py', 'x.pth', 'a.jpg', '--cams'], '--cams draws into pictures: give --show-dir DIR'),
        (['c.py', 'x.pth', 'a.jpg', '--top-k', '2', '--threshold', '0.1'], 'give one'),
        (['c.py', 'x.pth', 'a.jpg', '--top-k', '0'], 'a number of classes'),
    ],
)
def test_usage(words, says, capsys):
    with pytest.raises(SystemExit):
        parse_args(words)
    assert says in capsys.readouterr().err
