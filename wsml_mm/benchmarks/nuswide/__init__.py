from .dataset import NUSWIDE, NUSWIDE_CLASSES

__all__ = ['NUSWIDE', 'NUSWIDE_CLASSES']
