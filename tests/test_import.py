"""What importing the package does, and does not do, to the process that imports it."""

import ast
import re
from pathlib import Path

import pytest
import torch

from medcutmix_cli import write_sample
from tests import syntax
from tests.fresh_process import run_python, run_statements
from tests.run_folders import make_row, write_run

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "medcutmix_cli").rglob("*.py"))
LOOK = """
import csv, logging, signal, sys, warnings
import cv2, numpy, PIL.Image, PIL.ImageFile, pydicom.config, scipy.special, torch

def look():
    loggers = logging.root.manager.loggerDict
    return {
        "OpenCV threads": cv2.getNumThreads(),
        "OpenCV log level": cv2.getLogLevel(),
        "OpenCV optimised": (cv2.useOptimized(), cv2.ocl.useOpenCL()),
        "csv field limit": csv.field_size_limit(),
        "warning filters": list(warnings.filters),
        "root logger": (logging.root.level, list(logging.root.handlers)),
        "logger handlers": {name: list(getattr(log, "handlers", ())) for name, log in loggers.items()
                            if getattr(log, "handlers", ())},
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch kernels": (
            torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.deterministic,
            torch.backends.cudnn.benchmark, torch.backends.cudnn.allow_tf32,
            torch.backends.cuda.matmul.allow_tf32, torch.is_grad_enabled(), torch.get_default_dtype(),
        ),
        "seeds": (torch.initial_seed(), str(numpy.random.get_state())),
        "numpy errors": numpy.geterr(),
        "numpy printing": str(numpy.get_printoptions()),
        "PIL limits": (PIL.Image.MAX_IMAGE_PIXELS, PIL.ImageFile.LOAD_TRUNCATED_IMAGES),
        "pydicom": {name: repr(value) for name, value in vars(pydicom.config).items() if name[:2] != "__"},
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook),
    }

before = look()
import medcutmix_cli.loader, medcutmix_cli.main, medcutmix_cli.pipeline, medcutmix_cli.datasets.sample
assert "medcutmix_cli.images.shrink" in sys.modules and "medcutmix_cli.datasets.tables" in sys.modules
after = look()
print(len(before))
for name in before:
    if before[name] != after[name]:
        print(f"{name}: {before[name]} -> {after[name]}")
"""


BY_PANDAS = re.compile(r"(pq|parquet)\.(read_table|ParquetDataset)$|(^|\.)to_pandas$")
"""Calls of pyarrow that import `pyarrow.dataset`, which imports pandas where it is: half a second of every start."""


def test_nothing_is_called_that_imports_pandas():
    calls = {
        f"{path}:{node.lineno}"
        for path, module in syntax.trees().items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and BY_PANDAS.search(ast.unparse(node.func))
    }
    assert calls == set()


COMMANDS = """
import sys
from medcutmix_cli.main import main

def loaded(names, *words):
    try:
        main(list(map(str, words)))
    except SystemExit as leaving:
        assert leaving.code == 0, words
    return [(words[0], name) for name in names if name in sys.modules]
"""
OF_NO_USE = (
    "pandas",
    "spacy.cli",
    "httpx",
    "pyarrow.dataset",
    *(() if torch.cuda.is_available() else ("torch",)),
)
"""What libraries import that nobody here asks for: a quarter of the time of short commands."""

FOR_RENDERING = ("scipy.ndimage",)
STEPS = (
    ("check", "SAMPLE", "--quiet"),
    ("plan", "SAMPLE", "RUN", "--gate", "none", "--quiet"),
    ("render", "RUN", "--quiet"),
    ("inspect", "RUN"),
    ("status", "RUN"),
    ("verify", "RUN", "--deep"),
    ("augment", "SAMPLE", "GATED", "--config", "RECIPE", "--quiet"),
)


def test_no_command_loads_what_it_does_not_use(tmp_path):
    places = {name: tmp_path / name.lower() for name in ("SAMPLE", "RUN", "GATED", "RECIPE")}
    places["RECIPE"].write_text("[mixing.options.null-max]\nleast = 3\n")
    write_sample(places["SAMPLE"], studies=40, height=256)
    code = [COMMANDS, "seen = []"]
    for command, *words in STEPS:
        names = OF_NO_USE + (FOR_RENDERING if command in ("check", "plan") else ())
        given = [command, *(str(places.get(word, word)) for word in words)]
        code.append(f"seen += loaded({names!r}, *{given!r})")
    assert run_statements(*code, "print('', seen)").splitlines()[-1] == " []"


def test_importing_the_loader_and_the_program_changes_no_setting_of_another_library():
    assert run_statements(LOOK).splitlines() == ["16"]


def effects(tree):
    """Yield the line of everything that a module's body does to another library beside taking names from it."""
    others = names_of_others(tree)
    for statement in tree.body:
        for target in getattr(statement, "targets", [getattr(statement, "target", None)]):
            if isinstance(target, ast.Attribute | ast.Subscript):
                yield statement.lineno
        # A call whose result nobody takes is made for its effect.
        if isinstance(statement, ast.Expr) and first_name(statement.value) in others:
            yield statement.lineno


def first_name(node):
    """Return `cv2` of `cv2.ocl.setUseOpenCL(False)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def names_of_others(tree):
    """Return what a module imports from elsewhere."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    others = [node for node in imports if not (getattr(node, "module", "") or "").startswith("medcutmix_cli")]
    return {(name.asname or name.name).partition(".")[0] for node in others for name in node.names}


def test_no_module_does_anything_at_import_but_name_things():
    done = [f"{path.relative_to(ROOT)}:{line}" for path in MODULES for line in effects(syntax.tree(path))]
    assert len(MODULES) > 100
    assert done == []


@pytest.mark.parametrize(
    "body", ["import cv2\ncv2.setNumThreads(1)", "import csv\ncsv.x = 1", "import os\nos.environ['A'] = ''"]
)
def test_what_is_done_at_import_is_seen(body):
    assert list(effects(ast.parse(f'"""Module."""\n{body}'))) == [3]


def test_every_module_imports_and_read_inspect_and_loader_work_without_what_only_linux_has(tmp_path):
    (tmp_path / "report.txt").write_text("FINDINGS: There is a small left pleural effusion.\n")
    run = write_run(tmp_path / "run", ([make_row(0), make_row(1, "mass")],))
    told = run_python("-m", "tests.as_on_macos", str(tmp_path / "report.txt"), str(run)).splitlines()
    assert told == ["lacking ray transformers", "read True", "inspect True", "loader 2 1 112 112"]
