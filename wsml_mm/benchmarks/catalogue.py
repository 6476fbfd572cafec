"""What `tools/prepare_dataset.py` knows of each benchmark: downloads, layout, published numbers.

One entry of `BENCHMARKS` a data set. Nothing is downloaded: several owners ask for a consent first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Download:
    """A file that the owners of a data set hand out.

    Args:
        name: of the file, which is put into the benchmark's folder. Archives (.zip, .tar, .tgz,
            .tar.gz) are unpacked there; anything else is used as it is.
        address: of the owners' distribution, or of the page that says how to get it.
        makes: paths below the benchmark's folder that are there once it is unpacked; of 'a|b'
            either may be. A path that ends in '/' is a folder.
        size: in bytes; None: not known from a public source.
        checksum: 'md5:...' or 'sha256:...'; None: not known from a public source.
        note: what else to know to get it.
        split: the only one that needs it; None: all do.
    """

    name: str
    address: str
    makes: tuple[str, ...]
    size: int | None = None
    checksum: str | None = None
    note: str = ''
    split: str | None = None

    @property
    def packed(self) -> bool:
        """Whether the file is an archive."""
        return self.name.endswith(('.zip', '.tar', '.tgz', '.tar.gz'))

    def missing(self, folder: Path) -> list[str]:
        """Returns those of `makes` that are not below `folder`."""
        return [
            made for made in self.makes if not any(_is_there(folder, p) for p in made.split('|'))
        ]


def _is_there(folder: Path, path: str) -> bool:
    place = folder / path
    return place.is_dir() if path.endswith('/') else place.is_file()


@dataclass(frozen=True)
class Benchmark:
    """A data set of the field and what is published of it.

    Args:
        dataset: config of the registered dataset, without `data_root` and `split`.
        folder: below the folder of all data sets; downloads lie and are unpacked in it.
        data_root: of the dataset, below the folder of all data sets.
        downloads: the official files.
        published: split -> statistic (a key of `statistics.split_statistics`) -> number. The
            splits are those that are prepared, in this order.
        source: where the published numbers stand.
        holdout: the split of which a share is held out, 80/20 as the field does; None: none.
    """

    dataset: dict[str, Any]
    folder: str
    data_root: str
    downloads: tuple[Download, ...]
    published: dict[str, dict[str, float | str]]
    source: str
    holdout: str | None = 'train'


_COCO = 'http://images.cocodataset.org'
_NUS = 'https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide'
_NUS_IMAGES = Download(
    'Flickr.zip',
    f'{_NUS}/NUS-WIDE.html',
    ('Flickr/',),
    note='on request: fill in the form of that page, the owners then send a link',
)
_COLE = 'https://zenodo.org/records/10162606'
_SPLITS = 'split sizes of the field: Liu et al. (CRISP), Table 6'
_OPENIMAGES = 'https://storage.googleapis.com/openimages/2017_11'
_HUMAN = '2017_11/{}/annotations-human.csv'

BENCHMARKS: dict[str, Benchmark] = {
    'voc2012': Benchmark(
        dataset=dict(type='VOC2012'),
        folder='',
        data_root='VOCdevkit/VOC2012',
        downloads=(
            Download(
                'VOCtrainval_11-May-2012.tar',
                'https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar',
                ('VOCdevkit/VOC2012/ImageSets/Main/', 'VOCdevkit/VOC2012/JPEGImages/'),
                size=1_999_639_040,
                checksum='md5:6cd6e144f989b92b3379bac3b3de84fd',
            ),
        ),
        published={
            'train': {
                'images': 5717, 'training part': 4574, 'held out': 1143, 'classes': 20,
                'no label': 0,
            },
            'val': {'images': 5823, 'classes': 20, 'no label': 0},
        },
        source=_SPLITS,
    ),
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
        source=_SPLITS,
    ),
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
        source=f'{_SPLITS}; images without a label: elijahcole/single-positive-multi-label#7',
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
        source=_SPLITS,
    ),
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
