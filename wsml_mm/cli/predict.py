"""Finds the labels of photographs with a trained model."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.apis import Prediction, TrainedClassifier, predict_images
from wsml_mm.apis.image_inputs import ImageInputs, find_images, images_of_table, is_table
from wsml_mm.apis.prediction_files import PredictionFile
from wsml_mm.evaluation.thresholds import NEVER, LabelRule
from wsml_mm.labels.wording import some_of
from wsml_mm.reports.prediction_pictures import PredictionPictures
from wsml_mm_cli.command import run
from wsml_mm_cli.predict import parse_args

from .table_options import pairs
from .trained_options import thresholds_of_text, trained_of, write_thresholds


def find_inputs(args: argparse.Namespace, classes: Sequence[str]) -> ImageInputs:
    """Returns the images of a command line.

    Raises:
        FileNotFoundError: if there is no such image, folder or table.
        ValueError: if there is no image in it, or options do not go together.
    """
    tables = [each for each in args.inputs if is_table(each)]
    if not tables:
        if args.images is not None or args.columns or args.suffix:
            raise ValueError('--images, --columns and --suffix are for a table; leave them out')
        return find_images(args.inputs)
    if len(args.inputs) > 1:
        raise ValueError(f'{tables[0]}: is a table, which lists all images; give it alone')
    columns = pairs('columns', args.columns, 'KEY=NAME', 'image=file')
    return images_of_table(tables[0], classes, args.images, columns, args.suffix)


def rule_of(args: argparse.Namespace, trained: TrainedClassifier) -> LabelRule:
    """Returns what makes labels of scores; keeps thresholds where they are to be kept."""
    if args.top_k is not None:
        return LabelRule.of(trained.classes, top_k=args.top_k)
    found = thresholds_of_text(args.threshold, trained, args.batch_size, args.workers)
    if never := [name for name, value in found.items() if value == NEVER]:
        print(
            f'{some_of(never, of="classes")}: never reaches {args.threshold} on the validation '
            'images, so it is not predicted',
            file=sys.stderr,
        )
    if args.write_threshold is not None:
        write_thresholds(args.write_threshold, found)
    return LabelRule.of(trained.classes, found)


def with_progress(predictions: Iterable[Prediction], count: int) -> Iterator[Prediction]:
    """Yields predictions, with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import track

    return iter(track(predictions, f'{count} images', count, console=Console(stderr=True)))


def write_all(
    args: argparse.Namespace, trained: TrainedClassifier, images: ImageInputs, rule: LabelRule
) -> list[Prediction]:
    """Predicts all images and writes what is asked for; returns the broken ones.

    Raises:
        ValueError: if no image at all could be read.
    """
    broken: list[Prediction] = []
    pictures = None
    if args.show_dir is not None:
        pictures = PredictionPictures(trained, args.show_dir, args.cam_method if args.cams else '')
    found = predict_images(trained, images.paths, args.batch_size, args.workers, images.names)
    with contextlib.ExitStack() as stack:
        file = None
        if args.out is not None:
            file = stack.enter_context(PredictionFile(args.out, trained.classes, args.separator))
        for each in with_progress(found, len(images.names)):
            labels = None if each.scores is None else rule(each.scores[None])[0]
            if labels is None:
                broken.append(each)
            elif pictures is not None:
                pictures.draw(images.folder + each.name, each, labels)
            if file is not None:
                file.add(each, labels)
            elif pictures is None:
                print(in_words(each, labels, trained.classes))
        if len(broken) == len(images.names):
            raise ValueError(
                f'none of the {len(broken)} images could be read (first: {images.folder}'
                f'{broken[0].name}: {broken[0].error}); check them'
            )
    return broken


def in_words(each: Prediction, labels: NDArray[np.bool_] | None, classes: Sequence[str]) -> str:
    """Returns the line of an image: its labels with their scores, likeliest first."""
    if each.scores is None or labels is None:
        return f'{each.name}: cannot be read'
    order = [c for c in np.argsort(-each.scores, kind='stable') if labels[c]]
    named = ', '.join(f'{classes[c]} {each.scores[c]:.2f}' for c in order)
    return f'{each.name}: {named or "nothing"}'


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    if args.out is not None:
        PredictionFile(args.out, (), args.separator)  # a wrong suffix is said before the work
    trained: Any = trained_of(args)
    images = find_inputs(args, trained.classes)
    if args.out is not None:
        PredictionFile(args.out, trained.classes, args.separator)
    broken = write_all(args, trained, images, rule_of(args, trained))
    for each in broken:
        print(f'{images.folder}{each.name}: cannot be read ({each.error})', file=sys.stderr)
    if broken:
        print(f'{len(broken)} of {len(images.names)} images were left out', file=sys.stderr)
    if args.out is not None:
        print(f'{args.out}: {len(images.names)} images below {images.folder or "."}')
    if args.show_dir is not None:
        print(f'{args.show_dir}: {len(images.names) - len(broken)} pictures')


if __name__ == '__main__':
    run(main)
