"""What commands do with the options of `wsml_mm_cli.trained_options`."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from wsml_mm.apis import TrainedClassifier, assemble, validation_scores
from wsml_mm.datasets.table import read_class_file
from wsml_mm.evaluation.thresholds import (
    NEVER,
    check_thresholds,
    choose_thresholds,
    thresholds_of,
)
from wsml_mm.labels.files import json_text, one_line, write_durably

from .options import config_of


def trained_of(args: argparse.Namespace) -> TrainedClassifier:
    """Returns the model that a command line names.

    Raises:
        FileNotFoundError: if there is no such config, method or checkpoint.
        ValueError: if they do not go together.
    """
    classes = None if args.classes is None else read_class_file(args.classes)
    return assemble(config_of(args), args.checkpoint, args.device, classes)


def thresholds_of_text(
    text: str, trained: TrainedClassifier, batch_size: int = 16, num_workers: int = 1
) -> dict[str, float]:
    """Returns the threshold of each class, as --threshold says.

    Args:
        text: a number, 'best-f1', 'precision=SHARE' or a JSON file.
        trained: whose validation images are looked at, if thresholds are to be chosen.
        batch_size: images at a time.
        num_workers: processes that load images.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the text is nothing of these, the thresholds are not those of the classes,
            or none can be chosen.
    """
    classes = trained.classes
    precision = _number(text.removeprefix('precision=')) if text.startswith('precision=') else None
    if text == 'best-f1' or precision is not None:
        scores, target = validation_scores(trained, batch_size, num_workers)
        return choose_thresholds(scores, target, classes, precision)
    number = _number(text)
    if number is not None:
        check_thresholds(number)
        return dict.fromkeys(classes, number)
    if not text.endswith('.json'):
        raise ValueError(
            f'--threshold {text}: give a number, best-f1, precision=0.9, or a JSON file of numbers '
            'by class'
        )
    return read_thresholds(text, classes)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def read_thresholds(path: str | os.PathLike[str], classes: tuple[str, ...]) -> dict[str, float]:
    """Reads the thresholds of a JSON file, an object of numbers by class; null: never.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is another file, or they are not those of the classes.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'{path}: no such file of thresholds; check its name')
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
        found = {str(k): NEVER if v is None else float(v) for k, v in content.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{path}: is no JSON object of numbers by class ({one_line(error)}); write '
            '{"CLASS": 0.5, ...}'
        ) from error
    try:
        check_thresholds(found)
        thresholds_of(found, classes)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from None
    return found


def write_thresholds(path: Path, thresholds: dict[str, float]) -> None:
    """Writes thresholds as JSON, null for a class that is never there."""
    write_durably(path, json_text(thresholds, indent=1).encode() + b'\n', 'name another file')
