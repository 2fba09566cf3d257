"""What an error looks like to the person who meets it.

Never prints the message of an error that is not ours: it may quote a report.
"""

from __future__ import annotations

import sys
import traceback

from medcutmix_cli.errors import Interruption
from medcutmix_cli.system.signals import INTERRUPTED
from medcutmix_cli.system.unexpected_errors import as_known_error

_ISSUES = "please report this line; `medcutmix --debug ...` prints where in the code it arose"


def explain(error: BaseException, *, debug: bool) -> int:
    """Print an error on stderr and return the exit code it stands for."""
    if isinstance(error, Interruption):
        _print([("interrupted", INTERRUPTED.removeprefix("interrupted: ").strip())], "yellow")
        return Interruption.exit_code
    said = as_known_error(error, memory="fewer --workers, or a smaller --canvas", unexpected=_ISSUES)
    _print(said.lines)
    if debug:
        _print_frames(error)
    return said.exit_code


def _print(lines: list[tuple[str, str]], style: str = "red") -> None:
    """Print "name: text" lines; further lines of a text are indented to stand under its first."""
    from rich.text import Text

    from medcutmix_cli.terminal.words import SafeConsole, printable

    console = SafeConsole(stderr=True, highlight=False, soft_wrap=True)
    for position, (name, said) in enumerate(lines):
        label = f"{name}: " if position == 0 else f"  {name}: "
        text = printable(said).replace("\n", "\n" + " " * len(label))
        console.print(Text.assemble((label, f"bold {style}" if position == 0 else "dim"), text))


def _print_frames(error: BaseException) -> None:
    """Print the chain of errors: classes and places in the code, no message and no local variable."""
    link: BaseException | None = error
    while link is not None:
        print(f"\n{type(link).__module__}.{type(link).__qualname__}", file=sys.stderr)
        print("".join(traceback.format_tb(link.__traceback__)), end="", file=sys.stderr)
        link = link.__cause__ or link.__context__
