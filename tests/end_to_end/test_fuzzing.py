"""A few seconds of the fuzzer (`tests/fuzzing`), and that it would see what it looks for."""

import zlib

import numpy as np
import pytest

from medcutmix_cli.images import canvas
from tests.fuzzing import fuzz_pictures
from tests.fuzzing.fuzz_pictures import fuzz
from tests.fuzzing.mutations import MUTATIONS, PNG, mutate


@pytest.mark.parametrize("kind", ["png", "jpg", "dicom"])
def test_damaged_pictures_are_read_as_others_read_them_or_refused_by_name(kind):
    tally = fuzz(kind, 300, seed=7)
    assert tally.wrong == {}
    assert tally.read + sum(tally.refused.values()) == tally.cases == 300
    assert len(tally.refused) > 1


@pytest.mark.parametrize("kind", ["png", "jpg", "dicom"])
def test_whole_files_are_read_but_for_those_that_are_animated(tmp_path, kind):
    tally = fuzz_pictures.Tally()
    for content in fuzz_pictures.seeds_of(kind, tmp_path):
        (tmp_path / "whole").write_bytes(content)
        assert fuzz_pictures.judge(kind, tmp_path / "whole", tally) == ""
    assert dict(tally.refused) == ({"image-animated": 1} if kind == "png" else {})


def test_a_picture_that_is_silently_another_is_seen(monkeypatch):
    read = fuzz_pictures.read_canvas

    def other(*given, **named):
        seen = read(*given, **named)
        return canvas.Canvas(np.roll(seen.pixels, 3), seen.placement)

    monkeypatch.setattr(fuzz_pictures, "read_canvas", other)
    assert fuzz("png", 40, seed=7).wrong["other-pixels"] > 0


def test_damage_is_the_same_for_the_same_seed_and_mended_sums_fit():
    whole = fuzz_pictures.seeds_of("png", None)[0]
    assert mutate(whole, np.random.default_rng(3)) == mutate(whole, np.random.default_rng(3))
    for seed in range(20):
        damaged = MUTATIONS[-1](whole, np.random.default_rng(seed))
        assert damaged.startswith(PNG)
        at = len(PNG)
        while at < len(damaged):
            length = int.from_bytes(damaged[at : at + 4], "big")
            assert zlib.crc32(damaged[at + 4 : at + 8 + length]) == int.from_bytes(
                damaged[at + 8 + length : at + 12 + length], "big"
            )
            at += 12 + length
