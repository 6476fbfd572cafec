"""A hook for a training in a process of its own: says when its first step begins."""

from __future__ import annotations

import json
import time
from typing import Any

from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class FirstStep(Hook):  # type: ignore[misc]
    """Prints the CPU seconds of the process before the first step, as the last of all hooks."""

    priority = 'LOWEST'

    def before_train_epoch(self, runner: Any) -> None:
        """Prints them."""
        print(json.dumps(dict(seconds=time.process_time())))
