"""L48 on a small tree in the owners' format."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from helpers import tiny_config, train
from mmpretrain.registry import DATASETS
from PIL import Image

from wsml_mm import L48, L48Target
from wsml_mm.datasets import SplitNames
from wsml_mm.datasets.observation import observe_split

SPECIES = ['amerob', 'blujay', 'norcar', 'houwre']
ASSETS = [(0, 'train'), (1, 'train'), (2, 'train'), (8, 'test'), (9, 'test')]


def letters(row):
    """Species of a row of {1, 0, -1} by list."""
    kinds = {'present': 1, 'absent': 0, 'unknown': -1}
    return {
        f'{kind}_species_codes': [s for s, v in zip(SPECIES, row, strict=True) if v == value]
        for kind, value in kinds.items()
    }


@pytest.fixture
def root(tmp_path):
    """Five recordings of four clips; asset 2 is held out; the target of asset i is i % 4."""
    root, rng = tmp_path / 'ml48s', np.random.default_rng(0)
    root.mkdir()
    with (root / 'taxa.csv').open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerows([['species_code', 'common_name'], *([s, s.title()] for s in SPECIES)])
    assets, clips = [], []
    for asset, split in ASSETS:
        target = asset % 4
        folder = root / 'images' / str(asset)
        folder.mkdir(parents=True)
        seen = set()
        for order in range(4):
            row = rng.choice([1, 0, -1], 4, p=[0.3, 0.5, 0.2])
            row[(target + 1) % 4] = 0  # never heard there
            row[target] = 1 if order < 2 else 0
            if order == 3:
                row[:] = -1  # nobody has listened to it
            seen |= {SPECIES[i] for i in np.flatnonzero(row == 1)}
            name = f'images/{asset}/{order}.jpg'
            pixels = rng.integers(0, 255, (24, 75, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name)
            clips.append(
                dict(id=len(clips), asset_id=asset, clip_order=order, file_path=name, width=75,
                     height=24, boxes=[], **letters(row))
            )  # fmt: skip
        possible = [s for i, s in enumerate(SPECIES) if i != (target + 1) % 4]
        assets.append(
            dict(id=asset, split=split, target_species_code=SPECIES[target],
                 possible_species_codes=possible, observed_species_codes=sorted(seen),
                 present_species_codes=[], unknown_species_codes=[], absent_species_codes=[])
        )  # fmt: skip
    (root / 'assets.json').write_text(json.dumps(assets))
    (root / 'clips.json').write_text(json.dumps(clips))
    np.save(root / 'val_split.npy', np.array([2, 2]))  # the owners' list repeats some
    return root


def expected(root, assets, target_only=False):
    """Names and labels of the labelled clips of some recordings, by hand."""
    names, rows = [], []
    for clip in json.loads((root / 'clips.json').read_text()):
        row = [1 if s in clip['present_species_codes'] else 0 if s in clip['absent_species_codes']
               else -1 for s in SPECIES]  # fmt: skip
        has_target = row[clip['asset_id'] % 4] == 1
        if clip['asset_id'] in assets and set(row) != {-1} and (has_target or not target_only):
            names.append(clip['file_path'])
            rows.append(row)
    return names, rows


def dense(labels):
    return [labels.row(i).tolist() for i in range(len(labels))]


@pytest.mark.parametrize(('split', 'assets'), [('train', {0, 1}), ('val', {2}), ('test', {8, 9})])
@pytest.mark.parametrize('target_only', [False, True])
def test_labels_split_and_groups(root, split, assets, target_only):
    dataset = L48(root, split, target_only=target_only)
    names, rows = expected(root, assets, target_only)
    assert dataset.metainfo['classes'] == tuple(SPECIES)
    assert (list(dataset.image_names()), dense(dataset.sparse_labels())) == (names, rows)
    ids = sorted(assets)
    assert dataset.sample_groups().tolist() == [ids.index(int(n.split('/')[1])) for n in names]
    again = L48(root, split, target_only=target_only)  # from the prepared columns
    assert dense(again.sparse_labels()) == rows


def test_columns_of_pandas_are_read_as_records_are(root):
    clips = json.loads((root / 'clips.json').read_text())
    columns = {key: {str(i): clip[key] for i, clip in enumerate(clips)} for key in clips[0]}
    before = dense(L48(root, prepare=False).sparse_labels())
    (root / 'clips.json').write_text(json.dumps(columns))
    assert dense(L48(root, prepare=False).sparse_labels()) == before


@pytest.mark.parametrize('negatives', [None, 'geo', 'checklist'])
def test_the_target_is_the_only_positive_and_negatives_come_from_lists(root, negatives):
    dataset = L48(root, 'train')
    names = SplitNames.of(dataset)
    found = dense(observe_split(L48Target(root, negatives), dataset.sparse_labels(), names))
    assets = {a['id']: a for a in json.loads((root / 'assets.json').read_text())}
    field = {'geo': 'possible_species_codes', 'checklist': 'observed_species_codes'}.get(negatives)
    for name, full, row in zip(*expected(root, {0, 1}), found, strict=True):
        asset = assets[int(name.split('/')[1])]
        for place, code in enumerate(SPECIES):
            if code == asset['target_species_code']:
                assert row[place] == (1 if full[place] == 1 else -1)
            else:
                excluded = field is not None and code not in asset[field]
                assert row[place] == (0 if excluded else -1)
    counts = [row.count(1) for row in found]
    assert set(counts) == {0, 1}


def edit(root, file, change):
    content = json.loads((root / file).read_text())
    change(content)
    (root / file).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ('file', 'change', 'message'),
    [
        ('clips.json', lambda c: c[0].pop('file_path'), r"clips\.json: record 1 has no 'file_"),
        ('clips.json', lambda c: c[0].update(asset_id=77), r'record 1: asset 77 is not in assets'),
        ('clips.json', lambda c: c[1].update(file_path='images/5/1.jpg'),
         r"record 2: 'images/5/1\.jpg' is no file in the folder of asset 0"),
        ('clips.json', lambda c: c[0].update(file_path='../0/1.jpg'), r'record 1: .* is no file'),
        ('clips.json', lambda c: c[0]['absent_species_codes'].append('dodo'),
         r"absent_species_codes: species 'dodo' is not in taxa\.csv"),
        ('clips.json', lambda c: c[0].update(unknown_species_codes=['amerob']),
         r"record 1: species 'amerob' is in two of its lists"),
        ('clips.json', lambda c: c[0].update(present_species_codes='amerob'), 'is no list of'),
        ('clips.json', lambda c: c.clear(), r'clips\.json: is no list of records'),
        ('assets.json', lambda a: a[0].pop('target_species_code'), r'record 1 has no .target_sp'),
    ],
)  # fmt: skip
def test_bad_files_in_one_line(root, file, change, message):
    edit(root, file, change)
    with pytest.raises(ValueError, match=message) as error:
        L48(root, 'train', prepare=False)
    assert '\n' not in str(error.value)


def test_missing_files_and_arguments_in_one_line(root):
    with pytest.raises(ValueError, match=r"split='valid'; use train, val, test"):
        L48(root, 'valid')
    with pytest.raises(ValueError, match="negatives='map'"):
        L48Target(root, 'map')
    for file in ('val_split.npy', 'taxa.csv', 'assets.json'):
        (root / file).rename(root / 'away')
        with pytest.raises(FileNotFoundError, match=rf'{file}: no such file; take'):
            L48(root, 'train', prepare=False)
        (root / 'away').rename(root / file)
    (root / 'val_split.npy').unlink()
    assert len(L48(root, 'test', prepare=False))
    edit(root, 'assets.json', lambda a: a[3].update(possible_species_codes=[]))
    dataset = L48(root, 'test', prepare=False)
    names = SplitNames.of(dataset)
    with pytest.raises(ValueError, match=r"possible_species_codes lacks '\w+', which images/8/"):
        observe_split(L48Target(root, 'geo'), dataset.sparse_labels(), names)
    with pytest.raises(ValueError, match='observe through PartialLabelDataset'):
        L48Target(root)(dataset.sparse_labels())


def test_a_training_with_group_consistency_masks_what_is_unknown(root, tmp_path):
    pipeline = [dict(type='LoadResizedImage', scale=(16, 16)), dict(type='PackInputs')]
    source = dict(type='L48', data_root=str(root), pipeline=pipeline)
    wrapped = dict(
        type='PartialLabelDataset', diagnosis=True,
        observe=dict(type='L48Target', data_root=str(root)),
        dataset=dict(source, split='train', target_only=True),
    )  # fmt: skip
    cfg = tiny_config(tmp_path, tmp_path / 'run', dataset=wrapped, epochs=2)
    cfg.val_dataloader.dataset = dict(type='PartialLabelDataset', dataset=dict(source, split='val'))
    cfg.model.head.num_classes = 4
    extra = [dict(type='GroupConsistency', loss_weight=0.1)]
    cfg.model.head.loss = dict(type='LargeLossReject', delta_rel=10, extra=extra)
    runner = train(cfg)
    state = runner.model.head.loss_module.extra[0].state
    assert state.rows('group_means').data.shape == (2, 4)
    labels = DATASETS.build(cfg.val_dataloader.dataset)[0]['data_samples'].gt_score
    assert labels.tolist() == expected(root, {2})[1][0]
