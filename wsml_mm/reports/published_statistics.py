"""The statistics of a benchmark's splits beside the published ones."""

from __future__ import annotations

from collections.abc import Mapping

from wsml_mm.benchmarks.benchmark import Benchmark
from wsml_mm.benchmarks.statistics import split_statistics
from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.partial_label import PartialLabelDataset


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f'{value:,.0f}' if value == int(value) else f'{value:,.2f}'


def print_statistics(benchmark: Benchmark, splits: Mapping[str, ColumnDataset]) -> None:
    """Prints the statistics of splits; where a published number differs, it says so."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    table = Table('statistic', box=MARKDOWN)
    rows: dict[str, list[str]] = {}
    for split, dataset in splits.items():
        table.add_column(split, justify='right')
        table.add_column('published', justify='right')
        labels, published = dataset.sparse_labels(), benchmark.published[split]
        found = split_statistics(
            labels, dataset.metainfo['classes'], holdout=split == benchmark.holdout
        )
        found['fingerprint'] = PartialLabelDataset(dataset).fingerprint()
        for name, value in found.items():
            due = _text(published[name]) if name in published else ''
            differs = ' (differs)' if due and due != _text(value) else ''
            place = list(splits).index(split) * 2
            row = rows.setdefault(name, [''] * (2 * len(splits)))
            row[place : place + 2] = _text(value), due + differs
    for name, cells in rows.items():
        table.add_row(name, *cells)
    console = Console()
    # Cut to a narrow terminal, numbers would be lost.
    console.width = max(console.width, table.__rich_measure__(console, console.options).maximum)
    console.print(table)
    print(f'published: {benchmark.source}')
