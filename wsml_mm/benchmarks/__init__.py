from .coco2014 import COCO2014
from .composed_scenes import ComposedScenes
from .cub200 import CUB200Attributes
from .l48 import L48, L48Target
from .nuswide import NUSWIDE
from .openimages_v3 import OpenImagesV3
from .voc2012 import VOC2012

__all__ = [
    'COCO2014',
    'L48',
    'NUSWIDE',
    'VOC2012',
    'CUB200Attributes',
    'ComposedScenes',
    'L48Target',
    'OpenImagesV3',
]
