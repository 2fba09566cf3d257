"""The `medcutmix` command: its words, and the one place where errors and signals become messages and exit codes.

0 ok; 1 error; 2 usage; 3 finished, but too many pairs failed; 4 verify, check or doctor found something; 5 no pair;
75 interrupted, run it again.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from medcutmix_cli import __version__
from medcutmix_cli.commands.attend import attend
from medcutmix_cli.commands.augment import augment, plan
from medcutmix_cli.commands.batch import slurm
from medcutmix_cli.commands.calibrate import calibrate
from medcutmix_cli.commands.check import check
from medcutmix_cli.commands.config import show
from medcutmix_cli.commands.doctor import doctor
from medcutmix_cli.commands.embed import embed
from medcutmix_cli.commands.evaluate import detect, lexicon, maps, mixes, reports
from medcutmix_cli.commands.export import export
from medcutmix_cli.commands.help_page import HelpCommand, HelpGroup
from medcutmix_cli.commands.inspect import inspect
from medcutmix_cli.commands.prepare import prepare
from medcutmix_cli.commands.read import read
from medcutmix_cli.commands.reasons import reasons
from medcutmix_cli.commands.refill import refill
from medcutmix_cli.commands.render import render
from medcutmix_cli.commands.sample import sample
from medcutmix_cli.commands.session import Session
from medcutmix_cli.commands.shortcuts import shortcuts
from medcutmix_cli.commands.status import status
from medcutmix_cli.commands.verify import verify
from medcutmix_cli.errors import Interruption
from medcutmix_cli.system.plain_text import printable
from medcutmix_cli.system.private_process import private_process
from medcutmix_cli.system.signals import SignalWatch, Stop
from medcutmix_cli.system.standard_streams import open_closed_streams

STEPS, LOOK, START = "Step by step", "Look and check", "Start here"
EVALUATE_REPORTS = "medcutmix evaluate reports reports.csv --gold labels.csv"
EVALUATE_NEGATION = "medcutmix evaluate reports sentences.tsv --task negation --worst 20"
EVALUATE_MAPS = "medcutmix evaluate maps images --boxes BBox_List_2017.csv --encoder biovil-t"
EVALUATE_PHRASES = "medcutmix evaluate maps mimic-cxr-jpg --boxes MS_CXR.json --encoder clip"
EVALUATE_MIXES = "medcutmix evaluate mixes RUN --lungs masks"
EVALUATE_PHANTOMS = "medcutmix evaluate mixes RUN --json"
EVALUATE_LEXICON = "medcutmix evaluate lexicon LEXICON.toml"
EVALUATE_DETECT = "medcutmix evaluate detect RUN"
EVALUATE_SALIENCY = "medcutmix evaluate detect RUN --epochs 30 --saliency seen"
CONFIG_SHOW = "medcutmix config show recipe.toml --mask topk"
CONFIG_TEMPLATE = "medcutmix config show --template > recipe.toml"
BATCH_PRINT = "medcutmix batch slurm RUN --tasks 64 --partition gpu > run.sbatch"
BATCH_FINISH = "medcutmix batch slurm RUN --tasks 64 --finish > finish.sbatch"
BATCH_SUBMIT = "medcutmix batch slurm RUN --tasks 64 --partition gpu --submit"


class HarmlessGroup(HelpGroup):
    """The commands; what is said of a wrong word or option steers no terminal, whatever was typed."""

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Read the words before the command's name."""
        with _harmless_errors():
            return super().make_context(*given, **more)

    def invoke(self, *given: Any, **more: Any) -> Any:
        """Read what follows, and run the command."""
        with _harmless_errors():
            return super().invoke(*given, **more)


class QuickCommand(HelpCommand):
    """A command, in a process of our own."""

    def invoke(self, *given: Any, **more: Any) -> Any:
        """Run it; its help loads no pyarrow."""
        from medcutmix_cli.system.pandasless_imports import load_pyarrow

        load_pyarrow()
        return super().invoke(*given, **more)


@contextmanager
def _harmless_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        said = getattr(error, "message", None)  # click's own errors; newer versions of typer bring them along
        if isinstance(said, str):
            error.message = printable(said)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    name="medcutmix",
    cls=HarmlessGroup,
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
    _put(app, command, *examples, rich_help_panel=panel)


def _put(group: typer.Typer, command: Callable[..., None], *examples: str, **how: Any) -> None:
    group.command(command.__name__, cls=QuickCommand, epilog=_examples(*examples), **how)(command)


def _group(name: str, panel: str, text: str, *examples: str) -> typer.Typer:
    """Make a word that has words of its own."""
    made = typer.Typer(
        cls=HelpGroup, help=text, no_args_is_help=True, rich_markup_mode="rich", epilog=_examples(*examples)
    )
    app.add_typer(made, name=name, rich_help_panel=panel)
    return made


_add(
    START,
    sample,
    "medcutmix sample SAMPLE",
    "medcutmix sample SAMPLE --studies 1000 --format dicom --seed 7",
)
_add(
    START,
    augment,
    "medcutmix augment SAMPLE RUN",
    "medcutmix augment mimic-cxr-jpg/ RUN --reports reports.zip --encoder bundled",
    "medcutmix augment studies.csv RUN --column image=file --encoder bundled",
    "medcutmix augment SAMPLE RUN --dry-run --probe 64",
)
_add(
    START,
    check,
    "medcutmix check SAMPLE",
    "medcutmix check studies.csv --column image=file --map view:Frontal=PA --split-all train",
)
_add(START, doctor, "medcutmix doctor", "medcutmix doctor SAMPLE --out RUN --encoder bundled")
config = _group("config", START, "Look at settings before anything runs.", CONFIG_SHOW, CONFIG_TEMPLATE)
_put(config, show, CONFIG_SHOW, CONFIG_TEMPLATE)
_add(
    STEPS,
    plan,
    "medcutmix plan SAMPLE RUN --pairs-per-study 2 --seed 7",
    "medcutmix render RUN",
)
_add(
    STEPS,
    calibrate,
    "medcutmix calibrate RUN",
    "medcutmix calibrate RUN --device cuda",
)
_add(
    STEPS,
    render,
    "medcutmix render RUN",
    "medcutmix render RUN --task 3 --num-tasks 16",
    "medcutmix render RUN --engine ray --engine-option address=auto",
)
_add(
    STEPS,
    refill,
    "medcutmix refill RUN",
    "medcutmix render RUN --task 3 --num-tasks 16",
)
batch = _group("batch", STEPS, "Render a plan on a cluster.", BATCH_PRINT, BATCH_SUBMIT)
_put(batch, slurm, BATCH_PRINT, BATCH_FINISH, BATCH_SUBMIT)
_add(
    STEPS,
    embed,
    "medcutmix embed SAMPLE embeddings.parquet",
    "medcutmix augment SAMPLE RUN --pairing nearest --embeddings embeddings.parquet",
)
_add(
    STEPS,
    prepare,
    "medcutmix prepare SAMPLE CACHE",
    "medcutmix augment SAMPLE RUN --prepared CACHE",
)
_add(
    STEPS,
    export,
    "medcutmix export RUN OUT --to open-clip",
    "medcutmix export RUN OUT --to webdataset --originals together",
    "medcutmix export RUN OUT --to r2gen --originals together --split train --split validate --split test",
    "medcutmix export sections mimic-cxr mimic_cxr_sectioned.csv",
)
_add(
    LOOK,
    status,
    "medcutmix status RUN",
    "medcutmix status RUN --json",
    "medcutmix status RUN --retry-expr --num-tasks 64",
)
_add(
    LOOK,
    inspect,
    "medcutmix inspect RUN",
    "medcutmix inspect RUN --index 12",
    "medcutmix inspect RUN --pair 3c8ad6639f4d3d36",
    "medcutmix inspect RUN --html RUN/report.html --rejected 20",
    "medcutmix inspect RUN --html few.html --self-contained --pairs 20",
    "medcutmix inspect RUN --sheet sheet.png",
    "medcutmix inspect --schema",
    "medcutmix inspect part-00000.parquet --schema",
)
_add(
    LOOK,
    read,
    "medcutmix read report.txt",
    "medcutmix read - --json < report.txt",
    'medcutmix read "No effusion, small left pneumothorax." --explain',
)
_add(LOOK, reasons, "medcutmix reasons", "medcutmix reasons recipient-mask-too-small")
_add(
    LOOK,
    attend,
    'medcutmix attend chest.dcm "Small left pleural effusion." --run RUN',
    'medcutmix attend chest.jpg "Pneumonia at the right base." --encoder biovil-t',
)
_add(
    LOOK,
    shortcuts,
    "medcutmix shortcuts SAMPLE",
    "medcutmix shortcuts mimic-cxr-jpg/ --reports reports.zip --attributes patients.csv",
)
evaluate = _group(
    "evaluate",
    LOOK,
    "Measure a part, or a run, against what people said and drew.",
    EVALUATE_REPORTS,
    EVALUATE_MAPS,
    EVALUATE_MIXES,
)
_put(evaluate, reports, EVALUATE_REPORTS, EVALUATE_NEGATION)
_put(evaluate, maps, EVALUATE_MAPS, EVALUATE_PHRASES)
_put(evaluate, mixes, EVALUATE_MIXES, EVALUATE_PHANTOMS)
_put(evaluate, lexicon, EVALUATE_LEXICON)
_put(evaluate, detect, EVALUATE_DETECT, EVALUATE_SALIENCY)
_add(LOOK, verify, "medcutmix verify RUN", "medcutmix verify RUN --deep")


@cache
def command_line() -> Any:
    """Return all commands as click has them, made once: that takes longer than reading what was typed."""
    return typer.main.get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    Args:
        arguments: What follows `medcutmix`; `sys.argv` where None.
    """
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 must not end a run
    if not sys.warnoptions:  # `python -W` and PYTHONWARNINGS still show them
        warnings.showwarning = _swallow
    signals = SignalWatch(to_the_end=arguments is None)
    try:
        with signals, private_process():
            code = _run(arguments, Session(), signals)
            signals.finish(code if isinstance(code, int) else 1)
    except Stop:  # came before the first step, or after the last
        code = _interrupted(signals)
        signals.finish(code)
    raise SystemExit(code)


def _run(arguments: Sequence[str] | None, session: Session, signals: SignalWatch) -> int | str:
    try:
        command_line()(args=arguments, prog_name="medcutmix", obj=session)
        return _flushed(0)
    except SystemExit as leaving:
        if not signals.seen:
            return _flushed(leaving.code or 0)
    except BaseException as error:  # noqa: BLE001 - the one boundary
        if not signals.seen:
            from medcutmix_cli.commands.error_report import explain

            return _flushed(explain(error, debug=session.debug))
    # Once a signal has come, whatever else went wrong went wrong because of it.
    return _interrupted(signals)


def _interrupted(signals: SignalWatch) -> int:
    signals.tell()
    return Interruption.exit_code


def _flushed(code: int | str) -> int | str:
    """Write out what is still to be written; a reader that has gone (`| head`) is no error, a full disk is one."""
    if sys.stdout is None:  # closed by whoever started us
        return code
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            from medcutmix_cli.commands.error_report import explain

            return code or explain(error, debug=False)
    return code


def _swallow(message: Warning | str, *_where: object, **_stream: object) -> None:
    """Drop a warning of a library: it may quote what it reads, and spaCy overrides the usual filters."""


if __name__ == "__main__":
    main()
