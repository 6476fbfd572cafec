from .dataset import CUB200Attributes

__all__ = ['CUB200Attributes']
