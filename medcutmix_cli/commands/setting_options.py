"""The options of commands that set something, made from what is declared in the settings tree.

Defaults are None: a flag that was not given must not hide a recipe.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from glob import escape
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands.common import default as with_default
from medcutmix_cli.commands.help_page import names_of
from medcutmix_cli.configuration.choices import list_untold
from medcutmix_cli.configuration.declaration import Setting, declared_in
from medcutmix_cli.configuration.settings import settings_of
from medcutmix_cli.errors import UsageError


def with_settings(command: str, **texts: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let typer read a command's settings in the place of its parameter `settings`, which is given what was typed.

    Args:
        command: Its name in `Declaration.commands`.
        **texts: Help texts that differ from what is declared, by keyword.
    """
    return _in_place_of("settings", settings_of(command), texts)


def with_record(parameter: str, record: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let typer read what is declared of a record in the place of a parameter, which is given what was typed.

    Args:
        parameter: Its name; it is given a mapping by keyword of what was typed, checked; None means not given.
        record: A dataclass, some of whose fields are declared with `setting`.

    Several of these decorators stand in the order of their parameters.
    """
    return _in_place_of(parameter, declared_in(record), {})


def _in_place_of(
    parameter: str, settings: Sequence[Setting], texts: Mapping[str, str]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    shown = {_parameter_name(one): one for one in settings}

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @wraps(function)
        def gather(*arguments: Any, **typed: Any) -> None:
            given = {one.declared.keyword: _given(one, typed.pop(name)) for name, one in shown.items()}
            function(*arguments, **typed, **{parameter: given})

        options = [_parameter(name, one, texts) for name, one in shown.items()]
        _replace_parameter(gather, function, parameter, options)
        return gather

    return decorate


def option_words(values: Mapping[str, Any], command: str) -> Iterator[str]:
    """Yield the words that say some settings on the command line, in the order in which they are declared.

    Args:
        values: By keyword, as `with_settings` gives them; None is not said.
        command: Whose options they are.
    """
    for setting in settings_of(command):
        value = values.get(setting.declared.keyword)
        yes, _, no = setting.flag.partition("/")
        if isinstance(value, bool):
            yield yes if value else no
        elif isinstance(value, Mapping):
            yield from (word for name, part in value.items() for word in (yes, f"{name}={part}"))
        elif value is not None:
            each = value if isinstance(value, tuple | list) else (value,)
            yield from (word for part in each for word in (yes, str(part)))


def _given(setting: Setting, typed: Any) -> Any:
    """Return what was typed; what stands in no table of the tree is checked by nobody else."""
    from medcutmix_cli.configuration.resolution import check_value

    value = read_option(setting, typed)
    return value if setting.table or value is None else check_value(setting, value)


def _replace_parameter(
    target: Callable[..., None],
    function: Callable[..., None],
    replaced: str,
    options: list[inspect.Parameter],
) -> None:
    signature = inspect.signature(function, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        parameters.extend(options if name == replaced else [parameter])
    target.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    target.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _parameter_name(setting: Setting) -> str:
    return setting.flag.partition("/")[0].removeprefix("--").replace("-", "_")


def _parameter(name: str, setting: Setting, texts: Mapping[str, str]) -> inspect.Parameter:
    annotation = Annotated[_typed(setting), _option(setting, texts.get(setting.declared.keyword))]  # type: ignore[valid-type]
    return inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation
    )


def _typed(setting: Setting) -> Any:
    """Return what typer reads: a list where the option is repeated, else the setting's own type."""
    repeated = isinstance(setting.default, tuple | Mapping)
    return list[str] | None if repeated else type(setting.default) | None


def _option(setting: Setting, text: str | None) -> Any:
    declared = setting.declared
    return typer.Option(
        setting.flag,
        help=_with_choices(setting, text) if text else _help(setting),
        metavar=declared.metavar or None,
        autocompletion=_completion(setting),
        rich_help_panel=declared.panel,
    )


def _help(setting: Setting) -> str:
    """Return the help text with the default, where there is one to tell."""
    default = setting.declared.spoken_default or _plain_default(setting.default)
    told = _with_choices(setting, setting.declared.help)
    return with_default(default, told) if default else told


def _with_choices(setting: Setting, text: str) -> str:
    """Return a help text with every choice; names of parts are listed when the page is printed."""
    declared = setting.declared
    listed = names_of(declared.kind) if declared.kind else list_untold(declared.choices, text)
    return f"{text} {listed}".rstrip()


def _plain_default(default: Any) -> str:
    if isinstance(default, bool | Mapping):
        return ""
    return ", ".join(default) if isinstance(default, tuple) else str(default)


def _completion(setting: Setting) -> Callable[..., list[str]] | None:
    """List values for the shell; nothing is imported before they are asked for."""
    declared = setting.declared
    if declared.path:
        return _matching_files
    if not (declared.kind or declared.choices):
        return None

    def values() -> list[str]:
        from medcutmix_cli.configuration.registry import names

        return list(names(declared.kind)) if declared.kind else list(declared.choices)

    return values


def _matching_files(incomplete: str) -> list[str]:
    """List the files and folders whose path begins with what was typed."""
    folder, _, start = incomplete.rpartition("/")
    found = Path(folder or ("/" if incomplete.startswith("/") else ".")).glob(f"{escape(start)}*")
    return sorted(f"{folder}/{path.name}" if "/" in incomplete else path.name for path in found)


def read_option(setting: Setting, typed: Any) -> Any:
    """Return what was typed as the API takes it; None where nothing was.

    Raises:
        UsageError: What was typed is no pair.
    """
    if isinstance(setting.default, tuple):
        return split_values(typed) if not setting.declared.text_values else tuple(typed or ()) or None
    if isinstance(setting.default, Mapping):
        return read_pairs(setting, typed)
    return typed


def split_values(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Read a repeated option; commas divide too. None where it was not given."""
    if not values:
        return None
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def read_pairs(setting: Setting, pairs: Sequence[str] | None) -> dict[str, Any] | None:
    """Read `KEY=VALUE` pairs, values as TOML has them (3, true, "text" or plain text); None where there are none.

    Raises:
        UsageError: A pair without "=", or without one of its halves.
    """
    if not pairs:
        return None
    from medcutmix_cli.configuration.resolution import parse_value

    declared, values = setting.declared, {}
    for pair in pairs:
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not (key and equals and (value or not declared.text_values)):
            hint = f"for example: {setting.flag} {declared.example}"
            raise UsageError(f"{setting.flag} {pair!r} is not {declared.metavar}", hint=hint)
        values[key] = value if declared.text_values else parse_value(value)
    return values
