"""Decoders that crash, hang, take memory or are killed cost one picture its place, and nothing else."""

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from medcutmix_cli.errors import ImageError, MedcutmixError
from medcutmix_cli.images import decoder, read_canvas
from medcutmix_cli.images.decoder import Decoder, Decoders, lend_decoder
from medcutmix_cli.images.decoding import DecodingRequest
from medcutmix_cli.records import PictureRules
from tests.pictures import make_shapes, write_jpeg


@pytest.fixture
def good(tmp_path):
    return write_jpeg(tmp_path / "good.jpg", (make_shapes(160, 120) >> 4).astype(np.uint8))


@pytest.fixture
def decoders(monkeypatch):
    """Give this test decoders of its own, and end them after it."""
    own = Decoders()
    monkeypatch.setattr(decoder._Own, "decoders", own)
    yield own
    own.close()


ILL = """
from medcutmix_cli.images import decoder_process as process
whole = process.decode
def decode(content, request):
    start = bytes(content[:8])
    if start == b"crash---":
        import ctypes
        ctypes.string_at(0)
    if start == b"hang----":
        while True:
            pass
    if start == b"memory--":
        bytearray(process.MOST_MEMORY)
    return whole(content, request)
process.decode, process.SECONDS = decode, 1
"""


@pytest.fixture
def ill(decoders, monkeypatch):
    """Let files that begin with a word do to their decoder what the word says."""
    plain = decoder.start_line
    monkeypatch.setattr(
        decoder,
        "start_line",
        lambda *handles: [
            *plain(*handles)[:2],
            f"import sys; sys.path[:] = {sys.path!r}\n{ILL}\nprocess.main{handles}",
        ],
    )


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        (b"crash---", "image-crashed-decoder"),
        (b"hang----", "image-too-slow"),
        (b"memory--", "image-too-large"),
    ],
    ids=["crash", "hang", "memory"],
)
def test_what_a_picture_does_to_its_decoder_is_its_reason_and_the_next_one_is_read(
    tmp_path, ill, good, word, reason
):
    (tmp_path / "ill").write_bytes(word * 20)
    with pytest.raises(ImageError) as caught:
        read_canvas(tmp_path / "ill", 64, PictureRules("voi"))
    assert caught.value.where == str(tmp_path / "ill")
    assert caught.value.reason == reason
    assert read_canvas(good, 64, PictureRules("voi")).pixels.any()


def test_a_decoder_that_somebody_kills_costs_no_picture(decoders, good):
    before = read_canvas(good, 64, PictureRules("voi")).pixels
    with lend_decoder() as one:
        os.kill(one._process._popen.pid, signal.SIGKILL)
    assert np.array_equal(read_canvas(good, 64, PictureRules("voi")).pixels, before)


def test_a_decoder_that_is_stopped_is_given_up(monkeypatch, decoders, good):
    read_canvas(good, 64, PictureRules("voi"))
    monkeypatch.setattr(decoder, "PATIENCE", 1)
    with lend_decoder() as one:
        os.kill(one._process._popen.pid, signal.SIGSTOP)
    with pytest.raises(ImageError) as caught:
        read_canvas(good, 64, PictureRules("voi"))
    assert caught.value.reason == "image-too-slow"


def test_a_decoder_that_does_not_start_is_an_error_that_says_why(monkeypatch, decoders, good):
    monkeypatch.setattr(
        decoder, "start_line", lambda *_: [sys.executable, "-c", "raise SystemExit('no luck')"]
    )
    with pytest.raises(MedcutmixError, match="does not start") as caught:
        read_canvas(good, 64, PictureRules("voi"))
    assert not isinstance(caught.value, ImageError)
    assert caught.value.hint == "no luck"


def test_a_system_that_gives_no_process_is_no_fault_of_the_storage(monkeypatch, decoders, good):
    monkeypatch.setattr(decoder, "start_line", lambda *_: ["/no/such/interpreter"])
    with pytest.raises(MedcutmixError, match="no process can be started"):
        read_canvas(good, 64, PictureRules("voi"))


def test_threads_have_decoders_of_their_own_and_read_the_same(decoders, good):
    expected = read_canvas(good, 64, PictureRules("voi")).pixels
    together = threading.Barrier(3)

    def read(_):
        with lend_decoder():
            together.wait(30)
        return read_canvas(good, 64, PictureRules("voi")).pixels

    with ThreadPoolExecutor(3) as pool:
        assert all(np.array_equal(one, expected) for one in pool.map(read, range(3)))


def test_a_forked_process_starts_decoders_of_its_own(decoders, good):
    expected = read_canvas(good, 64, PictureRules("voi")).pixels
    child = os.fork()
    if not child:
        same = np.array_equal(read_canvas(good, 64, PictureRules("voi")).pixels, expected)
        decoder._close_all()
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert np.array_equal(read_canvas(good, 64, PictureRules("voi")).pixels, expected)


def test_memory_grows_with_the_file_and_is_given_back():
    one = Decoder()
    assert len(one.room(10)) == 10
    assert one._content.size == 1 << 20
    one.room((1 << 27) + 1)
    assert one._content.size == 1 << 28
    one.room(10)
    assert one._content.size == 1 << 20


def test_a_decoder_that_is_closed_starts_again(good):
    one = Decoder()
    content = good.read_bytes()
    for _ in range(2):
        one.room(len(content))[:] = content
        plane = one.decode(DecodingRequest(len(content), 64, "voi")).plane
        assert plane.any()
        one.close()
    one.close()
