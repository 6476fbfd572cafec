"""Class priors that a config gives: one value a class, or a file of values by class name."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .class_lists import class_difference
from .files import numbered_lines
from .numbers import check_number

_FIX = 'write a line "class,prior" for each class'


def read_priors(path: str | os.PathLike[str]) -> dict[str, float]:
    """Returns class priors by name, of a CSV file of two columns; a heading may come first.

    Args:
        path: of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the line that is wrong.
    """
    found: dict[str, float] = {}
    for number, line in numbered_lines(Path(path), 'file of class priors', _FIX):
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if len(cells) != 2:
            raise ValueError(f'{path}:{number}: has {len(cells)} cells in place of two; {_FIX}')
        name, text = cells
        try:
            value = float(text)
        except ValueError:
            if not found and number == 1:
                continue  # the heading
            raise ValueError(f'{path}:{number}: {text!r} is no number; {_FIX}') from None
        check_number(f'{path}:{number}: prior of {name!r}', value, 'a share between 0 and 1', 0, 1)
        if name in found:
            raise ValueError(f'{path}:{number}: class {name!r} comes twice; {_FIX}')
        found[name] = value
    return found


def priors_of(
    given: Sequence[float] | str | os.PathLike[str],
    num_classes: int,
    classes: Sequence[str] | None = None,
) -> NDArray[np.float64]:
    """Returns the (C,) class priors that a config gives.

    Args:
        given: C values in the order of the classes, or a file of `read_priors`, by name.
        num_classes: C of the data set.
        classes: its class names; a file needs them.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if they are of other classes, or a value is no share.
    """
    if isinstance(given, (str, os.PathLike)):
        by_name = read_priors(given)
        if classes is None:
            raise ValueError(
                f'class_prior={os.fspath(given)!r}: the class names of the training set are not '
                'known, so its priors cannot be told apart; give a list of numbers'
            )
        if different := class_difference(sorted(by_name), sorted(classes)):
            raise ValueError(
                f'class_prior={os.fspath(given)!r}: is of other classes than the training set '
                f'({different}); give a file of its classes'
            )
        return np.array([by_name[name] for name in classes])
    values = list(given)
    if len(values) != num_classes:
        raise ValueError(
            f'class_prior: {len(values)} values for {num_classes} classes; give one for each class '
            'of the training set, in its order'
        )
    for place, value in enumerate(values):
        check_number(f'class_prior[{place}]', value, 'a share between 0 and 1', 0, 1)
    return np.array(values, np.float64)
