"""The table of all rows, as text, as JSON of pyperf, and as a page of the documentation."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch

from .growth import FIGURES, draw
from .rows import ROWS, Row
from .timing import SETTINGS, Measured

Results = list[tuple[Row, Measured]]
HEADER = '| row | against | goal | measured | spread | met |\n|---|---|---|---|---|---|'


def line(row: Row, found: Measured | None, why: str = '') -> str:
    """Returns a row as a line of a Markdown table."""
    goal = f'{row.goal} {row.unit}' if row.goal else '-'
    note = f' ({row.note})' if row.note else ''
    against = row.rival or '-'
    if found is None:
        return f'| {row.name}{note} | {against} | {goal} | - | - | {why or "not measured"} |'
    value = row.value(found)
    samples = sorted(row.value(Measured([sample])) for sample in found.samples())
    met = {None: '-', True: 'yes', False: '**no**'}[row.is_met(value)]
    unit = 'x' if row.unit == 'x' else f' {row.unit}'
    spread = f'{samples[0]:.3g} to {samples[-1]:.3g}, {len(samples)}'
    return f'| {row.name}{note} | {against} | {goal} | {value:.3g}{unit} | {spread} | {met} |'


def table(results: Results) -> str:
    """Returns all rows: those measured, and the others with why they are not."""
    found = {row.name: measured for row, measured in results}
    lines = [HEADER]
    for row in ROWS:
        why = 'not here' if row.measure is None else 'with --heavy' if row.heavy else 'not chosen'
        lines.append(line(row, found.get(row.name), why))
    return '\n'.join(lines)


def write_json(results: Results, path: Path) -> None:
    """Writes the samples and the machine's facts as a suite of pyperf (`pyperf stats FILE`).

    Ratios and amounts are stored as they are: a value of pyperf is a number above 0.
    """
    import pyperf

    benchmarks = []
    for row, found in results:
        facts: dict[str, Any] = {'name': row.name, 'unit_of_row': row.unit}
        facts['measured_clock'] = SETTINGS.clock
        facts |= {'median_of_row': row.value(found), 'met': str(row.is_met(row.value(found)))}
        facts |= {key: value for key in ('rival', 'goal') if (value := getattr(row, key))}
        runs = [
            pyperf.Run([max(sample, 1e-12)], metadata=facts, collect_metadata=True)
            for sample in found.samples()
        ]
        benchmarks.append(pyperf.Benchmark(runs))
    path.parent.mkdir(parents=True, exist_ok=True)
    pyperf.BenchmarkSuite(benchmarks).dump(str(path), replace=True)


def write_page(results: Results, curves: dict[str, dict[str, list[float]]], path: Path) -> None:
    """Writes the page of the documentation, with pictures beside it."""
    pictures = []
    for number, (title, found) in enumerate(curves.items()):
        picture = path.with_name(f'{path.stem}_{number}.png')
        draw(FIGURES[title], found, FIGURES[title].sizes, picture)
        pictures.append(f'![{title}]({picture.name})')
    path.write_text(
        _PAGE.format(
            table=table(results),
            pictures='\n\n'.join(pictures),
            clock='CPU seconds of the process' if SETTINGS.clock == 'cpu' else 'seconds',
            machine=f'{platform.machine()}, torch {torch.__version__}, one thread',
        ),
        encoding='utf-8',
    )


_PAGE = """# Speed

Written by `make bench ARGS="--page docs/speed.md"`; rows that it left out say so.
Ours and a rival run in turns in one process, and the number is the median over pairs, in
{clock}: another machine has other seconds, and
much the same ratios. With a goal of `<=` a ratio says how many times the rival's time ours takes;
with `>=` how many times as fast it is. A rival that says "rewritten" is a small rewrite of the
algorithm, not the package. This run: {machine}.

{table}

How cost grows with size (dashed: rivals):

{pictures}
"""
