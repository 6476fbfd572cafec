"""Files, folders, patterns and tables that say which images are meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from wsml_mm.apis.image_inputs import find_images, images_of_table, is_table


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ('photos/b.JPG', 'photos/a.png', 'photos/deep/c.webp', 'd.jpg'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / 'photos/notes.txt').touch()
    (tmp_path / 'empty').mkdir()
    return tmp_path


def test_a_folder_with_all_below(folder):
    found = find_images(['photos'])
    assert found.folder == 'photos/'
    assert found.names == ['a.png', 'b.JPG', 'deep/c.webp']
    assert found.paths[2] == 'photos/deep/c.webp'


def test_files_and_patterns_each_image_once(folder):
    found = find_images(['photos/*.png', 'd.jpg', folder / 'photos/a.png', 'photos/**/*.webp'])
    assert found.folder == f'{folder}/'
    assert found.names == ['photos/a.png', 'd.jpg', 'photos/deep/c.webp']
    assert find_images(['d.jpg']).names == ['d.jpg']


def test_tables(folder):
    Path('list.csv').write_text('file,labels\na,x\nb.JPG,y\n')
    found = images_of_table('list.csv', ['x'], 'photos', dict(image='file'), '.png')
    assert (found.folder, found.names) == ('photos/', ['a.png', 'b.JPG'])
    Path('photos/own.jsonl').write_text('{"image": "deep/c.webp"}\n{"image": "gone.jpg"}\n')
    assert images_of_table('photos/own.jsonl', ['x']).paths == [
        'photos/deep/c.webp', 'photos/gone.jpg',
    ]  # fmt: skip
    assert is_table('x.CSV')
    assert not is_table('photos')


def test_refusals(folder):
    Image.new('RGB', (2, 2)).save('photos/a.png')
    with pytest.raises(ValueError, match=r'^empty: no image in this folder or below \(\.jpg'):
        find_images(['empty'])
    with pytest.raises(ValueError, match=r'^photos/\*\.gif: no file is called like this'):
        find_images(['photos/*.gif'])
    with pytest.raises(FileNotFoundError, match=r'^none.jpg: no such image, folder or table'):
        find_images(['none.jpg'])
    Path('list.csv').write_text('image\na.png\nb.JPG\n')
    with pytest.raises(ValueError, match=r'none of the 2 images is below .*is the folder called'):
        images_of_table('list.csv', ['x'])
