"""Whether downloaded files are there and whole, and unpacking them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .archives import Progress, file_checksum, is_half_unpacked
from .archives import unpack as unpack_archive
from .download import Download
from .unpacked import is_another, note_unpacked


def check_downloads(
    downloads: Iterable[Download],
    folder: Path,
    splits: Collection[str],
    unpack: bool = False,
    verify: bool = False,
    report: Callable[[str], object] = lambda _: None,
) -> list[str]:
    """Checks the downloads that some splits need, and if asked unpacks them.

    Args:
        downloads: of a benchmark.
        folder: that they lie in.
        splits: the wanted ones.
        unpack: those that are there and not unpacked yet.
        verify: compute checksums.
        report: called with one line for each computed checksum.

    Returns:
        What is missing or wrong, and how to get it.
    """
    check = _Check(folder, unpack, verify, report)
    problems = []
    for download in downloads:
        if download.split in (None, *splits):
            try:
                problems.append(check.download(download))
            except (OSError, ValueError) as error:
                problems.append(str(error))
    return [problem for problem in problems if problem is not None]


@dataclass(frozen=True)
class _Check:
    folder: Path
    unpack: bool
    verify: bool
    report: Callable[[str], object]

    def download(self, download: Download) -> str | None:
        """Returns what is missing and how to get it; None: nothing."""
        path = self.folder / download.name
        exists = path.is_file()
        if exists and (problem := self.archive(download, path)):
            return f'{path}: {problem}\n  from  {download.address}'
        missing = download.missing(self.folder)
        packed = exists and download.packed
        half = packed and is_half_unpacked(path, self.folder)
        other = packed and is_another(path, self.folder)
        if packed and (missing or half or other) and self.unpack:
            with _byte_bar('unpacking', path) as progress:
                unpack_archive(path, self.folder, progress)
            if missing := download.missing(self.folder):
                return f'{path}: does not hold {_listed(missing)}; take the archive of the owners'
            note_unpacked(path, self.folder)
            return None
        if packed and (missing or half):
            so_far = ' to its end' if half else ''
            return f'{path}: is not unpacked{so_far}; call this again with --unpack'
        if other:
            return f'{path}: is another than the one unpacked; call this again with --unpack'
        if not missing:
            return None
        return _how_to_get(download, path, missing)

    def archive(self, download: Download, path: Path) -> str | None:
        """Returns what is wrong with a downloaded file; None: nothing, as far as is known."""
        size = path.stat().st_size
        if download.size not in (None, size):
            return f'has {size:,} bytes of {download.size:,}; download it again'
        if not self.verify:
            return None
        algorithm, _, expected = (download.checksum or 'sha256:').partition(':')
        with _byte_bar('checking', path) as progress:
            found = file_checksum(path, algorithm, progress)
        if expected and found != expected:
            return f'has {algorithm} {found} instead of {expected}; download it again'
        source = 'as published' if expected else '(none is published)'
        self.report(f'{path}: {algorithm} {found} {source}')
        return None


def _how_to_get(download: Download, path: Path, missing: Sequence[str]) -> str:
    size = 'size unknown' if download.size is None else f'{download.size:,} bytes'
    facts = f'{size}, {download.checksum or "checksum unknown"}'
    return '\n'.join(
        [
            f'{path}: is missing ({facts})',
            f'  from  {download.address}',
            *([f'  note  {download.note}'] if download.note else []),
            *([f'  makes {_listed(missing)}'] if download.packed else []),
        ]
    )


def _listed(missing: Sequence[str]) -> str:
    return ', '.join(path.replace('|', ' or ') for path in missing)


@contextmanager
def _byte_bar(what: str, path: Path) -> Iterator[Progress]:
    from rich.progress import DownloadColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (*Bars.get_default_columns()[:-1], DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, transient=True) as bars:
        bar = bars.add_task(f'{what} {path.name}', total=path.stat().st_size)
        yield lambda done: bars.update(bar, completed=done)
