import subprocess
import sys

import pytest

SCRIPT = """
import os, sys
from medcutmix_cli.system.standard_streams import open_closed_streams
open_closed_streams()
kept = open(sys.argv[1], "w")
assert kept.fileno() > 2, kept.fileno()
assert sys.stdin.read() == ""
print("said", file=sys.stdout, flush=True)
print("said", file=sys.stderr, flush=True)
os.write(2, b"a library")
kept.write("kept")
"""


@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_what_is_written_to_a_closed_stream_lands_in_no_file(tmp_path, closed):
    target = tmp_path / "file"
    line = f'exec "$0" -c "$1" "$2" {closed}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, SCRIPT, target], stdin=subprocess.DEVNULL, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert target.read_text() == "kept"
