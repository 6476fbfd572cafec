"""Published numbers: some looked up by hand in their sources, and that all keys are well formed."""

from __future__ import annotations

import pytest

from wsml_mm.benchmarks.published import Band, band_of, gap_band, published_of
from wsml_mm.benchmarks.published.lookup import _numbers
from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.configs import config_roots


@pytest.mark.parametrize(
    ('method', 'protocol', 'numbers'),
    [
        ('ll-r', 'voc2012/resnet50_e2e', [89.2, 88.27, 87.78]),
        ('an', 'cub200/resnet50_e2e', [19.1, 18.31, 18.66]),
        ('wan', 'cub200/resnet50_e2e', [20.3, 14.62]),
        ('em', 'nuswide-cole/resnet50_e2e', [47.25]),
        ('em', 'nuswide-official/resnet50_e2e', [47.15]),
        ('ll-r', 'coco2014/resnet50_linear-init', [71.9]),
        ('full', 'nuswide-cole/resnet50_linear-init', [54.9]),
        ('ll-ct', 'openimages-v3/resnet101_e2e', [82.6, 77.7, 79.3, 82.1, 84.7, 89.4]),
        ('ll-r', 'voc2012/resnet50_linear', []),
        ('scpnet', 'voc2012/resnet50_e2e', []),
        ('nonsense', 'voc2012/resnet50_e2e', []),
    ],
)
def test_all_sources_side_by_side(method, protocol, numbers):
    data = protocol.partition('/')[0]
    assert [number.mean for number in published_of(method, data, protocol)] == numbers


def test_spread_groups_and_sources():
    crisp = published_of('an', 'voc2012', 'resnet50_e2e')[-1]
    assert (crisp.spread, crisp.group) == (0.29, '')
    assert 'CRISP' in crisp.source
    groups = [n.group for n in published_of('an', 'openimages-v3', 'resnet101_e2e')]
    assert groups == ['', 'G1', 'G2', 'G3', 'G4', 'G5']


def test_bands():
    assert band_of('ll-r', 'voc2012', 'voc2012/resnet50_e2e') == Band(87.7, 89.3)
    assert band_of('ll-r', 'voc2012', 'voc2012/resnet50_linear-init') is None
    assert gap_band('coco2014', 'coco2014/resnet50_e2e') == Band(5.8, 6.9)
    assert gap_band('cub200', 'cub200/resnet50_e2e') is None
    band = Band(87.7, 89.3)
    assert [band.holds(v) for v in (87.64, 87.66, 89.34, 89.36)] == [False, True, True, False]


def test_every_number_has_a_source_and_stands_once():
    numbers = _numbers()
    places = [number._replace(mean=0, spread=None) for number in numbers]
    assert len(set(places)) == len(places)
    assert all(0 < number.mean < 100 and number.source for number in numbers)


def test_protocols_of_the_field_are_configs_of_the_package():
    """A config renamed would silently lose its published numbers."""
    theirs = {(n.data, n.protocol) for n in _numbers() if n.protocol.startswith('resnet')}
    root = next(root for root in config_roots() if root.is_dir())
    for data, protocol in theirs:
        own = read_config(str(root / data / f'{protocol}.py')).protocol
        assert (own.data, own.name) == (data, f'{data}/{protocol}')
