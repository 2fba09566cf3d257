"""The process that decodes, spoken to as its parent does."""

import json
import mmap
import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from medcutmix_cli.images.decoder_process import READY, start_line
from tests.pictures import make_shapes, write_jpeg


@contextmanager
def running(content: bytes):
    given, made, said = (os.memfd_create(name) for name in ("given", "made", "said"))
    os.ftruncate(given, 1 << 20)
    os.ftruncate(made, 1 << 20)
    os.pwrite(given, content, 0)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        start_line(given, made), stdin=pipe, stdout=pipe, stderr=said, pass_fds=(given, made)
    ) as process:
        assert process.stdout.readline() == READY
        yield process, made
        process.stdin.close()
        assert process.wait(20) == 0
    for handle in (given, made, said):
        os.close(handle)


def ask(process, size: int):
    line = {
        "size": size,
        "canvas": 64,
        "dicom_mode": "voi",
        "exact": False,
        "content": 1 << 20,
        "pixels": 1 << 20,
    }
    process.stdin.write(json.dumps(line).encode() + b"\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def test_it_answers_one_request_after_the_other_and_ends_with_its_parent(tmp_path):
    content = write_jpeg(tmp_path / "a.jpg", (make_shapes(160, 120) >> 4).astype(np.uint8)).read_bytes()
    with running(content) as (process, made):
        assert ask(process, len(content)) == {"height": 160, "width": 120, "corrupt": False}
        with mmap.mmap(made, 1 << 20) as pixels:
            assert np.frombuffer(pixels[: 64 * 48], np.uint8).std() > 10
        assert ask(process, 500)["reason"] == "image-truncated"
        assert ask(process, len(content)) == {"height": 160, "width": 120, "corrupt": False}


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="limits are read from /proc")
def test_it_leaves_no_core_file_and_has_limits_of_memory_and_time():
    with running(b"no picture") as (process, _):
        ask(process, 10)
        lines = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii").splitlines()
    limits = {line[:25].strip(): line[26:].split()[0] for line in lines}
    assert limits["Max core file size"] == "0"
    assert 3 << 29 < int(limits["Max address space"]) < 16 << 30
    assert 8 <= int(limits["Max cpu time"]) <= 60
