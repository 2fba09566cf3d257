"""A phantom's report says what the picture shows, says it once and without contradiction, and knows its truth."""

from __future__ import annotations

from functools import cache

import pytest

from medcutmix_cli.datasets.phantoms import FINDINGS, Phantom, PhantomReport, draw_phantom, write_report
from medcutmix_cli.datasets.phantoms.phrases import PHRASEBOOKS

SEEDS = range(400)
NORMAL = ("acute cardiopulmonary", "acute intrathoracic", "Normal chest", "lungs are clear")


@cache
def written(phrasebook: str = "train") -> list[tuple[Phantom, PhantomReport]]:
    phantoms = [draw_phantom(seed) for seed in SEEDS]
    return [(phantom, write_report(phantom, phrasebook)) for phantom in phantoms]


def share(holds) -> float:
    return sum(holds(phantom, report) for phantom, report in written()) / len(SEEDS)


def test_the_same_phantom_gets_the_same_report():
    assert write_report(draw_phantom(3)) == write_report(draw_phantom(3))


@pytest.mark.parametrize("phrasebook", PHRASEBOOKS)
def test_offsets_slice_back_to_the_sentences(phrasebook):
    for _, report in written(phrasebook):
        assert report.sentences
        for sentence in report.sentences:
            assert " ".join(report.text[sentence.start : sentence.end].split()) == sentence.text


@pytest.mark.parametrize("phrasebook", PHRASEBOOKS)
def test_no_report_contradicts_itself(phrasebook):
    for _, report in written(phrasebook):
        said: dict[str, set[str]] = {}
        for mention in (mention for sentence in report.sentences for mention in sentence.mentions):
            said.setdefault(f"{mention.finding} {mention.lesion}", set()).add(mention.assertion)
            said.setdefault(mention.finding, set()).add(mention.assertion)
        assert all(len(values) == 1 for values in said.values()), said


@pytest.mark.parametrize("phrasebook", PHRASEBOOKS)
def test_the_truth_follows_from_the_lesions(phrasebook):
    for phantom, report in written(phrasebook):
        shown = {lesion.finding for lesion in phantom.lesions}
        assert set(report.truth) == set(FINDINGS)
        for finding, value in report.truth.items():
            assert value in (
                ("present", "uncertain", "not mentioned") if finding in shown else ("absent", "not mentioned")
            )


def test_every_asserting_sentence_is_about_its_lesion():
    about = [
        any(m.finding == lesion.finding and m.side == lesion.side for m in sentence.mentions)
        for phantom, report in written()
        for index, lesion in enumerate(phantom.lesions)
        for sentence in report.sentences_asserting(index)
    ]
    assert len(about) > len(SEEDS)
    assert all(about)


def test_most_lesions_have_a_plain_sentence_of_their_own():
    plain = [
        any(sentence.plain for sentence in report.sentences_asserting(index))
        for phantom, report in written()
        for index in range(len(phantom.lesions))
    ]
    assert sum(plain) / len(plain) > 0.6


def test_a_hedged_lesion_is_hedged_throughout():
    hedged = 0
    for phantom, report in written():
        for finding in (lesion.finding for lesion in phantom.lesions):
            if report.truth[finding] == "uncertain":
                hedged += 1
                assert not any(
                    mention.assertion == "present"
                    for sentence in report.sentences
                    for mention in sentence.mentions
                    if mention.finding == finding
                )
    assert hedged > 10


def test_shapes_have_the_shares_of_the_real_collection():
    assert 0.27 <= share(lambda _, report: "FINDINGS:" not in report.text) <= 0.42
    assert 0.76 <= share(lambda _, report: "IMPRESSION:" in report.text) <= 0.90
    assert 0.01 <= share(lambda _, report: report.sentences[0].section == "last_paragraph") <= 0.09


def test_a_normal_study_says_so_and_a_diseased_one_does_not():
    said = {"normal": [], "diseased": []}
    for phantom, report in written():
        disease = {lesion.finding for lesion in phantom.lesions} - {"support_devices"}
        text = " ".join(report.text.split())  # lines are wrapped anywhere
        normal = any(word in text for word in NORMAL)
        if disease & {"consolidation", "pneumothorax", "edema", "pleural_effusion", "mass"}:
            said["diseased"].append(normal)
        elif not phantom.lesions:
            mentions = [mention.assertion for one in report.sentences for mention in one.mentions]
            denied = set(mentions) == {"absent"}
            said["normal"].append(denied or (normal and not mentions))
    assert len(said["diseased"]) > 100
    assert not any(said["diseased"])
    assert len(said["normal"]) > 50
    assert all(said["normal"])


def test_no_prior_study_is_spoken_of_where_there_is_none():
    alone = [report for _, report in written() if "COMPARISON:  No" in report.text]
    assert len(alone) > 10
    assert not any(sentence.prior for report in alone for sentence in report.sentences)
    assert any(sentence.prior for _, report in written() for sentence in report.sentences)


def test_lines_are_wrapped_and_the_title_stands_first():
    for _, report in written():
        lines = report.text.split("\n")
        assert lines[0].strip() == "FINAL REPORT"
        assert max(map(len, lines)) <= 79
        assert len(lines) > 3
        assert all(line.startswith(" ") for line in lines if line)


def test_variety_is_there():
    assert share(lambda _, report: " 1. " in report.text) > 0.08
    assert share(lambda _, report: any(s.prior for s in report.sentences)) > 0.05
    assert share(lambda _, report: any(len(s.mentions) > 1 for s in report.sentences)) > 0.3
    assert share(lambda _, report: "___" in report.text) > 0.7


def test_a_lateral_view_is_named_in_the_headers():
    texts = [write_report(draw_phantom(seed), lateral=True).text.lower() for seed in range(20)]
    assert any("pa and lat" in text or "lateral views" in text for text in texts)
