"""The runner of the hostile cases sees what it has to see."""

from __future__ import annotations

import pytest
from hostile import Case, check, missing_from


def test_parts_are_found_in_their_order():
    assert missing_from('a.csv:3: label x; remove it', 'a.csv:3 ... x ... remove') is None
    assert missing_from('a.csv:3: label x; remove it', 'x ... a.csv:3') == 'a.csv:3'
    assert missing_from('a.csv:3: label x', 'a.csv:3 ... x ... remove') == 'remove'


def refusing(message: str, write: str | None = None):
    def make(folder):
        def act():
            if write:
                (folder / write).write_text('half')
            raise ValueError(message)

        return act

    return make


@pytest.mark.parametrize(
    'make',
    [refusing('x: fix\nit'), refusing('x: fix ' + 'y' * 500), refusing('x: fix', 'half.csv'),
     refusing('x: load it unsafely, fix'), refusing('y: fix'), lambda folder: lambda: None],
    ids=['two lines', 'too long', 'a file left', 'unsafe advice', 'no name', 'nothing raised'],
)  # fmt: skip
def test_a_bad_refusal_fails(make, tmp_path):
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(Case('bad', make, ValueError, 'x ... fix'), tmp_path)
    check(Case('good', refusing('x: fix it'), ValueError, 'x ... fix'), tmp_path / 'other')
