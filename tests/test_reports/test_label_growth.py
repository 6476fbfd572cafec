"""Planted corrections, judged, summed and chosen, against plain loops over dense labels."""

from __future__ import annotations

import csv
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import CLASSES, dataset_config, read_devkit, write_devkit
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS
from PIL import Image

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.engine.hooks.training_facts import assign_index_offsets
from wsml_mm.models.label_state import EntryStore
from wsml_mm.reports.label_growth import (
    choose_samples,
    count_hidden,
    epoch_rows,
    judge,
)
from wsml_mm.reports.label_growth_figure import draw_growth, read_photograph, timeline
from wsml_mm.reports.label_history import (
    History,
    correction_rows,
    export_corrections,
    find_samples,
    history_of,
)

dense = hnp.arrays(
    np.int8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([1, 0, -1])
)


def plant(store, epoch, *pairs):
    rows, classes = zip(*pairs, strict=True)
    store.add_pairs(torch.tensor(rows), torch.tensor(classes))
    store.merge(epoch)


def build(config):
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        leaves = wrapped_datasets(DATASETS.build(config))
    return leaves, assign_index_offsets(leaves)


@pytest.fixture
def leaves(tmp_path):
    """Two concatenated sets of 24 and 10 images, one positive each observed, a fifth held out."""
    parts = [
        dataset_config(
            write_devkit(tmp_path / name, train=count, seed=seed, prefix=name),
            observe=dict(type='SinglePositive', seed=3),
            holdout=dict(part='train', fraction=0.2, seed=1),
        )
        for seed, (name, count) in enumerate((('a', 24), ('b', 10)))
    ]
    found, total = build(dict(type='ConcatDataset', datasets=parts))
    assert total == 34
    return found


@pytest.fixture
def truth(tmp_path, leaves):
    """The (34, 5) full and observed labels, the former read without the package."""
    full = np.array([row for name in 'ab' for row in read_devkit(tmp_path / name).values()])
    observed = np.array([leaf.labels.row(i) for leaf in leaves for i in range(leaf.num_samples)])
    return full, observed


def test_planted_corrections_come_out_as_rows(leaves, truth, tmp_path):
    full, _ = truth
    store = EntryStore(34, 5)
    planted = {1: [(30, 2), (3, 4), (3, 0)], 2: [(0, 1)], 5: [(33, 0), (24, 3), (23, 3)]}
    for epoch, pairs in planted.items():
        plant(store, epoch, *pairs)
    names = [f'{name}train_{i:03d}.jpg' for name, n in (('a', 24), ('b', 10)) for i in range(n)]
    expected = [
        {
            'image': names[row],
            'sample_idx': row,
            'class': CLASSES[label],
            'epoch': epoch + 1,
            'verdict': 'right' if full[row, label] else 'wrong',
        }
        for epoch, pairs in planted.items()
        for row, label in sorted(pairs)
    ]
    table = judge(store.table(), leaves)
    assert list(correction_rows(table, leaves)) == expected
    export_corrections(tmp_path / 'new' / 'all.csv', table, leaves)
    with (tmp_path / 'new' / 'all.csv').open(newline='') as file:
        assert list(csv.DictReader(file)) == [{k: str(v) for k, v in r.items()} for r in expected]


def test_an_empty_store_exports_the_header(leaves, tmp_path):
    export_corrections(tmp_path / 'all.csv', judge(EntryStore(34, 5).table(), leaves), leaves)
    assert (tmp_path / 'all.csv').read_text().strip() == 'image,sample_idx,class,epoch,verdict'


def test_truth_may_be_unknown(tmp_path):
    (tmp_path / 'images').mkdir()
    scores = {'x.png': [1, -1, -1], 'y.png': [0, 1, -1]}
    for name in scores:
        Image.new('RGB', (4, 4)).save(tmp_path / 'images' / name)
    content = {
        'metainfo': {'classes': ['cat', 'dog', 'elk']},
        'data_list': [{'img_path': name, 'gt_score': score} for name, score in scores.items()],
    }
    (tmp_path / 'train.json').write_text(json.dumps(content))
    inner = dict(type='MultiLabelDataset', data_root=str(tmp_path), ann_file='train.json',
                 data_prefix='images', pipeline=[])  # fmt: skip
    leaves, total = build(dict(type='PartialLabelDataset', dataset=inner))
    store = EntryStore(total, 3)
    plant(store, 1, (0, 1), (1, 2))
    table = judge(store.table(), leaves)
    assert [row['verdict'] for row in correction_rows(table, leaves)] == ['unknown'] * 2
    assert history_of(0, table, leaves).corrections == [(2, 'dog', 'unknown')]
    last = epoch_rows(table, 2, count_hidden(leaves))[-1]
    assert (last['unknown_so_far'], last['right_so_far']) == (2, 0)
    assert math.isnan(last['precision_so_far'])
    assert math.isnan(last['found_so_far'])


def test_hidden_positives_are_those_of_the_images_trained_on(leaves, truth):
    full, observed = truth
    offsets = (0, 24)
    trained = [o + i for o, leaf in zip(offsets, leaves, strict=True) for i in leaf.indices]
    assert len(trained) == 19 + 8
    expected = sum(
        full[i, c] == 1 and observed[i, c] == -1 for i in trained for c in range(len(CLASSES))
    )
    assert count_hidden(leaves) == expected > 0


tables = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 4), st.sampled_from([1, 0, -1])),
    max_size=25,
    unique_by=lambda row: row[:2],
)


def as_table(rows):
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return dict(zip(('sample', 'class', 'epoch', 'verdict'), columns, strict=True))


@given(tables, st.integers(0, 30))
def test_epochs_add_up(rows, hidden):
    found = epoch_rows(as_table(rows), 6, hidden)
    assert [row['epoch'] for row in found] == [1, 2, 3, 4, 5, 6]
    for row in found:
        now = [r for r in rows if r[2] + 1 == row['epoch']]
        past = [r for r in rows if r[2] + 1 <= row['epoch']]
        for suffix, part in (('', now), ('_so_far', past)):
            right, wrong = (sum(r[3] == v for r in part) for v in (1, 0))
            assert row[f'corrected{suffix}'] == len(part)
            assert (row[f'right{suffix}'], row[f'wrong{suffix}']) == (right, wrong)
            assert row[f'unknown{suffix}'] == len(part) - right - wrong
            if right + wrong:
                assert row[f'precision{suffix}'] == right / (right + wrong)
            else:
                assert math.isnan(row[f'precision{suffix}'])
        assert math.isnan(row['found_so_far']) if not hidden else (
            row['found_so_far'] == sum(r[3] == 1 for r in past) / hidden
        )  # fmt: skip


@given(tables, st.integers(1, 8), st.integers(0, 3))
def test_chosen_samples_are_the_most_corrected_of_each_kind(rows, count, seed):
    table = as_table(rows)
    chosen = choose_samples(table, count, seed)
    corrected = {r[0]: [q[3] for q in rows if q[0] == r[0]] for r in rows}
    assert len(set(chosen)) == len(chosen) == min(count, len(corrected))
    assert choose_samples(table, count, seed) == chosen
    for bad in (False, True):
        kind = {s: len(v) for s, v in corrected.items() if (0 in v) is bad}
        taken = [kind[s] for s in chosen if s in kind]
        assert taken == sorted(kind.values(), reverse=True)[: len(taken)]
        if kind and count > 1:
            assert taken, 'each kind is shown'


def test_wrong_ones_are_shown_in_proportion():
    # 20 images with one right correction, 10 with a right and a wrong one.
    rows = [(i, 0, 1, 1) for i in range(30)] + [(i, 1, 1, 0) for i in range(20, 30)]
    chosen = choose_samples(as_table(rows), 6)
    assert [sample >= 20 for sample in chosen] == [False] * 4 + [True] * 2
    other = choose_samples(as_table(rows), 6, seed=1)
    assert other != chosen
    assert [sample >= 20 for sample in other] == [False] * 4 + [True] * 2


def test_history(leaves, truth):
    full, observed = truth
    sample = 24 + int(np.argmax(full[24:].sum(1)))  # of the second set, three positives
    seen = int(np.flatnonzero(observed[sample] == 1)[0])
    hidden = [c for c in range(5) if full[sample, c] and c != seen]
    absent = int(np.flatnonzero(full[sample] == 0)[0])
    store = EntryStore(34, 5)
    plant(store, 4, (sample, hidden[0]), (0, 0))
    plant(store, 2, (sample, absent))
    history = history_of(sample, judge(store.table(), leaves), leaves)
    assert history.sample == sample
    assert history.name == f'btrain_{sample - 24:03d}.jpg'
    assert Image.open(history.path).size == (16, 16)
    assert history.observed == [CLASSES[seen]]
    assert history.corrections == [
        (3, CLASSES[absent], 'wrong'),
        (5, CLASSES[hidden[0]], 'right'),
    ]
    assert history.missed == [CLASSES[c] for c in hidden[1:]]
    assert timeline(history, 6) == [
        ('observed', CLASSES[seen], 1),
        ('wrong', CLASSES[absent], 3),
        ('right', CLASSES[hidden[0]], 5),
        *(('missed', CLASSES[c], 7) for c in hidden[1:]),
    ]


def test_images_are_found_by_name(leaves):
    held_out = next(i for i in range(24) if i not in leaves[0].indices)
    trained = [f'btrain_{leaves[1].indices[0]:03d}.jpg', f'atrain_{leaves[0].indices[1]:03d}']
    expected = [24 + leaves[1].indices[0], leaves[0].indices[1]]
    assert find_samples(trained, leaves) == expected
    for name in ('zebra.jpg', f'atrain_{held_out:03d}.jpg'):
        with pytest.raises(ValueError, match=f'--images {name}: names 0 training images'):
            find_samples([name], leaves)


def test_a_name_in_two_folders_is_ambiguous():
    names = SimpleNamespace(image_names=lambda: ['p/a.jpg', 'q/a.jpg'])
    leaf = SimpleNamespace(dataset=names, indices=np.arange(2), index_offset=0)
    with pytest.raises(ValueError, match='names 2 training images'):
        find_samples(['a'], [leaf])
    assert find_samples(['q/a.jpg'], [leaf]) == [1]


def history(path, corrections, missed=()):
    return History(0, 'x.jpg', str(path), ['cat'], corrections, list(missed))


def test_figure_tells_right_from_wrong_by_sign_and_colour(tmp_path):
    Image.new('RGB', (600, 300), 'red').save(tmp_path / 'x.jpg')
    many = [(2, f'class {i}', 'unknown') for i in range(20)]
    figure = draw_growth(
        [
            history(tmp_path / 'x.jpg', [(3, 'dog', 'right'), (5, 'bus', 'wrong')], ['car']),
            history(tmp_path / 'x.jpg', []),
            history(tmp_path / 'x.jpg', many),
        ],
        epochs=6,
        title='growth',
    )
    axes = figure.axes[1]
    ticks = [(t.get_text(), t.get_color()) for t in axes.get_yticklabels()]
    assert [text for text, _ in ticks] == ['cat ●', 'dog ✓', 'bus ✗', 'car ○']
    assert len({colour for _, colour in ticks}) == 4
    bars = [(b.get_x(), b.get_x() + b.get_width()) for b in axes.patches]
    assert bars == [(0.5, 6.5), (2.5, 6.5), (4.5, 6.5), (0.5, 6.5)]
    assert figure.axes[0].images[0].get_array().shape == (120, 240, 3)
    crowded = [t.get_text() for t in figure.axes[5].get_yticklabels()]
    assert crowded[-1] == '+ 12 more'
    assert len(crowded) == 10
    legend = [t.get_text() for t in figure.legends[0].get_texts()]
    assert [text[0] for text in legend] == ['●', '✓', '✗', '?', '○']


def test_photograph_stands_upright(tmp_path):
    image = Image.new('L', (40, 20))
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    image.save(tmp_path / 'turned.jpg', exif=exif)
    shown = read_photograph(str(tmp_path / 'turned.jpg'))
    assert (shown.size, shown.mode) == ((20, 40), 'RGB')
