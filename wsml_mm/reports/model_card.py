"""The card of an exported model: what it is, as Markdown and JSON beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsml_mm.labels.files import json_text, write_durably

_HINT = 'free some space, or export to another folder'


def write_model_card(
    model: Path, facts: Mapping[str, Any], export: Mapping[str, Any]
) -> tuple[Path, Path]:
    """Writes MODEL.md and MODEL.json beside an exported model; returns their paths.

    Args:
        model: the exported file.
        facts: of `wsml_mm.apis.model_facts`.
        export: what the file says of itself, with 'format' and 'difference'.

    Raises:
        OSError: if they cannot be written.
    """
    text, numbers = (model.with_name(model.name + suffix) for suffix in ('.md', '.json'))
    content = {**facts, 'file': model.name, 'export': dict(export)}
    write_durably(numbers, json_text(content, indent=1).encode() + b'\n', _HINT)
    write_durably(text, card_markdown(model.name, facts, export).encode(), _HINT)
    return text, numbers


def card_markdown(file: str, facts: Mapping[str, Any], export: Mapping[str, Any]) -> str:
    """Returns the card as Markdown.

    Args:
        file: name of the exported model.
        facts: of `wsml_mm.apis.model_facts`.
        export: what the file says of itself.
    """
    from jinja2 import Environment, PackageLoader

    pages = Environment(
        loader=PackageLoader('wsml_mm.reports'),
        autoescape=False,  # Markdown, for the eye
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.filters['cell'] = lambda value: str(value).replace('|', '\\|').replace('\n', ' ')
    rows = [_class_row(name, facts) for name in facts['classes']]
    template = pages.get_template('model_card.md.j2')
    return template.render(file=file, facts=facts, export=export, rows=rows)


def _class_row(name: str, facts: Mapping[str, Any]) -> dict[str, str]:
    precision = ((facts.get('test') or {}).get('AP') or {}).get(name)
    threshold = (facts.get('thresholds') or {}).get(name)
    return {
        'name': name,
        'AP': '' if precision is None or precision != precision else f'{precision:.1f}',
        'threshold': '' if threshold is None else f'{threshold:.4g}'.replace('inf', 'never'),
    }
