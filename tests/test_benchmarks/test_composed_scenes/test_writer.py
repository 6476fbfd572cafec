from __future__ import annotations

import json
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from helpers import copies, live_writer
from PIL import Image

from wsml_mm.benchmarks.composed_scenes import writer as scene_writer
from wsml_mm.benchmarks.composed_scenes.drawing import SCENE_CLASSES
from wsml_mm.benchmarks.composed_scenes.writer import write_scenes


@pytest.fixture(scope='module')
def scenes(tmp_path_factory) -> Path:
    return write_scenes(tmp_path_factory.mktemp('scenes') / 'set', 40, 10)


def _files(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob('*') if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def _labels(root: Path, name: str) -> list[str]:
    found = ElementTree.parse(root / 'Annotations' / f'{name}.xml').getroot()
    return [item.findtext('name') for item in found.findall('object')]


def _left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_layout_is_complete(scenes):
    assert scenes.name == 'set'
    assert len(list((scenes / 'JPEGImages').iterdir())) == 50
    assert len(list((scenes / 'Annotations').iterdir())) == 50
    assert len(list((scenes / 'ImageSets' / 'Main').iterdir())) == 2 * (20 + 1)
    record = json.loads((scenes / 'scenes.json').read_text())
    assert len(record.pop('checksum')) == 8
    assert record == {'format': 1, 'num_train': 40, 'num_val': 10, 'size': 128, 'seed': 0}
    assert _left_in(scenes.parent) <= {'set', 'set.lock'}


def test_image_sets_agree_with_the_annotations(scenes):
    lists = scenes / 'ImageSets' / 'Main'
    for split, count in {'train': 40, 'val': 10}.items():
        names = (lists / f'{split}.txt').read_text().splitlines()
        assert names == [f'{split}_{index:06d}' for index in range(count)]
        for class_name in SCENE_CLASSES:
            lines = (lists / f'{class_name}_{split}.txt').read_text().splitlines()
            present = [class_name in _labels(scenes, name) for name in names]
            flags = ['  1' if here else ' -1' for here in present]
            assert lines == [name + flag for name, flag in zip(names, flags, strict=True)]


def test_annotations_and_images_parse(scenes):
    for path in (scenes / 'Annotations').iterdir():
        found = ElementTree.parse(path).getroot()
        with Image.open(scenes / 'JPEGImages' / found.findtext('filename')) as image:
            assert (image.format, image.mode, image.size) == ('JPEG', 'RGB', (128, 128))
        assert [found.findtext(f'size/{k}') for k in ('width', 'height', 'depth')] == [
            '128', '128', '3',
        ]  # fmt: skip
        for item in found.findall('object'):
            assert item.findtext('difficult') == '0'
            xmin, ymin, xmax, ymax = (
                int(item.findtext(f'bndbox/{k}')) for k in ('xmin', 'ymin', 'xmax', 'ymax')
            )
            assert 1 <= xmin < xmax <= 128
            assert 1 <= ymin < ymax <= 128


def test_one_to_three_distinct_classes_a_scene(scenes):
    labels = [_labels(scenes, path.stem) for path in (scenes / 'Annotations').iterdir()]
    assert {len(names) for names in labels} == {1, 2, 3}
    assert all(len(set(names)) == len(names) for names in labels)
    assert 1.6 < sum(map(len, labels)) / len(labels) < 2.4


def test_smaller_set_is_the_beginning_of_a_larger_one(scenes, tmp_path):
    small = _files(write_scenes(tmp_path / 'small', 5, 3))
    large = _files(scenes)
    for folder in ('JPEGImages', 'Annotations'):
        shared = {path: data for path, data in small.items() if path.startswith(folder)}
        assert len(shared) == 8
        assert shared.items() <= large.items()
    assert large['JPEGImages/train_000000.jpg'] != large['JPEGImages/val_000000.jpg']


def test_seed_changes_the_scenes(scenes, tmp_path):
    other = write_scenes(tmp_path / 'other', 1, 0, seed=1)
    image = 'JPEGImages/train_000000.jpg'
    assert _files(other)[image] != _files(scenes)[image]


def test_finished_set_is_left_alone(scenes, monkeypatch):
    monkeypatch.setattr(scene_writer, 'draw_scene', None)
    monkeypatch.setattr('filelock.FileLock', None)  # it may lie on a read-only disk
    assert write_scenes(scenes, 40, 10) == scenes


@pytest.mark.parametrize(
    'part', ['ImageSets/Main/red_heart_train.txt', 'JPEGImages', 'scenes.json']
)
def test_a_changed_bit_is_noticed_once_a_process(tmp_path, part):
    root = write_scenes(tmp_path / 'set', 2, 1, 32)
    assert write_scenes(root, 2, 1, 32) == root
    path = root / part
    path = path if path.is_file() else sorted(path.iterdir())[-1]
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    scene_writer._is_as_drawn.cache_clear()
    with pytest.raises(ValueError, match=r'set holds (other files than|scenes made).*; delete it'):
        write_scenes(root, 2, 1, 32)


def test_crash_leaves_no_root_and_can_be_repeated(tmp_path, monkeypatch):
    draw, calls = scene_writer.draw_scene, []

    def fail_late(*args):
        calls.append(args)
        if len(calls) > 3:
            raise RuntimeError('no more paint')
        return draw(*args)

    monkeypatch.setattr(scene_writer, 'draw_scene', fail_late)
    root = tmp_path / 'deeper' / 'set'
    with pytest.raises(RuntimeError, match='no more paint'):
        write_scenes(root, 4, 2)
    assert _left_in(root.parent) <= {'set.lock'}
    monkeypatch.setattr(scene_writer, 'draw_scene', draw)
    assert len(_files(write_scenes(root, 4, 2))) == 2 * 6 + 42 + 1


def _draw_for_ever(root):
    scene_writer.draw_scene = lambda *_: time.sleep(60)
    write_scenes(root, 4, 2)


def test_what_a_kill_leaves_is_removed_by_the_next(tmp_path):
    root = tmp_path / 'set'
    with live_writer(_draw_for_ever, root, '.set.*/set/ImageSets/Main'):
        pass
    (tmp_path / 'set.backup_1').mkdir()  # of the user
    write_scenes(root, 4, 2)
    assert _left_in(tmp_path) <= {'set', 'set.lock', 'set.backup_1'}


def test_two_processes_write_one_set(tmp_path):
    context = copies()
    writers = [
        context.Process(target=write_scenes, args=(tmp_path / 'set', 12, 4)) for _ in range(2)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert _left_in(tmp_path) <= {'set', 'set.lock'}
    assert _files(tmp_path / 'set') == _files(write_scenes(tmp_path / 'alone', 12, 4))


def test_foreign_folder_is_refused(tmp_path):
    (tmp_path / 'thesis.txt').write_text('mine')
    with pytest.raises(ValueError, match=r'no readable scenes\.json.*another data_root'):
        write_scenes(tmp_path, 1, 1)
    assert _left_in(tmp_path) == {'thesis.txt'}


@pytest.mark.parametrize('change', [{'num_train': 41}, {'num_val': 9}, {'size': 64}, {'seed': 1}])
def test_other_parameters_are_refused(scenes, change):
    with pytest.raises(ValueError, match='delete it or give another data_root') as caught:
        write_scenes(scenes, **{'num_train': 40, 'num_val': 10, **change})
    assert str(scenes) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('change', [{'num_train': -1}, {'num_val': -1}, {'size': 8}, {'seed': -1}])
def test_bad_parameters_are_refused(tmp_path, change):
    with pytest.raises(ValueError, match='write_scenes: '):
        write_scenes(tmp_path / 'set', **change)
    assert _left_in(tmp_path) == set()


def test_processes_draw_the_same_and_leave_random_numbers_alone(tmp_path, monkeypatch):
    state = torch.random.get_rng_state()
    write_scenes(tmp_path / 'one', 5, 2, 32)
    monkeypatch.setattr(scene_writer, '_WORTH_PROCESSES', 1)
    monkeypatch.setattr(scene_writer, '_MOST_PROCESSES', 2)
    write_scenes(tmp_path / 'two', 5, 2, 32)
    assert _files(tmp_path / 'one') == _files(tmp_path / 'two')
    assert torch.equal(torch.random.get_rng_state(), state)
