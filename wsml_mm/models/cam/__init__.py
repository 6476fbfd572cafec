from .maps import CAM_METHODS, activation_maps, cam_weight, class_activation_map, last_map
from .places import map_peaks, original_pixels
from .view import CamView, locate_peaks, view_batch, view_images

__all__ = [
    'CAM_METHODS',
    'CamView',
    'activation_maps',
    'cam_weight',
    'class_activation_map',
    'last_map',
    'locate_peaks',
    'map_peaks',
    'original_pixels',
    'view_batch',
    'view_images',
]
