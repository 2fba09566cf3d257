"""Every reason why something is left out has something to try, and what is to be tried is there."""

import ast
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.hints import _table, few_mixed, hint_for, no_mixes_probed, no_pairs, no_pairs_planned
from medcutmix_cli.run.reasons import reasons
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.run.status import run_status
from tests import syntax
from tests.run_folders import write_run
from tests.test_docs import flags

PACKAGE = Path(medcutmix_cli.__file__).parent
OTHERWISE = _table()["otherwise"]
BY_READING = {
    "recipient-sentence-would-break",
    *("next-sentence-points-back", "recipient-sentence-has-other-findings", "sentence-holds-a-list-number"),
    *("recipient-names-the-shadow-otherwise", "donor-names-several-sides"),
    *("recipient-contradicts-itself", "recipient-has-no-diagnostic-sentence", "denial-cannot-be-cut-out"),
    *("donor-has-no-sentence-to-give", "list-would-be-empty", "list-numbers-are-in-no-order"),
    *("contradiction-would-be-left", "normal-beside-acute-finding", "mixed-text-reads-differently"),
    *("recipient-stays-normal", "recipient-denies-filled-lung", "recipient-shadow-is-of-no-lesion"),
    *("cause-of-a-greater-finding-stays", "list-would-be-of-one", "recipient-tells-of-several"),
    *("recipient-calls-it-a-mass",),
    *("other-finding-would-be-lost", "rest-of-sentence-would-mislead", "departed-finding-still-spoken-of"),
    *("recipient-has-the-coming-finding", "recipient-hedges-the-coming-finding"),
}
"""What the rules of reports refuse: nothing helps but to see what they read, and more studies."""


def named_reasons():
    """Return every reason that the package gives to `Refusal` or `RefusedCut` as it stands there."""
    calls = (
        node
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(syntax.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
    )
    said = (call.args[0] for call in calls if call.func.id in ("Refusal", "RefusedCut"))
    return {node.value for node in said if isinstance(node, ast.Constant)}


def test_every_reason_has_a_hint_of_its_own_or_is_one_of_the_rules_of_reports():
    named = named_reasons()
    assert len(named) > 30
    assert {reason for reason in named if hint_for(reason) == OTHERWISE} == BY_READING & named
    assert named >= BY_READING


def test_every_reason_why_a_cell_or_a_study_of_it_is_left_out_has_a_hint_of_its_own():
    left_out = {each.name for each in reasons() if each.group == "who can give and receive"}
    assert "same-patient" in left_out
    assert {name for name in left_out if hint_for(name) == OTHERWISE} == {"impression-tells-another-story"}


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("in-no-target-cell", "+50"),
        ("target-cell-full", "+50"),
        ("hosts-used-up", "--pairs-per-study"),
        ("donors-used-up", "--max-uses-per-donor"),
        ("shape-would-shift", "--shape-tolerance"),
        ("donor-share-reached", "--max-donor-share"),
        ("too-few-null-pictures", "least"),
        ("split-not-mixed:validate", "mixes the studies of that split"),
        ("split-not-mixed:Train", "capitals too"),
        ("split-missing", "--column split"),
        ("image:image-animated", "one still picture"),
        ("image:image-corrupt", "download these pictures again"),
        ("image:image-crashed-decoder", "set these pictures aside"),
        ("recipient-weak-evidence", "--gate none"),
        ("donor-mask-too-small", "--mask"),
        ("donor-device-pasted", "guards"),
        ("image:image-missing", "--dataset PATH"),
        ("image:dicom-colour", "open one of these"),
        ("encode:donor-map-missing", "needed_maps"),
        ("view-unknown", "--column view"),
        ("recipient-is-not-normal", "normal studies"),
        ("a-rule-of-a-plugin", "medcutmix read"),
    ],
)
def test_a_reason_finds_its_hint_whatever_stands_around_it(reason, word):
    assert word in hint_for(reason)


def test_no_reason_is_listed_twice_and_every_flag_is_one():
    known = [pattern for entry in _table()["hints"] for pattern in entry["reasons"]]
    assert len(known) == len(set(known))
    hints = [entry["try"] for entry in _table()["hints"]]
    assert len(hints) == len(set(hints))
    assert {flag for hint in hints for flag in re.findall(r"--[a-z-]+", hint)} <= flags()


ADVISED = sorted(
    {
        (flag, value, entry["reasons"][0])
        for entry in _table()["hints"]
        for flag, value in re.findall(r"(--[a-z-]+) ([a-z][a-z0-9-]*)", entry["try"])
    }
)


@pytest.mark.parametrize(("flag", "value", "reason"), ADVISED)
def test_an_option_that_is_as_advised_already_is_said_to_be_so(flag, value, reason):
    reason = reason.replace("*", "x")
    [line] = no_pairs_planned({reason: 1}, "RUN", {flag: ("another", value)}).hint.splitlines()
    assert f"{flag} {value} (as it is now)" in line
    assert line.replace(" (as it is now)", "") == hint_for(reason)
    assert no_pairs_planned({reason: 1}, "RUN", {flag: ("other", f"{value}-other")}).hint == hint_for(reason)


def test_a_status_knows_the_named_choices_of_its_run(tmp_path):
    status = run_status(RunFolder(write_run(tmp_path / "run", ([],))))
    assert {"--gate", "--mask", "--pairing", "--unmixed"} <= set(status.chosen)
    assert status.chosen["--pairing"] == ("same-finding",)
    assert not any(name in status.chosen for name in ("--exclude-ids", "--dataset", "--weights"))


def test_the_two_largest_reasons_are_named_with_what_to_try():
    error = no_pairs_planned({"view-unknown": 2, "report-empty": 1, "same-patient": 1_200}, "RUN")
    assert error.what == "no pair could be planned: same-patient (1,200 studies), view-unknown (2 studies)"
    assert error.hint.splitlines() == [hint_for("same-patient"), hint_for("view-unknown")]
    assert (error.where, error.exit_code) == ("RUN", 5)


def test_two_reasons_with_one_hint_say_it_once():
    error = no_pairs_planned({"no-donor": 1, "pair-already-planned": 1}, "RUN")
    assert error.hint == hint_for("no-donor")


def test_a_data_set_without_a_study_is_said():
    assert no_pairs_planned({}, "RUN").what == "no pair could be planned: there is no study"


def test_a_plan_of_which_nothing_was_written_is_told_by_its_pairs(tmp_path):
    run = write_run(tmp_path / "run", ([],), rejected=3, failed=1)
    status = run_status(RunFolder(run))
    assert status.has_no_pair
    error = no_pairs(status, run)
    what = "no pair was written: recipient-mask-too-small (3 pairs), image:image-missing (1 pair)"
    assert error.what == what
    assert error.hint.splitlines()[-1].startswith("with other settings name another folder")


def test_a_probe_that_wrote_no_mix_says_what_stood_against_them():
    error = no_mixes_probed({"weak-evidence": 3}, "RUN")
    assert error.what == (
        "nothing would be mixed: the probe tried every mix, and each was rejected: weak-evidence (3 pairs)"
    )
    assert error.hint == hint_for("weak-evidence")
    assert error.exit_code == 5


FEW = {"written": 20, "unmixed": 17, "planned": 20, "rejected": {}, "reserved": 0, "missing": ()}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({}, True, id="few"),
        pytest.param({"unmixed": 16}, False, id="a-fifth"),
        pytest.param({"unmixed": 0}, False, id="all"),
        pytest.param({"unmixed": 20}, False, id="none-is-an-error-already"),
        pytest.param({"missing": (1,)}, False, id="still-rendering"),
        pytest.param({"reserved": 3}, False, id="still-to-refill"),
    ],
)
def test_a_run_with_few_mixes_says_what_stood_against_more(changes, told, tmp_path):
    status = run_status(RunFolder(write_run(tmp_path / "run", ([],))))
    refused = {"same-patient": 4, "too-few-null-pictures": 9}
    said = few_mixed(replace(status, **{**FEW, "refused": refused, **changes}))
    assert bool(said) is told
    if told:
        assert said.startswith("Only 3 of 20 rows are mixed, the others are studies as they are; ")
        assert "too-few-null-pictures stood against most (9 candidates): " in said
        assert said.endswith(hint_for("too-few-null-pictures"))


@pytest.mark.parametrize("reason", sorted({*(one.name for one in reasons()), "image:image-missing"}))
def test_where_no_column_can_be_named_no_hint_says_so_and_the_rest_is_a_sentence(reason):
    known, unknown = hint_for(reason), hint_for(reason, columns=False)
    assert "--column" not in unknown
    assert unknown == known or len(unknown) < len(known)
    assert not re.search(r"[{}]|^[,;: ]|[,;: ]$|  ", known + "|" + unknown)


@pytest.mark.parametrize("said", ["normal-host", ["normal-host", "identity"]])
def test_a_status_knows_the_pairing_as_earlier_and_later_versions_wrote_it(tmp_path, said):
    folder = RunFolder(write_run(tmp_path / "run", ([],)))
    record = read_run(folder)
    plan = {**record.settings["plan"], "pairing": said}
    write_json(folder.run_file, asdict(replace(record, settings={**record.settings, "plan": plan})))
    assert run_status(folder).chosen["--pairing"] == ((said,) if isinstance(said, str) else tuple(said))
