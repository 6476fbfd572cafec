"""Writes configs/large_loss: every data set x method x protocol, from one table of facts.

Run it after a change of the table; a test compares its output with the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yapf.yapflib.yapf_api import FormatCode

FOLDER = Path(__file__).resolve().parent.parent / 'configs' / 'large_loss'
LOSSES = {
    'll-r': 'LargeLossReject',
    'll-ct': 'LargeLossCorrectTemp',
    'll-cp': 'LargeLossCorrectPerm',
}


@dataclass(frozen=True)
class Benchmark:
    """What differs from one data set to the next; the rest is in configs/_base_.

    Args:
        source: arguments of the data set.
        classes: C.
        deltas: delta_rel of LL-R, LL-Ct and LL-Cp, in percent.
        splits: of the train, val and test loader.
        backbone, pipeline, schedule: files below configs/_base_.
        linear_pipeline: of the stored features; None: as end to end.
        protocols, methods: those that make sense.
        wrap: arguments of the three `PartialLabelDataset`s.
        loader: arguments of the end-to-end training loader; `loaders` of all three.
        e2e, linear, test: further lines, and arguments of the test evaluator.
        note: comment at the head of the file.
    """

    source: str
    classes: int
    deltas: tuple[float, float, float] = (0.2, 0.2, 0.1)
    splits: tuple[str, str, str] = ('train', 'train', 'val')
    backbone: str = 'resnet50'
    pipeline: str = 'squash_448'
    schedule: str = 'adam_10e'
    linear_pipeline: str | None = None
    protocols: tuple[str, ...] = ('e2e', 'linear', 'linear-init')
    methods: tuple[str, ...] = ('an', 'll-r', 'll-ct', 'll-cp', 'full')
    wrap: tuple[str, str, str] = ('', '', '')
    loaders: str = ''
    feature_dtype: str = ''
    e2e: str = ''
    linear: str = ''
    note: str = ''


def _source(kind: str, folder: str, more: str = '') -> str:
    return f"type='{kind}', data_root='{{{{$WSML_DATA:data}}}}/{folder}'{more}"


_SGD = 'sgd_10e'
_LITE = {'backbone': 'lite0', 'schedule': _SGD, 'linear_pipeline': 'squash_224'}
_VOC5 = _source('VOC2012', 'voc5', ", classes=('bus', 'car', 'cat', 'person', 'train')")
_MOSAIC = _source(
    'VOC2012',
    'mosaic',
    ", classes=('airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', "
    "'truck')",
)
_LONG = 'train_cfg = dict(max_epochs=60)\n'

BENCHMARKS = {
    'voc2012': Benchmark(_source('VOC2012', 'VOCdevkit/VOC2012'), 20, schedule=_SGD),
    'coco2014': Benchmark(_source('COCO2014', 'coco'), 80, (0.4, 0.2, 0.2)),
    'nuswide-cole': Benchmark(
        _source('NUSWIDE', 'nuswide', ", version='cole'"),
        81,
        (0.4, 0.2, 0.2),
        note="The images re-crawled by Cole et al., on which the paper's figures are.",
    ),
    'nuswide-official': Benchmark(
        _source('NUSWIDE', 'nuswide', ", version='official'"),
        81,
        (0.4, 0.2, 0.2),
        ('train', 'train', 'test'),
        note="The owners' lists: not the images of nuswide-cole, figures do not compare.",
    ),
    'cub200': Benchmark(
        _source('CUB200Attributes', 'cub'),
        312,
        (0.4, 0.4, 0.2),
        ('train', 'train', 'test'),
        e2e='optim_wrapper = dict(optimizer=dict(lr=7.5e-5))\n',
    ),
    'openimages-v3': Benchmark(
        _source('OpenImagesV3', 'openimages_v3'),
        5000,
        (0.01, 0.01, 0.005),
        ('train', 'validation', 'test'),
        backbone='resnet101',
        pipeline='squash_224',
        schedule='adam_20e',
        methods=('an', 'll-r', 'll-ct', 'll-cp'),
        wrap=('observe=None, holdout=None, diagnosis=False, ', 'holdout=None, ', ''),
        loaders='batch_size=72, num_workers=8, ',
        feature_dtype=", dtype='float16'",
        e2e="test_evaluator = dict(classwise=False, groups='dataset')\n",
        linear="test_evaluator = dict(classwise=False, groups='dataset')\n",
        note='Labels as annotated, positives and verified negatives, in training and evaluation.\n'
        '# 20 epochs, the rate and delta_rel of {0.005, 0.01} are of the paper; which method has\n'
        '# which delta_rel, 224 px and batches of 288 (4 x 72) are NOT verified.',
    ),
    'voc5': Benchmark(
        _VOC5,
        5,
        pipeline='squash_128',
        protocols=('e2e', 'linear'),
        loaders='num_workers=2, ',
        linear=_LONG,
        **_LITE,
    ),
    'mosaic': Benchmark(_MOSAIC, 10, protocols=('linear',), linear=_LONG, **_LITE),
    'scenes': Benchmark(
        _source('ComposedScenes', 'composed_scenes'),
        20,
        pipeline='squash_128',
        protocols=('e2e', 'linear'),
        loaders='num_workers=2, ',
        linear='optim_wrapper = dict(optimizer=dict(lr=3e-3))\n',
        **{**_LITE, 'linear_pipeline': 'native'},
    ),
}


def baseline(name: str, kit: Benchmark, protocol: str) -> str:
    """Returns the config of AN, which those of the other methods are children of."""
    linear = protocol == 'linear'
    pipeline = (kit.linear_pipeline or kit.pipeline) if linear else kit.pipeline
    bases = [
        *(
            [f'extractors/{kit.backbone}', 'models/linear']
            if linear
            else [f'models/{kit.backbone}']
        ),
        f'pipelines/{pipeline}',
        'datasets/features' if linear else 'datasets/end_to_end',
        'schedules/linear_25e' if linear else f'schedules/{kit.schedule}',
        'default_runtime',
    ]
    lines = ['_base_ = [', *(f"    '../_base_/{base}.py'," for base in bases), ']', '']
    if kit.note:
        lines.append(f'# {kit.note}')
    lines.append(f'source = dict({kit.source})')
    if linear:
        cache = f'work_dirs/features/{name}_{kit.backbone}'
        lines.append(
            f"cached = dict(extractor={{{{_base_.extractor}}}}, cache='{cache}'{kit.feature_dtype})"
        )
    width = ', in_channels=1280' if linear and kit.backbone == 'lite0' else ''
    lines.append(f'model = dict(head=dict(num_classes={kit.classes}{width}))')
    for loader, split, wrap in zip(('train', 'val', 'test'), kit.splits, kit.wrap, strict=True):
        flips = loader == 'train' and not linear
        inner = f"split='{split}', pipeline={{{{_base_.{'train' if flips else 'test'}_pipeline}}}}"
        inner = f'dict({inner}, **source)'
        if linear:
            inner = f'dict(dataset={inner}, **cached)'
        more = '' if linear else kit.loaders
        lines.append(f'{loader}_dataloader = dict({more}dataset=dict({wrap}dataset={inner}))')
    return '\n'.join(lines) + '\n' + (kit.linear if linear else kit.e2e)


def config(name: str, kit: Benchmark, method: str, protocol: str) -> str:
    """Returns the text of one config file."""
    setting = f'{kit.backbone}_{{}}_{name}.py'
    if protocol == 'linear-init':
        return (
            f"_base_ = './{method}_{setting.format('e2e')}'\n\n"
            "# The paper's second protocol: 25 epochs of the linear layer alone, then end to end\n"
            '# from its best checkpoint. The schedule of the large loss starts again and label\n'
            "# corrections are not carried over (our reading; the authors' code for it was not\n"
            '# released).\n'
            f"linear_init = dict(\n    config='{method}_{setting.format('linear')}',\n"
            '    carry_corrections=False)\n'
        )
    if method == 'an':
        return baseline(name, kit, protocol)
    head = f"_base_ = './an_{setting.format(protocol)}'\n\n"
    if method == 'full':
        return (
            head + '# Every label observed: the upper bound.\n'
            'train_dataloader = dict(dataset=dict(observe=None))\n'
        )
    delta = dict(zip(LOSSES, kit.deltas, strict=True))[method]
    loss = f"dict(type='{LOSSES[method]}', delta_rel={delta})"
    return f'{head}model = dict(head=dict(loss={loss}))\n'


def all_configs() -> dict[str, str]:
    """Returns file names and texts, in the style that mmengine prints configs in."""
    style = {'based_on_style': 'pep8', 'blank_line_before_nested_class_or_def': True}
    return {
        f'{method}_{kit.backbone}_{protocol}_{name}.py': FormatCode(
            config(name, kit, method, protocol), style_config=style
        )[0]
        for name, kit in BENCHMARKS.items()
        for protocol in kit.protocols
        for method in kit.methods
    }


if __name__ == '__main__':
    configs = all_configs()
    for path in FOLDER.glob('*.py'):
        if path.name not in configs:
            path.unlink()
    for file, text in configs.items():
        (FOLDER / file).write_text(text, encoding='utf-8')
    print(f'{len(configs)} configs in {FOLDER}')
