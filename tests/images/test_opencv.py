import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import decode_picture, encode_png, read_canvas
from medcutmix_cli.images.opencv import silent_opencv, single_threaded_opencv
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering import reading
from tests.pictures import make_shapes
from tests.trees import write_manifest


@pytest.fixture(autouse=True)
def _three_threads():
    before = cv2.getNumThreads(), cv2.getLogLevel()
    cv2.setNumThreads(3)
    cv2.setLogLevel(3)
    yield
    cv2.setNumThreads(before[0])
    cv2.setLogLevel(before[1])


def state():
    return cv2.getNumThreads(), cv2.getLogLevel()


def test_each_block_changes_its_own_setting_and_puts_it_back():
    with single_threaded_opencv():
        assert state() == (1, 3)
    with silent_opencv():
        assert state() == (3, 0)
    assert state() == (3, 3)


@pytest.mark.parametrize("size", [(1517, 1533), (900, 640)])
def test_pixels_do_not_depend_on_the_threads_of_opencv(tmp_path, size):
    for depth, picture in (
        ("deep", make_shapes(*size)),
        ("grey", (make_shapes(*size) >> 4).astype(np.uint8)),
    ):
        cv2.imwrite(str(tmp_path / f"{depth}.png"), picture)
        many = read_canvas(tmp_path / f"{depth}.png", 448, PictureRules("voi")).pixels
        with single_threaded_opencv():
            assert np.array_equal(
                read_canvas(tmp_path / f"{depth}.png", 448, PictureRules("voi")).pixels, many
            )


def test_what_cannot_be_decoded_is_not_printed_by_the_decoder(tmp_path, capfd):
    content = encode_png(np.zeros((20, 20), np.uint8))[:50] + b"IEND"  # no data, yet an end
    cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert "[ WARN" in capfd.readouterr().err  # OpenCV itself does
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ImageError, match="ends too early"):
        read_canvas(tmp_path / "a.png", 112, PictureRules("voi"))
    with pytest.raises(ImageError, match="grey 8-bit picture"):
        decode_picture(content)
    assert "[ WARN" not in capfd.readouterr().err
    assert state() == (3, 3)


def test_a_run_renders_on_one_thread_and_leaves_the_callers_threads_alone(tmp_path, monkeypatch):
    seen, read = set(), reading.read_canvas
    monkeypatch.setattr(reading, "read_canvas", lambda *given: seen.add(state()[0]) or read(*given))
    data = write_manifest(tmp_path / "data", 6)
    medcutmix_cli.augment(data, tmp_path / "run", encoder="bundled", gate="none", align="none", workers=2)
    assert seen == {1}
    assert state() == (3, 3)
