"""Python in a process of its own, which has loaded nothing yet."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run_python(*words: str) -> str:
    """Run Python with these words in the root of the repository and return what it prints; it must end well."""
    ended = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def run_statements(*statements: str) -> str:
    """Run lines of Python one after the other; see `run_python`."""
    return run_python("-c", "\n".join(statements))
