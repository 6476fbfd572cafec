"""Pictures of predictions, a file for each image, also where images of two folders share a name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from mmengine.fileio import join_path
from mmpretrain.engine.hooks import VisualizationHook
from mmpretrain.registry import HOOKS


def picture_names(paths: Sequence[str]) -> dict[str, str]:
    """Returns the name of each image's picture: that of its file, with folders where two share it.

    Args:
        paths: of all images.
    """
    whole = {path: os.path.abspath(path) for path in paths}
    seen: dict[str, set[str]] = {}
    for path in whole.values():
        seen.setdefault(os.path.basename(path).casefold(), set()).add(path)
    shared = [path for found in seen.values() if len(found) > 1 for path in found]
    top = os.path.commonpath([os.path.dirname(path) for path in shared]) if shared else ''
    names = {}
    for path, place in whole.items():
        name = os.path.basename(place)
        names[path] = os.path.relpath(place, top) if len(seen[name.casefold()]) > 1 else name
    return names


@HOOKS.register_module()
class PictureHook(VisualizationHook):  # type: ignore[misc]
    """`VisualizationHook` whose pictures of a test do not overwrite each other.

    The stock hook names a picture by the image's file alone, so that of `a/1.jpg` and `b/1.jpg` the
    later one stays. Here such keep their folders below `out_dir`.

    Args:
        kwargs: arguments of MMPretrain's `VisualizationHook`: enable, interval, show, out_dir, ...

    Config:
        default_hooks = dict(visualization=dict(
            type='PictureHook', enable=True, interval=1, out_dir='shown'))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._visualizer: Any = _Naming(self._visualizer, self.out_dir)

    def before_test(self, runner: Any) -> None:
        """Names the pictures of the whole test set, the same on all ranks."""
        data = runner.test_dataloader.dataset
        if self.enable and self.out_dir is not None and hasattr(data, 'get_data_info'):
            infos = (data.get_data_info(index) for index in range(len(data)))
            paths = [str(info['img_path']) for info in infos if info.get('img_path')]
            self._visualizer.names = picture_names(paths)


class _Naming:
    """A visualizer that writes a picture by the name that its image has been given."""

    def __init__(self, visualizer: Any, out_dir: str | None) -> None:
        self._visualizer, self._out_dir = visualizer, out_dir
        self.names: dict[str, str] = {}

    def visualize_cls(self, data_sample: Any, step: int, name: str, **settings: Any) -> None:
        name = self.names.get(str(data_sample.get('img_path')), name)
        if settings.get('out_file') is not None:
            settings['out_file'] = join_path(self._out_dir, f'{name}_{step}.png')
        self._visualizer.visualize_cls(data_sample=data_sample, step=step, name=name, **settings)
