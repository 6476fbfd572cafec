"""Downloads and published numbers of both versions of NUS-WIDE."""

from __future__ import annotations

from wsml_mm.benchmarks.benchmark import SPLIT_SIZES, Benchmark
from wsml_mm.benchmarks.downloads import Download

_NUS = 'https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide'
_NUS_IMAGES = Download(
    'Flickr.zip',
    f'{_NUS}/NUS-WIDE.html',
    ('Flickr/',),
    note='on request: fill in the form of that page, the owners then send a link',
)
_COLE = 'https://zenodo.org/records/10162606'

BENCHMARKS = {
    'nuswide-cole': Benchmark(
        dataset=dict(type='NUSWIDE', version='cole'),
        folder='nuswide',
        data_root='nuswide',
        downloads=(
            *(
                Download(name, _COLE, (name,), split=split)
                for split in ('train', 'val')
                for name in (f'formatted_{split}_images.npy', f'formatted_{split}_labels.npy')
            ),
            _NUS_IMAGES,
        ),
        published={
            'train': {
                'images': 150000, 'training part': 120000, 'held out': 30000, 'classes': 81,
                'no label': 33410, 'most frequent class': 'sky',
            },
            'val': {
                'images': 60260, 'classes': 81, 'no label': 13412, 'most frequent class': 'sky',
            },
        },
        source=f'{SPLIT_SIZES}; images without a label: elijahcole/single-positive-multi-label#7',
    ),
    'nuswide-official': Benchmark(
        dataset=dict(type='NUSWIDE', version='official'),
        folder='nuswide',
        data_root='nuswide',
        downloads=(
            Download(
                'ImageList.zip',
                f'{_NUS}/ImageList.zip',
                ('ImageList/TrainImagelist.txt', 'ImageList/TestImagelist.txt'),
            ),
            Download(
                'Groundtruth.zip',
                f'{_NUS}/Groundtruth.zip',
                ('TrainTestLabels/|Groundtruth/TrainTestLabels/',),
            ),
            _NUS_IMAGES,
        ),
        published={
            'train': {
                'images': 161789, 'classes': 81, 'no label': 36340, 'most frequent class': 'sky',
            },
            'test': {
                'images': 107859, 'classes': 81, 'no label': 23961, 'most frequent class': 'sky',
            },
        },
        source='the owners (CIVR 2009); without the images that have no label, papers count '
        '125,449 and 83,898',
    ),
}  # fmt: skip
