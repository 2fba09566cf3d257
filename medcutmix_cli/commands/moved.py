"""The options of commands that work on a planned run: where things are now, if they have moved since the plan."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from medcutmix_cli.commands import options as opt
from medcutmix_cli.engines import Moved


def with_moved(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer read six options in the place of the parameter `moved`, which is given what was typed."""

    @wraps(command)
    def gathered(*arguments: Any, **typed: Any) -> None:
        moved = Moved(**{name: typed.pop(name) for name in _OPTIONS})  # type: ignore[typeddict-item]
        command(*arguments, **typed, moved=moved)

    signature = inspect.signature(command, eval_str=True)
    shown: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        shown.extend(_OPTIONS.values() if name == "moved" else [parameter])
    gathered.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    gathered.__annotations__ = {parameter.name: parameter.annotation for parameter in shown}
    return gathered


def _options(
    dataset: opt.MovedDataset = None,
    reports: opt.Reports = None,
    unpaired: opt.Unpaired = None,
    weights: opt.Weights = None,
    device: opt.Device = None,
    stage_dir: opt.StageDir = None,
) -> None:
    """Has the parameters that stand in the place of `moved`: the fields of `Moved`."""


_OPTIONS = dict(inspect.signature(_options, eval_str=True).parameters)
