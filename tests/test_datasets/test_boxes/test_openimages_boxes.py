from __future__ import annotations

import numpy as np
import pytest
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets.boxes import read_openimages_boxes

HEADER = (
    'ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax,IsOccluded,IsTruncated,IsGroupOf,'
    'IsDepiction,IsInside'
)
LINES = [
    '000a1249af2bc5f0,xclick,/m/01yrx,1,0.25,0.75,0.1,0.2,0,0,0,0,0',
    '000a1249af2bc5f0,xclick,/m/04hgtk,1,0,1,0,1,0,0,0,0,0',
    '',
    '0001eeaf4aed83f9,xclick,/m/01yrx,1,0.5,1,0,0.5,0,0,1,0,0',
]


@pytest.fixture
def write(tmp_path):
    def written(*lines, header=HEADER, name='boxes.csv'):
        path = tmp_path / name
        path.write_text('\n'.join([header, *lines]) + '\n')
        return path

    return written


def test_x_stands_before_y(write):
    table = read_openimages_boxes(write(*LINES), ['/m/0bt9lr', '/m/01yrx'])
    classes, xyxy = table.of('validation/000a1249af2bc5f0.jpg', (100, 200))
    assert classes.tolist() == [1]
    np.testing.assert_allclose(xyxy, [[50, 10, 150, 20]], rtol=1e-6)
    assert len(table.of('ffff.jpg', (5, 5))[0]) == 0  # images without boxes are not listed


def test_columns_in_another_order(write):
    path = write('1,0.2,/m/01yrx,0,0.4,x', header='YMax,YMin,LabelName,XMin,XMax,ImageID')
    table = read_openimages_boxes(path, ['/m/01yrx'])
    np.testing.assert_allclose(table.of('x', (10, 10))[1], [[0, 2, 4, 10]], rtol=1e-6)


def test_groups_and_names(write, tmp_path):
    path = write(*LINES)
    names = tmp_path / 'class-descriptions-boxable.csv'
    names.write_text('/m/01yrx,Cat\n/m/04hgtk,"Human head"\n')
    source = dict(type='OpenImagesBoxes', csv_file=str(path), descriptions=str(names), groups=False)
    table = TASK_UTILS.build(source)(['Human head', 'Cat'])
    assert sorted(table.classes.tolist()) == [0, 1]
    assert len(table) == 1
    names.write_text('/m/01yrx\n')
    with pytest.raises(ValueError, match='/m/01yrx\' is not a "label,name"'):
        TASK_UTILS.build(source)(['Cat'])


def test_classes_of_one_name_stay_apart_as_in_the_dataset(write, tmp_path):
    names = tmp_path / 'class-descriptions.csv'
    names.write_text('/m/01yrx,Jaguar\n/m/04hgtk,Jaguar\n')
    table = read_openimages_boxes(
        write(*LINES), ['Jaguar (/m/04hgtk)', 'Jaguar (/m/01yrx)'], descriptions=names
    )
    assert sorted(table.classes.tolist()) == [0, 1, 1]


@pytest.mark.parametrize(
    'line',
    [
        'a,x,/m/01yrx,1,0.75,0.25,0.1,0.2,0,0,0,0,0',  # right of left
        'a,x,/m/01yrx,1,-0.1,0.25,0.1,0.2,0,0,0,0,0',
        'a,x,/m/01yrx,1,10,25,1,2,0,0,0,0,0',  # pixels
        'a,x,/m/01yrx,1,nan,0.25,0.1,0.2,0,0,0,0,0',
        'a,x,/m/01yrx,1,0,inf,0.1,0.2,0,0,0,0,0',
        'a,x,/m/01yrx,1,0,1e400,0.1,0.2,0,0,0,0,0',
        'a,x,/m/01yrx,1,?,0.25,0.1,0.2,0,0,0,0,0',
        'a,x,/m/01yrx,1,0.1,0.25,0.1,0.2',
        'a,x',
        'a,x,/m/0,1,0.1,0.25,0.1,0.2,0,0,0,0,0,0',  # of another class, but cut
    ],
)
def test_damaged_lines_are_named(write, line):
    path = write(LINES[0], line)
    with pytest.raises(
        ValueError, match=r'boxes.csv:3: damaged line .*correct or remove it'
    ) as error:
        read_openimages_boxes(path, ['/m/01yrx'])
    assert '\n' not in str(error.value)


def test_damaged_files(write, tmp_path):
    with pytest.raises(ValueError, match='lacks the column XMax; a box file of OpenImages has'):
        read_openimages_boxes(write('a', header='ImageID,LabelName,XMin'), ['x'])
    header = 'ImageID,LabelName,XMin,XMax,YMin,YMax'
    with pytest.raises(ValueError, match='lacks the column IsGroupOf'):
        read_openimages_boxes(write('a,b,0,1,0,1', header=header), ['b'], groups=False)
    with pytest.raises(ValueError, match='holds no box of the classes'):
        read_openimages_boxes(write(*LINES), ['Cat'])
    (tmp_path / 'empty.csv').write_text('')
    with pytest.raises(ValueError, match='lacks the column ImageID'):
        read_openimages_boxes(tmp_path / 'empty.csv', ['Cat'])
    (tmp_path / 'binary.csv').write_bytes(b'\xff\xfe\x00')
    with pytest.raises(ValueError, match='is not a CSV file'):
        read_openimages_boxes(tmp_path / 'binary.csv', ['Cat'])
    with pytest.raises(FileNotFoundError, match=r'x.csv: no such file; give the CSV'):
        read_openimages_boxes(tmp_path / 'x.csv', ['Cat'])
