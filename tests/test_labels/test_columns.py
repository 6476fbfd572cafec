from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import time
import tracemalloc

import numpy as np
import pytest
from bit_flips import flipped
from helpers import live_writer
from mmpretrain.registry import DATASETS
from PIL import Image

from wsml_mm.datasets import PartialLabelDataset
from wsml_mm.datasets.annotations import read_labels
from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels import SparseLabels, sources
from wsml_mm.labels.columns import (
    LabelColumns,
    changed_sources,
    open_columns,
    prepared_columns,
)
from wsml_mm.labels.names import NameColumn

MATRIX = np.array([[1, 0, -1], [-1, -1, 1], [0, 0, 0], [-1, -1, -1]], dtype=np.int8)
NAMES = ['d/a.jpg', 'b.jpg', 'c.jpg', 'e.jpg']


def make(matrix=MATRIX, names=NAMES, rest=-1) -> LabelColumns:
    classes = ('ant', 'bee', 'cat')
    labels = SparseLabels.from_dense(matrix, rest)
    return LabelColumns(NameColumn.from_names(names), labels, {'classes': classes, 'x': [1, 2]})


def dense(columns: LabelColumns) -> np.ndarray:
    rows = [columns.labels.row(i) for i in range(len(columns))]
    return np.array(rows).reshape(len(columns), columns.labels.num_classes)


@pytest.fixture
def saved(tmp_path):
    make().save(tmp_path / 'kit', [])
    return tmp_path / 'kit'


def test_saved_columns_are_mapped(saved):
    columns = open_columns(saved)
    np.testing.assert_array_equal(dense(columns), MATRIX)
    assert list(columns.names) == NAMES
    assert columns.metainfo == {'classes': ('ant', 'bee', 'cat'), 'x': [1, 2]}
    for array in (columns.names.text, columns.labels.indptr, columns.labels.values):
        assert isinstance(array.base, np.memmap)
    assert os.listdir(saved.parent) == ['kit']  # no draft is left


@pytest.mark.parametrize('names', [[], NAMES[:1]])
def test_empty_splits_are_saved(tmp_path, names):
    make(MATRIX[: len(names)], names).save(tmp_path / 'kit')
    columns = open_columns(tmp_path / 'kit')
    assert len(columns) == len(names)
    assert list(columns.names) == names


def _save_for_ever(folder):
    np.save = lambda *_, **__: time.sleep(60)
    make().save(folder)


def test_what_a_kill_leaves_is_removed_by_the_next_save(tmp_path):
    folder = tmp_path / 'kit'
    with live_writer(_save_for_ever, folder, '.kit.*/kit'):
        make().save(folder)
        assert len(os.listdir(tmp_path)) == 2  # a live writer's draft stays
    make().save(folder)
    assert os.listdir(tmp_path) == ['kit']


def test_pickle_of_mapped_columns_names_the_folder(saved):
    columns = open_columns(saved)
    sent = pickle.dumps(columns)
    assert len(sent) < 400
    np.testing.assert_array_equal(dense(pickle.loads(sent)), MATRIX)
    assert list(pickle.loads(pickle.dumps(make())).names) == NAMES


def test_killed_save_leaves_nothing(tmp_path, monkeypatch):
    from wsml_mm.labels import columns

    def killed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(columns.json, 'dumps', killed)
    with pytest.raises(KeyboardInterrupt):
        make().save(tmp_path / 'kit')
    assert os.listdir(tmp_path) == []


def test_subset_and_select():
    columns = make()
    part = columns.subset([2, 0])
    np.testing.assert_array_equal(dense(part), MATRIX[[2, 0]])
    assert list(part.names) == ['c.jpg', 'd/a.jpg']
    chosen = columns.select(['cat', 'ant'])
    np.testing.assert_array_equal(dense(chosen), MATRIX[:, [2, 0]])
    assert chosen.metainfo['classes'] == ('cat', 'ant')
    with pytest.raises(ValueError, match=r"'dog' is not a class of this data set; name some of"):
        columns.select(['dog'])
    with pytest.raises(ValueError, match=r'is named twice'):
        columns.select(['ant', 'ant'])


def test_what_is_known_class_by_class_follows_a_choice():
    full = make()
    full.metainfo.update(class_ids=['/a', '/b', '/c'], groups={'G1': [1], 'G2': [0, 2]})
    chosen = full.select(['cat', 'ant'])
    assert chosen.metainfo['class_ids'] == ['/c', '/a']
    assert chosen.metainfo['groups'] == {'G1': [], 'G2': [0, 1]}
    assert full.metainfo['groups'] == {'G1': [1], 'G2': [0, 2]}


def test_lengths_must_agree():
    labels = SparseLabels.from_dense(MATRIX)
    with pytest.raises(ValueError, match='3 names for 4 rows'):
        LabelColumns(NameColumn.from_names(NAMES[:3]), labels, {'classes': 'abc'})
    with pytest.raises(ValueError, match='2 class names for 3 classes'):
        LabelColumns(NameColumn.from_names(NAMES), labels, {'classes': 'ab'})


@pytest.mark.parametrize(
    'damage',
    [
        lambda f: (f / 'values.npy').unlink(),
        lambda f: (f / 'classes.npy').write_bytes(b'\x93NUMPY'),
        lambda f: np.save(f / 'indptr.npy', np.arange(3)),
        lambda f: np.save(f / 'indptr.npy', np.zeros(5, np.int64)),
        lambda f: np.save(f / 'classes.npy', np.array([7] * 7, np.int32)),
    ],
)
def test_damaged_folder_is_refused(saved, damage):
    damage(saved)
    with pytest.raises(ValueError, match=r'kit: these prepared labels are damaged \(.*; delete'):
        open_columns(saved)


def test_damaged_record_is_refused(saved):
    (saved / 'record.json').write_text('[]')
    with pytest.raises(ValueError, match=r'record\.json: is damaged .*delete the folder'):
        prepared_columns(saved, [], make)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / 'labels.txt'
    path.write_text('one')
    return path


def read_counted(calls):
    def read():
        calls.append(1)
        return make()

    return read


def test_official_files_are_read_once(tmp_path, source):
    calls = []
    for _ in range(3):
        columns = prepared_columns(tmp_path / 'p' / 'kit', [source], read_counted(calls))
        assert columns.folder == tmp_path / 'p' / 'kit'
    assert len(calls) == 1


def test_changed_official_file_is_read_again(tmp_path, source):
    calls = []
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    source.write_text('another')
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    assert len(calls) == 2
    source.unlink()  # the archive may be deleted once it is read
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    assert len(calls) == 2


def test_a_touched_official_file_is_not_parsed_again(tmp_path, source, monkeypatch):
    calls, reads = [], []
    read = sources.content_digest
    monkeypatch.setattr(sources, 'content_digest', lambda path: reads.append(path) or read(path))
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    for stamp in (5, 6):
        os.utime(source, (stamp, stamp))
        reads.clear()
        for _ in range(3):
            prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
        assert reads == [source]  # once: the new time is noted
    assert len(calls) == 1


def test_an_official_file_saved_while_it_is_parsed_is_parsed_again(tmp_path, source):
    calls = []

    def read():
        calls.append(source.read_text())
        if len(calls) == 1:
            source.write_text('two')
        return make(MATRIX * (1 if calls[-1] == 'one' else -1))

    columns = prepared_columns(tmp_path / 'kit', [source], read)
    assert calls == ['one', 'two']
    np.testing.assert_array_equal(dense(columns), -MATRIX)


def test_one_changed_bit_is_never_silent(tmp_path, source):
    folder = tmp_path / 'kit'
    prepared_columns(folder, [source], make)
    for _ in flipped([*folder.iterdir()]):
        with pytest.raises(ValueError, match=r'kit\b.* damaged \(.*\); delete the fo') as error:
            prepared_columns(folder, [source], make)
        assert '\n' not in str(error.value)
    assert list(prepared_columns(folder, [source], make).names) == NAMES


def test_what_keeps_size_and_time_is_found_by_reading_it(tmp_path, source):
    assert changed_sources(tmp_path / 'kit') is None
    prepared_columns(tmp_path / 'kit', [source], make)
    assert changed_sources(tmp_path / 'kit') == []
    status = source.stat()
    source.write_text('two')
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert changed_sources(tmp_path / 'kit') == [source]


def test_a_worker_refuses_columns_that_were_prepared_anew(saved):
    sent = pickle.dumps(open_columns(saved))
    make(-MATRIX).save(saved)
    with pytest.raises(ValueError, match=r'kit: the labels were prepared anew .*; start again'):
        pickle.loads(sent)


def test_files_of_one_name_stay_apart(tmp_path, monkeypatch):
    files = [tmp_path / part / 'labels.txt' for part in ('train', 'test')]
    for file in files:
        file.parent.mkdir()
        file.write_text('one')
    calls = []
    prepared_columns(tmp_path / 'p' / 'kit', files, read_counted(calls))
    for number, file in enumerate(files, start=2):
        file.write_text('another')
        prepared_columns(tmp_path / 'p' / 'kit', files, read_counted(calls))
        assert len(calls) == number
    monkeypatch.chdir(tmp_path)  # the same files by other names
    relative = [file.relative_to(tmp_path) for file in files]
    prepared_columns(tmp_path / 'p' / 'kit', relative, read_counted(calls))
    relative[0].write_text('a third')
    prepared_columns(tmp_path / 'p' / 'kit', relative, read_counted(calls))
    assert len(calls) == 4


def test_older_format_is_made_anew(tmp_path, source):
    calls = []
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    record = json.loads((tmp_path / 'kit' / 'record.json').read_text())
    (tmp_path / 'kit' / 'record.json').write_text(json.dumps({**record, 'format': 0}))
    prepared_columns(tmp_path / 'kit', [source], read_counted(calls))
    assert len(calls) == 2


def test_read_only_disk_holds_columns_in_memory(tmp_path, source, monkeypatch):
    def refuse(*_, **__):
        raise OSError(30, 'Read-only file system')

    monkeypatch.setattr('filelock.FileLock', refuse)
    found = prepared_columns(tmp_path / 'kit', [source], make)
    assert found.folder is None
    np.testing.assert_array_equal(dense(found), MATRIX)


@DATASETS.register_module()
class FourImages(ColumnDataset):
    METAINFO = {'classes': ('ant', 'bee', 'cat')}
    reads = 0

    def read_columns(self):
        type(self).reads += 1
        return make()


def test_a_split_has_a_folder_of_its_own_in_the_data_set(tmp_path):
    folders = [FourImages(tmp_path, split).prepared_folder.name for split in ('Train', 'train')]
    assert folders == ['fourimages_Train', 'fourimages_train']
    for split in ('../../out', '/out', 'a/b'):
        with pytest.raises(ValueError, match=f"split='{split}': is the name of no split, but a p"):
            FourImages(tmp_path, split)
    assert sorted(os.listdir(tmp_path)) == ['wsml_mm']


def test_dataset_of_columns(tmp_path):
    FourImages.reads = 0
    config = dict(type='FourImages', data_root=str(tmp_path), data_prefix={'img_path': 'img'})
    dataset = DATASETS.build(config)
    assert len(dataset) == 4
    info = dataset.get_data_info(0)
    classes, values = info.pop('labels')
    assert info == {'img_path': os.path.join(str(tmp_path), 'img', 'd/a.jpg'), 'sample_idx': 0}
    assert (classes.tolist(), values.tolist()) == ([0, 1], [1, 0])
    assert dataset.get_data_info(-1)['sample_idx'] == 3
    assert dataset.get_cat_ids(1) == [2]
    assert (tmp_path / 'wsml_mm' / 'fourimages_train').is_dir()
    again = FourImages(tmp_path)
    assert FourImages.reads == 1
    assert isinstance(again.sparse_labels().values.base, np.memmap)
    with pytest.raises(IndexError):
        dataset.get_data_info(4)


@pytest.mark.parametrize(
    ('indices', 'kept'), [(2, [0, 1]), (-1, [3]), ([3, 1], [3, 1]), (0, []), ([-1], [3])]
)
def test_indices_and_subsets(tmp_path, indices, kept):
    names = [NAMES[i] for i in kept]
    full = FourImages(tmp_path)
    assert list(full.get_subset(indices).image_names()) == names
    assert len(full) == 4
    full.get_subset_(indices)
    assert list(full.image_names()) == names
    assert list(FourImages(tmp_path, indices=indices).image_names()) == names


def test_classes_are_selected(tmp_path):
    dataset = FourImages(tmp_path, classes=('cat', 'bee'))
    assert tuple(dataset.metainfo['classes']) == ('cat', 'bee')
    np.testing.assert_array_equal(dataset.sparse_labels().row(0), MATRIX[0, [2, 1]])


def write_images(root):
    (root / 'd').mkdir()
    for name in NAMES:
        Image.new('RGB', (6, 5)).save(root / name)


PIPELINE = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


def test_packed_samples_keep_unknown_apart_from_negative(tmp_path):
    write_images(tmp_path)
    dataset = FourImages(tmp_path, pipeline=PIPELINE)
    folds = DATASETS.build(
        dict(
            type='KFoldDataset',
            num_splits=2,
            dataset=dict(type='FourImages', data_root=str(tmp_path), pipeline=PIPELINE),
        )
    )
    for index, row in enumerate(MATRIX):
        sample = dataset[index]['data_samples']
        assert sample.gt_score.tolist() == row.tolist()
        assert sample.gt_label.tolist() == np.flatnonzero(row == 1).tolist()
        assert 'labels' not in sample
    found = [folds[i]['data_samples'].gt_score.tolist() for i in range(len(folds))]
    assert all(row in MATRIX.tolist() for row in found)
    np.testing.assert_array_equal(read_labels(folds).row(0), found[0])


def test_full_labels_carry_no_score(tmp_path):
    class Full(FourImages):
        def read_columns(self):
            return make(np.abs(MATRIX), rest=0)

    write_images(tmp_path)
    dataset = Full(tmp_path, prepare=False, pipeline=PIPELINE)
    assert dataset.get_data_info(2)['gt_label'] == []
    assert 'gt_score' not in dataset[0]['data_samples']
    assert dataset[0]['data_samples'].gt_label.tolist() == [0, 2]
    assert not (tmp_path / 'wsml_mm').exists()


def test_partial_labels_of_columns_are_not_copied(tmp_path):
    inner = FourImages(tmp_path)
    dataset = PartialLabelDataset(inner)
    assert dataset.full_labels is inner.columns.labels
    assert dataset.labels is inner.columns.labels
    assert dataset.num_unobserved() == (MATRIX == -1).sum()


def _build(root, queue):
    queue.put(len(FourImages(root)))


def test_processes_that_ask_at_once_share_one_folder(tmp_path):
    context = multiprocessing.get_context('fork')
    queue = context.Queue()
    workers = [context.Process(target=_build, args=(tmp_path, queue)) for _ in range(3)]
    for worker in workers:
        worker.start()
    assert [queue.get(timeout=60) for _ in workers] == [4, 4, 4]
    for worker in workers:
        worker.join()
    names = os.listdir(tmp_path / 'wsml_mm')
    assert sorted(names) == ['fourimages_train', 'fourimages_train.lock']


def test_spawned_workers_get_no_copy_of_the_labels(tmp_path):
    dataset = PartialLabelDataset(Many(tmp_path, pipeline=PIPELINE))
    masked = PartialLabelDataset(Many(tmp_path), observe=dict(type='KeepRatio', ratio=0.5))
    for kit, most in ((dataset, 400_000), (masked, 2_000_000)):
        sent = pickle.dumps(kit)
        assert len(sent) < most  # the positions of the part, and the observed labels if drawn
        back = pickle.loads(sent)
        assert back.fingerprint() == kit.fingerprint()
        assert back.full_labels.fingerprint() == kit.full_labels.fingerprint()
        assert isinstance(back.full_labels.values.base, np.memmap)


class Many(ColumnDataset):
    """40,000 images, 5,000 classes, eight labels each: 200 MB as a dense int8 matrix."""

    METAINFO = {'classes': tuple(f'c{i}' for i in range(5000))}

    def read_columns(self):
        rng, count = np.random.default_rng(0), 40_000
        classes = np.arange(8) * 625 + rng.integers(0, 625, (count, 8))
        values = rng.integers(0, 2, classes.shape)
        rows = np.repeat(np.arange(count), 8)
        labels = SparseLabels.from_pairs(
            rows, classes.ravel(), values.ravel(), (count, 5000), rest=-1
        )
        names = NameColumn.from_names(f'{i:016x}.jpg' for i in range(count))
        return LabelColumns(names, labels, {'classes': self.METAINFO['classes']})


def test_memory_is_that_of_the_observed_labels(tmp_path):
    Many(tmp_path)
    tracemalloc.start()
    dataset = PartialLabelDataset(Many(tmp_path), holdout=dict(part='train'))
    dataset.fingerprint()
    dataset.num_unobserved()
    for index in range(0, len(dataset), 997):
        dataset.get_data_info(index)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6
