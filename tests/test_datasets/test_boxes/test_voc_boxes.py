from __future__ import annotations

import numpy as np
import pytest
from mmpretrain.registry import TASK_UTILS
from planted_maps import xml_object

from wsml_mm.benchmarks import ComposedScenes
from wsml_mm.datasets.boxes import read_voc_boxes


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, objects in files.items():
        (folder / f'{name}.xml').write_text(f'<annotation>{objects}</annotation>')
    return folder


def test_reads_classes_pixels_and_images_without_boxes(tmp_path):
    part = '<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>'
    cat = xml_object('cat', (0, 0, 500, 333)).replace('</object>', f'{part}</object>')
    folder = write(
        tmp_path / 'Annotations',
        b=xml_object('dog', (1.5, 2, 3, 4)) + xml_object('tree', (0, 0, 1, 1)) + cat,
        a=xml_object('tree', (0, 0, 1, 1)),
    )
    table = read_voc_boxes(folder, ('cat', 'dog'))
    classes, xyxy = table.of('JPEGImages/b.jpg', (333, 500))
    assert classes.tolist() == [1, 0]
    # A box over the whole image is (0, 0, W, H), although VOC writes 1 1 W H.
    np.testing.assert_array_equal(xyxy, [[1.5, 2, 3, 4], [0, 0, 500, 333]])
    assert len(table.of('a.jpg', (5, 5))[0]) == 0


def test_difficult_objects_and_counting_from_zero(tmp_path):
    objects = xml_object('cat', (0, 0, 4, 4), difficult=1) + xml_object('cat', (1, 1, 2, 2))
    folder = write(tmp_path / 'Annotations', a=objects)
    source = dict(type='VOCBoxes', folder=str(folder))
    assert len(TASK_UTILS.build(source)(['cat']).classes) == 1
    assert len(TASK_UTILS.build({**source, 'difficult': True})(['cat']).classes) == 2
    table = TASK_UTILS.build({**source, 'one_based': False})(['cat'])
    np.testing.assert_array_equal(table.xyxy, [[2, 2, 2, 2]])


def test_boxes_of_the_drawn_scenes_enclose_the_figures(tmp_path):
    """The package's own writer and reader agree on what a pixel is."""
    scenes = ComposedScenes(tmp_path / 's', 'val', num_train=0, num_val=8, size=48, pipeline=[])
    table = read_voc_boxes(tmp_path / 's' / 'Annotations', scenes.metainfo['classes'])
    for index in range(len(scenes)):
        info = scenes.get_data_info(index)
        classes, xyxy = table.of(info['img_path'], (48, 48))
        assert sorted(classes.tolist()) == info['gt_label']
        assert xyxy.min() >= 0
        assert xyxy.max() <= 48
        assert (xyxy[:, 2:] > xyxy[:, :2]).all()


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('<annotation>', r'a.xml: is not an XML file \(ParseError.*; correct or remove it'),
        ('\x00', r'a.xml: is not an XML file'),
        (xml_object('cat', (5, 0, 4, 4)), "a.xml: object 'cat' lacks a name or a bndbox"),
        (xml_object('cat', (float('nan'), 0, 4, 4)), "object 'cat' lacks"),
        (xml_object('cat', (1, 0, 'inf', 4)), "object 'cat' lacks"),
        (xml_object('cat', (1, 0, 5, '1e400')), "object 'cat' lacks"),
        (xml_object('cat', (float('-inf'), 0, 5, 5)), "object 'cat' lacks"),
        (xml_object('cat', (1, 0, 1e39, 5)), "object 'cat' lacks a name or .*, finite; correct"),
        (xml_object('cat', (1, 0, 'four', 4)), "object 'cat' lacks"),
        ('<object><name>cat</name></object>', "object 'cat' lacks"),
        (xml_object('', (1, 0, 4, 4)), "object '' lacks a name"),
    ],
)  # fmt: skip
def test_damaged_files(tmp_path, text, message):
    (tmp_path / 'a.xml').write_text(
        text if text[:2] != '<o' else f'<annotation>{text}</annotation>'
    )
    with pytest.raises(ValueError, match=message) as error:
        read_voc_boxes(tmp_path, ['cat'])
    assert '\n' not in str(error.value)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no VOC annotation .* there; give the folder'):
        read_voc_boxes(tmp_path, ['cat'])
    write(tmp_path, a=xml_object('tree', (0, 0, 1, 1)))
    with pytest.raises(ValueError, match='holds no box of the classes'):
        read_voc_boxes(tmp_path, ['cat'])


def test_entities_that_blow_up_are_refused(tmp_path):
    bomb = '<!DOCTYPE a [<!ENTITY b "xxxx"><!ENTITY c "&b;&b;&b;&b;">]><annotation>&c;</annotation>'
    (tmp_path / 'a.xml').write_text(bomb)
    with pytest.raises(
        ValueError, match=r'a\.xml: declares entities .* \(EntitiesForbidden\); remove the decl'
    ):
        read_voc_boxes(tmp_path, ['car'])
