"""With --refuse-duplicates two studies whose pictures are near-duplicates are in no pair, by name."""

import json
import shutil

import pytest

from medcutmix_cli import pipeline
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.reserve_file import read_uses
from medcutmix_cli.run.run_record import read_run
from tests.picture_copies import draw_chest, write_copy
from tests.trees import output_bytes, write_manifest

COPIED = ("same", "jpeg-65", "darker", "scaled-50")
"""Pictures 0 to 4 are one picture and its copies, each of another patient."""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = write_manifest(tmp_path_factory.mktemp("copies"), 16)
    path = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:  # who all have one finding: every two could be paired
        row["report"] = rows[0]["report"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for number in range(16):
        copy = COPIED[number - 1] if 0 < number <= len(COPIED) else "same"
        write_copy(folder / f"{number}.jpg", draw_chest(0 if number <= len(COPIED) else number), copy)
    return folder


def planned(data, out, **options):
    chosen = {"encoder": "bundled", "gate": "none", "pairs_per_study": 3, "reserve": 2.0, **options}
    pipeline.plan(data, out, **chosen)
    return read_run(RunFolder(out))


def copies_paired(out):
    folder = RunFolder(out)
    numbers = [
        [int(study[1:]) for study in (use.recipient, use.donor)]
        for use in (*read_uses(folder.plan_file), *read_uses(folder.reserve_file))
    ]
    return sum(max(pair) <= len(COPIED) for pair in numbers)


@pytest.mark.parametrize("pairing", ["same-finding", "random", "identity", "mixgen"])
def test_no_pair_joins_near_duplicates(data, tmp_path, pairing):
    free = planned(data, tmp_path / "free", pairing=pairing)
    refused = planned(data, tmp_path / "run", pairing=pairing, refuse_duplicates=True)
    assert copies_paired(tmp_path / "free") > 0
    assert copies_paired(tmp_path / "run") == 0
    assert refused.counts["refused"]["near-duplicate"] > 0
    assert "near-duplicate" not in free.counts["refused"]
    assert (free.counts["duplicates"], refused.counts["duplicates"]) == ({}, {"compared": 16, "studies": 5})


def test_planning_reads_no_picture_unless_asked(data, tmp_path, monkeypatch):
    def fail(*_arguments):
        raise AssertionError("a picture was read")

    monkeypatch.setattr("medcutmix_cli.planning.picture_hashes.hash_picture", fail)
    planned(data, tmp_path / "free")
    with pytest.raises(AssertionError):
        planned(data, tmp_path / "run", refuse_duplicates=True)


def test_the_number_of_workers_decides_nothing(data, tmp_path):
    for workers in (1, 3):
        planned(data, tmp_path / str(workers), refuse_duplicates=True, workers=workers)
    assert output_bytes(tmp_path / "1") == output_bytes(tmp_path / "3")


def test_a_picture_that_cannot_be_read_is_counted_and_paired_as_before(data, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    (folder / "0.jpg").write_bytes(b"GIF89a")
    record = planned(folder, tmp_path / "run", refuse_duplicates=True)
    assert record.counts["duplicates"] == {
        "compared": 15,
        "studies": 4,
        "unreadable:image-format-unknown": 1,
    }
