"""Draws class activation maps of several methods side by side, training first what is missing.

Methods are configs, whose checkpoints are found below --work-dir (and trained where missing), or
NAME=CONFIG:CHECKPOINT. Without --images and --indices the rows are chosen by a rule that does not
know which method is right: among --candidates test images with two or more classes, drawn with
--pick-seed (those with one where there are none), the ones whose maps differ most between methods,
times the largest predicted probability. With --hidden they are training images, and the classes
those that are there and that the training did not observe.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config
from mmpretrain.registry import DATASETS, TASK_UTILS

from wsml_mm.apis import assemble
from wsml_mm.datasets import FeatureDataset
from wsml_mm.datasets.boxes import image_key
from wsml_mm.datasets.nesting import unwrap
from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.configs import build_partial_datasets, partial_datasets
from wsml_mm.experiments.entries import read_entries
from wsml_mm.experiments.retest import checkpoints
from wsml_mm.models.cam import CamView, view_images
from wsml_mm.quiet import quiet
from wsml_mm.reports.cam_figure import CamRow, draw_cam_grid, shrink_png
from wsml_mm.reports.cams import (
    ImageChoice,
    draw_candidates,
    grid_rows,
    hidden_labels,
    labelled_images,
    most_different,
    row_numbers,
)
from wsml_mm.reports.plots import write_figure_files
from wsml_mm_cli.command import run
from wsml_mm_cli.draw_cams import parse_args

from .comparison_options import (
    chosen_entries,
    command_line,
    execution_of,
    stopping_in_one_line,
)
from .pointing_game import find_boxes, seen_config


class Trained(NamedTuple):
    """A method with the checkpoint to look at."""

    name: str
    cfg: Config
    checkpoint: Path


def find_trained(args: argparse.Namespace) -> list[Trained]:
    """Returns the methods of a command line with their checkpoints, trained where missing.

    Raises:
        FileNotFoundError: if a checkpoint is missing.
    """
    if args.work_dir is None:
        split = [text.rpartition(':') for text in args.configs]
        methods = read_entries([config for config, _, _ in split])
        paths = [Path(path) for _, _, path in split]
    else:
        methods = chosen_entries(args)
        root = Path(args.work_dir)
        with stopping_in_one_line() as failures:
            failures += run_comparison(
                methods, args.seeds, root, args.cfg_options, execution_of(args)
            ).failures
        folders = [run_folder(root, method.name, args.seeds[0]) for method in methods]
        paths = [checkpoints(folder)[args.checkpoint] for folder in folders]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f'{path}: no such checkpoint; give NAME=CONFIG:CHECKPOINT')
    return [
        Trained(method.name, seen_config(method, args.seeds[0], args), path)
        for method, path in zip(methods, paths, strict=True)
    ]


def view_all(
    trained: Trained, images: Sequence[ImageChoice], method: str, classes: Sequence[str]
) -> list[CamView]:
    """Returns what one trained model sees in every image.

    Raises:
        ValueError: if the checkpoint is of another model or of other classes.
    """
    from rich.progress import track

    seen = assemble(trained.cfg, trained.checkpoint, classes=classes, name=trained.name)
    paths = [image.path for image in images]
    views = view_images(seen.model, seen.preparing().of_file, paths, method)
    return list(track(views, f'{trained.name}: {len(images)} images', total=len(images)))


def classes_in(path: str, known: Sequence[ImageChoice]) -> list[int]:
    """Returns the classes of an image file: of the same file, or of the one with its name.

    None where it is not among the known ones, or where several of other folders have its name.
    """
    here = os.path.abspath(path)
    for image in known:
        if os.path.abspath(image.path) == here:
            return image.classes
    named = [image.classes for image in known if image_key(image.path) == image_key(path)]
    return named[0] if len(named) == 1 else []


def training_images(cfg: Config) -> list[ImageChoice]:
    """Returns the training images of a config that hide positives, with these."""
    cfg = Config(cfg.to_dict())
    for part in partial_datasets(cfg.train_dataloader.dataset):
        part.dataset = unwrap(part.dataset, FeatureDataset)
    with quiet():
        leaves = build_partial_datasets(cfg)
    return [image for leaf in leaves for image in hidden_labels(leaf)]


def choose(
    args: argparse.Namespace, cfg: Config, dataset: Any, classes: Sequence[str]
) -> list[ImageChoice]:
    """Returns the images a command line asks for, or the candidates to choose from.

    Raises:
        ValueError: if a class or position does not exist.
    """
    known = [] if args.hidden else labelled_images(dataset)
    unknown = [name for name in args.classes or [] if name not in classes]
    if unknown:
        raise ValueError(f'--classes {unknown[0]}: the classes are {", ".join(classes)}')
    shown = [classes.index(name) for name in args.classes or []]
    if args.hidden:
        hidden = training_images(cfg)
        return draw_candidates(hidden, args.candidates, args.pick_seed, shown, fewest=[1])
    if args.indices:
        outside = [i for i in args.indices if not 0 <= i < len(known)]
        if outside:
            raise ValueError(f'--indices {outside[0]}: the test set has 0..{len(known) - 1}')
        chosen = [known[i] for i in args.indices]
    elif args.images:
        chosen = [ImageChoice(path, classes_in(path, known)) for path in args.images]
    else:
        return draw_candidates(known, args.candidates, args.pick_seed, shown)
    # Of images that were named, a class may be looked at that is not there.
    return [ImageChoice(image.path, shown or image.classes) for image in chosen]


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods = find_trained(args)
    source = methods[0].cfg.test_dataloader.dataset
    with quiet():
        dataset = DATASETS.build(source)
    classes = list(dataset.metainfo['classes'])
    images = choose(args, methods[0].cfg, dataset, classes)
    views = [view_all(method, images, args.method, classes) for method in methods]
    order = list(range(len(images)))
    if not (args.images or args.indices):
        order = most_different(images, views)
    boxes = find_boxes(args.boxes, source)
    table = TASK_UTILS.build(boxes)(classes) if boxes else None
    rows: list[CamRow] = []
    numbers: list[dict[str, Any]] = []
    for position in order:
        found = grid_rows(images[position], [v[position] for v in views], table, classes)
        for row in found[: args.rows - len(rows)]:
            rows.append(row)
            numbers += row_numbers(row, images[position].path, [m.name for m in methods])
    figure = draw_cam_grid(rows, [m.name for m in methods], args.title)
    out = Path(args.out or Path(args.work_dir or 'work_dirs') / 'draw_cams')
    paths = write_figure_files(out, figure, numbers, command_line('draw_cams', argv))
    shrink_png(paths[0])
    print('\n'.join(map(str, paths)))


if __name__ == '__main__':
    run(main)
