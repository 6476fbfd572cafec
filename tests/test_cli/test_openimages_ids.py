from __future__ import annotations

import pytest
from openimages_tree import SPLITS, random_tree, write_images

from wsml_mm.cli.openimages_ids import main
from wsml_mm.cli.prepare_dataset import main as prepare_dataset


@pytest.fixture
def tree(tmp_path):
    return random_tree(tmp_path / 'oi', images=6)


def listed(tree, *options: str) -> list[str]:
    out = tree.root.parent / 'lists' / 'ids.txt'
    main(['--root', str(tree.root), '--out', str(out), *options])
    assert [path.name for path in out.parent.iterdir()] == ['ids.txt']  # no draft is left
    return out.read_text().splitlines()


def test_images_of_the_training_split(tree, capsys):
    due = [f'train/{image}' for image in tree.images('train')]
    assert listed(tree) == due
    told = capsys.readouterr().out
    assert f'train: {len(due)} of {len(due)} images listed' in told
    assert str(tree.root / 'train') in told


def test_images_of_several_splits(tree):
    due = [f'{split}/{i}' for split in ('test', 'validation') for i in tree.images(split)]
    assert listed(tree, '--splits', 'test', 'validation') == due


def test_all_images_of_the_file_as_the_reference_lists_them(tree):
    due = sorted({image for image, *_ in tree.lines['train']})
    assert listed(tree, '--keep-unlabelled') == [f'train/{image}' for image in due]


def test_only_what_is_not_downloaded(tree):
    images = tree.images('train')
    (tree.root / 'train').mkdir()
    for image in (images[0], images[3]):
        (tree.root / 'train' / f'{image}.jpg').write_bytes(b'jpeg')
    (tree.root / 'train' / f'{images[1]}.jpg').touch()  # broken off
    due = [f'train/{i}' for n, i in enumerate(images) if n not in (0, 3)]
    assert listed(tree, '--missing') == due
    for image in images:
        (tree.root / 'train' / f'{image}.jpg').write_bytes(b'jpeg')
    assert listed(tree, '--missing') == []
    assert len(listed(tree)) == len(images)


def test_a_list_that_cannot_be_written(tree):
    (tree.root / 'file').touch()
    with pytest.raises(OSError, match=r'file/ids\.txt: cannot be written'):
        main(['--root', str(tree.root), '--out', str(tree.root / 'file' / 'ids.txt')])


def test_the_catalogue_knows_the_layout(tmp_path, capsys):
    root = tmp_path / 'openimages_v3'
    tree = random_tree(root, images=6, packed=True)
    with pytest.raises(SystemExit):
        prepare_dataset(['openimages-v3', '--root', str(tmp_path)])
    told = capsys.readouterr().out
    assert f'{root / "test"}: is missing' in told
    assert 'tools/openimages_ids.py --splits train' in told
    assert 'annotations_human' not in told
    write_images(tree)
    prepare_dataset(['openimages-v3', '--root', str(tmp_path)])
    told = capsys.readouterr().out
    assert 'Nothing is missing.' in told
    for split in SPLITS:
        assert f'{len(tree.images(split))} | ' in told
