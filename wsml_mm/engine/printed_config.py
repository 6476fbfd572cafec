"""A config that is printed once: every checkpoint holds its text, which takes long to lay out."""

from __future__ import annotations

from typing import Any, cast

from mmengine.config import Config


class PrintedConfig(Config):  # type: ignore[misc]
    """A `Config` that lays out its text again only where it has changed.

    MMEngine asks for the text four times at the start of a training and once a checkpoint, and
    yapf lays it out anew each time: longer than an epoch of a linear layer takes.
    """

    @classmethod
    def of(cls, cfg: Config) -> PrintedConfig:
        """Returns a config with the same content, which both share."""
        if isinstance(cfg, cls):
            return cfg
        own = cls.__new__(cls)
        own.__dict__.update(cfg.__dict__)
        return own

    @property
    def pretty_text(self) -> str:
        """The config as Python code."""
        content = repr(self._cfg_dict)
        known: tuple[Any, Any] = self.__dict__.get('_printed', (None, None))
        if known[0] != content:
            known = content, super().pretty_text
            self.__dict__['_printed'] = known
        return cast('str', known[1])
