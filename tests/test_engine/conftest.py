"""The small devkit that the tests of the engine train on."""

from __future__ import annotations

import pytest
from helpers import write_devkit


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')
