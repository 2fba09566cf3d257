"""What `help()` says of the options of a function: those of its command, from the settings tree."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import TypeVar

from medcutmix_cli.configuration.declaration import Setting
from medcutmix_cli.configuration.settings import settings_of

_Function = TypeVar("_Function", bound=Callable[..., object])
_WIDTH = 110


def describe_options(command: str) -> Callable[[_Function], _Function]:
    """Add the options that a function takes as keywords to its docstring.

    Args:
        command: Whose settings they are; see `settings_of`.
    """

    def described(function: _Function) -> _Function:
        lines = [line for setting in settings_of(command) for line in _lines(setting)]
        function.__doc__ = "\n".join([inspect.cleandoc(function.__doc__ or ""), "", "Options:", *lines, ""])
        return function

    return described


def _lines(setting: Setting) -> list[str]:
    declared = setting.declared
    known = f" One of {', '.join(declared.choices)}." if declared.choices else ""
    default = declared.spoken_default or _plain(setting.default)
    text = f"{declared.keyword}: {declared.help}{known}{f' Default: {default}.' if default else ''}"
    return textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="        ")


def _plain(default: object) -> str:
    if default in ("", (), {}):
        return ""
    return ", ".join(default) if isinstance(default, tuple) else str(default)
