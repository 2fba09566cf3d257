import json

import pytest

from medcutmix_cli.doctor import output
from tests.calls import medcutmix
from tests.trees import write_manifest


def test_doctor_says_pass_or_warn_and_what_to_do(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in")
    assert medcutmix("doctor", folder, "--out", tmp_path / "run") == 0
    shown = capsys.readouterr().out
    for said in (
        "PASS",
        "WARN",
        "python",
        "dataset",
        "manifest at",
        "rights",
        "--encoder biovil-t",
        "0 failures.",
    ):
        assert said in shown


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["plain", "quiet"])
def test_doctor_ends_with_4_where_something_failed(tmp_path, capsys, monkeypatch, quiet):
    monkeypatch.setattr(output, "free_bytes", lambda folder: 1000)
    assert medcutmix("doctor", "--out", tmp_path, *quiet) == 4
    shown = capsys.readouterr().out
    assert "FAIL" in shown
    assert "choose a folder on another disk" in shown


def test_a_quiet_doctor_says_nothing_where_nothing_failed(capsys):
    assert medcutmix("doctor", "-q") == 0
    assert capsys.readouterr().out == ""


def test_doctor_as_json_has_all_of_it(tmp_path, capsys):
    assert medcutmix("doctor", tmp_path / "none", "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["document"], document["ok"]) == ("checkup", False)
    [failed] = [found for found in document["diagnoses"] if found["grade"] == "fail"]
    assert failed["check"] == "dataset"
    assert set(failed) == {"check", "grade", "what", "fix"}
