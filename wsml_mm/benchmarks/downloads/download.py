"""A file that the owners of a data set hand out: what it is called, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Download:
    """A file that the owners of a data set hand out.

    Args:
        name: of the file, which is put into the benchmark's folder. Archives (.zip, .tar, .tgz,
            .tar.gz) are unpacked there; anything else is used as it is.
        address: of the owners' distribution, or of the page that says how to get it.
        makes: paths below the benchmark's folder that are there once it is unpacked; of 'a|b'
            either may be. A path that ends in '/' is a folder.
        size: in bytes; None: not known from a public source.
        checksum: 'md5:...' or 'sha256:...'; None: not known from a public source.
        note: what else to know to get it.
        split: the only one that needs it; None: all do.
    """

    name: str
    address: str
    makes: tuple[str, ...]
    size: int | None = None
    checksum: str | None = None
    note: str = ''
    split: str | None = None

    @property
    def packed(self) -> bool:
        """Whether the file is an archive."""
        return self.name.endswith(('.zip', '.tar', '.tgz', '.tar.gz'))

    def missing(self, folder: Path) -> list[str]:
        """Returns those of `makes` that are not below `folder`."""
        return [made for made in self.makes if not any(_exists(folder, p) for p in made.split('|'))]


def _exists(folder: Path, path: str) -> bool:
    place = folder / path
    return place.is_dir() if path.endswith('/') else place.is_file()
