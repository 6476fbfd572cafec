from __future__ import annotations

import shutil

import benchmark_trees as trees
import numpy as np
import pytest

from wsml_mm.benchmarks import CUB200Attributes


@pytest.fixture
def root(tmp_path):
    return trees.write_cub(tmp_path / 'cub')


def dense(dataset) -> np.ndarray:
    labels = dataset.sparse_labels()
    return np.array([labels.row(i) for i in range(len(labels))])


@pytest.mark.parametrize('split', ['train', 'test'])
def test_ids_decide_and_not_the_order_of_lines(root, split):
    names, matrix = trees.cub_rule(root, split)
    folder = root / 'CUB_200_2011'
    for file in ('images.txt', 'train_test_split.txt', 'attributes/image_attribute_labels.txt'):
        lines = (folder / file).read_text().splitlines(keepends=True)
        np.random.default_rng(5).shuffle(lines)
        (folder / file).write_text(''.join(lines))
    dataset = CUB200Attributes(root, split)
    assert list(dataset.image_names()) == names
    np.testing.assert_array_equal(dense(dataset), matrix)


def test_attributes_are_found_beside_and_in_the_folder(root):
    beside = CUB200Attributes(root, prepare=False)
    assert tuple(beside.metainfo['classes']) == trees.CUB_ATTRIBUTES
    shutil.move(root / 'attributes.txt', root / 'CUB_200_2011' / 'attributes.txt')
    within = CUB200Attributes(root, prepare=False)
    assert within.metainfo['classes'] == beside.metainfo['classes']
    np.testing.assert_array_equal(dense(within), dense(beside))


def test_images_without_any_attribute_stay_and_zeros_are_known(root):
    path = root / 'CUB_200_2011/attributes/image_attribute_labels.txt'
    lines = [line.split() for line in path.read_text().splitlines()]
    path.write_text(''.join(f'{i} {a} 0 {" ".join(rest)}\n' for i, a, _, *rest in lines))
    counts = {s: CUB200Attributes(root, s).sparse_labels().counts() for s in ('train', 'test')}
    assert sum(c['negative'] for c in counts.values()) == len(lines)
    assert all(c['positive'] == c['unobserved'] == 0 for c in counts.values())


@pytest.mark.parametrize(
    ('file', 'old', 'new', 'message'),
    [
        (
            'images.txt',
            '5 ',
            '5 ../',
            r"images\.txt: image 5: '\.\./.*' is outside the image folder",
        ),
        ('images.txt', '5 ', '5 /', r'images\.txt: image 5: .* is outside the image folder'),
        ('train_test_split.txt', '5 ', '77 ', r'split\.txt: image 5 has None, neither 1 \(train'),
        ('train_test_split.txt', '5 ', '5 2', r"split\.txt: image 5 has '2[01]', neither 1"),
        ('images.txt', '5 ', '99 ', r'split\.txt: image 99 has None'),
    ],
)
def test_bad_tables(root, file, old, new, message):
    path = root / 'CUB_200_2011' / file
    path.write_text(path.read_text().replace(f'\n{old}', f'\n{new}', 1))
    with pytest.raises(ValueError, match=message) as error:
        CUB200Attributes(root)
    assert '\n' not in str(error.value)


@pytest.mark.parametrize('gone', ['images.txt', 'train_test_split.txt', 'attributes'])
def test_missing_files(root, gone):
    path = root / 'CUB_200_2011' / gone
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(FileNotFoundError, match=r'no such file; data_root must hold CUB_200_2011'):
        CUB200Attributes(root)


def test_unknown_split(root):
    with pytest.raises(ValueError, match=r"split='val'; use \"train\" or \"test\""):
        CUB200Attributes(root, 'val')
