"""Tables of suspicions, small photographs, and what a page holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from PIL import Image

COLUMNS = (
    'list', 'rank', 'image', 'class', 'score', 'probability', 'mean_probability', 'first_selected',
    'times_selected', 'observed',
)  # fmt: skip
OBSERVED = {'missing': -1, 'positive': 1, 'negative': 0}


def table_of(*pairs: tuple[str, int, str, str], **more: list[Any]) -> dict[str, list[Any]]:
    """The columns of pairs (list, rank, image, class); scores fall with the place."""
    count = len(pairs)
    falling = [round(1 - i / (2 * count), 4) for i in range(count)]
    columns: dict[str, list[Any]] = {
        key: [pair[i] for pair in pairs] for i, key in enumerate(COLUMNS[:4])
    }
    columns |= {'score': falling, 'probability': falling, 'mean_probability': [None] * count}
    columns |= {'first_selected': [None] * count, 'times_selected': [0] * count}
    return columns | {'observed': [OBSERVED[pair[0]] for pair in pairs]} | more


def write_photographs(folder: Path, names: list[str], size: tuple[int, int] = (64, 48)) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new('RGB', size, (40 * number % 256, 90, 160)).save(folder / name, 'JPEG')
    return folder


def data_of(page: Path) -> dict[str, Any]:
    """What the script of a page is given."""
    text = page.read_text(encoding='utf-8')
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found)
