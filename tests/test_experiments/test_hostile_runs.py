"""Methods and run folders that are refused."""

from __future__ import annotations

from helpers import tiny_config
from hostile import Case, Prepare, kit_of, refusals
from hostile_methods import comparing, methods

from wsml_mm.experiments.entries import Entry, read_entries
from wsml_mm.experiments.runs import run_once


def run_in(text: str) -> Prepare:
    """A run of a comparison in a folder with this `run.json`."""

    def make(folder):
        cfg = tiny_config(kit_of(folder), folder / 'unused', 'AN', epochs=1)
        cfg.dump(folder / 'an_tiny.py')
        (folder / 'an_1').mkdir()
        (folder / 'an_1' / 'run.json').write_text(text)
        method = Entry('AN', str(folder / 'an_tiny.py'))
        return lambda: run_once(method, 1, folder / 'an_1')

    return make


# fmt: off
test_refusal = refusals(
    Case('two methods of one name',
         comparing(methods('x=', 'x='), lambda given, _: read_entries(given)), ValueError,
         "methods ['x', 'x'] ... give each its own name"),
    Case('method without a config', lambda folder: lambda: read_entries(['x=missing.py']),
         FileNotFoundError, 'missing.py: no such config ... wsml_mm (scenes'),
    Case('run folder of another config', run_in('{"format": 2, "identity": {}}'), ValueError,
         'an_1: ... train labels, ... more ... delete it, or give another'),
    Case('run folder of an earlier version', run_in('{"method": "AN", "seed": 1, "config": "0"}'),
         ValueError, 'run.json: ... earlier version ... delete ... an_1, or'),
    Case('run folder with half a record', run_in('{"method": "A'), ValueError,
         'an_1/run.json: ... damaged (JSONDecodeError: ... ); delete it'),
)
# fmt: on
