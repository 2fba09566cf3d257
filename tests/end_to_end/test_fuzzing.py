"""A few seconds of the fuzzer (`tests/fuzzing`), and that it would see what it looks for."""

import sys
import zlib

import numpy as np
import pytest

from medcutmix_cli.images import canvas
from tests.fuzzing import fuzz_files, fuzz_pictures, fuzz_reports
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


@pytest.mark.parametrize("kind", ["png", "jpg", "dicom"])
def test_the_files_that_are_damaged_are_the_same_each_time(tmp_path, kind):
    assert fuzz_pictures.seeds_of(kind, tmp_path) == fuzz_pictures.seeds_of(kind, tmp_path)


def test_a_picture_that_is_silently_another_is_seen(monkeypatch):
    read = fuzz_pictures.read_canvas

    def other(*given, **named):
        seen = read(*given, **named)
        return canvas.Canvas(np.roll(seen.pixels, 3), seen.placement)

    monkeypatch.setattr(fuzz_pictures, "read_canvas", other)
    assert fuzz("png", 40, seed=7).wrong["other-pixels"] > 0


def test_a_picture_that_takes_too_long_is_seen(monkeypatch):
    monkeypatch.setattr(fuzz_pictures, "LONGEST", -1.0)
    assert fuzz("png", 3, seed=7).wrong["too-slow"] == 3


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


@pytest.mark.parametrize("pairing", fuzz_reports.PAIRINGS)
def test_odd_reports_are_read_and_mixed_or_left_out_by_name(pairing):
    tally = fuzz_reports.fuzz(pairing, 120, seed=7)
    assert tally.wrong == {}
    assert tally.cases == 120
    assert tally.pairs
    assert len(tally.dropped) > 2


def test_a_mixed_report_with_words_of_nobody_is_seen(monkeypatch):
    monkeypatch.setattr(fuzz_reports, "words", lambda text: {text[-9:].lower()})
    assert fuzz_reports.fuzz("same-finding", 120, seed=7).wrong["words-of-nobody"] > 0


def test_a_reader_that_raises_is_seen(monkeypatch):
    monkeypatch.setattr(fuzz_reports.ReportReader, "read", lambda *_: 1 / 0)
    assert fuzz_reports.fuzz("same-finding", 3, seed=7).wrong["reading ZeroDivisionError"] == 3


@pytest.mark.parametrize("kind", sorted(fuzz_files.TARGETS))
def test_damaged_files_end_in_the_same_data_or_in_a_named_error(kind):
    tally = fuzz_files.fuzz(kind, 24, seed=7)
    assert tally.wrong == {}
    assert tally.cases == 24
    assert set(tally.codes) - {"0"}


@pytest.mark.parametrize(
    ("ends", "seen"),
    [
        (lambda _command: print("Traceback") or sys.exit(1), "says Traceback"),
        (lambda _command: sys.exit(9), "exit 9"),
        (lambda _command: 1 / 0, "left ZeroDivisionError"),
        (lambda _command: None, "did not leave"),
        (lambda _command: sys.exit(0), "not found"),
    ],
    ids=["traceback", "code", "exception", "goes-on", "overlooked"],
)
def test_a_command_that_ends_otherwise_is_seen(tmp_path, monkeypatch, ends, seen):
    (tmp_path / "a").write_bytes(b"whole")
    monkeypatch.setattr(fuzz_files, "medcutmix", ends)
    target = fuzz_files.Target(tmp_path / "a", ("verify",), must_fail=True)
    assert fuzz_files.judge(target, b"damaged")[1].startswith(seen)
    assert (tmp_path / "a").read_bytes() == b"whole"
