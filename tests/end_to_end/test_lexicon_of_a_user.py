"""A run with a user's lexicon: one lexicon for all that reads, in every process, known by its content."""

import json
from shutil import copytree

import pytest

import medcutmix_cli
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.errors import RunConflictError, UsageError
from medcutmix_cli.pairing.same_finding import SameFinding
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning import reading
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.records import Image, Study
from medcutmix_cli.reports.tables import BUILT_IN, lexicon_in_use, lexicon_of, use_lexicon
from tests.calls import medcutmix
from tests.shared_sample import shared_sample

FINDING = "fluid_level"
MINE = f"""[[finding]]
id = "pleural_effusion"
terms = ['empyemas?']

[[finding]]
id = "{FINDING}"
terms = ['(?:pleural )?effusions?']
chexpert = "Pleural Other"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a finished run that exchanges a finding of the user's, with its sample and lexicon."""
    folder = tmp_path_factory.mktemp("lexicon")
    copytree(shared_sample(tmp_path_factory.getbasetemp(), studies=120), folder / "sample")
    (folder / "my.toml").write_text(MINE)
    options = {"findings": (FINDING,), "gate": "none", "align": "none", "lexicon": folder / "my.toml"}
    medcutmix_cli.augment(folder / "sample", folder / "run", **options)
    return folder


def record(folder):
    return json.loads((folder / "run" / "run.json").read_text())


def test_a_finding_of_the_users_is_exchanged_and_labelled(run):
    pairs = record(run)["counts"]["pairs_by_finding"]
    assert set(pairs) == {FINDING}
    assert pairs[FINDING] > 3
    texts = record(run)["counts"]["texts"]
    assert texts[f"finding:{FINDING}"] > 10
    assert texts.get("finding:pleural_effusion", 0) < texts[f"finding:{FINDING}"]


def test_the_run_says_which_lexicon_it_was_and_keeps_it(run):
    known = lexicon_of(MINE, "my.toml").sha256
    assert record(run)["sources"]["findings"] == known
    assert known in (run / "run" / "README.md").read_text()
    assert (run / "run" / "findings.toml").read_text() == MINE
    assert (run / "run" / "findings.toml").stat().st_mode & 0o077 == 0


def test_nothing_of_it_is_left_in_this_process(run):
    assert lexicon_in_use() is BUILT_IN


def test_a_deep_check_reads_by_the_copy_though_the_file_is_gone(run, tmp_path):
    moved = copytree(run / "run", tmp_path / "run")
    (run / "my.toml").rename(run / "elsewhere.toml")
    try:
        assert medcutmix_cli.verify(moved, deep=True).ok
    finally:
        (run / "elsewhere.toml").rename(run / "my.toml")
    (moved / "findings.toml").unlink()
    assert "lexicon" in {problem.rule for problem in medcutmix_cli.verify(moved).problems}


def test_the_same_content_under_another_name_goes_on_and_another_content_is_another_run(run, tmp_path):
    options = {"findings": (FINDING,), "gate": "none", "align": "none"}
    (tmp_path / "same.toml").write_text(MINE)
    (tmp_path / "other.toml").write_text(MINE + "# other\n")
    before = record(run)
    medcutmix_cli.plan(run / "sample", run / "run", lexicon=tmp_path / "same.toml", **options)
    assert record(run) == before
    with pytest.raises(RunConflictError) as refused:
        medcutmix_cli.plan(run / "sample", run / "run", lexicon=tmp_path / "other.toml", **options)
    assert "other content: findings" in refused.value.what


def test_a_lexicon_that_does_not_fit_stops_a_run_before_it_makes_a_folder(tmp_path, capsys):
    (tmp_path / "bad.toml").write_text("[[finding]]\nid = 'mass'\nadd.trems = ['a']\n")
    with pytest.raises(UsageError):
        medcutmix_cli.plan(tmp_path, tmp_path / "run", lexicon=tmp_path / "bad.toml")
    assert not (tmp_path / "run").exists()
    assert medcutmix("plan", tmp_path, tmp_path / "run", "--findings", tmp_path / "bad.toml") == 2
    said = capsys.readouterr().err
    assert "bad.toml:3" in said.replace("\n", "")
    assert "add.trems" in said


def study(number):
    report = f"FINDINGS: There is a {('small', 'large')[number % 2]} left pleural effusion. Bones are intact."
    image = Image(f"i{number}", f"i{number}.png", "PA")
    return Study(f"s{number}", f"p{number}", "train", (image,), report)


def test_worker_processes_read_and_pair_by_the_lexicon_of_the_run(monkeypatch):
    monkeypatch.setattr(reading, "_PARALLEL_FROM", 1)
    monkeypatch.setattr(planning, "_TOGETHER_FROM", 1)
    settings = PlanSettings(findings=(FINDING,))
    with use_lexicon(lexicon_of(MINE, "my.toml")):
        strategy = SameFinding(findings=(FINDING,))
        one, two = (make_plan([study(n) for n in range(8)], settings, strategy, workers=w) for w in (1, 2))
    assert [pair.finding for pair in one.pairs] == [FINDING] * 8
    assert repr(list(one.pairs)) == repr(list(two.pairs))  # a label that is not there equals none
    assert one.texts == two.texts
