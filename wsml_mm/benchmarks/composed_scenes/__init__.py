from .dataset import ComposedScenes

__all__ = ['ComposedScenes']
