"""The words by which tables, columns and classes of other people's data are known."""

from __future__ import annotations

import re

SIGNS = frozenset(['1', '0', '-1', 'blank'])
# Columns of labels, in lower case, letters alone.
LABELS = frozenset(
    [
        'positive',
        'positives',
        'label',
        'labels',
        'tag',
        'tags',
        'class',
        'classes',
        'category',
        'categories',
        'classname',
        'findinglabels',
        'annotation',
        'annotations',
        'keyword',
        'keywords',
        'objects',
        'attributes',
    ]
)
# Columns of 0 and 1 that say something of an image or box, and no class.
FACTS = frozenset(
    [
        'difficult',
        'truncated',
        'occluded',
        'iscrowd',
        'crowd',
        'isgroupof',
        'groupof',
        'isdepiction',
        'isinside',
        'isoccluded',
        'istruncated',
        'fold',
        'split',
        'subset',
        'set',
        'istrain',
        'isvalid',
        'istest',
        'valid',
        'age',
        'sex',
        'gender',
        'width',
        'height',
        'index',
        'id',
        'rotation',
        'frame',
    ]
)
# Columns by which a table has one row a box.
BOXES = frozenset(
    ['xmin', 'ymin', 'xmax', 'ymax', 'x1', 'y1', 'x2', 'y2', 'bbox', 'box', 'boundingbox']
)
SPLITS = frozenset(['split', 'subset', 'set', 'fold', 'isvalid', 'istest', 'istrain'])
PARTS = frozenset(['train', 'training', 'val', 'valid', 'validation', 'dev', 'test', 'testing'])
# Words that say that no class is present.
NOTHING = frozenset(['no finding', 'no findings', 'none', 'nothing', 'no label', 'no labels'])
CLASS_FILES = ('classes.txt', 'class_names.txt', 'labels.txt', 'names.txt', 'obj.names')

_ROLES = {
    'train': ('train', 'training'),
    'val': ('val', 'valid', 'validation', 'dev'),
    'test': ('test', 'testing'),
}


def letters(name: str) -> str:
    """Returns a name in lower case, without anything but letters and digits."""
    return re.sub(r'[^a-z0-9]', '', name.casefold())


def role_of(name: str) -> str:
    """Returns 'train', 'val' or 'test' if a word of a name says so, or ''."""
    words = re.findall('[a-z]+', name.casefold())
    found = [role for role, some in _ROLES.items() if set(words) & set(some)]
    return found[0] if len(found) == 1 else ''
