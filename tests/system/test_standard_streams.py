"""Closed standard streams: nothing else takes their place."""

import subprocess
import sys

import pytest

CODE = """
import os, sys
from medcutmix_cli.system.standard_streams import fill_closed_streams
fill_closed_streams()
assert os.open(os.devnull, os.O_RDONLY) > 2
print("said", file=sys.stderr)
sys.exit(7)
"""


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-", ""])
def test_no_later_file_is_taken_for_a_standard_stream(closed):
    command = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, CODE], check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (7, b"")
    assert done.stderr == (b"" if "2>" in closed else b"said\n")
