"""Suspicions as pages on which a person decides; each is one file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from wsml_mm.apis.suspicions import LISTS
from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.labels.files import absolute_folders, json_text, lies_below, write_durably
from wsml_mm.version import __version__

from .asked_pairs import read_pairs
from .pictures import Picture, map_uri, picture

Cams = Callable[[Sequence[tuple[str, Sequence[str]]]], Iterable[Sequence[NDArray[np.floating]]]]
_OUTSIDE = 'its name leads out of the folder of the images'


@dataclass(frozen=True)
class AuditPages:
    """What was written.

    Args:
        files: the pages, in order.
        sizes: of the files in bytes.
        pairs: on all pages.
        total: pairs of the table.
        images: on all pages.
        not_shown: images without a picture, and why.
        fingerprint: under which browsers keep the verdicts.
    """

    files: tuple[Path, ...]
    sizes: tuple[int, ...]
    pairs: int
    total: int
    images: int
    not_shown: Mapping[str, str]
    fingerprint: str


def write_page(
    suspicions: str | os.PathLike[str] | Mapping[str, Sequence[Any]],
    images: str | os.PathLike[str] | Callable[[str], str],
    out: str | os.PathLike[str],
    *,
    limit: int | None = 1000,
    page_size: int = 250,
    side: int = 320,
    cams: Cams | None = None,
    title: str = 'Audit of labels',
    notes: Sequence[str] = (),
    fingerprint: str = '',
    load: ImageLoader | None = None,
) -> AuditPages:
    """Writes suspicions as HTML pages for a person to decide; none needs a network or other files.

    The verdicts stay in the browser, under the audit's fingerprint, and leave as a CSV file with
    the columns image, class, verdict (accept: the class is in the image, reject: it is not,
    unsure) and annotator.

    Args:
        suspicions: CSV or Parquet file, or its columns by name, see `read_pairs`.
        images: folder of the images, or a function from an image's name to its file.
        out: the first page; others are beside it, as NAME-2.html, NAME-3.html and so on.
        limit: pairs on all pages, the first by rank; None: all of the table.
        page_size: pairs of a page; a page of 250 has about 5 MB.
        side: of a picture in pixels, at most.
        cams: yields for each (file, classes) it is given a map (H, W) of 0..1 for each class, e.g.
            `AuditCams(trained)`; None: no maps.
        title: of the pages.
        notes: lines below the title, e.g. the model and the data.
        fingerprint: of the audit; '': made from the table.
        load: shows an image of more than 8 bits as the training sees it.

    Raises:
        FileNotFoundError: if there is no such table.
        ValueError: if it is not one of suspicions, or the model of the maps refuses.
        OSError: if a page cannot be written.
    """
    for name, value in (('page_size', page_size), ('side', side)):
        if value < 1:
            raise ValueError(f'{name} {value}: give 1 or more')
    table = suspicions if isinstance(suspicions, Mapping) else Path(suspicions)
    pairs = read_pairs(table, limit, fingerprint)
    starts = range(0, max(1, len(pairs.rows)), page_size)
    first = Path(out)
    files = [first, *(first.with_stem(f'{first.stem}-{n}') for n in range(2, len(starts) + 1))]
    common = {
        'title': title,
        'notes': [*notes],
        'fingerprint': pairs.fingerprint,
        'pairs': len(pairs.rows),
        'total': pairs.total,
        'links': [quote(file.name) for file in files],
    }
    file_of, seen = _file_of(images), set()
    not_shown: dict[str, str] = {}
    sizes = []
    for number, (start, file) in enumerate(zip(starts, files, strict=True)):
        rows = pairs.rows[start : start + page_size]
        names = list(dict.fromkeys(row[1] for row in rows))
        pictures = {name: _picture(file_of(name), side, load) for name in names}
        not_shown |= {name: each.why for name, each in pictures.items() if each.why}
        seen.update(names)
        maps = _maps(rows, pictures, file_of, cams)
        content = _render({**common, 'number': number}, rows, pictures, maps).encode()
        write_durably(file, content, 'free some space, or name another file')
        sizes.append(len(content))
    return AuditPages(
        tuple(files), tuple(sizes), len(pairs.rows), pairs.total, len(seen), not_shown,
        pairs.fingerprint,
    )  # fmt: skip


def _file_of(
    images: str | os.PathLike[str] | Callable[[str], str],
) -> Callable[[str], str | None]:
    """Returns a function from a name to its file; None: it leads out of the folder."""
    if callable(images):
        return images
    folder = os.path.abspath(images)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f'{os.fspath(images)}: no such folder of images; name another')
    below = absolute_folders([folder])
    return lambda name: path if lies_below(path := os.path.join(folder, name), below) else None


def _picture(file: str | None, side: int, load: ImageLoader | None) -> Picture:
    return Picture(why=_OUTSIDE) if file is None else picture(file, side, load)


def _maps(
    rows: Sequence[tuple[Any, ...]],
    pictures: Mapping[str, Picture],
    file_of: Callable[[str], str | None],
    cams: Cams | None,
) -> dict[tuple[str, str], str]:
    """Returns the maps of a page's pairs by image and class."""
    classes: dict[str, list[str]] = {}
    for _, image, name, *_ in rows:
        if cams is not None and pictures[image].uri:
            classes.setdefault(image, []).append(name)
    if cams is None or not classes:
        return {}
    asked = [(file_of(image) or '', names) for image, names in classes.items()]
    found = zip(classes.items(), cams(asked), strict=True)
    return {
        (image, name): map_uri(heat)
        for (image, names), heats in found
        for name, heat in zip(names, heats, strict=True)
    }


def _render(
    facts: Mapping[str, Any],
    rows: Sequence[tuple[Any, ...]],
    pictures: Mapping[str, Picture],
    maps: Mapping[tuple[str, str], str],
) -> str:
    from jinja2 import Environment, PackageLoader

    pages = Environment(loader=PackageLoader('wsml_mm.reports'), autoescape=True, trim_blocks=True)
    script = pages.get_template('audit.js').render()
    template = pages.get_template('audit.html.j2')
    page = {key: facts[key] for key in ('fingerprint', 'pairs', 'links', 'number')}
    return template.render(
        facts,
        shown=len(rows),
        not_shown={name: each.why for name, each in pictures.items() if each.why},
        has_maps=bool(maps),
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=_script_safe(json_text(page | _data(rows, pictures, maps))),
        footer=f'wsml_mm {__version__}, audit {facts["fingerprint"]}',
    )


def _data(
    rows: Sequence[tuple[Any, ...]],
    pictures: Mapping[str, Picture],
    maps: Mapping[tuple[str, str], str],
) -> dict[str, Any]:
    """Returns what the script shows: pictures once each, and a list a pair that points at them."""
    places = {name: place for place, name in enumerate(pictures)}
    kinds = list(LISTS)
    return {
        'images': [[name, p.uri, p.width, p.height, p.why] for name, p in pictures.items()],
        'rows': [
            [
                *(places[image], name, kinds.index(kind)),
                *map(_short, numbers[:-1]),  # the list says what is observed
                maps.get((image, name), ''),
            ]
            for kind, image, name, *numbers in rows
        ],
    }


def _short(value: float | None) -> float | int | None:
    """Returns a number in few digits."""
    if value is None or not np.isfinite(value):
        return None
    return int(value) if value == int(value) else float(f'{value:.4g}')


def _script_safe(text: str) -> str:
    """Returns JSON that ends no script and begins no markup."""
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text
