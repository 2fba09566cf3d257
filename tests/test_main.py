import ast
import signal
import subprocess
import sys

import pytest

import medcutmix_cli
from medcutmix_cli import __version__, errors
from tests.calls import medcutmix
from tests.run_folders import write_run

HEAVY = [
    "numpy",
    "pyarrow",
    "PIL",
    "pydicom",
    "torch",
    "spacy",
    "transformers",
    "cv2",
    "scipy",
    "ray",
    "pandas",
]
WORDS = (
    "sample",
    "augment",
    "plan",
    "render",
    "inspect",
    "attend",
    "read",
    "evaluate",
    "verify",
    "status",
    "export",
    "check",
    "doctor",
    "reasons",
)
QUOTED = "Large left pleural effusion."


def in_a_process(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def failing(monkeypatch):
    """Return a function that makes `augment` raise."""

    def fail(error):
        def augment(*_arguments, **_options):
            raise error

        monkeypatch.setattr(medcutmix_cli, "augment", augment, raising=False)

    return fail


@pytest.fixture(scope="module")
def after_help():
    """Ask for the help of each command in one process; return what each ended with, and what was loaded by then."""
    code = (
        "import sys; from medcutmix_cli.main import main\n"
        f"for word in {['', *WORDS]!r}:\n"
        "  found = None, []\n"
        "  try: main([*filter(None, [word]), '--help'])\n"
        f"  except SystemExit as left: found = left.code, sorted(set({HEAVY!r}) & set(sys.modules))\n"
        "  print('after', (word, *found))"
    )
    lines = in_a_process(code).stdout.splitlines()
    found = [ast.literal_eval(line.removeprefix("after ")) for line in lines if line.startswith("after (")]
    return {word: (ended, heavy) for word, ended, heavy in found}


@pytest.mark.parametrize("word", ["", *WORDS], ids=["medcutmix", *WORDS])
def test_help_loads_nothing_heavy(after_help, word):
    assert after_help[word] == (0, [])


LIGHT = {
    "attr",
    "annotated_doc",
    "markdown_it",
    "mdurl",
    "medcutmix_cli",
    "pygments",
    "rich",
    "shellingham",
    "typer",
}
"""What a help page loads beside the standard library: it is there in a third of a second."""

OURS = ("cluster.slurm", "commands", "configuration", "errors", "evaluation", "main", "system")


def test_help_loads_what_it_shows_and_no_more():
    code = (
        "import sys; before = set(sys.modules)\n"
        "from medcutmix_cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(sorted(set(sys.modules) - before))"
    )
    loaded = set(ast.literal_eval(in_a_process(code).stdout.splitlines()[-1]))
    packages = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert packages <= LIGHT
    own = {name.removeprefix("medcutmix_cli.") for name in loaded if name.startswith("medcutmix_cli.")}
    assert {name for name in own if not name.startswith(OURS)} <= {"cluster"}
    assert len(own) < 50


def test_importing_the_package_loads_nothing_heavy():
    found = in_a_process(f"import sys, medcutmix_cli; print(sorted(set({HEAVY!r}) & set(sys.modules)))")
    assert found.stdout == "[]\n"


def test_the_version_is_told(capsys):
    assert medcutmix("--version") == 0
    assert capsys.readouterr().out == f"medcutmix {__version__}\n"


@pytest.mark.parametrize("word", WORDS)
def test_every_command_has_examples(capsys, word):
    assert medcutmix(word, "--help") == 0
    shown = capsys.readouterr().out
    assert "Examples" in shown
    assert f"medcutmix {word} " in shown


@pytest.mark.parametrize("word", ["", *WORDS])
def test_help_fits_80_columns(capsys, monkeypatch, word):
    monkeypatch.setenv("COLUMNS", "80")
    medcutmix(*[word] if word else [], "--help")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_a_mistyped_command_gets_a_suggestion(capsys):
    assert medcutmix("agment") == 2
    assert "Did you mean 'augment'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.DatasetError, 1),
        (errors.ImageError, 1),
        (errors.EncoderError, 1),
        (errors.RunError, 1),
        (errors.RunConflictError, 1),
        (errors.ShardError, 1),
        (errors.MissingExtraError, 1),
        (errors.Interruption, 75),
    ],
)
def test_each_error_has_its_exit_code(failing, kind, code):
    failing(kind("what"))
    assert medcutmix("augment", "DATA", "OUT") == code


def test_an_error_says_what_where_and_what_to_try(failing, capsys):
    failing(errors.DatasetError("there are no reports", where="/data/cxr", hint="give them\nwith --reports"))
    assert medcutmix("augment", "DATA", "OUT") == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "error: there are no reports\n  where: /data/cxr\n  try: give them\n       with --reports\n"
    )


def test_a_long_path_is_not_broken_so_that_it_can_be_copied(failing, capsys):
    where = "/data/" + "very-long/" * 20
    failing(errors.RunError("full", where=where))
    medcutmix("augment", "DATA", "OUT")
    assert f"  where: {where}\n" in capsys.readouterr().err


@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["plain", "debug"])
def test_an_unexpected_error_never_quotes_its_message(failing, capsys, debug):
    try:
        raise KeyError(QUOTED)
    except KeyError as cause:
        error = ValueError(QUOTED)
        error.__cause__ = cause
    failing(error)
    assert medcutmix(*debug, "augment", "DATA", "OUT") == 1
    shown = capsys.readouterr().err
    assert "unexpected ValueError at medcutmix_cli/commands/augment.py:" in shown
    assert "please report" in shown
    assert QUOTED not in shown
    assert ("KeyError" in shown) == bool(debug)


def test_debug_prints_where_in_the_code_it_arose(failing, capsys):
    failing(RuntimeError(QUOTED))
    medcutmix("--debug", "augment", "DATA", "OUT")
    shown = capsys.readouterr().err
    assert "builtins.RuntimeError" in shown
    assert 'test_main.py", line' in shown


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(FileNotFoundError(2, "No such file or directory", "a.csv"), "where: a.csv", id="a-file"),
        pytest.param(MemoryError(), "not enough memory", id="memory"),
    ],
)
def test_an_error_of_the_system_is_put_in_words(failing, capsys, error, said):
    failing(error)
    medcutmix("augment", "DATA", "OUT")
    assert said in capsys.readouterr().err


def test_no_error_can_steer_the_terminal(failing, capsys):
    failing(errors.DatasetError("unknown split '\x1b[2J'"))
    medcutmix("augment", "DATA", "OUT")
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_stopped_command_says_how_to_go_on(name):
    code = (
        "import time, medcutmix_cli; from medcutmix_cli.main import main\n"
        "def augment(*a, **b): print('ready', flush=True); time.sleep(30)\n"
        "medcutmix_cli.augment = augment; main(['augment', 'DATA', 'OUT'])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=20)
    assert process.returncode == 75
    assert said == "interrupted: run the same command again; what is complete stays\n"


def test_what_a_signal_broke_counts_as_interrupted(monkeypatch, capsys):
    def augment(*_arguments, **_options):
        try:
            signal.raise_signal(signal.SIGTERM)
        except errors.Interruption:
            raise OSError(5, "Input/output error") from None

    monkeypatch.setattr(medcutmix_cli, "augment", augment, raising=False)
    assert medcutmix("augment", "DATA", "OUT") == 75
    assert "Input/output" not in capsys.readouterr().err


def test_a_reader_that_leaves_gets_no_traceback(tmp_path):
    run = write_run(tmp_path / "run")
    command = [sys.executable, "-m", "medcutmix_cli", "inspect", str(run), "--json"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=30)
    assert said == ""


def test_warnings_of_libraries_are_not_shown():
    code = (
        "import warnings, medcutmix_cli; from medcutmix_cli.main import main\n"
        f"def augment(*a, **b): warnings.warn({QUOTED!r}); raise SystemExit(0)\n"
        "medcutmix_cli.augment = augment; main(['augment', 'DATA', 'OUT'])"
    )
    assert in_a_process(code).stderr == ""


def test_colour_is_for_those_who_ask_for_it(tmp_path):
    run = write_run(tmp_path / "run")
    shown = {}
    for name in ("FORCE_COLOR", "NO_COLOR"):
        before = f"import os; os.environ.update({name}='1', TERM='xterm')\n"
        code = f"from medcutmix_cli.main import main; main(['status', {str(run)!r}])"
        shown[name] = in_a_process(before + code).stdout
    assert "\x1b[" in shown["FORCE_COLOR"]
    assert "\x1b[" not in shown["NO_COLOR"]
