"""The report of a data set for the terminal."""

from __future__ import annotations

from typing import Any

from wsml_mm.datasets.table import ProblemLog

from .check import DatasetReport
from .class_counts import most_frequent, top_pairs
from .phrases import counted, notes_of, often, printable, verdict

_CLASSES = 60  # shown at most
_BAR = 24  # columns of the terminal


def print_report(report: DatasetReport, console: Any = None) -> None:
    """Prints the figures of a data set, then its problems.

    Args:
        report: of `check_dataset`.
        console: of rich; None: standard output.
    """
    from rich.console import Console

    console = console or Console(highlight=False)
    known = report.labels.counts()
    total = max(1, sum(known.values()))
    console.print(
        plain(
            f'{report.dataset.title}: {counted(len(report.labels), "image")}, '
            f'{len(report.classes):,} classes; labels: {known["positive"]:,} positive, '
            f'{known["negative"]:,} known negative, {known["unobserved"]:,} unobserved '
            f'({known["unobserved"] / total:.1%})',
            'bold',
        )
    )
    for note in notes_of(report.dataset):
        console.print(plain(note), soft_wrap=True)
    if len(report.labels):
        _print_classes(report, console)
        _print_labels_per_image(report, console)
        _print_pairs(report, console)
    if not report.files.decoded:
        console.print(plain('images were looked for, not loaded: --decode does that', 'dim'))
    print_problems(report.log, console)


def plain(text: str, style: str = '') -> Any:
    """Returns text of a data set as rich prints it, without markup or control signs."""
    from rich.text import Text

    return Text(printable(text), style)


def print_problems(log: ProblemLog, console: Any, shown: int = 5) -> None:
    """Prints the problems by kind, serious ones last, where they are seen.

    Args:
        log: of the problems.
        console: of rich.
        shown: problems of a kind.
    """
    kinds = sorted(log.counts, key=lambda kind: log.kept[kind][0].serious)
    for kind in kinds:
        serious, count = log.kept[kind][0].serious, log.counts[kind]
        head = plain('error  ' if serious else 'warning', 'bold red' if serious else 'yellow')
        console.print(head, plain(f'{kind}: {count:,}', 'bold'))
        for problem in log.kept[kind][:shown]:
            console.print(plain(f'  {problem}'), soft_wrap=True)
        if count > shown:
            console.print(plain(f'  ... and {count - shown:,} more'))
        if listed := often(log, kind):
            console.print(plain(f'  most often: {listed}'))
    console.print(plain(verdict(log), 'bold red' if log.serious else 'bold green'))


def _print_classes(report: DatasetReport, console: Any) -> None:
    from rich.bar import Bar
    from rich.table import Table

    table = Table(box=None, header_style='bold', padding=(0, 2, 0, 0))
    table.add_column('class', max_width=32)
    for name in ('positive', 'known negative', 'unobserved', *report.shares.headings):
        table.add_column(name, justify='right')
    table.add_column('positive images', max_width=_BAR)
    counts, most = report.counts, max(1, int(report.counts.positive.max(initial=1)))
    for index in most_frequent(counts.positive, _CLASSES):
        figures = [f'{int(column[index]):,}' for column in counts] + report.shares.cells(index)
        bar = Bar(most, 0, int(counts.positive[index]), color='blue')  # as wide as there is room
        table.add_row(plain(report.classes[index]), *figures, bar)
    console.print(table)
    if len(report.classes) > _CLASSES:
        console.print(plain(f'... and {len(report.classes) - _CLASSES:,} rarer classes'))


def _print_labels_per_image(report: DatasetReport, console: Any) -> None:
    last = len(report.per_image) - 1
    for note in report.shares.notes:
        console.print(plain(note), soft_wrap=True)
    parts = [
        f'{number}{"+" if number == last == 20 else ""}: {count:,}'
        for number, count in enumerate(report.per_image)
        if count
    ]
    console.print(plain('positive labels an image'), plain('  '.join(parts)))


def _print_pairs(report: DatasetReport, console: Any) -> None:
    names = [report.classes[index] for index in report.paired]
    for by in ('count', 'lift'):
        pairs = top_pairs(report.pairs, len(report.labels), by, most=5)
        listed = '; '.join(
            f'{names[p.first]} + {names[p.second]} ({p.images:,}, lift {p.lift:.1f})' for p in pairs
        )
        if listed:
            console.print(plain(f'together by {by}: {listed}'))
