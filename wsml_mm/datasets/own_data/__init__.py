"""What a folder of one's own data is: its tables, its images, and how its tables are to be read."""

from .folder import ROLES, FoundTable, OwnData, look_at
from .image_places import ImagePlaces, Match

__all__ = ['ROLES', 'FoundTable', 'ImagePlaces', 'Match', 'OwnData', 'look_at']
