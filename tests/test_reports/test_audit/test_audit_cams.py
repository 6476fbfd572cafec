from __future__ import annotations

import numpy as np
import pytest
from suspicion_tables import data_of, table_of, write_photographs

from wsml_mm.apis import assemble
from wsml_mm.reports.audit import AuditCams, write_page


@pytest.fixture(scope='module')
def trained(whole_run):
    return assemble(whole_run.config, whole_run.checkpoint, device='cpu')


def test_maps_of_a_trained_model_on_a_page(trained, tmp_path):
    folder = write_photographs(tmp_path / 'images', ['a.jpg', 'b.jpg'])
    cat, dog = trained.classes[:2]
    asked = [(str(folder / 'a.jpg'), [dog, cat]), (str(folder / 'b.jpg'), [cat])]
    found = list(AuditCams(trained)(asked))
    assert [len(maps) for maps in found] == [2, 1]
    for heat in (heat for maps in found for heat in maps):
        assert heat.shape == (48, 64)
        assert 0 <= heat.min() <= heat.max() <= 1
    table = table_of(('missing', 1, 'a.jpg', cat), ('positive', 1, 'gone.jpg', dog))
    page = write_page(table, folder, tmp_path / 'a.html', cams=AuditCams(trained)).files[0]
    assert [row[-1][:14] for row in data_of(page)['rows']] == ['data:image/png', '']
    assert np.isfinite([heat.sum() for maps in found for heat in maps]).all()


def test_a_class_that_the_model_does_not_know(trained):
    with pytest.raises(
        ValueError, match=r"class 'yak': the model of the maps does not know it; give"
    ):
        list(AuditCams(trained)([('a.jpg', ['yak'])]))
