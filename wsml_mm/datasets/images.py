"""Reading images without silent replacement: a bad one stops the run, or is left out by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from mmengine.logging import print_log

from .image_folders import FolderLists, common_folder, is_remote, wrong_folder
from .image_loader import ImageLoader, why_unreadable
from .image_look import look_at
from .image_remarks import Remark

BAD_IMAGES = ('stop', 'skip')

_HINT = (
    "repair or remove the image, or leave bad ones out with PartialLabelDataset(bad_images='skip')"
)


def run_pipeline(
    pipeline: Callable[[dict[str, Any]], Any],
    info: dict[str, Any],
    hint: str = _HINT,
    paths: Callable[[], Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Returns the packed sample of one image.

    Args:
        pipeline: of the dataset; ends with PackInputs.
        info: the image's annotation, with `img_path`.
        hint: what to do about an image that cannot be read, for the message.
        paths: returns the files of all images, to tell a wrong folder from a missing image.

    Raises:
        ValueError: naming the image, if it cannot be read or the pipeline drops it; another image
            in its place would carry wrong labels.
    """
    path = info.get('img_path')
    try:
        packed: dict[str, Any] | None = pipeline(info)
    except Exception as error:
        if paths is not None and path and not _is_there(str(path)):
            refuse_wrong_folder(paths())
        why = why_unreadable(str(path), error)
        raise ValueError(f'{path}: cannot be read ({why}); {hint}') from error
    if packed is None or 'data_samples' not in packed:
        raise ValueError(
            f'{path}: the pipeline returned no packed sample; end it with PackInputs and repair or '
            'remove the image'
        )
    return packed


def _is_there(path: str) -> bool:
    return is_remote(path) or os.path.isfile(path)


def refuse_wrong_folder(paths: Sequence[str]) -> None:
    """Refuses the folder of a data set's images where none of them is there.

    Raises:
        ValueError: naming the folder, and the one that may be meant.
    """
    folders = FolderLists()
    if len(paths) > 1 and not any(map(folders.have, paths)):
        folder = common_folder(paths)
        what, fix = wrong_folder(folder, [path[len(folder) :] for path in paths])
        raise ValueError(f'{what}; {fix}')


def find_readable(paths: Sequence[str], load: ImageLoader) -> list[bool]:
    """Loads every image once and returns which can be read; the others are logged by name.

    Args:
        paths: of the images.
        load: the loader of their pipeline.

    Raises:
        ValueError: if none of them is there.
    """
    from rich.progress import track

    refuse_wrong_folder(paths)
    good, bad = [], []
    lost: list[tuple[str, Remark]] = []
    for path in track(paths, description=f'checking {len(paths)} images'):
        look = look_at(path, load)
        why = look.error or look.damage
        good.append(why is None)
        if why is not None:
            bad.append(f'{path} ({why})')
        elif look.lost is not None:
            lost.append((path, look.lost))
    if bad:
        _warn(
            f'{len(bad)} of {len(paths)} images cannot be read and are left out:\n  '
            + '\n  '.join(bad)
        )
    _warn_of_lost(lost, len(paths))
    return good


def warn_of_lost_values(paths: Sequence[str], load: ImageLoader) -> None:
    """Loads some images of a data set and warns where at least half of them lost what they show.

    Args:
        paths: of the images; those that are not there are passed over.
        load: the loader of their pipeline; one of unknown kind is not run.
    """
    if not load.is_known:  # it may draw random numbers
        return
    there = [path for path in paths if os.path.isfile(path)]
    found = [(path, look_at(path, load).lost) for path in there]
    lost = [(path, remark) for path, remark in found if remark is not None]
    if 2 * len(lost) >= len(there):
        _warn_of_lost(lost, len(there))


def _warn_of_lost(lost: Sequence[tuple[str, Remark]], looked_at: int) -> None:
    if lost:
        path, remark = lost[0]
        _warn(
            f'{path} {remark.what} ({len(lost)} of {looked_at} images that were looked at are like '
            f'that); {remark.fix}; tools/check_dataset.py --decode looks at all'
        )


def _warn(text: str) -> None:
    print_log(text, logger='current', level=30)
