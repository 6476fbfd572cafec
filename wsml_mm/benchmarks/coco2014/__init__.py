from .dataset import COCO2014, COCO_CLASSES
from .instances import read_instances

__all__ = ['COCO2014', 'COCO_CLASSES', 'read_instances']
