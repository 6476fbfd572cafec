"""Lists the images of OpenImages V3, `train/<id>` a line, for the owners' downloader.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wsml_mm.benchmarks.openimages_v3 import OpenImagesV3, downloaded_ids, format_ids, ids_of
from wsml_mm.labels.files import write_durably
from wsml_mm_cli.command import run
from wsml_mm_cli.openimages_ids import parse_args


def image_lines(dataset: OpenImagesV3, missing: bool) -> bytes:
    """Returns one line an image, `<split>/<id>`, in the order of the dataset.

    Args:
        dataset: a split, whole.
        missing: leave out images whose file is there.
    """
    ids = ids_of(dataset.image_names())
    if missing:
        ids = np.setdiff1d(ids, downloaded_ids(Path(dataset.img_prefix)), assume_unique=True)
    text = format_ids(ids, f'{dataset.split}/', '\n').tobytes()
    print(f'{dataset.split}: {len(ids):,} of {len(dataset):,} images listed')
    return text


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    splits = [
        OpenImagesV3(args.root, split, keep_unlabelled=args.keep_unlabelled)
        for split in args.splits
    ]
    write_durably(args.out, b''.join(image_lines(dataset, args.missing) for dataset in splits))
    for dataset in splits:
        print(f'Download those of {dataset.split} into {dataset.img_prefix}')


if __name__ == '__main__':
    run(main)
