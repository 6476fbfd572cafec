"""A visualizer whose figure is made for the first picture: most trainings draw none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mmpretrain.registry import VISUALIZERS
from mmpretrain.visualization import UniversalVisualizer

_OF_FIGURE = ('fig_save_canvas', 'fig_save', 'ax_save', 'dpi')


@VISUALIZERS.register_module()
class LateFigureVisualizer(UniversalVisualizer):  # type: ignore[misc]
    """`UniversalVisualizer` that imports matplotlib and makes its figure once something is drawn.

    The stock one does both when it is built, which takes a tenth of the start of a training.

    Args:
        name: of the instance.
        image: (H, W, 3) uint8 of {0, ..., 255}, the one to draw on; None: none yet.
        kwargs: arguments of MMPretrain's `UniversalVisualizer`: vis_backends (where numbers and
            pictures go), save_dir (the folder), fig_save_cfg and fig_show_cfg (of matplotlib).

    Config:
        visualizer = dict(
            type='LateFigureVisualizer', vis_backends=[dict(type='LocalVisBackend')])
    """

    def __init__(self, name: str = 'visualizer', image: Any = None, **kwargs: Any) -> None:
        none_yet = None, SimpleNamespace(get_dpi=lambda: None), None
        self.__dict__['_initialize_fig'] = lambda fig_cfg: none_yet
        super().__init__(name, **kwargs)
        for late in ('_initialize_fig', *_OF_FIGURE):
            del self.__dict__[late]
        if image is not None:
            self.set_image(image)

    def __getattr__(self, name: str) -> Any:
        if name not in _OF_FIGURE:
            raise AttributeError(f'{type(self).__name__!r} object has no attribute {name!r}')
        canvas, figure, axes = self._initialize_fig(self.fig_save_cfg)
        self.__dict__.update(zip(_OF_FIGURE, (canvas, figure, axes, figure.get_dpi()), strict=True))
        return self.__dict__[name]
