"""Methods: what a fragment of configs/methods, or a file of a user's own, says about one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from .configs import config_roots
from .run_folders import check_file_name

# What a fragment may say beside key, title, colour and marker.
PARTS = (
    'loss',
    'head',
    'model',
    'feature_maps',
    'train_pipeline',
    'test_pipeline',
    'augmentation',
    'hooks',
    'settings',
    'imports',
    'published',
    'grid',
)


@dataclass(frozen=True)
class Method:
    """A way to train from partial labels, apart from data, network and schedule.

    Args:
        key: short name, as the command line has it.
        title: in tables and figures.
        colour, marker: in figures; None: any.
        fragment: the parts of it, keys of `PARTS`. `loss` (required) takes the place of the
            head's loss; `head` and `model` are merged into the config's; `feature_maps` (bool)
            gives the head the backbone's last map, without neck, also of stored features;
            `train_pipeline` and `test_pipeline` take the place of the data sets' own;
            `augmentation` are transforms before the last one of the training pipeline; `hooks` are
            default hooks by key; `settings` any other settings, dotted keys too; `imports` modules
            that register what the rest names; `published` holds parts by data set, each with its
            `source`; `grid` holds values to try for the fragment's dotted keys, as
            `{'loss.delta_rel': [0.1, 0.2]}`, which nothing but a grid search reads.
        file: that it was read from.
    """

    key: str
    title: str
    colour: str | None
    marker: str | None
    fragment: Mapping[str, Any] = field(repr=False)
    file: str = ''

    def parts(self, data: str | None = None) -> dict[str, Any]:
        """Returns the fragment with the hyper-parameters published for a data set.

        Args:
            data: key of the data set (`protocol.data` of a config); None or one that the method
                was not published with: the fragment's own.
        """
        parts = Config(deepcopy(dict(self.fragment)))
        parts.pop('grid', None)
        published = deepcopy((parts.pop('published', None) or {}).get(data) or {})
        published.pop('source', None)
        parts.merge_from_dict(published)
        merged: dict[str, Any] = parts.to_dict()
        return merged

    def with_values(self, values: Mapping[str, Any]) -> Method:
        """Returns the method with other values, over those published for a data set too.

        Args:
            values: by the fragment's dotted keys, e.g. `{'loss.delta_rel': 0.4}`.
        """
        fragment = Config(deepcopy(dict(self.fragment)))
        places = ['', *(f'published.{data}.' for data in fragment.get('published') or {})]
        fragment.merge_from_dict({p + key: v for p in places for key, v in values.items()})
        return replace(self, fragment=fragment.to_dict())

    def record(self) -> dict[str, Any]:
        """Returns what a config keeps of the method, for tables and figures."""
        return dict(key=self.key, title=self.title, colour=self.colour, marker=self.marker)


def shipped_methods() -> list[str]:
    """Returns the keys of the methods in configs/methods."""
    folders = [root / 'methods' for root in config_roots()]
    return sorted({path.stem for folder in folders for path in folder.glob('*.py')})


def read_method(name: str | os.PathLike[str]) -> Method:
    """Reads a method.

    Args:
        name: a key of `shipped_methods()`, or a file with `method = dict(key=..., loss=...)`.

    Raises:
        FileNotFoundError: if there is no such method.
        ValueError: if the file describes no method, or names a part that does not exist.
    """
    path = Path(name)
    if not path.is_file():
        shipped = [root / 'methods' / f'{name}.py' for root in config_roots()]
        found = [path for path in shipped if path.is_file()]
        if not found:
            raise FileNotFoundError(
                f'{name}: no such method; name one of {", ".join(shipped_methods())}, or a file '
                'with method = dict(key=..., loss=...)'
            )
        path = found[0]
    return _check(Config.fromfile(path).to_dict(), str(path))


def _check(content: dict[str, Any], file: str) -> Method:
    method = content.get('method')
    if not isinstance(method, dict) or not isinstance(method.get('loss'), dict):
        whole = ': it is a whole config, name it as NAME=FILE' if 'model' in content else ''
        raise ValueError(f'{file}: has no method = dict(key=..., loss=dict(type=...)){whole}')
    names = {name: method.pop(name, None) for name in ('key', 'title', 'colour', 'marker')}
    unknown = sorted(set(method) - set(PARTS))
    if unknown:
        raise ValueError(f'{file}: method has no part {unknown[0]!r}; parts: {", ".join(PARTS)}')
    if not names['key'] or not isinstance(names['key'], str):
        raise ValueError(f'{file}: method needs a key, a short name such as "ll-r"')
    check_file_name(names['key'], f'{file}: method.key {names["key"]!r}')
    if 'type' not in method['loss']:
        raise ValueError(f'{file}: method.loss names no type')
    for part in (method['loss'], *(method.get('hooks') or {}).values()):
        if isinstance(part, dict):
            part.pop('_delete_', None)  # a loss and a hook are replaced in any case
    title = names['title'] or names['key']
    return Method(names['key'], title, names['colour'], names['marker'], method, file)
