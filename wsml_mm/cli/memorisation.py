"""Trains methods and draws how they memorise wrong labels (Large Loss Matters, Fig. 1)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.analysis import write_evidence
from wsml_mm.analysis.memorisation import draw_memorisation, memorisation_rows

from .compare import add_comparison_options, spelled
from .trained_dynamics import dynamics_of


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_comparison_options(parser)
    args = parser.parse_args(argv)
    runs = dynamics_of(args)
    paths = write_evidence(
        Path(args.work_dir) / 'memorisation',
        draw_memorisation(runs, args.title),
        memorisation_rows(runs),
        spelled('memorisation', argv),
    )
    print('Memorisation: ' + ', '.join(str(path) for path in paths))


if __name__ == '__main__':
    main()
