"""Downloads and published numbers of OpenImages V3."""

from __future__ import annotations

from wsml_mm.benchmarks.benchmark import Benchmark
from wsml_mm.benchmarks.downloads import Download

_OPENIMAGES = 'https://storage.googleapis.com/openimages/2017_11'
_HUMAN = '2017_11/{}/annotations-human.csv'

BENCHMARKS = {
    # images_2017_11.tar.gz of the release (1,038,133,015 bytes,
    # md5:d840296342470becab9db7228bda86cc) holds addresses and authors; nothing reads it here.
    'openimages-v3': Benchmark(
        dataset=dict(type='OpenImagesV3'),
        folder='openimages_v3',
        data_root='openimages_v3',
        downloads=(
            Download(
                'annotations_human_2017_11.tar.gz',
                f'{_OPENIMAGES}/annotations_human_2017_11.tar.gz',
                tuple(
                    f'{_HUMAN.format(split)}|{_HUMAN.format(split)}.gz'
                    for split in ('train', 'validation', 'test')
                ),
                size=144_102_834,
                checksum='md5:cdcbb5e9aba900530c85cb370564f599',
            ),
            Download(
                'classes_2017_11.tar.gz',
                f'{_OPENIMAGES}/classes_2017_11.tar.gz',
                ('2017_11/classes-trainable.txt', '2017_11/class-descriptions.csv'),
                size=303_055,
                checksum='md5:3937f6dddf777ca912c816d5f6ffe06f',
            ),
            *(
                Download(
                    split,
                    'https://github.com/openimages/dataset/blob/main/downloader.py',
                    (f'{split}/',),
                    note=f'list them with tools/openimages_ids.py --splits {split}, then call '
                    f'downloader.py with --download_folder {split}',
                    split=split,
                )
                for split in ('train', 'validation', 'test')
            ),
        ),
        published={
            'train': {'images': 3657355, 'classes': 5000},
            'validation': {'images': 41620, 'classes': 5000},
            'test': {'images': 125436, 'classes': 5000},
        },
        source='the release (README of V3): images of validation and test, whether or not they '
        'have a label of a trainable class; training images: code of Huynh and Elhamifar (CVPR '
        '2020); sizes and checksums: open_images_downloader of D. Nuffer',
        holdout=None,
    ),
}  # fmt: skip
