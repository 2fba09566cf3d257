"""What every pairing strategy promises, and what each of them promises beside that."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import NullMax
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing.consistency import inconsistency
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.nulls import choose_nulls
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.records import IMAGE_MODES, MapTarget, Side
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

EFFUSION = "There is a small right pleural effusion."
LARGE_EFFUSION = "A large right pleural effusion is present."
LEFT_EFFUSION = "There is a moderate left pleural effusion."
PNEUMOTHORAX = "There is a moderate left pneumothorax."
CONSOLIDATION = "Right upper lobe consolidation is present."
HEART = "There is mild cardiomegaly."
EDEMA = "There is mild pulmonary edema."
NORMAL = ("The lungs are clear.", "No pleural effusion or pneumothorax.", "Heart size is normal.")
SENTENCES = (
    EFFUSION, LARGE_EFFUSION, LEFT_EFFUSION, PNEUMOTHORAX, CONSOLIDATION, HEART, *NORMAL,
    "Small right effusion with adjacent atelectasis.", "The effusion is unchanged.",
)  # fmt: skip
FINDINGS = ("pleural_effusion", "pneumothorax", "consolidation", "atelectasis", "cardiomegaly")
ALL = names("pairing")
TEXTLESS = {"identity", "image-only"}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return name -> strategy; `nearest` has an embedding of each picture but one."""
    file = tmp_path_factory.mktemp("embeddings") / "e.npz"
    rng = np.random.default_rng(0)
    image_ids = [f"image{n}" for n in range(1, 80)]
    np.savez(file, image_id=image_ids, embedding=rng.normal(size=(len(image_ids), 4)))
    return {
        name: build("pairing", name, {"embeddings": str(file)} if name == "nearest" else {}) for name in ALL
    }


def planned(studies, strategy, **changes):
    gate = changes.pop("gate", None)
    more = {"gate": gate} if gate else {}
    return make_plan(studies, PlanSettings(**{"unmixed": "drop", **changes}), strategy, **more)


@st.composite
def cohorts(draw):
    count = draw(st.integers(2, 9))
    return [
        make_study(
            number,
            make_report(*draw(st.lists(st.sampled_from(SENTENCES), max_size=3, unique=True))),
            subject=f"p{draw(st.integers(0, 4))}",
            split=draw(st.sampled_from(["train", "train", "validate"])),
            view=draw(st.sampled_from(["PA", "AP"])),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("name", ALL)
def test_the_rules_that_hold_for_every_strategy(built, name):
    @given(cohorts(), st.integers(0, 3), st.randoms(use_true_random=False))
    @settings(max_examples=12)
    def holds(studies, seed, shuffler):
        how = {"splits": ("train", "validate"), "pairs_per_study": 2, "max_uses_per_donor": 2, "seed": seed}
        result = planned(studies, built[name], **how)
        check(result, studies)
        shuffled = list(studies)
        shuffler.shuffle(shuffled)
        again = planned(shuffled, built[name], **how)
        assert [repr(asdict(p)) for p in again.pairs] == [repr(asdict(p)) for p in result.pairs]
        assert again.refused == result.refused

    holds()


def check(result, studies):
    reader, split_of = ReportReader(), {study.study_id: study.split for study in studies}
    for pair in result.pairs:
        assert pair.recipient.subject_id != pair.donor.subject_id
        assert split_of[pair.recipient.study_id] == split_of[pair.donor.study_id] == pair.split
        assert splice(pair.recipient.report, pair.edits) == pair.report
        reading = reader.read(pair.report)
        assert inconsistency(reading, pair.labels, chexpert_labels(reading)) == ""
        assert pair.image_mode in IMAGE_MODES
        assert bool(pair.donor.sentence) == bool(pair.finding)
        assert bool(pair.recipient.sentence) == bool(pair.finding_a)
    uses = Counter(pair.donor.study_id for pair in result.pairs)
    assert max(uses.values(), default=0) <= 2
    assert len({pair.pair_id for pair in result.pairs}) == len(result.pairs)
    recipients = {pair.recipient.study_id for pair in result.pairs}
    assert recipients | {d.identifier for d in result.dropped} == set(split_of)
    assert result.inputs == len(studies)


def cohort(*texts, **more):
    """Return studies of one patient each with these reports, given as their sentences."""
    return [make_study(n + 1, make_report(*said), **more) for n, said in enumerate(texts)]


MIXED = [(EFFUSION,), (LARGE_EFFUSION,), (PNEUMOTHORAX,), (CONSOLIDATION,), NORMAL, NORMAL]


@pytest.mark.parametrize("name", ALL)
def test_every_strategy_finds_pairs(built, name):
    assert planned(cohort(*MIXED, *MIXED), built[name]).pairs


def test_without_maps_neither_neighbours_nor_gate_are_asked(built):
    for name in ("identity", "random", "mixgen", "cutmix-random", "sentence-only"):
        result = planned(cohort(*MIXED, *MIXED), built[name], gate=NullMax())
        assert result.pairs, name
        assert "too-few-null-pictures" not in result.refused
        assert not any(p.recipient.neighbours or p.donor.neighbours for p in result.pairs)


@pytest.mark.parametrize("name", ["same-finding", "nearest", "cross-finding", "normal-host", "image-only"])
def test_where_maps_decide_the_gate_needs_null_pictures(built, name):
    result = planned(cohort(*MIXED, *MIXED), built[name], gate=NullMax())
    assert not result.pairs
    assert result.refused["too-few-null-pictures"]


def by_recipient(result):
    return {pair.recipient.study_id[-1]: pair for pair in result.pairs}


def label(values, name):
    return values[CHEXPERT.index(name)]


def test_cross_finding_takes_one_finding_out_and_puts_another_in(built):
    studies = cohort((EFFUSION, "Heart size is normal."), (PNEUMOTHORAX,))
    pair = by_recipient(planned(studies, built["cross-finding"]))["1"]
    assert (pair.finding_a, pair.finding) == ("pleural_effusion", "pneumothorax")
    assert (pair.recipient.sentence, pair.donor.sentence) == (EFFUSION, PNEUMOTHORAX)
    assert (pair.recipient.side, pair.donor.side) == ("right", "left")
    assert PNEUMOTHORAX in pair.report
    assert EFFUSION not in pair.report
    assert label(pair.labels, "Pneumothorax") == 1.0
    assert label(pair.labels, "Pleural Effusion") != 1.0
    assert pair.image_mode == "attended"


def test_parents_say_how_large_and_where_their_sentence_calls_what_is_exchanged(built):
    studies = cohort(
        ("There is a small right effusion.", "There is a large left pneumothorax at the apex."),
        ("A large right pleural effusion is seen at the base.",),
    )
    pair = by_recipient(planned(studies, built["same-finding"]))["1"]
    own, given = pair.recipient.target(pair.finding_a), pair.donor.target(pair.finding)
    assert own == MapTarget("pleural_effusion", Side.RIGHT, "small", "")
    assert given == MapTarget("pleural_effusion", Side.RIGHT, "large", "base")


def test_a_sentence_that_gives_two_sizes_gives_none(built):
    sentence = "There is a large right effusion and a small right effusion."
    pair = by_recipient(planned(cohort((sentence,), (EFFUSION,)), built["same-finding"]))["1"]
    assert pair.recipient.sentence == sentence
    assert (pair.recipient.severity, pair.donor.severity) == ("", "small")


def test_where_nothing_leaves_nothing_has_a_size(built):
    pair = by_recipient(planned(cohort(NORMAL, (EFFUSION,)), built["normal-host"]))["1"]
    assert pair.recipient.target(pair.finding_a) == MapTarget()
    assert pair.donor.severity == "small"


def test_cross_finding_gives_nothing_that_is_there_already(built):
    studies = cohort((EFFUSION, PNEUMOTHORAX), (PNEUMOTHORAX,))
    result = planned(studies, built["cross-finding"])
    assert "1" not in by_recipient(result)
    assert result.refused["no-other-finding-to-give"]


def test_cross_finding_does_not_exchange_two_words_for_one_observation():
    studies = cohort(("There is an opacity at the right base.",), ("There is a right basilar infiltrate.",))
    result = planned(studies, build("pairing", "cross-finding", {"findings": ["opacity", "infiltrate"]}))
    assert not result.pairs
    assert result.refused["no-other-finding-to-give"] == 2


def test_what_has_left_must_not_come_back_with_the_donor(built):
    studies = cohort((EFFUSION,), (PNEUMOTHORAX, LEFT_EFFUSION))
    pair = by_recipient(planned(studies, built["cross-finding"]))["1"]
    assert [n.finding for n in pair.donor.neighbours] == ["pleural_effusion"]


def test_sizes_are_neither_taken_out_nor_put_in_by_cross_finding():
    findings = {"findings": ["cardiomegaly", "pleural_effusion"]}
    result = planned(cohort((HEART,), (EFFUSION,)), build("pairing", "cross-finding", findings))
    assert not result.pairs
    assert result.refused == {"finding-cannot-be-taken-out": 1, "no-other-finding-to-give": 1}


def test_what_is_diffuse_comes_softly():
    studies = cohort((EFFUSION,), (EDEMA,), NORMAL)
    for name, findings in (("cross-finding", ["edema", "pleural_effusion"]), ("normal-host", ["edema"])):
        pairs = planned(studies, build("pairing", name, {"findings": findings})).pairs
        assert {p.image_mode for p in pairs if p.finding == "edema"} == {"soft"}, name


def test_a_normal_host_gets_the_finding_and_loses_what_denies_it(built):
    pair = by_recipient(planned(cohort(NORMAL, (EFFUSION,)), built["normal-host"]))["1"]
    assert (pair.finding_a, pair.finding) == ("", "pleural_effusion")
    assert pair.recipient.sentence == ""
    assert EFFUSION in pair.report
    assert "No pleural effusion" not in pair.report
    assert label(pair.recipient.labels, "No Finding") == 1.0
    assert label(pair.labels, "Pleural Effusion") == label(pair.given, "Pleural Effusion") == 1.0
    assert label(pair.labels, "No Finding") != 1.0


def test_a_host_with_findings_is_refused_by_name(built):
    result = planned(cohort((EFFUSION,), (LARGE_EFFUSION,)), built["normal-host"])
    assert not result.pairs
    assert {drop.reason for drop in result.dropped} == {"recipient-is-not-normal"}


def test_random_and_mixgen_join_reports_of_any_two(built):
    for name, mode in (("random", "box"), ("mixgen", "average")):
        pair = by_recipient(planned(cohort((EFFUSION,), (PNEUMOTHORAX,)), built[name]))["1"]
        assert (pair.finding, pair.finding_a, pair.image_mode) == ("", "", mode)
        assert EFFUSION in pair.report
        assert PNEUMOTHORAX in pair.report
        assert label(pair.labels, "Pleural Effusion") == label(pair.labels, "Pneumothorax") == 1.0
        assert 0 < pair.text_weights.tokens < 1


def test_joined_reports_that_contradict_each_other_are_refused(built):
    result = planned(cohort((EFFUSION,), ("There is no pleural effusion.",)), built["mixgen"])
    assert not result.pairs
    assert result.refused["present-and-absent"] == 2


def donors(result):
    return {(p.recipient.study_id, p.donor.study_id) for p in result.pairs}


def test_ablations_mix_the_pairs_of_the_default(built):
    studies = cohort(*MIXED, *MIXED)
    default = planned(studies, built["same-finding"])
    assert len(donors(default)) == 8
    for name in ("identity", "cutmix-random", "sentence-only", "image-only"):
        assert donors(planned(studies, built[name])) == donors(default), name


@pytest.mark.parametrize("name", sorted(TEXTLESS))
def test_reports_that_are_not_to_change_do_not(built, name):
    pairs = planned(cohort(*MIXED, *MIXED), built[name]).pairs
    assert pairs
    for pair in pairs:
        assert (pair.report, pair.edits) == (pair.recipient.report, ())
        assert np.array_equal(pair.labels, pair.recipient.labels, equal_nan=True)
        assert np.isnan(pair.given).all()
        assert set(asdict(pair.text_weights).values()) == {1.0}


def test_each_ablation_says_how_pictures_follow(built):
    modes = {"identity": "keep", "cutmix-random": "box", "sentence-only": "keep", "image-only": "attended"}
    for name, mode in modes.items():
        pairs = planned(cohort(*MIXED), built[name]).pairs
        assert {pair.image_mode for pair in pairs} == {mode}, name


def test_identity_names_a_donor_that_gives_nothing(built):
    pair = planned(cohort((EFFUSION,), (LARGE_EFFUSION,)), built["identity"]).pairs[0]
    assert pair.donor.study_id
    assert (pair.finding, pair.finding_a, pair.donor.sentence, pair.recipient.sentence) == ("", "", "", "")


def test_image_only_guards_what_same_finding_guards(built):
    mixed = "Small right effusion with adjacent atelectasis."
    studies = cohort((mixed,), (EFFUSION, CONSOLIDATION))

    def of(name):
        pair = next(p for p in planned(studies, built[name]).pairs if p.recipient.study_id[-1] == "1")
        return pair.recipient.neighbours, pair.donor.neighbours

    assert of("image-only") == of("same-finding")
    assert [n.finding for n in of("same-finding")[1]] == ["consolidation"]


def test_nulls_of_a_cross_are_asked_for_what_leaves_and_for_what_comes(built):
    pairs = planned(cohort((EFFUSION,), (PNEUMOTHORAX,), NORMAL), built["cross-finding"]).pairs
    cross = [pair for pair in pairs if pair.finding == "pneumothorax"]
    assert cross
    studies = make_lacking("pleural_effusion", "pneumothorax")
    asked = {null.finding: null.sentence for null in choose_nulls(studies, cross, 3, seed=0)}
    assert asked == {"pleural_effusion": EFFUSION, "pneumothorax": PNEUMOTHORAX}


def make_lacking(*findings):
    from medcutmix_cli.pairing.cohort import pack_study
    from medcutmix_cli.planning.reading import read_study

    study = make_study(70, make_report(*NORMAL))
    filed = pack_study(read_study(study, study.images[0], ReportReader()), findings)
    return {("train", finding): [filed] for finding in findings}
