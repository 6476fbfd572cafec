"""Where the images are that a table names: below which folder, and with which suffix."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from wsml_mm.datasets.table.image_names import file_name
from wsml_mm.labels.files import IMAGE_SUFFIXES

_SAMPLE = 300  # names of a column that are looked for
_LEFT_OUT = ('work_dirs', 'wsml_mm', '__MACOSX')  # what trainings and archives leave behind


class Match(NamedTuple):
    """How a name of a table becomes a file.

    Args:
        folder: that the name is below, itself below the root; '' for the root.
        suffix: that the name lacks; '' if none.
        image_names: 'path', 'file' or 'original', as of `TableFormat`.
    """

    folder: str
    suffix: str = ''
    image_names: str = 'path'


def visible_files(root: Path) -> Iterator[Path]:
    """Yields the files below a folder, by name, without hidden folders and those of trainings."""
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(n for n in inner if n[:1] != '.' and n not in _LEFT_OUT)
        yield from (Path(folder, name) for name in sorted(files) if name[:1] != '.')


class ImagePlaces:
    """Knows all images below a folder.

    Args:
        root: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self.count = 0
        for path in visible_files(root):
            if path.suffix.lower() in IMAGE_SUFFIXES:
                self._by_stem[path.stem].append(path.relative_to(root).as_posix())
                self.count += 1

    def matches(self, name: str, image_names: str = 'path') -> list[Match]:
        """Returns the ways in which a name is an image; none if it is none."""
        name = file_name(name, image_names).removeprefix('./').rstrip('/')
        path = PurePosixPath(name)
        found = []
        stems = {path.stem, path.name}  # a name without suffix may hold a dot
        for image in (image for stem in stems for image in self._by_stem.get(stem, ())):
            for suffix in dict.fromkeys(['', PurePosixPath(image).suffix]):
                if image == name + suffix or image.endswith(f'/{name}{suffix}'):
                    folder = image[: len(image) - len(name + suffix)].rstrip('/')
                    found.append(Match(folder, suffix, image_names))
        return found

    def votes(
        self, names: Sequence[str], kinds: Sequence[str] = ('path', 'file', 'original')
    ) -> Counter[Match]:
        """Returns how many of some names each way finds.

        Args:
            names: as a table has them.
            kinds: values of `image_names`, of which the first counts that finds any.
        """
        distinct = list(dict.fromkeys(names))
        step = max(1, len(distinct) // _SAMPLE)
        some = [name for name in distinct[::step] if name]
        for kind in kinds:
            found = Counter(m for n in some for m in dict.fromkeys(self.matches(n, kind)))
            if found:
                return found
        return Counter()


def only_match(found: Counter[Match], where: str) -> Match:
    """Returns the way that finds most names.

    Args:
        found: of `ImagePlaces.votes`, not empty.
        where: the table, for messages.

    Raises:
        ValueError: if two ways find as many.
    """
    (best, count), *others = found.most_common()
    rivals = [match for match, number in others if number == count]
    for option, key in (('--images', 'folder'), ('--suffix', 'suffix')):
        values = sorted({getattr(match, key) for match in [best, *rivals]})
        if len(values) > 1:
            shown = ' or '.join(repr(value or '.') for value in values[:3])
            raise ValueError(
                f'{where}: its images may be those of {shown}, as many are found by either; say '
                f'which by {option}'
            )
    return best
