from __future__ import annotations

import pytest
from trained_runs import write_linear_run, write_whole_run


@pytest.fixture(scope='session')
def whole(tmp_path_factory):
    """A network trained end to end."""
    return write_whole_run(tmp_path_factory.mktemp('whole'))


@pytest.fixture(scope='session')
def linear(tmp_path_factory):
    """A linear layer trained on stored features."""
    return write_linear_run(tmp_path_factory.mktemp('linear'))
