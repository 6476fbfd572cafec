"""Both tools of activation maps, from configs alone: they train, test and draw."""

from __future__ import annotations

import csv

import pytest
import torch
from helpers import CLASSES, read_devkit, tiny_config, write_devkit
from mmengine.config import Config
from PIL import Image
from planted_maps import planted_config, write_checkpoint, write_images, xml_object

from wsml_mm.cli import draw_cams, pointing_game
from wsml_mm.datasets import SplitNames
from wsml_mm.experiments.configs import build_partial_datasets
from wsml_mm.experiments.entries import read_entries, seeded_config
from wsml_mm.experiments.results import read_result
from wsml_mm.experiments.retest import checkpoints, mean_average_precision, set_input_size
from wsml_mm.reports.cams import ImageChoice


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    """A devkit in which every positive label of `val` has a box, of another place a class."""
    root = write_devkit(tmp_path_factory.mktemp('data') / 'kit')
    (root / 'Annotations').mkdir()
    for file, labels in read_devkit(root, 'val').items():
        objects = ''.join(
            xml_object(CLASSES[c], (2 * c, c, 2 * c + 6, c + 8)) for c in labels.nonzero()[0]
        )
        text = f'<annotation>{objects}</annotation>'
        (root / 'Annotations' / file.replace('jpg', 'xml')).write_text(text)
    return root


@pytest.fixture(scope='module')
def work(devkit, tmp_path_factory):
    """A work folder and two configs; what the first tool trains serves the second."""
    folder = tmp_path_factory.mktemp('work')
    configs = []
    for name, loss in (('an', 'AN'), ('ll-r', 'LL-R')):
        cfg = tiny_config(devkit, '', loss, epochs=2)
        cfg.pop('work_dir')
        cfg.test_dataloader = dict(cfg.test_dataloader, batch_size=3)
        cfg.dump(folder / f'{name}_tiny.py')
        configs.append(str(folder / f'{name}_tiny.py'))
    return folder / 'out', configs


def read(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_pointing_game_tests_the_best_and_the_last_checkpoint(devkit, work, capsys):
    out, configs = work
    pointing_game.main([*configs, '--work-dir', str(out), '--seeds', '1', '2', '--tolerance', '1'])
    rows = read(out / 'pointing_game.csv')
    assert len(rows) == 8
    labels = sum(int(row.sum()) for row in read_devkit(devkit, 'val').values())
    for row in rows:
        run = f'{row["method"].lower()}_{row["seed"]}'
        result = read_result(out / run / 'result.json')
        expected = result.score(row['checkpoint'])
        assert float(row['mAP']) == pytest.approx(expected)
        assert int(float(row['pairs'])) == labels
        assert 0 <= float(row['accuracy']) <= 100
        assert 'ant' in row
    assert len({row['accuracy'] for row in rows}) > 1
    assert '| AN | best |' in capsys.readouterr().out
    for suffix in ('.png', '.svg', '.md', '.command.txt'):
        assert (out / f'pointing_game{suffix}').stat().st_size > 0
    assert 'tools/pointing_game.py' in (out / 'pointing_game.command.txt').read_text()


def test_missing_boxes_are_told_before_the_training(tmp_path):
    root = write_devkit(tmp_path / 'kit')
    tiny_config(root, '').dump(tmp_path / 'an.py')
    with pytest.raises(SystemExit, match='no folder Annotations; give --boxes'):
        pointing_game.main([str(tmp_path / 'an.py'), '--work-dir', str(tmp_path / 'out')])
    assert not (tmp_path / 'out').exists()


def test_draw_cams_chooses_rows_and_takes_what_is_trained(work, monkeypatch):
    out, configs = work
    monkeypatch.setattr('wsml_mm.experiments.runs.train', None)  # the first tool has trained all
    command = [*configs, '--work-dir', str(out), '--seeds', '1', '--candidates', '4', '--rows', '3']
    draw_cams.main(command)
    rows = read(out / 'draw_cams.csv')
    assert [r['method'] for r in rows] == ['AN', 'LL-R'] * 3
    assert {r['hit'] for r in rows} <= {'True', 'False'}
    assert Image.open(out / 'draw_cams.png').mode == 'P'
    assert (out / 'draw_cams.command.txt').read_text().startswith('python tools/draw_cams.py')
    draw_cams.main([*command, '--out', str(out / 'again')])
    assert (out / 'again.csv').read_text() == (out / 'draw_cams.csv').read_text()


def test_labels_that_were_hidden_from_the_training(work, tmp_path):
    out, configs = work
    command = [*configs, '--work-dir', str(out), '--seeds', '1', '--candidates', '5', '--hidden']
    draw_cams.main([*command, '--out', str(tmp_path / 'hidden')])
    (leaf,) = build_partial_datasets(seeded_config(read_entries(configs)[0], 1))
    names = [image.split('/')[-1] for image in SplitNames.of(leaf.dataset).images()]
    rows = read(tmp_path / 'hidden.csv')
    assert len(rows) >= 4
    for row in rows:
        position = names.index(row['image'])
        assert position in leaf.indices
        label = leaf.metainfo['classes'].index(row['class'])
        assert leaf.full_labels.row(position)[label] == 1
        assert leaf.labels.row(position)[label] == -1
    with pytest.raises(SystemExit):
        draw_cams.main([*command, '--indices', '0'])


def planted(tmp_path):
    box = (0, 0, 12, 8)
    images = [{'red': ((0, 0), box), 'green': ((3, 3), box)}, {'blue': ((1, 1), None)}]
    devkit = write_images(tmp_path / 'kit', images)
    planted_config(devkit, tmp_path / 'run').dump(tmp_path / 'config.py')
    checkpoint = write_checkpoint(tmp_path / 'planted.pth')
    method = f'mine={tmp_path / "config.py"}:{checkpoint}'
    return devkit, [method, '--out', str(tmp_path / 'cams')]


def test_named_checkpoint_and_positions(tmp_path):
    _, command = planted(tmp_path)
    draw_cams.main([*command, '--indices', '1', '0', '--input-size', '64'])
    found = [
        (r['image'], r['class'], r['hit'], r['x'], r['y']) for r in read(tmp_path / 'cams.csv')
    ]
    assert [f[:3] for f in found] == [
        ('001.jpg', 'blue', ''), ('000.jpg', 'red', 'True'), ('000.jpg', 'green', 'False'),
    ]  # fmt: skip
    assert float(found[1][3]) == pytest.approx(3)  # 8 x 8 cells of 6 x 4 px at twice the size


def test_named_images_and_classes(tmp_path):
    devkit, command = planted(tmp_path)
    foreign = tmp_path / 'mine.png'
    Image.new('RGB', (30, 20), (0, 0, 255)).save(foreign)
    images = [str(foreign), str(devkit / 'JPEGImages/000.jpg')]
    draw_cams.main([*command, '--images', *images])
    rows = read(tmp_path / 'cams.csv')
    assert [(r['image'], r['class']) for r in rows] == [
        ('mine.png', 'blue'), ('000.jpg', 'red'), ('000.jpg', 'green'),
    ]  # fmt: skip
    draw_cams.main([*command, '--images', *images, '--classes', 'green'])
    assert [(r['class'], r['hit']) for r in read(tmp_path / 'cams.csv')] == [
        ('green', ''), ('green', 'False'),
    ]  # fmt: skip


def test_refusals(tmp_path, capsys):
    _, command = planted(tmp_path)
    with pytest.raises(ValueError, match='--classes pink: the classes are red, green, blue'):
        draw_cams.main([*command, '--classes', 'pink'])
    with pytest.raises(ValueError, match=r'--indices 9: the test set has 0\.\.1'):
        draw_cams.main([*command, '--indices', '9'])
    with pytest.raises(SystemExit):
        draw_cams.main([str(tmp_path / 'config.py'), '--indices', '0'])
    assert 'give --work-dir DIR, or a checkpoint' in capsys.readouterr().err
    with pytest.raises(FileNotFoundError, match=r'x.pth: no such checkpoint'):
        draw_cams.main([command[0].replace('planted.pth', 'x.pth'), '--indices', '0'])
    torch.save({'state_dict': {'head.fc.weight': torch.zeros(3, 4)}}, tmp_path / 'planted.pth')
    with pytest.raises(ValueError, match=r'is no checkpoint of mine .*give the config') as error:
        draw_cams.main([*command, '--indices', '0'])
    assert '\n' not in str(error.value)


def test_input_size_needs_a_resize(work, tmp_path):
    _, configs = work
    with pytest.raises(ValueError, match='the test pipeline has no Resize'):
        set_input_size(Config.fromfile(configs[0]), [64])
    cfg = Config.fromfile(write_planted(tmp_path))
    set_input_size(cfg, [64, 32])
    dataset = cfg.test_dataloader.dataset.dataset
    assert dataset.pipeline[1].scale == (64, 32)
    dataset.pipeline = [dict(type='LoadResizedImage', scale=(16, 16))]
    set_input_size(cfg, [64])
    assert dataset.pipeline[0].scale == (64, 64)


def write_planted(tmp_path):
    planted(tmp_path)
    return tmp_path / 'config.py'


def test_checkpoints_of_a_moved_run(tmp_path):
    (tmp_path / 'best_x_epoch_2.pth').touch()
    (tmp_path / 'last_checkpoint').write_text('/elsewhere/epoch_3.pth')
    with pytest.raises(FileNotFoundError, match=r'epoch_3.pth: no such checkpoint; delete'):
        checkpoints(tmp_path)
    (tmp_path / 'epoch_3.pth').touch()
    found = checkpoints(tmp_path)
    assert found == {
        'best': tmp_path / 'best_x_epoch_2.pth',
        'last': tmp_path / 'epoch_3.pth',
    }


def test_boxes_are_needed(tmp_path):
    _, command = planted(tmp_path)
    (tmp_path / 'kit/Annotations').rename(tmp_path / 'kit/elsewhere')
    draw_cams.main([*command, '--indices', '0'])  # without boxes
    assert {r['hit'] for r in read(tmp_path / 'cams.csv')} == {''}
    draw_cams.main([*command, '--indices', '0', '--boxes', str(tmp_path / 'kit/elsewhere')])
    assert {r['hit'] for r in read(tmp_path / 'cams.csv')} == {'True', 'False'}


def test_an_image_has_the_classes_of_its_own_file():
    """Not of another folder's file of that name."""
    known = [
        ImageChoice('d/a/1.jpg', [0]),
        ImageChoice('d/b/1.jpg', [1]),
        ImageChoice('2.jpg', [2]),
    ]
    assert draw_cams.classes_in('d/b/../b/1.jpg', known) == [1]
    assert draw_cams.classes_in('d/a/1.jpg', known) == [0]
    assert draw_cams.classes_in('elsewhere/1.jpg', known) == []  # nobody knows of which
    assert draw_cams.classes_in('copies/2.png', known) == [2]


def test_the_map_beside_the_game_counts_as_the_config_says():
    published = dict(type='MeanAveragePrecision', no_negatives='one')
    for own in (published, [dict(type='PartialLabelMetric'), published]):
        assert mean_average_precision(Config(dict(test_evaluator=own))) == published
    for own in (None, dict(type='AveragePrecision')):
        found = mean_average_precision(Config(dict(test_evaluator=own)))
        assert found == dict(type='MeanAveragePrecision')
