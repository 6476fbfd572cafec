from __future__ import annotations

import shutil

import benchmark_trees as trees
import numpy as np
import pytest

from wsml_mm.benchmarks import NUSWIDE


@pytest.fixture
def cole(tmp_path):
    return trees.write_nus_cole(tmp_path / 'nuswide')


@pytest.fixture
def official(tmp_path):
    return trees.write_nus_official(tmp_path / 'nuswide')


def test_there_are_81_concepts_in_alphabetical_order():
    classes = NUSWIDE.METAINFO['classes']
    assert len(set(classes)) == 81
    assert list(classes) == sorted(classes)
    assert (classes[0], classes[42], classes[55], classes[80]) == (
        'airport', 'person', 'sky', 'zebra',
    )  # fmt: skip


@pytest.mark.parametrize('split', ['train', 'val'])
def test_images_without_a_label_stay_by_default(cole, split):
    matrix = np.load(cole / f'formatted_{split}_labels.npy')
    empty = int((matrix.sum(1) == 0).sum())
    assert empty >= len(matrix) // 4
    assert len(NUSWIDE(cole, split)) == len(matrix)
    assert len(NUSWIDE(cole, split, keep_empty=False)) == len(matrix) - empty


def test_both_versions_in_one_folder_keep_apart(cole):
    other = trees.write_nus_official(cole.parent / 'other')
    for path in (*other.glob('*.txt'), other / 'ImageList', other / 'TrainTestLabels'):
        shutil.move(path, cole / path.name)
    shutil.copytree(other / 'Flickr', cole / 'Flickr', dirs_exist_ok=True)
    assert len(NUSWIDE(cole, version='official')) == 17
    assert len(NUSWIDE(cole)) == 31
    assert sorted(p.name for p in (cole / 'wsml_mm').iterdir() if p.is_dir()) == [
        'nuswide_cole_train', 'nuswide_official_train',
    ]  # fmt: skip


def test_labels_of_the_owners_may_lie_deeper(official):
    _, matrix = trees.nus_official_rule(official, 'test')
    (official / 'Groundtruth').mkdir()
    shutil.move(official / 'TrainTestLabels', official / 'Groundtruth' / 'TrainTestLabels')
    (official / 'ConceptsList').mkdir()
    shutil.move(official / 'Concepts81.txt', official / 'ConceptsList' / 'Concepts81.txt')
    dataset = NUSWIDE(official, 'test', 'official')
    assert tuple(dataset.metainfo['classes']) == trees.NUS_CONCEPTS
    found = [dataset.sparse_labels().row(i) for i in range(len(dataset))]
    np.testing.assert_array_equal(found, matrix)


def test_another_order_of_the_concepts_is_read_anew(official):
    before = NUSWIDE(official, version='official').metainfo['classes']
    path = official / 'Concepts81.txt'
    path.write_text('\n'.join(before[::-1]))
    dataset = NUSWIDE(official, version='official')
    assert dataset.metainfo['classes'] == before[::-1]
    other = NUSWIDE(official, version='official', prepare=False)
    assert dataset.sparse_labels().fingerprint() == other.sparse_labels().fingerprint()


def test_the_built_in_concepts_serve_without_the_list(official):
    (official / 'Concepts81.txt').unlink()
    with pytest.raises(FileNotFoundError, match=r'Labels_animal_Train\.txt: no such file of lab'):
        NUSWIDE(official, version='official')
    flags = (official / 'TrainTestLabels' / 'Labels_sky_Train.txt').read_text()
    for name in NUSWIDE.METAINFO['classes']:
        (official / 'TrainTestLabels' / f'Labels_{name}_Train.txt').write_text(flags)
    assert len(NUSWIDE(official, version='official').metainfo['classes']) == 81


@pytest.mark.parametrize(
    ('version', 'split'), [('cole', 'test'), ('official', 'val'), ('mine', 'train')]
)
def test_unknown_version_or_split(tmp_path, version, split):
    with pytest.raises(ValueError, match=rf"version='{version}', split='{split}'; use one of 'co"):
        NUSWIDE(tmp_path, split, version)
