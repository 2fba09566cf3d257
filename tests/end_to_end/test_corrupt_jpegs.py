"""JPEGs that libjpeg calls corrupt and decodes whole: refused by name, or kept and counted, by one setting."""

import json
import re

import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.errors import ImageError, RunConflictError
from medcutmix_cli.loader.parents import read_parent
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from tests.calls import medcutmix
from tests.pictures import with_rubbish
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

STUDIES, CORRUPT = 16, (2, 5, 9)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Sixteen studies, three of them with corrupt pictures."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder(batch=3))
    made = write_manifest(tmp_path / "in", studies=STUDIES)
    for number in CORRUPT:
        path = made / f"{number}.jpg"
        path.write_bytes(with_rubbish(path.read_bytes()))
    return made


def augmented(source, out, **options):
    usual = {"encoder": "toy", "gate": "none", "align": "none", "shard_size": 6, "workers": 2}
    return medcutmix_cli.augment(source, out, **(usual | options))


def rows_of(run):
    return [row for path in sorted((run / "data").glob("*.parquet")) for row in read_rows(path)]


def kept_parents(run):
    corrupt = {f"{number}.jpg" for number in CORRUPT}
    return sum(row[f"image_path_{letter}"] in corrupt for row in rows_of(run) for letter in "ab")


def test_by_default_they_are_refused_by_name(source, tmp_path):
    status = augmented(source, tmp_path / "out")
    assert set(status.failed) == {"image:image-corrupt"}
    assert kept_parents(tmp_path / "out") == 0
    assert "corrupt-jpeg-kept" not in status.notes


def test_kept_ones_are_mixed_and_counted_and_verified(source, tmp_path, capsys):
    out = tmp_path / "out"
    status = augmented(source, out, corrupt_jpeg="keep")
    assert status.failed == {}
    assert status.notes["corrupt-jpeg-kept"] == kept_parents(out) > len(CORRUPT)
    assert medcutmix_cli.verify(out, deep=True).ok
    count = status.notes["corrupt-jpeg-kept"]
    assert f"libjpeg calls corrupt | {count} |" in (out / "README.md").read_text(encoding="utf-8")
    assert medcutmix("status", str(out)) == 0
    assert re.search(rf"Noted +{count}  corrupt-jpeg-kept *\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param({"workers": 1}, id="one-worker"),
        pytest.param({"workers": 3}, id="three-workers"),
        pytest.param({"prepared": "cache"}, id="prepared"),
        pytest.param({"stage_dir": "stage"}, id="staged"),
    ],
)
def test_bytes_and_counts_are_the_same_however_pictures_are_read(source, tmp_path, how):
    one = augmented(source, tmp_path / "one", corrupt_jpeg="keep")
    if "prepared" in how:
        made = medcutmix_cli.prepare(source, tmp_path / "cache", corrupt_jpeg="keep")
        assert (made.pictures, made.corrupt, made.unreadable) == (STUDIES, len(CORRUPT), {})
    (tmp_path / "stage").mkdir()
    given = {name: tmp_path / value if isinstance(value, str) else value for name, value in how.items()}
    other = augmented(source, tmp_path / "other", corrupt_jpeg="keep", **given)
    assert output_bytes(tmp_path / "one") == output_bytes(tmp_path / "other")
    assert one.notes["corrupt-jpeg-kept"] == other.notes["corrupt-jpeg-kept"]
    assert "picture-not-prepared" not in other.notes


def test_a_cache_that_refused_them_does_not_stand_for_a_run_that_keeps_them(source, tmp_path):
    made = medcutmix_cli.prepare(source, tmp_path / "cache")
    assert (made.corrupt, made.unreadable) == (0, {"image-corrupt": len(CORRUPT)})
    status = augmented(source, tmp_path / "out", corrupt_jpeg="keep", prepared=tmp_path / "cache")
    assert status.failed == {}
    assert status.notes["picture-not-prepared"] >= STUDIES


def test_it_is_a_setting_that_decides_the_bytes(source, tmp_path):
    augmented(source, tmp_path / "out", corrupt_jpeg="keep")
    with pytest.raises(RunConflictError, match="corrupt_jpeg"):
        augmented(source, tmp_path / "out")
    kept = read_run(RunFolder(tmp_path / "out"))
    augmented(source, tmp_path / "strict")
    assert kept.fingerprint != read_run(RunFolder(tmp_path / "strict")).fingerprint


def test_check_says_what_the_run_would(source, capsys):
    assert medcutmix("check", str(source), "--json") == 0
    strict = json.loads(capsys.readouterr().out)
    assert (dict(strict["undecoded"]), strict["corrupt"]) == ({"image-corrupt": len(CORRUPT)}, 0)
    assert medcutmix("check", str(source), "--corrupt-jpeg", "keep", "--json") == 0
    lenient = json.loads(capsys.readouterr().out)
    assert (lenient["undecoded"], lenient["corrupt"]) == ([], len(CORRUPT))
    assert medcutmix("check", str(source), "--corrupt-jpeg", "keep") == 0
    said = capsys.readouterr().out
    assert f"{len(CORRUPT)} of these that libjpeg calls corrupt" in said
    assert "--corrupt-jpeg keep" in said, "the command that mixes what was checked"


def test_whoever_looks_at_a_run_reads_as_it_did(source, tmp_path):
    out = tmp_path / "out"
    augmented(source, out, corrupt_jpeg="keep")
    page = tmp_path / "page.html"
    assert medcutmix("inspect", str(out), "--html", str(page)) == 0
    assert "cannot be read from the data set" not in page.read_text(encoding="utf-8")
    assert "corrupt JPEGs: keep" in page.read_text(encoding="utf-8")
    picture = str(source / f"{CORRUPT[0]}.jpg")
    asked = (picture, "Small right pleural effusion.", "--run", str(out), "--out", str(tmp_path / "map.png"))
    assert medcutmix("attend", *asked) == 0
    row = next(row for row in rows_of(out) if row["image_path_a"] == f"{CORRUPT[0]}.jpg")
    with pytest.raises(ImageError):
        read_parent(row, "a", source)
    assert np.ptp(read_parent(row, "a", source, corrupt_jpeg="keep")) > 0


def test_originals_are_exported_as_the_run_reads_them(source, tmp_path):
    exported = {}
    for name in ("refuse", "keep"):
        augmented(source, tmp_path / name, corrupt_jpeg=name)
        made = medcutmix_cli.export(
            tmp_path / name, tmp_path / f"{name}-out", to="open-clip", originals="together"
        )
        exported[name] = made.rows["train"]["original"]
    assert exported["keep"] - exported["refuse"] == len(CORRUPT)
