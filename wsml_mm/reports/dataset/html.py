"""The report of a data set as one page that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wsml_mm.datasets.table import ProblemLog
from wsml_mm.labels.files import writing
from wsml_mm.version import __version__

from .check import DatasetReport
from .class_counts import chain, most_frequent, top_pairs
from .pair_matrix import pair_matrix
from .photographs import Photographs, class_examples, problem_photographs
from .phrases import notes_of, often, printable, verdict

_LISTED, _FOLDED = 6, 60  # problems of a kind: to be seen, and to be unfolded
_FREQUENT, _RAREST = 160, 40  # classes in the table
_DRAWN, _DRAWN_ELSE = 80, 60  # classes of the matrix: up to so many all, of more the most frequent
_BESIDE = 14  # classes up to which the tables of pairs stand beside the matrix
_ERROR_ORDER = {True: 0, False: 1}


def write_html(report: DatasetReport, path: Path) -> None:
    """Writes the report of a data set as an HTML page with all pictures in it.

    Args:
        report: of `check_dataset`.
        path: of the page.

    Raises:
        OSError: if it cannot be written.
    """
    from jinja2 import Environment, PackageLoader

    templates = PackageLoader('wsml_mm.reports')
    pages = Environment(loader=templates, autoescape=True, trim_blocks=True)
    text = pages.get_template('dataset.html.j2').render(_context(report))
    with writing(path, 'free some space, or name another file'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


def _context(report: DatasetReport) -> dict[str, Any]:
    photographs = Photographs(report.dataset)
    examples, example_note = class_examples(report, photographs)
    context = {
        'title': printable(report.dataset.title),
        'notes': notes_of(report.dataset),
        'images': len(report.labels),
        'verdict': _verdict(report.log),
        'tiles': _tiles(report),
        'findings': _findings(report.log, photographs),
        'unseen': '' if report.files.decoded else 'Images were not decoded; --decode does that.',
        'examples': examples,
        'example_note': example_note,
        'footer': f'tools/check_dataset.py of wsml_mm {__version__}',
    }
    return context | _classes(report) | _histogram(report) | _together(report)


def _verdict(log: ProblemLog) -> dict[str, str]:
    kind = 'bad' if log.serious else 'fair' if log.counts else ''
    return {'kind': kind, 'text': verdict(log)}


def _tiles(report: DatasetReport) -> list[dict[str, str]]:
    known = report.labels.counts()
    total, images = max(1, sum(known.values())), max(1, len(report.labels))
    return [
        {'value': value, 'name': name}
        for value, name in (
            (f'{len(report.labels):,}', 'images'),
            (f'{len(report.classes):,}', 'classes'),
            (f'{known["positive"]:,}', 'positive labels'),
            (f'{known["negative"]:,}', 'known negatives'),
            (f'{known["unobserved"] / total:.1%}', 'labels unobserved'),
            (f'{known["positive"] / images:.2f}', 'positives an image'),
        )
    ]


def _findings(log: ProblemLog, photographs: Photographs) -> list[dict[str, Any]]:
    found = []
    for kind in sorted(log.counts, key=lambda k: _ERROR_ORDER[log.kept[k][0].serious]):
        kept, count = log.kept[kind], log.counts[kind]
        lines = [
            {'where': printable(f.where), 'what': printable(f.what), 'fix': printable(f.fix)}
            for f in kept[: _LISTED + _FOLDED]
        ]
        found.append(
            {
                'kind': kind,
                'serious': kept[0].serious,
                'number': count,
                'count': f'{count:,}',
                'first': lines[:_LISTED],
                'more': lines[_LISTED:],
                'left': f'{count - len(lines):,}' if count > len(lines) else '',
                'subjects': printable(often(log, kind)),
                'photos': problem_photographs(kept, photographs),
            }
        )
    return found


def _classes(report: DatasetReport) -> dict[str, Any]:
    counts, images = report.counts, max(1, len(report.labels))
    order = most_frequent(counts.positive, len(report.classes)).tolist()
    left = len(order) - _FREQUENT - _RAREST
    note = 'By the number of positive labels. Known: positive or negative, of all images.'
    if left > 0:
        order = order[:_FREQUENT] + order[-_RAREST:]
        note = f'The {_FREQUENT} most frequent and the {_RAREST} rarest classes; {left:,} between.'
    known = counts.positive + counts.negative
    tops = [max(1, int(column.max(initial=0))) for column in (counts.positive, counts.negative)]
    rows = []
    for index in order:
        positive, negative = int(counts.positive[index]), int(counts.negative[index])
        share = known[index] / images
        bars = [
            ('p', positive / tops[0], f'{positive:,}', positive == 0),
            ('n', negative / tops[1], f'{negative:,}', False),
            ('k', share, f'{share:.1%}', False),
        ]
        named = [
            {'kind': k, 'width': f'{62 * width:.2f}', 'text': text, 'zero': zero}
            for k, width, text, zero in bars
        ]
        name, shares = printable(report.classes[index]), report.shares.cells(index)
        rows.append({'name': name, 'bars': named, 'shares': shares})
    heads = report.shares.headings
    return {
        'classes': rows,
        'class_note': note,
        'share_heads': heads,
        'share_notes': report.shares.notes,
    }


def _histogram(report: DatasetReport) -> dict[str, Any]:
    most, last = max(1, int(report.per_image.max(initial=0))), len(report.per_image) - 1
    columns = [
        {
            'labels': f'{number}+' if number == last == 20 else str(number),
            'count': f'{count:,}',
            'height': f'{78 * count / most:.2f}',
        }
        for number, count in enumerate(report.per_image)
    ]
    several = int(report.per_image[2:].sum()) / max(1, len(report.labels))
    return {'histogram': columns, 'histogram_note': f'{several:.0%} of the images have several.'}


def _together(report: DatasetReport) -> dict[str, Any]:
    size = int((report.pairs.diagonal() > 0).sum())
    if not (report.pairs.sum() - report.pairs.trace()):
        return {'matrix': ''}
    drawn = size if size <= _DRAWN else _DRAWN_ELSE
    part = report.pairs[:drawn, :drawn]
    order = chain(part)
    names = [printable(report.classes[index]) for index in report.paired]
    note = (
        'Of the images of the class in the row, the share that has the class in the column as '
        'well, by positive labels alone; classes that come together stand together.'
    )
    if drawn < size:
        note += f' The {drawn} most frequent classes of {len(report.classes):,}.'
    tables = []
    for by, head in (('count', 'Most often'), ('lift', 'More often than by chance')):
        pairs = top_pairs(report.pairs, len(report.labels), by)
        rows = [
            {
                'names': f'{names[p.first]} + {names[p.second]}',
                'images': f'{p.images:,}',
                'lift': f'{p.lift:.1f}',
            }
            for p in pairs
        ]
        if rows:
            tables.append((head, rows))
    return {
        'matrix': pair_matrix(part[order][:, order], [names[i] for i in order]),
        'matrix_width': 240 + 14 * drawn if drawn > _BESIDE else 0,
        'matrix_note': note,
        'pair_tables': tables,
    }
