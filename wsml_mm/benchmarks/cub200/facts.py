"""Downloads and published numbers of CUB-200-2011."""

from __future__ import annotations

from wsml_mm.benchmarks.benchmark import SPLIT_SIZES, Benchmark
from wsml_mm.benchmarks.downloads import Download

BENCHMARKS = {
    'cub200': Benchmark(
        dataset=dict(type='CUB200Attributes'),
        folder='cub',
        data_root='cub',
        downloads=(
            Download(
                'CUB_200_2011.tgz',
                'https://data.caltech.edu/records/65de6-vp158/files/CUB_200_2011.tgz',
                (
                    'attributes.txt|CUB_200_2011/attributes.txt',
                    'CUB_200_2011/attributes/image_attribute_labels.txt',
                    'CUB_200_2011/images/',
                    'CUB_200_2011/images.txt',
                    'CUB_200_2011/train_test_split.txt',
                ),
                size=1_150_585_339,
                checksum='md5:97eceeb196236b17998738112f37df78',
            ),
        ),
        published={
            'train': {'images': 5994, 'training part': 4795, 'held out': 1199, 'classes': 312},
            'test': {'images': 5794, 'classes': 312},
        },
        source=SPLIT_SIZES,
    ),
}  # fmt: skip
