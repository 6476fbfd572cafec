"""Configs that train on corrected labels, and what cannot be written."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import CLASSES

from wsml_mm.apis.corrected_data import (
    check_written,
    corrected_config,
    table_names,
    write_corrected,
)
from wsml_mm.apis.training_scores import training_set_of
from wsml_mm.experiments.compose import read_config
from wsml_mm.labels import SparseLabels


def known(leaf, places=(0, 1), wrong=False):
    """The observed labels, and of some images all labels, true ones or their contrary."""
    matrix = leaf.labels.rows(np.arange(len(leaf.labels)))
    full = leaf.full_labels.rows(list(places))
    matrix[list(places)] = 1 - full if wrong else full
    return SparseLabels.from_dense(matrix)


@pytest.mark.parametrize('kind', ['whole_run', 'linear_run'])
@pytest.mark.parametrize('name', ['new.csv', 'new.parquet', 'new.npz'])
def test_labels_are_read_back_by_the_config(kind, name, request, tmp_path):
    run = request.getfixturevalue(kind)
    cfg = read_config(str(run.config))
    before, out = cfg.pretty_text, tmp_path / name
    leaf = training_set_of(cfg)
    labels = known(leaf, wrong=not name.endswith('npz'))
    new = corrected_config(cfg, leaf, out)
    assert cfg.pretty_text == before
    write_corrected(out, leaf, labels, {})
    found = check_written(new, labels, out)
    assert found.metainfo['classes'] == CLASSES
    for place in (0, 23):
        path, other = (each.dataset.get_data_info(place)['img_path'] for each in (leaf, found))
        assert path == other
    if kind == 'linear_run':  # on the features that are there
        assert len(training_set_of(new)) == 24
        assert len(list((run.config.parent / 'features').glob('*.npy'))) == 3 - 1


def test_refusals(whole_run, tmp_path):
    cfg = read_config(str(whole_run.config))
    leaf = training_set_of(cfg)
    wrong = known(leaf, wrong=True)
    with pytest.raises(ValueError, match=r"' of 'train_000.jpg' is not so in the annotation"):
        write_corrected(tmp_path / 'x.npz', leaf, wrong, {})
    write_corrected(tmp_path / 'x.csv', leaf, leaf.labels, {})
    with pytest.raises(ValueError, match=r'x\.csv: is not read back as it was written'):
        check_written(corrected_config(cfg, leaf, tmp_path / 'x.csv'), wrong, tmp_path / 'x.csv')
    cfg.default_hooks.pop('partial_label')
    with pytest.raises(ValueError, match='has no PartialLabelHook in default_hooks'):
        corrected_config(cfg, leaf, tmp_path / 'x.csv', state='s.pth')
    cfg.linear_init = dict(config='first.py')
    with pytest.raises(ValueError, match='has a first stage with a data set of its own'):
        corrected_config(cfg, leaf, tmp_path / 'x.csv')


def test_names_of_a_data_set_of_mmpretrain(whole_run):
    """Its samples have paths and no names."""
    leaf = training_set_of(read_config(str(whole_run.config)))
    paths = ['/data/photos/x/1.jpg', '/data/photos/2.jpg']

    class Plain:
        metainfo = {'classes': CLASSES}

        def __len__(self):
            return 2

        def get_data_info(self, index):
            return {'img_path': paths[index]}

    leaf.dataset = Plain()
    assert table_names(leaf) == ('/data/photos', ['x/1.jpg', '2.jpg'])
