"""Pairs that were not written, rendered once more."""

import json

import numpy as np
import pytest

from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.inspection.pair_view import pair_view
from medcutmix_cli.inspection.refused_view import RefusedPairs, as_plain, refused_view
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from tests.refused_runs import refused_run, toy_encoders
from tests.sealed_files import change_sealed


@pytest.fixture(scope="module", autouse=True)
def _toy():
    with toy_encoders():
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return refused_run(tmp_path_factory.mktemp("refused"))


def outcomes(run, kind):
    return [outcome for outcome in read_outcomes(RunFolder(run).failures_file(0)) if outcome.outcome == kind]


def test_every_pair_is_refused_again_by_the_same_rule_and_its_cells_are_marked(run):
    pairs = RefusedPairs(run)
    rejected = outcomes(run, "rejected")
    assert rejected
    for outcome in rejected:
        view = pairs.view(outcome.pair_id)
        assert (view.rule, view.now, view.outcome) == (outcome.reason, "", "rejected")
        who = getattr(view, outcome.reason.partition("-")[0])
        assert np.array_equal(who.broken, who.mask)  # its size is wrong: all of it broke the rule
        assert any("takes" in said and "%" in said for said in view.details)
        assert view.reason is not None
        assert view.recipient.pixels.shape == view.donor.pixels.shape


def test_a_picture_that_cannot_be_read_leaves_the_other_one_to_look_at(run):
    pairs = RefusedPairs(run)
    failed = outcomes(run, "failed")
    assert failed
    for outcome in failed:
        view = pairs.view(outcome.pair_id)
        assert (view.outcome, view.rule, view.now) == ("failed", "image-missing", "")
        parents = (view.recipient, view.donor)
        assert sorted(parent.missing for parent in parents) == ["", "image-missing"]
        assert [parent.pixels is None for parent in parents] == [bool(parent.missing) for parent in parents]


def test_the_first_digits_of_an_id_are_enough_and_one_of_a_row_is_none(run):
    pair_id = outcomes(run, "rejected")[0].pair_id
    pairs = RefusedPairs(run)
    assert pairs.find(pair_id[:12].upper()) == pair_id
    assert pairs.find("nothing") == ""
    with pytest.raises(UsageError, match="several pairs"):
        pairs.find("")
    with pytest.raises(UsageError, match="no such pair"):
        refused_view(run, "0123456789abcdef")


def test_looking_changes_no_file_of_the_run(run):
    before = {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()}
    refused_view(run, outcomes(run, "rejected")[0].pair_id)
    assert {path: path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()} == before


def test_a_run_without_its_calibration_is_not_given_one(tmp_path):
    run = refused_run(tmp_path)
    folder = RunFolder(run)
    change_sealed(folder.run_file, lambda said: said["settings"]["mixing"].update(gate="null-max"))
    with pytest.raises(RunError, match="no calibration"):
        refused_view(run, outcomes(run, "rejected")[0].pair_id)
    assert not folder.calibration_file.exists()


def test_plain_values_are_json_without_pixels_and_reprs_hold_no_report(run):
    view = refused_view(run, outcomes(run, "rejected")[0].pair_id)
    plain = json.loads(json.dumps(as_plain(view)))
    assert "pixels" not in plain["recipient"]
    assert plain["rule"] == view.rule
    assert len(plain["recipient"]["mask"]) == len(plain["recipient"]["map"])
    assert view.recipient.sentence
    assert view.recipient.sentence not in repr(view)


def test_a_pair_that_would_be_written_today_says_so(tmp_path):
    run = refused_run(tmp_path, "")
    folder = RunFolder(run)
    lines = folder.failures_file(0)
    written = pair_view(run, index=0)
    told = {"pair_id": written.pair_id, "recipient": "a", "donor": "b", "outcome": "rejected", "stage": "mask",
            "reason": "donor-mask-too-small", "error": ""}  # fmt: skip
    lines.write_text(lines.read_text() + json.dumps(told) + "\n")
    assert refused_view(run, written.pair_id).now == "would be written"
