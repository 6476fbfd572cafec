"""Writes fragments of methods that take head, hooks and settings over from another method.

`python dev/share_training.py an ll-r --of recipe --out work_dirs/shared` writes an-recipe.py and
ll-r-recipe.py there, which `suite` takes as methods: what is the loss worth, and what the training
around it?
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.experiments.method import read_method


def fragment(name: str) -> dict[str, Any]:
    """Returns what a fragment says of its method."""
    method = read_method(name)
    return {**method.record(), **method.fragment}


def with_training(method: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    """Returns a method in the training of another; settings of its own go before.

    Raises:
        ValueError: if it has a head of its own.
    """
    if 'head' in method:
        raise ValueError(f'{method["key"]}: has a head of its own; leave it out')
    shared = {key: {**source.get(key, {}), **method.get(key, {})} for key in ('hooks', 'settings')}
    key = source['key']
    names = {'key': f'{method["key"]}-{key}', 'title': f'{method["title"]} ({key})'}
    kept = {key: value for key, value in method.items() if key != 'grid'}
    return {**kept, **names, 'head': source['head'], **shared}


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the fragments and prints their names."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').split('\n')[0])
    parser.add_argument('methods', nargs='+', help='names of shipped fragments')
    parser.add_argument('--of', default='recipe', help='whose training they take over')
    parser.add_argument('--out', type=Path, required=True, help='folder to write to')
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.methods:
        found = with_training(fragment(name), fragment(args.of))
        path = args.out / f'{name}-{args.of}.py'
        Config(dict(method=found)).dump(path)
        print(path)


if __name__ == '__main__':
    main()
