"""What a help page shows beside what was written for it: names of registered parts, and no type of a flag.

The names are looked up when a page is printed, and then only listed: looking for them takes longer than all the rest
of a command's start.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

_BRACES = re.compile(r"^\{(.*)\}(?:\.\.\.)?$")
_NAMES = re.compile(r" ?\{names:(\w+)\}")


def names_of(kind: str) -> str:
    """Return what stands in a help text for the names of a kind of part, until the page is printed."""
    return f"{{names:{kind}}}"


class HelpCommand(TyperCommand):
    """A command whose help page is complete."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters; a flag has no value, so that none is shown for it."""
        return [_without_value(parameter) for parameter in super().get_params(ctx)]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the line of usage; what must be there stands there as it is typed, without braces."""
        return [_BRACES.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the page."""
        for parameter in self.params:
            parameter.help = with_names(getattr(parameter, "help", None))  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)


class HelpGroup(TyperGroup):
    """A group of commands; its flags have no value either."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters."""
        return [_without_value(parameter) for parameter in super().get_params(ctx)]


def with_names(text: str | None) -> str | None:
    """Return a help text with the names that stand behind `names_of`; those that it tells anyway are not listed."""
    if text is None:
        return None
    return _NAMES.sub(lambda found: _listed(found[1], text), text)


def _listed(kind: str, text: str) -> str:
    from medcutmix_cli.configuration.choices import list_untold
    from medcutmix_cli.configuration.registry import names

    told = list_untold(names(kind), _NAMES.sub("", text))
    return f" {told}" if told else ""


def _without_value(parameter: Any) -> Any:
    if getattr(parameter, "is_flag", False):
        parameter.metavar = ""
    return parameter
