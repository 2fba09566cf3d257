"""A run in which nothing is mixed says so: rows that are studies as they are do not count as mixes anywhere."""

import json
from dataclasses import asdict, replace

import pytest

import medcutmix_cli
from medcutmix_cli.gallery.catalogue import written_pairs
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.contents import open_contents
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.seals import seal_json
from medcutmix_cli.run.shard_state import read_complete
from medcutmix_cli.run.shards import is_unmixed, read_rows
from medcutmix_cli.run.status import run_status
from tests.calls import medcutmix
from tests.end_to_end.test_refill import drawn, reject, share, source

__all__ = ["drawn", "source"]
CHOSEN = {"encoder": "toy", "gate": "none", "align": "none", "pairing": "normal-host", "unmixed": "keep"}
OPTIONS = tuple(word for name, value in CHOSEN.items() for word in (f"--{name}", value))


def reject_mixes(monkeypatch, percent):
    reject(monkeypatch, lambda pair: bool(pair.finding) and share(percent)(pair))


def counted(run):
    rows = [row for path in sorted(run.glob("data/*.parquet")) for row in read_rows(path)]
    return len(rows), sum(map(is_unmixed, rows))


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_mixes_and_studies_as_they_are_are_counted_apart(source, tmp_path, monkeypatch, capsys, percent):
    reject_mixes(monkeypatch, percent)
    code = medcutmix("augment", source, tmp_path / "run", *OPTIONS)
    said, status = capsys.readouterr(), run_status(RunFolder(tmp_path / "run"))
    assert (status.written, status.unmixed) == counted(tmp_path / "run")
    assert status.unmixed
    assert f"{status.mixed} mixed, {status.unmixed} studies as they are" in " ".join(said.out.split())
    assert (code, status.mixed == 0, status.has_no_mix) == (
        (5, True, True) if percent == 100 else (0, False, False)
    )
    assert ("nothing is mixed" in said.err) == (percent == 100)


def test_a_run_without_a_mix_can_be_looked_at_and_says_so_as_json(source, tmp_path, monkeypatch, capsys):
    reject_mixes(monkeypatch, 100)
    medcutmix("augment", source, tmp_path / "run", *OPTIONS, "--quiet")
    capsys.readouterr()
    assert medcutmix("status", tmp_path / "run", "--json") == 5
    document = json.loads(capsys.readouterr().out)
    assert (document["mixed"], document["has_no_mix"], document["has_no_pair"]) == (0, True, False)
    assert medcutmix("verify", tmp_path / "run", "--deep") == 0


def test_the_baseline_that_mixes_nothing_is_no_failure(source, tmp_path, capsys):
    assert medcutmix("augment", source, tmp_path / "run", *OPTIONS[:6], "--pairing", "identity") == 0
    status = run_status(RunFolder(tmp_path / "run"))
    assert status.unmixed == status.written > 0
    assert not status.has_no_mix


def test_a_changed_count_is_found(source, tmp_path):
    medcutmix_cli.augment(source, tmp_path / "run", **CHOSEN)
    folder = RunFolder(tmp_path / "run")
    state = read_complete(folder, 0)
    changed = replace(state, unmixed=state.unmixed - 1)
    folder.state_file(0).write_text(seal_json(asdict(changed)), encoding="utf-8")
    assert [problem.rule for problem in verify(tmp_path / "run").problems] == ["unmixed"]


def test_a_study_as_it_is_has_no_donor_where_pairs_are_listed(source, tmp_path):
    medcutmix_cli.augment(source, tmp_path / "run", **CHOSEN)
    lines = written_pairs(open_contents(tmp_path / "run"))
    assert {line.exchange for line in lines if line.unmixed} == {"study as it is"}
    assert all(bool(line.donor) != line.unmixed for line in lines)


@pytest.mark.parametrize(("percent", "probe"), [(0, 100), (50, 100), (100, 100), (100, 4)])
def test_a_dry_run_tells_that_nothing_would_be_mixed(source, tmp_path, monkeypatch, capsys, percent, probe):
    """Where the probe tried every mix that is an error, as of the run; where it tried some, a warning."""
    reject_mixes(monkeypatch, percent)
    estimate = medcutmix_cli.estimate_augment(source, tmp_path / "run", probe=probe, **CHOSEN)
    tried = estimate.probe
    assert tried.mixes_tried + tried.unmixed == tried.pairs
    assert estimate.mixes_nothing == (percent == 100 and probe == 100)
    code = medcutmix("augment", source, tmp_path / "run", *OPTIONS, "--dry-run", "--probe", str(probe))
    said = capsys.readouterr()
    shown = " ".join(said.out.split())
    assert code == (5 if estimate.mixes_nothing else 0)
    assert ("nothing would be mixed: the probe tried every mix" in said.err) == estimate.mixes_nothing
    assert f"{estimate.plan.unmixed:,} studies as they are" in shown
    some = percent == 100 and not estimate.mixes_nothing and tried.mixes_tried > 0
    assert ("in the probe was written: the run may mix little" in shown) == some
    assert f"{tried.unmixed:,} of them studies as they are" in shown or not tried.unmixed
