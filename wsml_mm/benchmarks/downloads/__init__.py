from .archives import file_checksum, unpack
from .check import check_downloads
from .download import Download

__all__ = ['Download', 'check_downloads', 'file_checksum', 'unpack']
