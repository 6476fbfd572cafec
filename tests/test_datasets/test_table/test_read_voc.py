"""VOC annotations as labels, as labelImg and CVAT write them."""

from __future__ import annotations

import json

import pytest

from wsml_mm import VOC2012, LabelTable

OBJECT = (
    '<object><name>{}</name><pose>Unspecified</pose><truncated>0</truncated>'
    '<difficult>0</difficult><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax>'
    '</bndbox></object>'
)


def annotation(filename, *names):
    inner = '' if filename is None else f'<filename>{filename}</filename>'
    return (
        f'<annotation verified="yes"><folder>x</folder>{inner}<size><width>8</width></size>'
        f'<segmented>0</segmented>{"".join(map(OBJECT.format, names))}</annotation>'
    )


@pytest.fixture
def kit(tmp_path):
    """A devkit without class files."""
    (tmp_path / 'ImageSets' / 'Main').mkdir(parents=True)
    (tmp_path / 'ImageSets' / 'Main' / 'train.txt').write_text('b\nmy cat.jpg\n\n')
    (tmp_path / 'Annotations').mkdir()
    write(tmp_path / 'Annotations', b=annotation('b.jpg', 'dog', 'dog', 'cat'))
    write(tmp_path / 'Annotations', **{'my cat': annotation(' my cat.png\n', ' cat ')})
    write(tmp_path / 'Annotations', empty=annotation('empty.jpg'))
    return tmp_path


def write(folder, **files):
    for name, text in files.items():
        (folder / f'{name}.xml').write_text(text, encoding='utf-8')


def labels(root, *args, **kwargs):
    table = LabelTable(root, *args, **kwargs)
    rows = [table.sparse_labels().row(n).tolist() for n in range(len(table))]
    return dict(zip(table.image_names(), rows, strict=True))


def test_a_folder(kit):
    (kit / 'Annotations' / '._b.xml').write_bytes(b'\0\5\x16\7')  # of another system
    found = {'b.jpg': [1, 1], 'my cat.png': [1, -1], 'empty.jpg': [-1, -1]}
    assert labels(kit, 'Annotations') == found
    absent = {'b.jpg': [1, 1], 'my cat.png': [1, 0], 'empty.jpg': [0, 0]}
    assert labels(kit, 'Annotations', unlisted='negative') == absent
    assert labels(kit, 'Annotations', classes=['dog', 'cat'])['my cat.png'] == [-1, 1]
    write(kit / 'Annotations', b=annotation('b.jpg', 'dgo'))
    with pytest.raises(ValueError, match=r"Annotations/b\.xml: unknown label 'dgo'; did you mean"):
        labels(kit, 'Annotations', classes=['cat', 'dog'])


def test_a_list_of_images(kit):
    train = 'ImageSets/Main/train.txt'
    assert labels(kit, train) == {'b.jpg': [1, 1], 'my cat.png': [1, -1]}
    write(kit / 'Annotations', b=annotation('b.jpg', 'dgo'))
    with pytest.raises(ValueError, match=r'train\.txt: Annotations/b\.xml: unknown label .dgo.;'):
        labels(kit, train, classes=['cat', 'dog'])
    with pytest.raises(
        FileNotFoundError, match=r'cat_train\.txt: no such class file; the labels of '
    ):
        VOC2012(kit, classes=['cat'])
    with pytest.raises(FileNotFoundError, match=r"LabelTable\(ann_file='ImageSets/Main/train.txt'"):
        VOC2012(kit, classes=['cat'])


def test_images_in_subfolders(kit):
    (kit / 'Annotations' / 'sub').mkdir()
    write(kit / 'Annotations' / 'sub', c=annotation('c.jpg', 'cat'), d=annotation('sub/d.jpg', 'x'))
    (kit / 'train.txt').write_text('sub/c\nsub/d.jpg\n')
    assert list(labels(kit, 'train.txt')) == ['sub/c.jpg', 'sub/d.jpg']
    assert {'sub/c.jpg', 'sub/d.jpg'} < set(labels(kit, 'Annotations'))


def test_xml_beside_the_images(tmp_path):
    write(tmp_path, a=annotation('C:\\photos\\a.jpg', 'cat'), b=annotation('/photos/b.jpg', 'dog'))
    assert labels(tmp_path, '') == {'a.jpg': [1, -1], 'b.jpg': [-1, 1]}


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (annotation('old.jpg', 'cat'), "a.xml: is about another image, 'old.jpg'; rename one of"),
        (annotation(None, 'cat'), r"a.xml: names no image file \(<filename> is ''\); say suf"),
        (annotation('a', 'cat'), r"a.xml: names no image file \(<filename> is 'a'\); say suf"),
        (annotation('a.jpg', ''), 'a.xml: an object has no name; name its class'),
        (annotation('a.jpg', '*'), r"a.xml: '\*' among the positive labels"),
        (annotation('../a.jpg', 'cat'), r"a.xml: image name '\.\./a\.jpg' is outside"),
        ('<annotation>', r'a.xml: is not an XML file \(ParseError.*; correct or remove it'),
        ('<annotations><image/></annotations>', 'is no annotation of VOC, but a <annotations>; ex'),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    write(tmp_path, a=text)
    with pytest.raises(ValueError, match=message) as error:
        labels(tmp_path, '')
    assert '\n' not in str(error.value)


def test_stale_or_missing_file_names(tmp_path):
    write(tmp_path, a=annotation('old.jpg', 'cat'), b=annotation(None, 'cat'))
    assert list(labels(tmp_path, '', suffix='.png')) == ['a.png', 'b.png']


def test_one_image_in_two_files(tmp_path):
    (tmp_path / 'x').mkdir()
    write(tmp_path, a=annotation('a.jpg', 'cat'))
    write(tmp_path / 'x', a=annotation('../a.jpg', 'cat'))
    with pytest.raises(ValueError, match='is outside the image folder'):
        labels(tmp_path, '')
    write(tmp_path / 'x', a=annotation('./a.jpg', 'cat'))
    assert list(labels(tmp_path, '')) == ['a.jpg', 'x/a.jpg']


@pytest.mark.parametrize(
    ('lines', 'error', 'message'),
    [
        ('b\nc\n', FileNotFoundError, r"train\.txt:2: 'c' has no .*c\.xml; annotate the image, or"),
        ('b  1\n', FileNotFoundError, r'this is a class file: give train\.txt or the like, or'),
        ('../b\n', ValueError, r"train\.txt:1: '\.\./b' leaves Annotations"),
        ('/b\n', ValueError, r"train\.txt:1: '/b' leaves Annotations"),
    ],
)
def test_damaged_lists(kit, lines, error, message):
    (kit / 'ImageSets' / 'Main' / 'train.txt').write_text(lines)
    with pytest.raises(error, match=message):
        labels(kit, 'ImageSets/Main/train.txt')


def test_nothing_there(kit, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'val\.txt: no such file; check ann_file'):
        labels(kit, 'ImageSets/Main/val.txt')
    with pytest.raises(FileNotFoundError, match=r'ImageSets: holds no VOC annotation'):
        labels(kit, 'ImageSets')
    with pytest.raises(ValueError, match=r'Annotation: a table of labels ends with .* folder of'):
        labels(kit, 'Annotation')
    with pytest.raises(ValueError, match='XML files are read each time; leave out prepare=True'):
        labels(kit, 'Annotations', prepare=True)
    (kit / 'Annotations').rename(kit / 'xml')
    with pytest.raises(FileNotFoundError, match=r'train\.txt: no folder Annotations is near'):
        labels(kit, 'ImageSets/Main/train.txt')


def test_the_same_labels_as_json(kit):
    rows = [
        {'image': 'b.jpg', 'positive': ['dog', 'cat']},
        {'image': 'empty.jpg', 'positive': []},
        {'image': 'my cat.png', 'positive': ['cat']},
    ]
    (kit / 't.json').write_text(json.dumps(rows))
    assert labels(kit, 't.json') == labels(kit, 'Annotations')
