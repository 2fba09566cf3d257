from dataclasses import replace

import pytest

from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.inspection.sources import PlanProof, mark_studies
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from tests.flips import SpotEncoder, write_runs
from tests.toy_encoder import use_encoder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the proof of a run, and the pairs of its plan."""
    folder = tmp_path_factory.mktemp("sources")
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        run = write_runs(folder)[0]
    marks = mark_studies(open_dataset(folder / "in"))
    return PlanProof(marks, ReportReader(), entities=True), read_plan(RunFolder(run.root).plan_file, 0)


def rules(made, change):
    proof, pairs = made
    return {problem.rule for problem in proof.problems(change(pairs[0]))}


def test_a_plan_as_it_was_made_is_proved(made):
    proof, pairs = made
    assert pairs
    assert [problem for pair in pairs for problem in proof.problems(pair)] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"study_id": "s9999"},
        {"subject_id": "p77"},
        {"image_id": "other"},
        {"image_path": "../other.jpg"},
        {"view": "AP"},
        {"report": "FINDINGS: Clear."},
        {"prompted": True},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.parametrize("who", ["recipient", "donor"])
def test_a_parent_that_is_not_as_the_data_set_has_it_is_found(made, who, changes):
    assert "source" in rules(
        made, lambda pair: replace(pair, **{who: replace(getattr(pair, who), **changes)})
    )


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"split": "test"}, "source"),
        ({"report": "FINDINGS: Clear."}, "plan-text"),
        ({"labels": (0.0,) * 14}, "labels"),
        ({"findings_text": "Clear."}, "sections"),
        ({"impression_text": "Clear."}, "sections"),
        ({"indication_text": "Cough."}, "sections"),
        ({"entities": ()}, "entities"),
    ],
    ids=lambda part: part if isinstance(part, str) else next(iter(part)),
)
def test_what_its_report_does_not_give_is_found(made, changes, rule):
    assert rule in rules(made, lambda pair: replace(pair, **changes))


def test_a_report_that_agrees_with_itself_is_not_said_not_to(made):
    def change(pair):
        return replace(pair, impression_consistent=not pair.impression_consistent)

    assert rules(made, change) == {"consistency"}
