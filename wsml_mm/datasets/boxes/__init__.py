from .coco import COCOBoxes, read_coco_boxes
from .openimages import OpenImagesBoxes, read_openimages_boxes
from .source import beside_dataset, from_path
from .table import BoxTable, image_key
from .voc import VOCBoxes, read_voc_boxes

__all__ = [
    'BoxTable',
    'COCOBoxes',
    'OpenImagesBoxes',
    'VOCBoxes',
    'beside_dataset',
    'from_path',
    'image_key',
    'read_coco_boxes',
    'read_openimages_boxes',
    'read_voc_boxes',
]
