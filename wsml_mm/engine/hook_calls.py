"""The hooks that do something in a step, called without asking all the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mmengine.hooks import Hook

Calls = list[tuple[Any, Callable[..., Any]]]


def listening(runner: Any, moment: str, general: str) -> Calls:
    """Returns the hooks that do something at a moment of each step, with their methods.

    Args:
        runner: whose hooks they are.
        moment: the method, e.g. 'before_train_iter'.
        general: the one that MMEngine's calls in its place, e.g. '_before_iter'.
    """
    idle = {getattr(Hook, moment), getattr(Hook, general)}
    return [
        (hook, getattr(hook, moment))
        for hook in runner.hooks
        if hasattr(hook, moment)
        and {getattr(getattr(hook, name, None), '__func__', None) for name in (moment, general)}
        != idle
    ]


def call(methods: Calls, runner: Any, **arguments: Any) -> None:
    """Calls methods of hooks as `Runner.call_hook` does."""
    for hook, method in methods:
        try:
            method(runner, **arguments)
        except TypeError as error:
            raise TypeError(f'{error} in {hook}') from None
