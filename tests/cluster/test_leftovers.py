import subprocess
import sys
import threading
import time

import pytest

from medcutmix_cli.cluster.leftovers import clear_leftovers
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system.temporary_files import owner


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


@pytest.fixture
def writer():
    """A worker of this machine that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def half_write(folder, end):
    path = folder.root / "data" / f".part-00000.parquet.{end}"
    path.write_text("half")
    return path


def end(process):
    process.kill()
    process.wait()


def test_what_a_worker_leaves_goes_also_where_it_ends_a_moment_later(folder, writer):
    left = half_write(folder, owner(writer.pid))
    ending = threading.Timer(0.5, end, [writer])
    ending.start()
    clear_leftovers(folder, patience_s=60)
    ending.join()
    assert not left.exists()


def test_who_goes_on_writing_is_not_waited_for_for_long_and_keeps_its_file(folder, writer):
    left = half_write(folder, owner(writer.pid))
    clear_leftovers(folder, patience_s=0.3)
    assert left.exists()


def test_what_other_machines_write_is_not_waited_for(folder):
    left = half_write(folder, "another-node.0badcafe-4026531836.1.tmp")
    began = time.monotonic()
    clear_leftovers(folder, patience_s=60)
    assert time.monotonic() - began < 30
    assert left.exists()
