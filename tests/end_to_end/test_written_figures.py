"""What is told of a finished run is counted from the rows that were written: counted here again, from Parquet alone."""

import json
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.summary import status
from tests.calls import medcutmix
from tests.end_to_end.test_refill import TARGET, drawn, reject, share, source
from tests.toy_encoder import ToyEncoder, use_encoder

__all__ = ["drawn", "source"]
TOY = {"encoder": "toy", "gate": "none", "align": "none", "workers": 2, "shard_size": 7}
TARGETED = {**TOY, "pairing": "normal-host", "seed": 3, "target": (TARGET,), "reserve": 12}
RUNS = {
    "same-finding": ({**TOY, "pairing": "same-finding"}, True),
    "cross-finding": ({**TOY, "pairing": "cross-finding", "reserve": 2}, True),
    "target": (TARGETED, False),
}
"""Name -> options, and whether phantoms are mixed."""


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantoms") / "in"
    medcutmix_cli.write_sample(folder, studies=60, height=256, workers=2)
    return folder


def written_rows(run):
    return [row for part in sorted(run.glob("data/*.parquet")) for row in pq.read_table(part).to_pylist()]


def traits_of_row(row):
    """Say what a row has, by the names of the table."""
    present = {name for name, value in zip(CHEXPERT, row["label_mixed"], strict=True) if value == 1}
    sides = {entity["side"] for entity in row["entities"] if entity["assertion"] == "present"}
    return {
        *(f"label: {name}" for name in present - {"Support Devices"}),
        *(["device: yes"] if "Support Devices" in present else []),
        *([f"view: {row['view_a']}"] if row["view_a"] else []),
        *(f"side: {side}" for side in sides & {"left", "right", "bilateral"}),
    }


def effective(uses):
    return round(sum(uses.values()) ** 2 / sum(n * n for n in uses.values()), 2)


def donors_of(rows):
    """Return finding -> (rows, donors, effective, most rows of one)."""
    uses = {}
    for row in rows:
        if row["finding"]:
            uses.setdefault(row["finding"], Counter())[row["study_id_b"]] += 1
    return {f: (n.total(), len(n), effective(n), max(n.values())) for f, n in sorted(uses.items())}


def as_they_are(rows):
    return sum(not row["finding"] and not row["finding_a"] and row["image_mode"] == "keep" for row in rows)


def told_by(command, run, capsys):
    capsys.readouterr()
    medcutmix(command, run)
    return " ".join(capsys.readouterr().out.split())


@pytest.fixture
def rows_of_run(request, source, phantoms, tmp_path, monkeypatch, capsys):
    """Return a run, of which half of the mixes were rejected and some replaced, and its rows."""
    options, painted = RUNS[request.param]
    reject(monkeypatch, lambda pair: bool(pair.finding) and share(50)(pair))
    monkeypatch.setenv("COLUMNS", "200")
    medcutmix_cli.augment(phantoms if painted else source, tmp_path / "run", **options)
    return tmp_path / "run", written_rows(tmp_path / "run")


@pytest.mark.parametrize("rows_of_run", RUNS, indirect=True)
def test_what_is_told_is_what_was_written(rows_of_run, capsys):
    run, rows = rows_of_run
    found = status(run)
    assert sum(found.rejected.values()) > 0
    assert found.refills[0].pairs > 0
    have, shape = Counter(trait for row in rows for trait in traits_of_row(row)), found.shape
    assert shape.written
    assert {trait: count.rows for trait, count in shape.traits.items() if count.rows} == have
    assert (shape.rows, shape.kept) == (len(rows), as_they_are(rows))
    assert shape.recipients == effective(Counter(row["study_id_a"] for row in rows))
    given = {f: (c.rows, c.donors, c.effective, c.most) for f, c in shape.donors.items()}
    assert given == donors_of(rows)
    _check_pages(run, rows, have, shape, capsys)


def _check_pages(run, rows, have, shape, capsys):
    """Compare what commands, card and page say with the same counts."""
    medcutmix("status", run, "--json")
    document = json.loads(capsys.readouterr().out)["shape"]
    assert (document["rows"], document["kept"], document["written"]) == (len(rows), as_they_are(rows), True)
    medcutmix("inspect", run, "--html", run.parent / "page.html")
    card, page = (run / "README.md").read_text(), (run.parent / "page.html").read_text()
    shown = {command: told_by(command, run, capsys) for command in ("status", "inspect", "render")}
    for trait, own, _now in shape.shares():
        now = f"{have[trait] / len(rows):.1%}"
        assert f"| {trait} | {own:.1%} | {now} |" in card
        assert f'{trait}</th><td class="count">{own:.1%}</td><td class="count">{now}</td>' in page
        assert all(f"{trait} {own:.1%} {now}" in said for said in shown.values())
    for finding, (number, donors, even, most) in donors_of(rows).items():
        assert f"| {finding} | {number} | {donors} | {even:.1f} | {most} |" in card
        assert all(f"{finding} {even:,.1f} of {donors}" in said for said in shown.values())
    assert all("originals against written rows" in said for said in shown.values())
    if kept := as_they_are(rows):
        assert all(f"{kept} of them studies as they are" in said for said in shown.values())
        assert f"{len(rows)} written rows, {kept} of them as" in card


@pytest.mark.parametrize("percent", [0, 50])
def test_where_nothing_is_rejected_the_plan_is_what_was_written(source, tmp_path, monkeypatch, percent):
    reject(monkeypatch, share(percent))
    planned = medcutmix_cli.plan(source, tmp_path / "run", **TARGETED).shape
    written = medcutmix_cli.render(tmp_path / "run").shape
    assert (planned.written, written.written) == (False, True)
    assert (replace(planned, written=True) == written) == (not percent)


def test_while_shards_are_missing_the_plan_is_told_and_called_so(source, tmp_path, monkeypatch, capsys):
    reject(monkeypatch, share(50))
    medcutmix_cli.plan(source, tmp_path / "run", **TARGETED)
    medcutmix_cli.render(tmp_path / "run", task=0, num_tasks=2)
    found = status(tmp_path / "run")
    assert found.missing
    assert found.complete
    assert not found.shape.written
    assert "originals against planned rows" in told_by("status", tmp_path / "run", capsys)
