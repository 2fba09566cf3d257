"""Prose 2 is as uneven as dictated reports, and its truth stays exact beside it."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import Phantom, PhantomReport, draw_phantom, write_report
from medcutmix_cli.datasets.phantoms.compose import PhraseMention, SentenceDraft
from medcutmix_cli.datasets.phantoms.phrases import PHRASEBOOKS, load_phrasebook, read_table
from medcutmix_cli.datasets.phantoms.prose import disagreeing, expand, undouble
from medcutmix_cli.datasets.phantoms.records import FINDINGS
from medcutmix_cli.reports.labels import finding_states
from medcutmix_cli.reports.reader import ReportReader

SEEDS = range(400)
PRESENT = SentenceDraft("Small effusion.", (PhraseMention("pleural_effusion", "left", "present", 0),))
ABSENT = SentenceDraft("No effusion.", (PhraseMention("pleural_effusion", "none", "absent", None),))
NORMAL = SentenceDraft("No acute abnormality.", denies_all=True)


@cache
def told(prose: int = 2) -> list[tuple[Phantom, PhantomReport]]:
    phantoms = [draw_phantom(seed) for seed in SEEDS]
    return [(phantom, write_report(phantom, prose=prose)) for phantom in phantoms]


def sentences(prose: int = 2) -> list[str]:
    return [sentence.text for _, report in told(prose) for sentence in report.sentences]


def test_the_same_phantom_is_told_the_same_way():
    assert write_report(draw_phantom(3), prose=2) == write_report(draw_phantom(3), prose=2)


def test_the_old_prose_stays_as_it_was():
    assert write_report(draw_phantom(3), prose=1) == write_report(draw_phantom(3))
    assert sum(a != b for (_, a), (_, b) in zip(told(1), told(2), strict=True)) > 0.9 * len(SEEDS)


def test_offsets_slice_back_to_the_sentences():
    for _, report in told():
        for sentence in report.sentences:
            assert " ".join(report.text[sentence.start : sentence.end].split()) == sentence.text


def test_a_report_has_half_as_many_more_different_sentences_than_before():
    assert len(set(sentences(2))) > 1.5 * len(set(sentences(1)))


def test_no_adjective_is_said_twice_in_any_template_of_any_severity():
    twice = re.compile(r"\b([\w-]+) \1\b|linear (plate|band)", re.IGNORECASE)
    worded = [
        text.replace("{size}", size)
        for phrasebook in PHRASEBOOKS
        for finding in load_phrasebook(phrasebook).findings.values()
        for size in (*finding["mild"], *finding["moderate"], *finding["severe"])
        for group in finding.values()
        if isinstance(group, dict)
        for templates in group.values()
        for text in templates
    ]
    assert any(twice.search(text) for text in worded)
    assert not any(twice.search(undouble(text)) for text in worded)
    assert not any(twice.search(text) for text in sentences())


@pytest.mark.parametrize(
    ("said", "once"),
    [
        ("Linear linear atelectasis.", "Linear atelectasis."),
        ("Plate-like plate atelectasis.", "Plate atelectasis."),
        ("A small small apical line.", "A small apical line."),
        ("Linear opacities at the base.", "Linear opacities at the base."),
    ],
)
def test_undouble_keeps_one_adjective(said, once):
    assert undouble(said) == once


@pytest.mark.parametrize(
    "kind",
    [
        r"\b(versus|vs\.|v\.|and/or) ",
        r"\w/\w",
        r"^(This|It|Findings|This finding) (is|was|are) ",
        r"^(Addendum|Correction)",
        r"\d x \d",
        r"\b(LLL|RLL|LUL|RUL|bilat|WNL)\b",
        r"pulmonry|effusoin|atelectesis|consolidaton|cardiomegally|silouhette|unremarkble",
        r"[Dd]ifficult to exclude",
    ],
)
def test_every_kind_of_prose_occurs(kind):
    assert any(re.search(kind, text, re.IGNORECASE) for text in sentences(2))
    assert not any(re.search(kind, text) for text in sentences(1)) or kind.startswith("^(This")


def test_sections_disagree_only_where_the_truth_says_so():
    odd = [report for _, report in told() if report.disagrees]
    assert 2 < len(odd) < 0.1 * len(SEEDS)
    for report in odd:
        assert {sentence.section for sentence in report.sentences} == {"findings", "impression"}
        assert all(report.truth[finding] in ("present", "uncertain") for finding in report.disagrees)


def test_the_truth_follows_from_lesions_and_alternatives():
    for phantom, report in told():
        shown = {lesion.finding for lesion in phantom.lesions}
        for finding, value in report.truth.items():
            if value == "present":
                assert finding in shown
            if value == "absent":
                assert finding not in shown


@pytest.mark.parametrize(
    ("other", "names"),
    [(PRESENT, set()), (ABSENT, {"pleural_effusion"}), (NORMAL, {"pleural_effusion"})],
)
def test_disagreeing_names_what_two_sections_say_differently(other, names):
    assert disagreeing([[PRESENT], [other]]) == names


def test_expand_draws_one_wording_and_leaves_no_gap():
    drawn = {
        expand("No[ evidence of|] [large|] effusion[ seen|].", np.random.default_rng(n)) for n in range(60)
    }
    assert len(drawn) == 8
    assert not any("  " in text or " ." in text for text in drawn)


def test_every_alternative_and_normal_statement_names_what_is_known():
    table = read_table("prose.toml")
    assert all(set(row) <= {"text", "other"} for rows in table["alternatives"].values() for row in rows)
    assert all({"topic", "text", "excludes", "denies"} == set(row) for row in table["normal"])


def denied(prose, finding):
    reports = [
        report for phantom, report in told(prose) if finding not in {one.finding for one in phantom.lesions}
    ]
    return np.mean([report.truth[finding] == "absent" for report in reports])


def test_prose_3_denies_atelectasis_and_devices_as_often_as_others():
    for finding in ("atelectasis", "support_devices"):
        assert denied(2, finding) == 0
        assert 0.4 < denied(3, finding) < 0.8
    usual = [
        denied(3, f) for f in ("pleural_effusion", "consolidation", "pneumothorax", "edema", "cardiomegaly")
    ]
    assert min(usual) - 0.1 < denied(3, "atelectasis") < max(usual) + 0.1
    assert min(usual) - 0.1 < denied(3, "support_devices") < max(usual) + 0.1


def test_prose_3_has_more_sentences_and_more_words_than_prose_2():
    words = {
        prose: {w.lower() for text in sentences(prose) for w in re.findall("[A-Za-z]+", text)}
        for prose in (2, 3)
    }
    assert len(set(sentences(3))) > 1.2 * len(set(sentences(2)))
    assert len(words[3]) > 1.3 * len(words[2])


def test_prose_3_never_denies_what_is_there():
    for phantom, report in told(3):
        shown = {lesion.finding for lesion in phantom.lesions}
        assert not {f for f, value in report.truth.items() if value == "absent"} & shown
        for finding, other in (("nodule", "mass"), ("mass", "nodule")):
            assert not (finding in shown and report.truth[other] == "absent")


def test_shares_of_habits_can_be_another_sites():
    phantoms = [draw_phantom(seed) for seed in range(120)]
    plain = [write_report(p, prose=3, shares={"short": 0.0, "typo": 0.0}).text for p in phantoms]
    short = [write_report(p, prose=3, shares={"short": 1.0, "typo": 0.0}).text for p in phantoms]
    assert not any(re.search(r"\b(LLL|RLL|bilat|WNL)\b", text) for text in plain)
    assert sum(bool(re.search(r"\b(LLL|RLL|bilat|WNL)\b|w/", text)) for text in short) > 20


def test_everything_that_prose_3_adds_names_what_is_known():
    more = read_table("prose_more.toml")
    assert set(more["denied"]) <= set(FINDINGS)
    assert all({"topic", "text", "excludes", "denies"} == set(row) for row in more["normal"])
    assert all(set(row["excludes"]) <= set(FINDINGS) for row in more["normal"])


def test_the_reader_reads_prose_3_as_it_was_meant():
    reader, wrong, said = ReportReader(), 0, 0
    for _, report in told(3)[:120]:
        states = {f: str(a) for f, a in finding_states(reader.read(report.text, "s")).items()}
        wrong += sum(states.get(f, "not mentioned") != truth for f, truth in report.truth.items())
        said += len(report.truth)
    assert wrong / said < 0.01
