import json
import re
import shlex

import pytest

from tests.calls import medcutmix
from tests.trees import write_manifest


def test_check_says_what_it_recognised_and_why(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in", reading="x")
    assert medcutmix("check", folder) == 0
    shown = capsys.readouterr().out
    for said in (
        "Recognised: manifest",
        "subject",
        "by its name",
        "not used",
        "reading",
        "No problem found.",
    ):
        assert said in shown


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.json"])
@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_table_is_said_to_be_that_once(tmp_path, capsys, name, content):
    (tmp_path / name).write_text(content)
    assert medcutmix("check", tmp_path / name) in (1, 4)
    said = capsys.readouterr()
    assert (said.out + said.err).count("error: ") == 1
    assert "empty" in said.out or "JSON" in said.err


@pytest.mark.parametrize("synthetic", [False, True])
def test_check_ends_with_the_command_that_mixes_what_was_checked(tmp_path, capsys, synthetic):
    folder = write_manifest(tmp_path / "with blank", view="pa erect", split="valid")
    if synthetic:
        (folder / "SAMPLE.json").write_text('{"synthetic": true}')
    said = (
        "--map",
        "view:pa erect=PA",
        "--map",
        "split:valid=validate",
        "--split",
        "validate",
        "--split",
        "test",
    )
    assert medcutmix("check", folder, *said) == 0
    name, (dry, line) = (
        "medcutmix augment ",
        re.findall(r"^  medcutmix augment .*$", capsys.readouterr().out, re.M),
    )
    assert dry == f"{line} --dry-run"
    words = shlex.split(line.strip().removeprefix(name))
    rest = [word for word in words if word not in ("RUN", "--encoder", "NAME")]
    assert ("--encoder" in words) == (not synthetic)
    assert rest[0] == str(folder)
    assert sorted(zip(rest[1::2], rest[2::2], strict=True)) == sorted(zip(said[::2], said[1::2], strict=True))
    assert medcutmix("check", *rest) == 0


def test_check_ends_with_4_where_nothing_can_be_mixed(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in", view="Frontal", split="valid")
    assert medcutmix("check", folder, "-q") == 4
    shown = capsys.readouterr().out
    assert "--map view:Frontal=PA" in shown
    assert "--map split:valid=validate" in shown
    flags = ("--map", "view:Frontal=PA", "--map", "split:valid=validate", "--split", "validate")
    assert medcutmix("check", folder, *flags, "-q") == 0
    assert capsys.readouterr().out == ""


def test_check_as_json_has_all_of_it(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in", view="")
    assert medcutmix("check", folder, "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["document"], document["ok"], document["usable"]) == ("check", False, 0)
    option = "--map 'view:=PA|AP|LATERAL'"
    assert document["values"] == [{"role": "view", "value": "", "rows": 12, "option": option, "meaning": ""}]
    assert medcutmix("check", folder, "--view-all", "PA", "--json") == 4
    assert medcutmix("check", folder, "--map", "view:=PA", "-q") == 0


def test_whole_set_values_are_options(tmp_path):
    folder = write_manifest(tmp_path / "in")
    table = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    keep = ("image", "report", "subject")
    table.write_text("".join(json.dumps({k: row[k] for k in keep}) + "\n" for row in rows))
    assert medcutmix("check", folder) == 4
    assert medcutmix("check", folder, "--split-all", "train", "--view-all", "AP") == 0
    assert medcutmix("check", folder, "--split-all", "dev") == 2


def test_a_dry_run_tells_what_is_wrong_first(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in", view="Frontal")
    flags = ("--encoder", "bundled", "--gate", "none", "--workers", 1, "--dry-run", "--probe", 0)
    assert medcutmix("augment", folder, tmp_path / "out", *flags) == 5
    assert "--map view:Frontal=PA" in capsys.readouterr().out


def test_what_is_fit_to_be_mixed_is_no_promise(tmp_path, capsys):
    folder = write_manifest(tmp_path / "in")
    assert medcutmix("check", folder) == 0
    shown = capsys.readouterr().out
    assert "Fit to be mixed" in shown
    assert "Can be mixed" not in shown
    assert medcutmix("check", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["usable"] == 12


@pytest.mark.parametrize("blank", [0, 1, 12])
def test_patients_are_counted_of_the_studies_that_could_be_read(tmp_path, capsys, blank):
    folder = write_manifest(tmp_path / "in")
    table = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    rows = [row | ({"report": ""} if number < blank else {}) for number, row in enumerate(rows)]
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    medcutmix("check", folder)
    shown = " ".join(capsys.readouterr().out.split())
    wanted = {
        0: "12 studies of 12 patients, 12 pictures, 12 rows read",
        1: "12 studies, 11 of them readable: of 11 patients, 11 pictures, 12 rows read",
        12: "12 studies, 0 of them readable, 12 rows read",
    }
    assert wanted[blank] in shown
    assert "of 0 patients" not in shown
