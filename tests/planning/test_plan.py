import math
import random
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cohort import pack_study
from medcutmix_cli.pairing.consistency import contradiction
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.proposal import Offer
from medcutmix_cli.pairing.shared_studies import share_studies
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.planning.reading import choose_image, read_study
from medcutmix_cli.records import Assertion, Drop, Image, Mention, Side
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

SENTENCES = (
    "There is a small right pleural effusion.",
    "A large left pleural effusion is present.",
    "Right upper lobe consolidation is present.",
    "There is a moderate left pneumothorax.",
    "No pneumothorax.",
    "Normal heart size.",
    "Small right effusion with adjacent atelectasis.",
    "The effusion is unchanged.",
)


def planned(studies, strategy=None, **changes):
    return make_plan(studies, PlanSettings(**{"unmixed": "drop", **changes}), strategy or SameFinding())


def content(result):
    """Return pairs as something that compares by value: NaN is no equal of itself."""
    return [repr(asdict(pair)) for pair in result.pairs]


@st.composite
def cohorts(draw):
    count = draw(st.integers(2, 14))
    return [
        make_study(
            number,
            make_report(*draw(st.lists(st.sampled_from(SENTENCES), max_size=3, unique=True))),
            subject=f"p{draw(st.integers(0, 5))}",
            split=draw(st.sampled_from(["train", "validate"])),
        )
        for number in range(count)
    ]


@given(cohorts(), st.integers(0, 3))
@settings(max_examples=60)
def test_the_rules_that_hold_for_every_pair(studies, seed):
    result = planned(studies, splits=("train", "validate"), pairs_per_study=2, seed=seed)
    split_of = {study.study_id: study.split for study in studies}
    for pair in result.pairs:
        assert pair.recipient.subject_id != pair.donor.subject_id
        assert split_of[pair.recipient.study_id] == split_of[pair.donor.study_id] == pair.split
        assert splice(pair.recipient.report, pair.edits) == pair.report
    assert len({pair.pair_id for pair in result.pairs}) == len(result.pairs)


@given(cohorts())
@settings(max_examples=40)
def test_every_study_is_planned_or_dropped_by_name(studies):
    result = planned(studies)
    recipients = {pair.recipient.study_id for pair in result.pairs}
    dropped = {drop.identifier for drop in result.dropped}
    assert result.inputs == len(studies)
    assert recipients | dropped == {study.study_id for study in studies}
    assert not recipients & dropped
    assert all(drop.reason for drop in result.dropped)


def test_what_is_asserted_and_never_denied_is_known():
    said = (
        ("There is a small right pleural effusion.", "A pacemaker is seen."),
        ("A large left pleural effusion is present.", "No pneumothorax."),
        ("Large left pneumothorax.", "Possible edema.", "Normal heart size."),
    )
    studies = [make_study(number, make_report(*sentences)) for number, sentences in enumerate(said)]
    found = planned(studies).never_denied
    assert {"Pleural Effusion", "Support Devices"} <= set(found)
    assert not {"Pneumothorax", "Cardiomegaly", "Edema"} & set(found)  # denied; denied; only doubted
    denied = make_study(9, make_report("No pleural effusion."))
    assert "Pleural Effusion" not in planned([*studies, denied]).never_denied


@given(cohorts(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_the_studies_decides_nothing(studies, shuffler):
    shuffled = list(studies)
    shuffler.shuffle(shuffled)
    assert content(planned(shuffled)) == content(planned(studies))


def many(count=60):
    chooser = random.Random(1)
    return [make_study(n, make_report(*chooser.sample(SENTENCES, 2))) for n in range(count)]


def test_another_seed_gives_other_pairs():
    assert content(planned(many(), seed=1)) == content(planned(many(), seed=1))
    assert content(planned(many(), seed=1)) != content(planned(many(), seed=2))


def test_no_donor_is_used_more_often_than_allowed():
    result = planned(many(), max_uses_per_donor=1)
    donors = [pair.donor.study_id for pair in result.pairs]
    assert donors
    assert len(donors) == len(set(donors))


def test_nobody_gives_a_third_time_while_others_have_not_given_twice():
    """Eight of one finding: the four with nothing else are drawn first, and would give all by themselves."""
    alone, beside = "Right upper lobe consolidation is present.", "There is a large right pleural effusion."
    studies = [make_study(n, make_report(alone, *([beside] if n % 2 else []))) for n in range(8)]
    result = planned(studies, SameFinding(findings=("consolidation",)))
    uses = Counter(pair.donor.study_id for pair in result.pairs)
    assert uses.total() == 8
    assert max(uses.values()) == 2


def test_donors_give_more_than_twice_where_there_are_no_others():
    few = "There is a small right pleural effusion."
    studies = [make_study(n, make_report(few), subject=f"p{n > 1}") for n in range(10)]
    result = planned(studies, max_uses_per_donor=3, max_donor_share=1.0)
    uses = Counter(pair.donor.study_id for pair in result.pairs if pair.donor.subject_id == "pFalse")
    assert uses == {"s50000000": 3, "s50000001": 3}
    assert result.refused["donor-used-up"] == 2 * 2  # counted once, in the last round
    assert len(result.dropped) == 2


@dataclass(frozen=True)
class Counting(SameFinding):
    """Notes who is opened, and who is offered."""

    noted: list[tuple[str, str]] = field(default_factory=list)

    def proposals(self, recipient, cohort, rng):
        for offer in super().proposals(recipient, cohort, rng):
            if isinstance(offer, Offer):
                self.noted.append(("offered", offer.donor.study_id))
                offer = replace(offer, write=partial(self._noting, offer))
            yield offer

    def _noting(self, offer, donor):
        self.noted.append(("written", donor.study.study_id))
        return offer.write(donor)


def test_no_text_is_made_of_a_donor_that_is_used_up():
    strategy = Counting()
    result = planned(many(), strategy, max_uses_per_donor=1)
    seen = Counter(kind for kind, _ in strategy.noted)
    assert result.refused["donor-used-up"] == seen["offered"] - seen["written"] > 50


def test_labels_of_the_mixed_report_are_what_is_read_from_it():
    pairs = planned(many()).pairs
    assert len(pairs) > 10
    for pair in pairs:
        assert repr(chexpert_labels(ReportReader().read(pair.report))) == repr(pair.labels)


@pytest.mark.parametrize(
    ("views", "chosen"),
    [
        pytest.param(["LATERAL", "AP", "PA"], "i2", id="pa-before-ap"),
        pytest.param(["AP", "AP"], "i0", id="smallest-id-among-equals"),
        pytest.param(["LATERAL", "LL"], "no-frontal-view", id="laterals-only"),
        pytest.param(["LATERAL", ""], "view-unknown", id="unknown-view-is-not-guessed"),
        pytest.param([], "no-frontal-view", id="no-picture"),
    ],
)
def test_one_picture_stands_for_a_study_by_a_fixed_rule(views, chosen):
    image = choose_image([Image(f"i{n}", "", view) for n, view in enumerate(views)])
    assert (image if isinstance(image, str) else image.image_id) == chosen


def test_reasons_are_named(tmp_path):
    excluded = tmp_path / "ids.txt"
    excluded.write_text("p10000001\n\n")
    studies = [
        make_study(0),
        make_study(1),
        make_study(2, split="test"),
        make_study(3, view="LATERAL"),
        make_study(4, make_report("The lungs are clear.")),
        Drop("study", "s5", "report-missing"),
    ]
    result = planned(studies, exclude_ids=str(excluded))
    reasons = {drop.identifier[-1]: drop.reason for drop in result.dropped}
    assert reasons == {
        "0": "same-patient",  # its only possible donor is itself
        "1": "excluded-by-id",
        "2": "split-not-mixed:test",
        "3": "no-frontal-view",
        "4": "no-exchangeable-finding",
        "5": "report-missing",
    }


def test_a_dropped_picture_is_counted_beside_the_studies():
    result = planned([make_study(0), make_study(1), Drop("image", "i9", "duplicate-id")])
    assert result.images_dropped == {"duplicate-id": 1}
    assert result.inputs == 2


def test_a_missing_file_of_excluded_ids_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="excluded ids"):
        planned([make_study()], exclude_ids=str(tmp_path / "nothing.txt"))


@pytest.mark.parametrize(
    ("present", "absent", "expected"),
    [
        (Side.LEFT, Side.RIGHT, ""),
        (Side.LEFT, Side.LEFT, "present-and-absent"),
        (Side.LEFT, Side.NONE, "present-and-absent"),
        (Side.BILATERAL, Side.RIGHT, "present-and-absent"),
    ],
)
def test_present_and_absent_contradict_where_their_sides_meet(present, absent, expected):
    mentions = [
        Mention("pneumothorax", 0, 1, Assertion.PRESENT, present),
        Mention("pneumothorax", 2, 3, Assertion.ABSENT, absent),
    ]
    assert contradiction(mentions) == expected


def test_reading_in_processes_gives_the_same_plan(monkeypatch):
    from medcutmix_cli.planning import reading as reading_module

    alone = planned(many(90))
    monkeypatch.setattr(reading_module, "_PARALLEL_FROM", 30)
    together = make_plan(many(90), PlanSettings(unmixed="drop"), SameFinding(), workers=2)
    assert content(together) == content(alone)
    assert together.texts == alone.texts


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"max_uses_per_donor": 1}, id="donors-that-others-have-used-up-meanwhile"),
        pytest.param(
            {"pairs_per_study": 4, "max_uses_per_donor": 2}, id="donors-that-give-again-in-a-later-round"
        ),
    ],
)
def test_choosing_in_processes_gives_the_same_plan(monkeypatch, options):
    settings = PlanSettings(**options)
    alone = make_plan(many(36), settings, SameFinding(), workers=1)
    monkeypatch.setattr(planning, "_TOGETHER_FROM", 24)
    together = make_plan(many(36), settings, SameFinding(), workers=2)
    assert content(together) == content(alone)
    assert together.refused == alone.refused
    assert together.dropped == alone.dropped
    assert "donor-used-up" in alone.refused


def test_studies_on_a_shelf_are_those_that_were_put_there():
    filed = [
        pack_study(read_study(study, study.images[0], ReportReader()), ("pleural_effusion",))
        for study in many(20)
    ]
    with share_studies(filed) as shelf:
        found = shelf.studies()
    assert [repr(study.open()) for study in found] == [repr(study.open()) for study in filed]
    assert [replace(study, packed=b"") for study in found] == [replace(study, packed=b"") for study in filed]


EFFUSION = "Pleural Effusion"


def labelled(*values):
    """Return studies that all report an effusion, with what a label table says of it (None: nothing)."""
    return [make_study(n, labels={} if v is None else {EFFUSION: v}) for n, v in enumerate(values)]


@pytest.mark.parametrize(
    ("labels", "recipients"),
    [
        pytest.param("rules", {"0", "1", "2", "3"}, id="the-report-alone"),
        pytest.param("csv", {"0", "1"}, id="the-table"),
        pytest.param("both-agree", {"0", "1"}, id="both"),
    ],
)
def test_who_says_which_findings_a_study_has(labels, recipients):
    result = planned(labelled(1.0, 1.0, 0.0, None), labels=labels)
    assert {pair.recipient.study_id[-1] for pair in result.pairs} == recipients
    assert result.texts["labels-disagree:Pleural Effusion"] == 1


def test_a_study_without_labels_is_dropped_by_name_where_labels_count():
    reasons = {d.identifier[-1]: d.reason for d in planned(labelled(1.0, 1.0, None), labels="csv").dropped}
    assert reasons == {"2": "labels-missing"}


def test_where_the_two_disagree_the_label_is_not_said():
    studies = [make_study(n, labels={EFFUSION: 1.0, "Cardiomegaly": 1.0}) for n in range(2)]
    heart = CHEXPERT.index("Cardiomegaly")
    values = {
        labels: planned(studies, labels=labels).pairs[0].recipient.labels[heart]
        for labels in ("rules", "csv", "both-agree")
    }
    assert (values["rules"], values["csv"]) == (0.0, 1.0)
    assert math.isnan(values["both-agree"])


@pytest.mark.parametrize("unmixed", ["keep", "drop"])
@pytest.mark.parametrize("table", [1.0, 0.0, -1.0])
def test_the_table_says_of_a_row_what_was_not_exchanged(unmixed, table):
    """Its reports are silent on fractures and deny cardiomegaly: what the table has of both stays, mixed or not."""
    studies = [
        make_study(n, labels={EFFUSION: 1.0, "Cardiomegaly": table, "Fracture": table, "No Finding": 0.0})
        for n in range(4)
    ]
    result = planned(studies, labels="csv", unmixed=unmixed, pairs_per_study=3)
    asked = [CHEXPERT.index(name) for name in (EFFUSION, "Cardiomegaly", "Fracture")]
    rows = {(pair.image_mode, tuple(pair.labels[k] for k in asked)) for pair in result.pairs}
    assert rows == {(mode, (1.0, table, table)) for mode, _ in rows}
    assert len(rows) == (2 if unmixed == "keep" else 1)
    for pair in result.pairs:
        assert pair.image_mode != "keep" or repr(pair.labels) == repr(pair.recipient.labels)


def test_studies_are_counted_while_the_tables_are_read():
    said = []
    make_plan(
        [make_study(n) for n in range(3)],
        PlanSettings(),
        SameFinding(),
        progress=lambda *stage: said.append(stage),
    )
    assert said[0] == ("listing", 0, 0)
    assert {stage for stage, _, _ in said} == {"listing", "reading", "pairing"}


def test_excluded_ids_that_are_nobodys_are_told_and_none_that_is_is_an_error(tmp_path):
    excluded = tmp_path / "ids.txt"
    excluded.write_text("p10000001\np7\n")
    assert "1 of 2 ids" in planned([make_study(0), make_study(1)], exclude_ids=str(excluded)).warnings[0]
    excluded.write_text("p7\n")
    with pytest.raises(UsageError, match="match no study"):
        planned([make_study(0), make_study(1)], exclude_ids=str(excluded))
