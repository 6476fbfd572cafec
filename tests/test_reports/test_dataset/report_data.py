"""A table with problems of each kind, and a page read as a browser reads it."""

from __future__ import annotations

import os
from html.parser import HTMLParser

import numpy as np
from PIL import Image

from wsml_mm.datasets.table import ProblemLog, TableFormat
from wsml_mm.labels import LabelColumns, NameColumn, SparseLabels
from wsml_mm.reports.dataset import CheckedDataset, check_dataset, dataset_of_table

CLASSES = ['cat', 'dog', 'elk', '<b>&"bold"</b>', 'Cat', 'yak', 'zebu']
# The problems, and how often each is expected.
PLANTED = {
    'unknown label': 2,
    'contradiction': 1,
    'label listed twice': 1,
    'broken labels': 1,
    'image listed twice': 1,
    'no image': 1,
    'image outside': 1,
    'wrong number of cells': 2,
    'broken row': 1,
    'missing image': 2,
    'unreadable image': 1,
    'identical images': 1,
    'image without labels': 1,
    'class never positive': 1,
    'class never mentioned': 1,
    'similar class names': 1,
}
WARNINGS = {
    'identical images', 'image without labels', 'class never positive', 'class never mentioned',
    'similar class names',
}  # fmt: skip
ROWS = [
    'image,positive,negative',
    '00.jpg,cat,dog|yak',
    '01.jpg,cat|dog,elk',
    '02.jpg,"<b>&""bold""</b>",',
    '03.jpg,elk|dog,',
    '04.jpg,cat|elkk,',  # unknown label
    '05.jpg,cat|elkk,dog',  # unknown label
    '06.jpg,dog|elk,elk',  # contradiction
    '07.jpg,elk|elk,',  # label listed twice
    '08.jpg,cat|,',  # broken labels
    '00.jpg,cat,',  # image listed twice
    ',cat,',  # no image
    '../09.jpg,cat,',  # image outside
    '09.jpg,cat',  # wrong number of cells
    '09.jpg,cat,dog,elk',  # wrong number of cells
    '"09.jpg,cat,',  # broken row
    'gone.jpg,cat,',  # missing image
    '<i>gone</i>.jpg,dog,',  # missing image
    'cut.jpg,dog,',  # unreadable image
    'twin.jpg,,cat',  # identical images, with 10.jpg
    '10.jpg,cat,',
    '11.jpg,,',  # image without labels
    '12.jpg,Cat,',  # similar class names
]


def write_images(folder, names, size=40):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for name in names:
        pixels = rng.integers(0, 255, (size // 8, size // 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((size, size)).save(folder / name)


def checked(root, decode=True, **layout):
    log = ProblemLog()
    dataset = dataset_of_table(
        root / 't.csv', root / 'images', root / 'classes.txt', TableFormat(**layout), log
    )
    return check_dataset(dataset, log, decode)


def dataset_of(matrix, classes, tmp_path, names=None):
    names = names or [f'{i}.jpg' for i in range(len(matrix))]
    labels = SparseLabels.from_dense(np.array(matrix, np.int8))
    columns = LabelColumns(NameColumn.from_names(names), labels, {'classes': tuple(classes)})
    return CheckedDataset(
        't', columns, lambda i: os.path.join(tmp_path, names[i]), lambda i: f't:{i}'
    )


class Page(HTMLParser):
    """Collects what a page holds: text, tags, attributes, and the texts below some tags."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.below: dict[str, list[str]] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))
        if tag not in ('img', 'meta'):
            self.open.append(tag)
            self.below.setdefault(tag, []).append('')

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        if 'style' in self.open:
            return
        self.text.append(data)
        for tag in set(self.open):
            self.below[tag][-1] += data
