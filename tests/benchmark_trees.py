"""Small trees in the official formats of the benchmarks, oddities included, and the field's rules.

The rules are those of the field's formatting scripts, written anew: each reads the official files
in the plainest way and returns the image names and the (N, C) matrix of 1 and 0.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

VOC_CLASSES = (
    'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow',
    'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train',
    'tvmonitor',
)  # fmt: skip
# Neither the order of numbers nor that of the file.
COCO_IDS = {
    'train': (9, 100, 25, 1000, 30, 11, 581921, 2, 20, 101, 3),
    'val': (42, 5, 400, 73, 6, 41),
}
COCO_CATEGORIES = {3: 'car', 1: 'person', 90: 'toothbrush', 2: 'bicycle', 7: 'train'}
CUB_ATTRIBUTES = ('bill::curved_(up)', 'bill::dagger', 'wing::blue', 'wing::red', 'eye::black')
NUS_CONCEPTS = ('airport', 'bear', 'sky', 'zebra')


def write_images(folder: Path, names) -> None:
    """Writes one tiny JPEG under each name."""
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 10, 3), 90, np.uint8)).save(stream, 'JPEG')
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(stream.getvalue())


def write_voc(root: Path) -> Path:
    """Writes class files in which 0 means "difficult objects only" and 1 is padded by a blank."""
    rng = np.random.default_rng(4)
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    for split, count in (('train', 29), ('val', 11)):
        images = [f'20{rng.integers(7, 12):02d}_{n:06d}' for n in range(count)]
        for name in VOC_CLASSES:
            labels = rng.choice([-1, 0, 1], count, p=[0.85, 0.05, 0.1])
            lines = [f'{image} {label:2d}\n' for image, label in zip(images, labels, strict=True)]
            (root / 'ImageSets' / 'Main' / f'{name}_{split}.txt').write_text(''.join(lines))
        write_images(root / 'JPEGImages', [f'{image}.jpg' for image in images])
    return root


def voc_rule(root: Path, split: str):
    found: dict[str, list[int]] = {}
    for column, name in enumerate(VOC_CLASSES):
        for line in (root / 'ImageSets' / 'Main' / f'{name}_{split}.txt').read_text().splitlines():
            words = line.split(' ')
            if int(words[-1]) == 1:
                found.setdefault(f'{words[0]}.jpg', []).append(column)
    names = sorted(found)
    matrix = [[int(n in found[name]) for n in range(len(VOC_CLASSES))] for name in names]
    return names, np.array(matrix, np.int8)


def coco_instances(split: str = 'train', seed: int = 0) -> dict:
    """Returns a file of instances: crowds, many instances of a class, images without any."""
    rng = np.random.default_rng(seed)
    ids = COCO_IDS[split]
    annotations = []
    for image in ids[:-2]:  # the last two have no annotation
        for category in rng.choice(list(COCO_CATEGORIES), rng.integers(1, 6)):
            annotations.append({'image_id': image, 'category_id': int(category), 'iscrowd': 0})
    annotations += [
        {'image_id': ids[0], 'category_id': 90, 'iscrowd': 1, 'segmentation': {'counts': [3, 4]}},
        {'image_id': ids[1], 'category_id': 3, 'iscrowd': 0, 'segmentation': [[1.5, 2.0, 3.5]]},
        {'image_id': ids[1], 'category_id': 3, 'iscrowd': 0, 'segmentation': [[4.5, 2.0, 3.5]]},
    ]
    annotations = [{'id': n, 'bbox': [0, 0, 2, 2], **a} for n, a in enumerate(annotations)]
    rng.shuffle(annotations)
    return {
        'info': {'year': 2014},
        'licenses': [{'id': 1, 'name': 'a licence'}],
        'images': [
            {'id': i, 'file_name': f'COCO_{split}2014_{i:012d}.jpg', 'license': 1} for i in ids
        ],
        'annotations': annotations,
        'categories': [{'id': i, 'name': n, 'supercategory': 'x'}
                       for i, n in COCO_CATEGORIES.items()],
    }  # fmt: skip


def write_coco(root: Path) -> Path:
    (root / 'annotations').mkdir(parents=True)
    for split in COCO_IDS:
        content = coco_instances(split)
        (root / f'annotations/instances_{split}2014.json').write_text(json.dumps(content))
        write_images(root / f'{split}2014', [image['file_name'] for image in content['images']])
    return root


def coco_rule(root: Path, split: str):
    content = json.loads((root / f'annotations/instances_{split}2014.json').read_text())
    column = {category['id']: n for n, category in enumerate(content['categories'])}
    found: dict[str, set[int]] = {}
    for annotation in content['annotations']:
        labels = found.setdefault(str(annotation['image_id']), set())
        labels.add(column[annotation['category_id']])
    ids = sorted(found)
    matrix = [[int(n in found[i]) for n in range(len(column))] for i in ids]
    return [f'COCO_{split}2014_{int(i):012d}.jpg' for i in ids], np.array(matrix, np.int8)


def write_cub(root: Path, count: int = 23) -> Path:
    """Writes the tables in the official order of lines; some have more than five columns."""
    rng = np.random.default_rng(1)
    folder = root / 'CUB_200_2011'
    (folder / 'attributes').mkdir(parents=True)
    names = [f'{rng.integers(200):03d}.Bird/Bird_{n:04d}_{n * 7}.jpg' for n in range(count)]
    images = ''.join(f'{n} {name}\n' for n, name in enumerate(names, 1))
    (folder / 'images.txt').write_text(images)
    split = ''.join(f'{n} {int(rng.random() < 0.6)}\n' for n in range(1, count + 1))
    (folder / 'train_test_split.txt').write_text(split)
    attributes = ''.join(f'{n} {name}\n' for n, name in enumerate(CUB_ATTRIBUTES, 1))
    (root / 'attributes.txt').write_text(attributes)
    lines = [
        f'{image} {attribute} {int(rng.random() < 0.3)} {rng.integers(1, 5)} 7.708'
        + (' 0 1.5' if rng.random() < 0.1 else '')
        for image in range(1, count + 1)
        for attribute in range(1, len(CUB_ATTRIBUTES) + 1)
    ]
    (folder / 'attributes' / 'image_attribute_labels.txt').write_text('\n'.join(lines) + '\n')
    write_images(folder / 'images', names)
    return root


def cub_rule(root: Path, split: str):
    folder = root / 'CUB_200_2011'
    names = [line.split()[1] for line in (folder / 'images.txt').read_text().splitlines()]
    train = [line.split()[1] for line in (folder / 'train_test_split.txt').read_text().splitlines()]
    labels = (folder / 'attributes' / 'image_attribute_labels.txt').read_text().splitlines()
    width = len((root / 'attributes.txt').read_text().splitlines())
    values = np.array([int(line.split()[2]) for line in labels], np.int8).reshape(-1, width)
    kept = [n for n, flag in enumerate(train) if (flag == '1') == (split == 'train')]
    return [names[n] for n in kept], values[kept]


def write_nus_cole(root: Path) -> Path:
    rng = np.random.default_rng(2)
    root.mkdir(parents=True, exist_ok=True)
    for split, count in (('train', 31), ('val', 12)):
        # Numbers of the images run through the whole of NUS-WIDE, in no order.
        names = [
            f'{rng.choice(["zoo", "actor"])}/{n:04d}_{n}99.jpg' for n in rng.permutation(count)
        ]
        matrix = (rng.random((count, 81)) < 0.03).astype(np.float64)
        matrix[::4] = 0  # no label at all
        np.save(root / f'formatted_{split}_images.npy', np.array(names))
        np.save(root / f'formatted_{split}_labels.npy', matrix)
        write_images(root / 'Flickr', names)
    return root


def nus_cole_rule(root: Path, split: str):
    names = np.load(root / f'formatted_{split}_images.npy').tolist()
    return names, np.load(root / f'formatted_{split}_labels.npy').astype(np.int8)


def write_nus_official(root: Path, labels: str = 'TrainTestLabels') -> Path:
    rng = np.random.default_rng(3)
    (root / 'ImageList').mkdir(parents=True)
    (root / labels).mkdir(parents=True)
    (root / 'Concepts81.txt').write_bytes('\r\n'.join([*NUS_CONCEPTS, '']).encode())
    for part, count in (('Train', 17), ('Test', 9)):
        names = [f'{rng.choice(["zoo", "actor"])}\\{n:04d}_{part}.jpg' for n in range(count)]
        text = ''.join(f'{name}\r\n' for name in rng.permutation(names))
        (root / 'ImageList' / f'{part}Imagelist.txt').write_bytes(text.encode())
        for concept in NUS_CONCEPTS:
            flags = ''.join(f'{int(rng.random() < 0.3)}\n' for _ in names)
            (root / labels / f'Labels_{concept}_{part}.txt').write_text(flags)
        write_images(root / 'Flickr', [name.replace('\\', '/') for name in names])
    return root


def nus_official_rule(root: Path, split: str):
    part = split.capitalize()
    names = (root / 'ImageList' / f'{part}Imagelist.txt').read_text().splitlines()
    concepts = (root / 'Concepts81.txt').read_text().split()
    files = [root / 'TrainTestLabels' / f'Labels_{name}_{part}.txt' for name in concepts]
    columns = [[int(flag) for flag in path.read_text().split()] for path in files]
    return [name.replace('\\', '/') for name in names], np.array(columns, np.int8).T


# name -> (config of the dataset, splits, writer, rule)
BENCHMARKS = {
    'voc2012': (dict(type='VOC2012', prepare=True), ('train', 'val'), write_voc, voc_rule),
    'coco2014': (dict(type='COCO2014'), ('train', 'val'), write_coco, coco_rule),
    'cub200': (dict(type='CUB200Attributes'), ('train', 'test'), write_cub, cub_rule),
    'nuswide-cole': (
        dict(type='NUSWIDE', version='cole'), ('train', 'val'), write_nus_cole, nus_cole_rule,
    ),
    'nuswide-official': (
        dict(type='NUSWIDE', version='official'), ('train', 'test'), write_nus_official,
        nus_official_rule,
    ),
}  # fmt: skip
