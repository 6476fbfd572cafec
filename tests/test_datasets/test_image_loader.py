from __future__ import annotations

import cv2
import numpy as np
import pytest
from helpers import CLASSES, dataset_config, write_devkit
from image_kinds import colours, save_kinds
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from wsml_mm.datasets import LoadHighBitDepthImage, LoadResizedImage
from wsml_mm.datasets.image_loader import ImageLoader, why_unreadable

PILLOW = dict(type='LoadImageFromFile', imdecode_backend='pillow')


@pytest.fixture(scope='module')
def kinds(tmp_path_factory):
    save_kinds(folder := tmp_path_factory.mktemp('kinds') / 'kinds')
    return folder


@pytest.fixture(scope='module')
def kit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('kit') / 'kit', train=4, val=2)


def test_the_loader_is_that_of_the_innermost_dataset(kit):
    init_default_scope('mmpretrain')
    config = dataset_config(kit)
    config['dataset']['pipeline'][0] = dict(type='LoadHighBitDepthImage', bits=12)
    repeated = dict(type='RepeatDataset', dataset=config, times=2)
    for dataset in (ConfigDict(repeated), DATASETS.build(repeated)):
        load = ImageLoader.of(dataset)
        assert isinstance(load.transforms[0], LoadHighBitDepthImage)
        assert (load.is_known, load.is_plain, load.is_pillow) == (True, False, False)


@pytest.mark.parametrize('pipeline', [[], None])
def test_without_a_pipeline_images_are_loaded_as_the_shipped_ones_do(kit, pipeline):
    dataset = dict(type='VOC2012', data_root=str(kit), classes=CLASSES)
    if pipeline is not None:
        dataset['pipeline'] = pipeline
    for each in (dataset, DATASETS.build(dataset)):
        assert ImageLoader.of(each).is_pillow


def test_an_image_that_is_resized_in_loading_is_loaded_as_large_as_it_is(kinds):
    path = str(kinds / 'turned.jpg')
    for resized in (dict(type='LoadResizedImage', scale=8), LoadResizedImage((8, 9))):
        load = ImageLoader([resized, dict(type='PackInputs')])
        assert (load.is_known, load.is_plain, load.is_pillow) == (True, True, True)
        np.testing.assert_array_equal(load(path), ImageLoader()(path))


def test_pixels_are_those_after_the_loading_transform(kinds):
    flip = dict(type='RandomFlip', prob=1.0)
    load = ImageLoader([PILLOW, flip])
    np.testing.assert_allclose(
        load(str(kinds / 'opaque.png'))[..., ::-1].astype(int), colours(), atol=1
    )


def test_a_function_in_the_place_of_a_pipeline(kinds):
    def pipeline(info):
        return {'inputs': np.zeros((3, 4, 5)), 'data_samples': None}

    load = ImageLoader([pipeline])
    assert load(str(kinds / 'plain.jpg')).shape == (4, 5, 3)
    assert not load.is_known
    with pytest.raises(ValueError, match='no transform of the pipeline gives an "img"'):
        ImageLoader([lambda info: info])('a.jpg')
    with pytest.raises(ValueError, match='the pipeline drops it'):
        ImageLoader([lambda info: None])('a.jpg')


@pytest.mark.parametrize(
    ('name', 'why'),
    [
        ('text.jpg', 'it is a text file'),
        ('page.jpg', 'it is an HTML page, as of a failed download'),
        ('empty.jpg', 'the file is empty'),
        ('zeros.jpg', 'the file holds zeros, as after a download that was cut off'),
        ('scan.png', 'it is a DICOM file; write its pixels as PNG or TIFF'),
        ('pointer.jpg', 'it is a pointer of Git LFS; fetch the file with git lfs pull'),
        ('noise.jpg', 'it is no image of a known format'),
        ('link.jpg', "it is a link to 'gone.jpg', which is not there"),
        ('folder.jpg', 'it is a folder'),
        ('gone.jpg', 'there is no such file'),
    ],
)
@pytest.mark.parametrize('backend', ['pillow', 'cv2'])
def test_why_an_image_cannot_be_loaded(kinds, name, why, backend):
    path = str(kinds / name)
    kinds_of_errors = (OSError, AssertionError, cv2.error)
    with pytest.raises(kinds_of_errors) as error:
        ImageLoader([dict(PILLOW, imdecode_backend=backend)])(path)
    assert why_unreadable(path, error.value) == why


def test_a_file_that_was_cut_off(kinds):
    path = str(kinds / 'cut.jpg')
    assert why_unreadable(path, OSError('Truncated File Read')) == 'OSError: Truncated File Read'
    # OpenCV gives no reason, Pillow does.
    nothing = AssertionError(f'failed to load image: {path}')
    assert why_unreadable(path, nothing).startswith('OSError: ')


def test_the_error_of_another_transform_is_its_own(kinds):
    error = AssertionError('Pillow backend only support uint8 type')
    assert why_unreadable(str(kinds / 'plain.jpg'), error) == f'AssertionError: {error}'


def test_a_text_format_of_images_is_no_text_file(tmp_path):
    (tmp_path / 'a.jpg').write_text('P2\n2 2\n255\n1 2 3\n')  # a number is missing
    said = why_unreadable(str(tmp_path / 'a.jpg'), RuntimeError('too short'))
    assert said == 'RuntimeError: too short'
