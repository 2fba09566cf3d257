"""Python in a process of its own, which has loaded nothing yet."""

import subprocess
import sys


def run_statements(*statements: str) -> str:
    """Run the lines of Python one after the other and return what they print; it must end well."""
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(statements)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
