"""A method's colour and marker, the same in every figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

# Okabe and Ito's colours, distinct for colour-blind readers too; then a brown of the same kind.
COLOURS = (
    '#D55E00', '#0072B2', '#009E73', '#CC79A7', '#000000', '#E69F00', '#56B4E9', '#8C564B',
)  # fmt: skip
MARKERS = ('o', 's', 'D', '^', 'v', 'P', 'X', '*')
_HATCHES = ('', '///', '...', 'xxx')  # bars have no marker to tell methods of one colour apart


class Style(NamedTuple):
    """How a method looks in every figure: of lines colour and marker, of bars colour and hatch."""

    colour: str
    marker: str = 'o'
    hatch: str = ''

    def line(self) -> dict[str, Any]:
        """Returns the settings of a line, for `plot_band`."""
        return {'colour': self.colour, 'marker': self.marker, 'markersize': 4}

    def bar(self) -> dict[str, Any]:
        """Returns the settings of a bar, for `axes.bar`."""
        return {'color': self.colour, 'hatch': self.hatch, 'edgecolor': 'white', 'linewidth': 0}


def spare_styles() -> Iterator[Style]:
    """Yields the looks of methods that bring none: at first all differ in colour and marker."""
    for round_, hatch in enumerate(_HATCHES):
        for number, colour in enumerate(COLOURS):
            yield Style(colour, MARKERS[(number + round_) % len(MARKERS)], hatch)


def style_of(method: str, styles: dict[str, Style]) -> Style:
    """Returns how a method is drawn; one that brings no style takes a spare one, and keeps it.

    Args:
        method: its name.
        styles: of `read_styles`, shared by all figures of a command; takes the spare one.
    """
    if method not in styles:
        colours = {style.colour.upper() for style in styles.values()}
        looks = {style[:2] for style in styles.values()}
        spare = list(spare_styles())
        free = [style for style in spare if style.colour not in colours]
        free += [style for style in spare if style[:2] not in looks]
        styles[method] = free[0] if free else spare[len(styles) % len(spare)]
    return styles[method]


def read_styles(folders: Mapping[str, Path]) -> dict[str, Style]:
    """Returns the styles of methods by name, in their order.

    A method's own, `method = dict(colour=..., marker=...)` of the config in its run folder, comes
    before the spare ones, so that it looks the same in every figure.

    Args:
        folders: of each method one run folder.

    Raises:
        ValueError: if a config names an unknown colour or marker.
    """
    own = {name: style for name, f in folders.items() if (style := _style_in(f)) is not None}
    styles = dict(own)
    return {name: style_of(name, styles) for name in folders}


def _style_in(folder: Path) -> Style | None:
    from matplotlib.colors import is_color_like
    from matplotlib.markers import MarkerStyle

    for file in sorted(folder.glob('*.py'), key=lambda path: path.stat().st_mtime, reverse=True):
        method = Config.fromfile(file, import_custom_modules=False).get('method') or {}
        if 'colour' not in method:
            continue
        style = Style(str(method['colour']), str(method.get('marker', 'o')))
        if not is_color_like(style.colour):
            raise ValueError(f'{file}: method.colour={style.colour!r} is unknown; use #RRGGBB')
        if style.marker not in MarkerStyle.markers:
            known = ', '.join(MARKERS)
            raise ValueError(f'{file}: method.marker={style.marker!r} is unknown; use {known}')
        return style
    return None
