"""A folder of VOC annotations as a table, or those of the images that a text file lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from wsml_mm.labels.files import IMAGE_SUFFIXES, numbered_lines

from .advice import Option, advise, either
from .json_items import Row
from .layout import LISTS, Batch, TableFormat, batches
from .problem import RowError, RowErrors
from .voc_xml import read_voc_xml, text_of, voc_files


class _Listed(NamedTuple):
    """An annotation file of each row.

    Args:
        files: below `folder`.
        folder: of them.
        before: what stands before a file's name, behind that of the table.
    """

    files: Sequence[Path]
    folder: Path
    before: str = '/'

    def format(self, line: int) -> str:
        """Returns the place of a row behind the table's name."""
        return f'{self.before}{self.files[line].relative_to(self.folder).as_posix()}'


def is_voc(path: Path) -> bool:
    """Tells whether a path is read as VOC annotations: a folder, or a list of images."""
    return path.is_dir() or path.suffix.lower() == '.txt'


def read_voc(path: Path, layout: TableFormat, errors: RowErrors) -> Iterator[Batch]:
    """Reads VOC annotations: the classes of the objects are positive, difficult ones too.

    Of classes without an object nothing is said: `layout.unlisted` says what they are. An image is
    named by <filename>, which must agree with the name of the XML file; with
    `layout.suffix`, by the XML file alone.

    Args:
        path: of a folder of XML files, with those of its subfolders; or of a list such as
            ImageSets/Main/train.txt, of names of files in Annotations, beside ImageSets.
        layout: how to read them.
        errors: takes those of files.

    Raises:
        FileNotFoundError: if there is no annotation.
        ValueError: if the list is not UTF-8.
    """
    listed = _of_folder(path) if path.is_dir() else _of_list(path)
    errors.place = listed
    errors.notes.append('VOC annotations, positive labels from the objects')
    return batches(_rows(listed, layout, errors), LISTS)


def _of_folder(folder: Path) -> _Listed:
    folders = [folder, *(part for part in folder.rglob('*') if part.is_dir())]
    visible = (
        part for part in folders if not any(n[:1] == '.' for n in part.relative_to(folder).parts)
    )
    files = sorted(file for part in visible for file in voc_files(part))
    if not files:
        raise FileNotFoundError(
            f'{folder}: holds no VOC annotation (*.xml); give the folder of the XML files, or a '
            'table of labels'
        )
    return _Listed(files, folder)


def _of_list(path: Path) -> _Listed:
    if not path.is_file():
        what = f'{path}: no such file; check '
        raise FileNotFoundError(either(f'{what}ann_file and data_root', f'{what}its name'))
    # ImageSets/Main/train.txt, or train.txt beside Annotations
    folder = next(
        (f / 'Annotations' for f in path.parents[:3] if (f / 'Annotations').is_dir()), None
    )
    if folder is None:
        raise FileNotFoundError(
            f'{path}: no folder Annotations is near; a list of images is read with the VOC '
            'annotations beside ImageSets, other labels as a table (.csv)'
        )
    files = []
    for number, line in numbered_lines(path, 'list of images', 'check ann_file and data_root'):
        line = line.strip('"')  # CVAT puts names with blanks in quotation marks
        name = PurePosixPath(line)
        if name.suffix.lower() in IMAGE_SUFFIXES:
            name = name.with_suffix('')
        file = folder / f'{name}.xml'
        if name.is_absolute() or '..' in name.parts or '\0' in line:
            raise ValueError(
                f'{path}:{number}: {line[:80]!r} leaves {folder.name}; list names in it'
            )
        if not file.is_file():
            fix = 'annotate the image, or remove the line'
            if line.split()[-1] in ('1', '0', '-1') and len(line.split()) == 2:
                fix = 'this is a class file: give train.txt or the like, or read it with VOC2012'
            raise FileNotFoundError(f'{path}:{number}: {line[:80]!r} has no {file}; {fix}')
        files.append(file)
    return _Listed(files, folder, f': {folder.name}/')


def _rows(listed: _Listed, layout: TableFormat, errors: RowErrors) -> Iterator[Row]:
    from rich.progress import track

    few = len(listed.files) < 1000
    for at, file in enumerate(track(listed.files, 'reading XML', transient=True, disable=few)):
        top = read_voc_xml(file)
        if isinstance(top, RowError):
            errors.add(at, top)
            continue
        below = PurePosixPath(file.relative_to(listed.folder).as_posix())
        image = _image(text_of(top, 'filename'), below, layout)
        if isinstance(image, RowError):
            errors.add(at, image)
            continue
        names = [text_of(item, 'name') for item in top.iter('object')]
        if not all(names):
            errors.add(at, RowError('broken XML', 'an object has no name', 'name its class'), image)
            continue
        yield at, image, list(dict.fromkeys(names)), None


def _image(named: str, file: PurePosixPath, layout: TableFormat) -> str | RowError:
    """Returns the image of an annotation file, which names one."""
    stem = file.with_suffix('')
    if layout.suffix:
        return str(stem)  # the suffix is added to all names that lack it
    by_file = ('say ', Option('suffix', '.jpg'), ' to go by the name of the XML file')
    image = PurePosixPath(named.replace('\\', '/'))
    if image.suffix.lower() not in IMAGE_SUFFIXES:
        what = f'names no image file (<filename> is {named[:80]!r})'
        return RowError('no image', what, advise(*by_file))
    if image.stem != stem.name:
        what = f'is about another image, {named[:80]!r}'
        fix = advise('rename one of them, or ', *by_file)
        return RowError('image of another name', what, fix)
    # A folder in <filename> is one of the images, unless it is that of another computer.
    inside = len(image.parts) > 1 and not image.is_absolute() and ':' not in image.parts[0]
    return str(image) if inside else str(stem.with_name(image.name))
