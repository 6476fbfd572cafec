"""Downloads and published numbers of COCO 2014."""

from __future__ import annotations

from wsml_mm.benchmarks.benchmark import SPLIT_SIZES, Benchmark
from wsml_mm.benchmarks.downloads import Download

_COCO = 'http://images.cocodataset.org'

BENCHMARKS = {
    'coco2014': Benchmark(
        dataset=dict(type='COCO2014'),
        folder='coco',
        data_root='coco',
        downloads=(
            Download(
                'annotations_trainval2014.zip',
                f'{_COCO}/annotations/annotations_trainval2014.zip',
                ('annotations/instances_train2014.json', 'annotations/instances_val2014.json'),
                size=252_872_794,
                checksum='sha256:031296bbc80c45a1d1f76bf9a90ead27e94e99ec629208449507a4917a3bf009',
            ),
            Download(
                'train2014.zip',
                f'{_COCO}/zips/train2014.zip',
                ('train2014/',),
                size=13_510_573_713,
                checksum='sha256:ede4087e640bddba550e090eae701092534b554b42b05ac33f0300b984b31775',
                split='train',
            ),
            Download(
                'val2014.zip',
                f'{_COCO}/zips/val2014.zip',
                ('val2014/',),
                size=6_645_013_297,
                checksum='sha256:fe9be816052049c34717e077d9e34aa60814a55679f804cd043e3cbee3b9fde0',
                split='val',
            ),
        ),
        published={
            'train': {
                'images': 82081, 'training part': 65665, 'held out': 16416, 'classes': 80,
                'no label': 0,
            },
            'val': {'images': 40137, 'classes': 80, 'no label': 0},
        },
        source=SPLIT_SIZES,
    ),
}  # fmt: skip
