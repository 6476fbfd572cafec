"""How the columns of a table are taken, and which are refused because they may be either."""

from __future__ import annotations

import pytest
from PIL import Image

from wsml_mm.datasets.own_data.guess import guess_options
from wsml_mm.datasets.own_data.image_places import ImagePlaces
from wsml_mm.datasets.own_data.peek import peek
from wsml_mm.datasets.own_data.words import role_of


def guess(tmp_path, text, classes=None, **given):
    for name in 'ab':
        Image.new('RGB', (8, 8)).save(tmp_path / f'{name}.jpg')
    (tmp_path / 't.csv').write_text(text)
    columns = peek(tmp_path / 't.csv')
    return guess_options('t.csv', columns, ImagePlaces(tmp_path), classes, given)[0]


@pytest.mark.parametrize(
    ('text', 'options'),
    [
        ('image,positive,negative\na.jpg,x,\n', {}),
        ('sep=;\nimage;positive\na.jpg;x\n', {}),
        ('n,file,what\n1,a.jpg,x\n2,b.jpg,y\n', {'columns': {'positive': 'what', 'image': 'file'}}),
        ('image,tags\na.jpg,x;y\n', {'columns': {'positive': 'tags'}, 'separator': ';'}),
        ("image,labels\na.jpg,\"['x y', 'z']\"\n", {'columns': {'positive': 'labels'}}),
        (
            'image,label\na.jpg,No Finding\nb.jpg,x|y\n',
            {'columns': {'positive': 'label'}, 'nothing': 'No Finding'},
        ),
        (
            'image,class,xmin\na.jpg,x,1\na.jpg,y,2\n',
            {'columns': {'positive': 'class'}, 'duplicates': 'merge'},
        ),
        ('image,x,y,age\na.jpg,1,0,1\nb.jpg,,1,0\n', {'layout': 'indicators', 'ignored': ['age']}),
    ],
)
def test_columns_are_taken_for(text, options, tmp_path):
    assert guess(tmp_path, text) == options


def test_classes_and_options_decide(tmp_path):
    blanks = 'image,tags\na.jpg,x y\n'
    assert guess(tmp_path, blanks, ['x', 'y'])['separator'] == ' '
    assert 'separator' not in guess(tmp_path, blanks, ['x y'])
    assert guess(tmp_path, blanks, separator=' ')['separator'] == ' '
    two = 'image,tag,label\na.jpg,x,y\n'
    assert guess(tmp_path, two, columns={'positive': 'tag'})['columns'] == {'positive': 'tag'}


@pytest.mark.parametrize(
    ('text', 'says'),
    [
        ('one,two,positive\na.jpg,b.jpg,x\n', "'one' and 'two' name images.*--columns image=one"),
        ('image,tag,label\na.jpg,x,y\n', "'tag' or 'label'; say which by --columns positive=tag"),
        ('image,tags\na.jpg,x;y|z\n', r"may be separated by '\|' or ';'; .*--separator"),
        ('image,tags\na.jpg,x y\n', "'x y' may be one label or several; say --separator ' ' if"),
        ('image,tags,split\na.jpg,x,train\nb.jpg,y,val\n', "'split' says which part a row is of"),
        ('image,number\na.jpg,7\n', 'names images and no labels'),
        ('image,label,x,y,z\na.jpg,x,1,1,1\n', 'say --layout lists, or --layout indicators'),
    ],
)
def test_what_may_be_either_is_refused(text, says, tmp_path):
    with pytest.raises(ValueError, match=says):
        guess(tmp_path, text)


def test_unknown_column(tmp_path):
    with pytest.raises(ValueError, match="no column 'x', only 'image', 'positive'"):
        guess(tmp_path, 'image,positive\na.jpg,x\n', columns={'image': 'x'})


@pytest.mark.parametrize(
    ('name', 'role'),
    [
        ('instances_train2017', 'train'), ('valid', 'val'), ('my-test', 'test'), ('latest', ''),
        ('train_val', ''), ('training', 'train'),
    ],
)  # fmt: skip
def test_roles(name, role):
    assert role_of(name) == role
