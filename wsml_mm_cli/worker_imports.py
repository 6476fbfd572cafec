"""Imported by the process that workers are forked from: all that a run of a comparison imports."""

from importlib import import_module

from .imports import no_collection

with no_collection():
    # Besides the package what only a run's first step or figure would ask for.
    for _name in ('wsml_mm.experiments.execution', 'mmpretrain.visualization', 'pyarrow.compute'):
        import_module(_name)
