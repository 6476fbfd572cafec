"""A config for one's own data, as a file that its owner reads and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from wsml_mm.datasets.own_data import FoundTable, OwnData

from .configs import config_roots
from .extractors import Extractor

_WIDTH = 100
_HOLDOUT: dict[str, Any] = dict(fraction=0.2, seed=1200)
_STEPS = 6000  # of a linear layer, about; seconds on stored features
_SCHEDULES = {
    'linear': """\
optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
train_cfg = dict(by_epoch=True, max_epochs={epochs}, val_interval=1)
""",
    'e2e': """\
# The last layer learns ten times faster.
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=1e-5),
    paramwise_cfg=dict(custom_keys=dict(head=dict(lr_mult=10))))
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=1)
""",
}
_ENDS = """\
val_cfg = dict()
test_cfg = dict()
param_scheduler = []
auto_scale_lr = dict(base_batch_size=16, enable=False)
"""


class Name(str):
    """The name of something above it in the config, which stands there without quotation marks."""


class Part(NamedTuple):
    """What a loader reads.

    Args:
        table: the file.
        holdout: of `PartialLabelDataset`; None: the whole table.
    """

    table: FoundTable
    holdout: dict[str, Any] | None

    @property
    def metric(self) -> dict[str, Any]:
        """The mAP; without a known absence no class has one, unless the unknown counts as absent.

        That is how "assume negative" trains, and how a comparison chooses among poor labels.
        """
        poor = {} if self.table.counts['negative'] else dict(unobserved='negative')
        return dict(type='MeanAveragePrecision', **poor)


def parts_of(data: OwnData) -> dict[str, Part]:
    """Returns what each loader reads.

    Without a table for validation a fifth of the training's is held out; without one for the test,
    that is done on the validation's images.
    """
    train, val, test = (data.tables.get(role) for role in ('train', 'val', 'test'))
    assert train is not None
    parts = {'train': Part(train, None if val else {'part': 'train', **_HOLDOUT})}
    parts['val'] = Part(val, None) if val else Part(train, {'part': 'val', **_HOLDOUT})
    return {**parts, 'test': Part(test, None) if test else parts['val']}


def config_text(data: OwnData, found: Extractor, e2e: bool, name: str, command: str) -> str:
    """Returns the text of a config that trains on one's own data, without bases.

    Args:
        data: the folder.
        found: the backbone.
        e2e: train it end to end, not a linear layer on its frozen features.
        name: of the file, without suffix.
        command: that made it, for its first line.
    """
    parts = parts_of(data)
    rows = parts['train'].table.rows * (0.8 if parts['train'].holdout else 1)
    epochs = min(100, max(25, round(_STEPS * 16 / max(1, rows))))
    blocks = [
        f'# Written by: {command}\n# Train it by: wsml-mm train {name}.py --method ll-r\n',
        _setting('classes', list(data.classes)),
        *_network(found, len(data.classes), e2e),
        *_pipelines(found.size),
        *_sources(data, name, e2e),
        *(_loader(data, role, part, e2e) for role, part in parts.items()),
        _setting('val_evaluator', parts['val'].metric),
        _setting('test_evaluator', {**parts['test'].metric, 'classwise': True}),
        '\n',
        _SCHEDULES['e2e' if e2e else 'linear'].format(epochs=epochs) + _ENDS,
        '\n',
        _runtime(),
    ]
    return ''.join(blocks)


def _network(found: Extractor, classes: int, e2e: bool) -> Iterable[str]:
    head = dict(
        type='MultiLabelLinearClsHead',
        num_classes=classes,
        in_channels=found.width,
        loss=dict(type='AssumeNegativeLoss'),
    )
    if e2e:
        yield _setting('model', dict(type='ImageClassifier', **found.config, head=head))
        return
    yield _setting('extractor', found.config)
    stored: dict[str, Any] = dict(
        backbone=dict(type='FeatureInput'), data_preprocessor=dict(type='FeaturePreprocessor')
    )
    yield _setting('model', dict(type='ImageClassifier', **stored, head=head))


def _pipelines(size: int) -> Iterable[str]:
    load, pack = dict(type='LoadResizedImage', scale=(size, size)), dict(type='PackInputs')
    flip = dict(type='RandomFlip', prob=0.5, direction='horizontal')
    yield _setting('test_pipeline', [load, pack])
    yield _setting('train_pipeline', [load, flip, pack])


def _sources(data: OwnData, name: str, e2e: bool) -> Iterable[str]:
    root = data.root.as_posix()
    yield _setting('own', dict(type='LabelTable', data_root=root, classes=Name('classes')))
    if not e2e:
        cache = f'work_dirs/features/{name}'
        yield _setting(
            'cached', dict(type='FeatureDataset', extractor=Name('extractor'), cache=cache)
        )


def _loader(data: OwnData, role: str, part: Part, e2e: bool) -> str:
    pipeline = 'train_pipeline' if e2e and role == 'train' else 'test_pipeline'
    images: dict[str, Any] = dict(
        ann_file=_below(part.table.path, data.root), data_prefix=part.table.images,
        **part.table.options, pipeline=Name(pipeline), **{'**': Name('own')},
    )  # fmt: skip
    inner = images if e2e else {'dataset': images, '**': Name('cached')}
    workers = 2 if e2e else 0
    loader = dict(
        batch_size=16 if e2e or role == 'train' else 128,
        num_workers=workers,
        persistent_workers=bool(workers),
        sampler=dict(type='DefaultSampler', shuffle=role == 'train'),
        dataset=dict(type='PartialLabelDataset', holdout=part.holdout, dataset=inner),
    )
    return _setting(f'{role}_dataloader', loader)


def _below(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix() or '.'
    except ValueError:
        return path.resolve().as_posix()


def _runtime() -> str:
    folder = next(root for root in config_roots() if root.is_dir())
    return (folder / '_base_' / 'default_runtime.py').read_text(encoding='utf-8')


def _setting(name: str, value: Any) -> str:
    return f'{name} = {code(value, len(name) + 3)}\n'


def code(value: Any, column: int = 0, indent: int = 0) -> str:
    """Returns a value as a config writes it, broken into lines where one is too long.

    Args:
        value: of dicts, lists, texts, numbers and `Name`s; the key '**' spreads a name.
        column: where the text begins.
        indent: of the line that it begins on.
    """
    flat = _flat(value)
    if len(flat) + column < _WIDTH or not isinstance(value, (dict, list)) or not value:
        return flat
    inner = indent + 4
    if isinstance(value, dict):
        items = [('**', some) if key == '**' else (f'{key}=', some) for key, some in value.items()]
        lines = [before + code(some, inner + len(before), inner) for before, some in items]
        opening, closing = 'dict(', ')'
    else:
        lines = [code(some, inner, inner) for some in value]
        opening, closing = '[', ']'
    return f'{opening}\n{_filled(lines, inner)}{closing}'


def _filled(parts: list[str], indent: int) -> str:
    """Puts parts on lines as long as they may be."""
    lines, line = [], ''
    for number, part in enumerate(parts):
        part = part + (',' if number + 1 < len(parts) else '')
        if line and (len(line) + 1 + len(part) + indent > _WIDTH or '\n' in line + part):
            lines.append(line)
            line = part
        else:
            line = f'{line} {part}'.strip()
    return '\n'.join(' ' * indent + line for line in [*lines, line])


def _flat(value: Any) -> str:
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, Mapping):
        plain = all(key == '**' or str(key).isidentifier() for key in value)
        if not plain:
            return '{' + ', '.join(f'{k!r}: {_flat(v)}' for k, v in value.items()) + '}'
        some = [f'**{_flat(v)}' if k == '**' else f'{k}={_flat(v)}' for k, v in value.items()]
        return f'dict({", ".join(some)})'
    if isinstance(value, list):
        return f'[{", ".join(map(_flat, value))}]'
    return repr(value)
