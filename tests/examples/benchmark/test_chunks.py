"""A data set of the user's own: shared out by patient, tested by tables, with a run that is there already."""

import csv
import json
from dataclasses import replace

import pytest

import medcutmix_cli
from examples.benchmark.arms import extra_rows, rare
from examples.benchmark.chunks import prepare
from examples.benchmark.config import StudySet, narrowed, read_config
from examples.benchmark.results import read_results
from examples.benchmark.rows import RowName, run_row
from medcutmix_cli.datasets.sample import write_sample
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from tests.examples.benchmark.tiny import tiny_training

CHUNKS = 1  # and as many studies again for the tuning chunk


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    write_sample(folder / "data", studies=112, height=192)
    medcutmix_cli.augment(folder / "data", folder / "run", canvas=224, seed=3, pairs_per_study=3)
    return folder


def config(place, **changes):
    whole = narrowed(read_config(), (), ("none", "same-finding", "oversampling"), ablations=False)
    mine = StudySet("mine", dataset=str(place / "data"), runs={"same-finding": str(place / "run")}, **changes)
    return replace(
        whole, sets=(mine,), training=tiny_training(whole.training), chunks=CHUNKS, rows=0.25, workers=2
    )


def patients(place, ids):
    rows = {}
    for path in (place / "data").rglob("s*"):
        if path.is_dir():
            rows[path.name[1:]] = path.parent.name
    return {rows[str(name)] for name in ids}


def test_no_patient_is_in_two_chunks_and_test_patients_are_not_trained_on(place, tmp_path):
    whole = config(place)
    several = [prepare(whole, whole.sets[0], chunk, tmp_path) for chunk in ("0", "tune-0")]
    parts = [patients(place, part.ids) for chunk in several for part in (chunk.train, chunk.test)]
    assert all(parts)
    assert sum(map(len, parts)) == len(set().union(*parts))
    assert not several[0].train.attribute.any()


def test_the_users_run_is_used_and_stays(place, tmp_path):
    whole = config(place)
    chunk = prepare(whole, whole.sets[0], "0", tmp_path)
    found = extra_rows(whole, whole.sets[0], whole.arms[1], chunk, tmp_path / "runs" / "x")
    known = set(map(str, chunk.train.ids))
    assert found.distinct > 0
    assert {*found.material.extra.ids, *found.material.extra.donors} <= known
    assert (place / "run" / "data").is_dir()


def test_an_arm_may_have_mixed_rows_and_copies(place, tmp_path):
    whole = config(place)
    chunk = prepare(whole, whole.sets[0], "0", tmp_path)
    arm = replace(whole.arms[1], copies=0.3)
    extra = extra_rows(whole, whole.sets[0], arm, chunk, tmp_path / "x").material.extra
    rows = round(whole.rows * len(chunk.train))
    copies = round(0.3 * rows)
    assert len(extra) == rows > copies > 0
    originals = chunk.train.take(rare(chunk.train, whole.sets[0], copies))
    assert extra.ids[-copies:].tolist() == extra.donors[-copies:].tolist() == originals.ids.tolist()
    assert (extra.pictures[-copies:] == originals.pictures).all()
    assert (extra.ids[:-copies] != extra.donors[:-copies]).any(), (
        "rows of a run: mixes, and studies as they are"
    )


def test_a_row_of_ones_own_data_runs(place, tmp_path):
    whole = config(place, attribute="view", finding="pleural_effusion")
    assert run_row(whole, RowName("mine", "0"), tmp_path, lambda line: None) == 3
    [none] = [result for result in read_results(tmp_path) if result.arm == "none"]
    assert "calibration.brier" in none.outcomes


def test_a_table_is_the_truth_of_test_studies(place, tmp_path):
    plain = prepare(config(place), config(place).sets[0], "0", tmp_path)
    table = tmp_path / "labels.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["study_id", "Edema"])
        writer.writerows([(name, 1) for name in plain.test.ids[:3]])
    whole = config(place, labels=str(table))
    chunk = prepare(whole, whole.sets[0], "0", tmp_path)
    assert list(chunk.test.ids) == list(plain.test.ids[:3])
    assert chunk.test.labels[:, CHEXPERT.index("Edema")].tolist() == [1, 1, 1]
    assert len(chunk.train) == len(plain.train)


def test_an_attribute_comes_from_a_table_or_from_the_view(place, tmp_path):
    plain = prepare(config(place), config(place).sets[0], "0", tmp_path)
    table = tmp_path / "devices.csv"
    having = set(map(str, plain.train.ids[::2]))
    table.write_text(
        "study_id,pacemaker\n" + "".join(f"{i},{int(i in having)}\n" for i in map(str, plain.train.ids))
    )
    whole = config(place, attribute="pacemaker", attributes=str(table), finding="pleural_effusion")
    chunk = prepare(whole, whole.sets[0], "0", tmp_path)
    assert set(map(str, chunk.train.ids[chunk.train.attribute])) == having
    views = config(place, attribute="view", finding="pleural_effusion")
    assert 0 < prepare(views, views.sets[0], "0", tmp_path).train.attribute.mean() < 1


def test_a_run_of_other_studies_says_so(place, tmp_path):
    write_sample(tmp_path / "other", studies=60, height=64, seed=9)
    medcutmix_cli.augment(tmp_path / "other", tmp_path / "run", canvas=224)
    assert json.loads((tmp_path / "other" / "SAMPLE.json").read_text())["settings"]["seed"] == 9
    whole = config(place)
    mine = replace(whole.sets[0], runs={"same-finding": str(tmp_path / "run")})
    chunk = prepare(whole, mine, "0", tmp_path)
    with pytest.raises(UsageError, match="no row of this run"):
        extra_rows(whole, mine, whole.arms[1], chunk, tmp_path / "x")
