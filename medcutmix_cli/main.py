"""The `medcutmix` command: its words, and the one place where errors and signals become messages and exit codes.

0 ok; 1 error; 2 usage; 3 finished, but too many pairs failed; 4 verify failed; 75 interrupted, run it again.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Annotated

import typer

from medcutmix_cli import __version__
from medcutmix_cli.commands.augment import planning_command
from medcutmix_cli.commands.inspect import inspect
from medcutmix_cli.commands.render import render
from medcutmix_cli.commands.sample import sample
from medcutmix_cli.commands.session import Session
from medcutmix_cli.commands.status import status
from medcutmix_cli.commands.verify import verify
from medcutmix_cli.errors import Interrupted

STEPS, LOOK, START = "Step by step", "Look and check", "Start here"

app = typer.Typer(
    name="medcutmix",
    help="Mix radiology image-report pairs, offline: evidence for a finding goes from one study to another, "
    "in picture and report alike.",
    epilog="[bold]From nothing to checked shards[/bold]\n"
    "medcutmix sample SAMPLE\n"
    "medcutmix augment SAMPLE RUN\n"
    "medcutmix inspect RUN --html RUN/report.html\n"
    "medcutmix verify RUN --deep",
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"medcutmix {__version__}")
        raise typer.Exit


@app.callback()
def _before(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="On an unexpected error, print where in the code it arose.")
    ] = False,
) -> None:
    Session.of(context, quiet=quiet, verbose=verbose).debug |= debug


def _examples(*lines: str) -> str:
    return "[bold]Examples[/bold]\n" + "\n".join(lines)


def _add(panel: str, command: Callable[..., None], *examples: str) -> None:
    app.command(command.__name__, rich_help_panel=panel, epilog=_examples(*examples))(command)


_add(
    START,
    sample,
    "medcutmix sample SAMPLE",
    "medcutmix sample SAMPLE --studies 1000 --format dicom --seed 7",
)
_add(
    START,
    planning_command(
        "augment",
        summary="Mix a data set into verified-by-design Parquet shards.\n\n"
        "Interrupted, the same command goes on where it stopped.",
    ),
    "medcutmix augment SAMPLE RUN",
    "medcutmix augment mimic-cxr-jpg/ RUN --reports reports.zip --encoder bundled",
    "medcutmix augment studies.csv RUN --column image=file --encoder bundled",
)
_add(
    STEPS,
    planning_command(
        "plan", summary="Read all reports and freeze the list of pairs; no picture is read yet."
    ),
    "medcutmix plan SAMPLE RUN --pairs-per-study 2 --seed 7",
    "medcutmix render RUN",
)
_add(
    STEPS,
    render,
    "medcutmix render RUN",
    "medcutmix render RUN --task 3 --num-tasks 16",
)
_add(LOOK, status, "medcutmix status RUN", "medcutmix status RUN --json")
_add(
    LOOK,
    inspect,
    "medcutmix inspect RUN",
    "medcutmix inspect RUN --index 12",
    "medcutmix inspect RUN --html RUN/report.html --pairs 20",
    "medcutmix inspect part-00000.parquet --schema",
)
_add(LOOK, verify, "medcutmix verify RUN", "medcutmix verify RUN --deep")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: What follows `medcutmix`; `sys.argv` where None.
    """
    session = Session()
    signals = SignalWatch()
    signals.install()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries: they may quote what they read
    try:
        app(args=arguments, prog_name="medcutmix", obj=session)
    except SystemExit as leaving:
        raise SystemExit(75 if signals.seen else leaving.code) from None
    except BaseException as error:  # noqa: BLE001 - the one boundary
        from medcutmix_cli.boundary import explain

        cause = Interrupted("stopped") if signals.seen else error
        raise SystemExit(explain(cause, debug=session.debug)) from None


class SignalWatch:
    """Turn the signals that ask a program to stop into `Interrupted`, once.

    Only in the process that installed it: worker processes inherit the handlers of their parent and would each
    answer Ctrl-C with a traceback.
    """

    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1")

    def __init__(self) -> None:
        self.seen = False
        self._owner = os.getpid()

    def install(self) -> None:
        """Take over the signals this platform has; `nohup` keeps its way."""
        for name in self.names:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._owner:
            self._stop_worker(number)
        elif not self.seen:
            self.seen = True
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise Interrupted(f"stopped by {signal.Signals(number).name}")

    def _stop_worker(self, number: int) -> None:
        """Let a worker process die of TERM without a word; the other signals are for its parent."""
        if number == signal.SIGTERM:
            os._exit(128 + number)


if __name__ == "__main__":
    main()
