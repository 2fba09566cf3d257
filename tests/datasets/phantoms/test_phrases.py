"""The phrasebooks are data: complete, grammatical, and without a template in common."""

from __future__ import annotations

import re
from collections import Counter
from string import Formatter

import numpy as np
import pytest

from medcutmix_cli.datasets.phantoms import FINDINGS, draw_phantom, lesion_sentence
from medcutmix_cli.datasets.phantoms.phrases import PHRASEBOOKS, fill, group_of, load_phrasebook

SLOTS = {"a", "size", "side", "place", "mm", "cm", "tip"}
SHARED = {"two", "two_impressions", "absent_one", "absent_many", "normal_impressions"}
FORMS = ("sentences", "impressions", "prior", "hedged", "clauses")


def templates(name: str, finding: str | None = None) -> set[str]:
    book = load_phrasebook(name)
    found: set[str] = set()
    for key, table in book.findings.items():
        if finding in (None, key):
            for group in table.values():
                if isinstance(group, dict):
                    found.update(text for form in FORMS for text in group.get(form, ()))
    return found


def lesions(finding: str, count: int = 80):
    drawn = (draw_phantom(seed, [finding]).lesions for seed in range(count))
    return [lesion for phantom in drawn for lesion in phantom]


def wordings(finding: str, name: str) -> set[str]:
    """Distinct sentences for one finding, numbers aside."""
    rng = np.random.default_rng(0)
    said = (lesion_sentence(one, rng, name) for one in lesions(finding) for _ in range(25))
    return {re.sub(r"\d+(\.\d)?", "#", sentence) for sentence in said}


def test_the_two_phrasebooks_share_no_template():
    assert not templates("train") & templates("held-out")
    train, held_out = (load_phrasebook(name) for name in PHRASEBOOKS)
    assert not {row.text for row in train.normal} & {row.text for row in held_out.normal}
    assert not {t for key in SHARED for t in train.shared[key]} & {
        t for key in SHARED for t in held_out.shared[key]
    }


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_is_never_worded_alike_in_training_and_held_out(finding):
    assert not wordings(finding, "train") & wordings(finding, "held-out")


@pytest.mark.parametrize(("name", "least"), [("train", 25), ("held-out", 8)])
@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_has_many_wordings(finding, name, least):
    assert len(wordings(finding, name)) >= least


@pytest.mark.parametrize("name", PHRASEBOOKS)
def test_templates_use_only_known_slots(name):
    assert len(templates(name)) > 50
    for template in templates(name):
        assert {field for _, field, _, _ in Formatter().parse(template) if field} <= SLOTS


@pytest.mark.parametrize("name", PHRASEBOOKS)
def test_sentences_end_with_a_full_stop_and_clauses_do_not(name):
    for table in load_phrasebook(name).findings.values():
        for group in (group for group in table.values() if isinstance(group, dict)):
            assert all(t.endswith(".") for form in FORMS[:4] for t in group.get(form, ()))
            assert not any(t.endswith(".") for t in group["clauses"])


@pytest.mark.parametrize("name", PHRASEBOOKS)
@pytest.mark.parametrize("finding", FINDINGS)
def test_every_lesion_can_be_worded_in_every_form_it_needs(finding, name):
    book = load_phrasebook(name)
    rng = np.random.default_rng(1)
    for lesion in lesions(finding):
        for form in ("sentences", "impressions", "prior", "clauses"):
            text = book.word(lesion, rng, form)
            assert not re.search(r"[{}\x00]|  | \.|,\.", text), (group_of(lesion), text)
            assert text[0] == text[0].upper() or form == "clauses"


@pytest.mark.parametrize("finding", FINDINGS)
def test_the_article_fits_the_next_word(finding):
    said = wordings(finding, "train") | wordings(finding, "held-out")
    assert not [text for text in said if re.search(r"\b[Aa] [aeio]|\b[Aa]n [^aeioE#]", text)]


@pytest.mark.parametrize(
    ("number", "article"),
    [("8 mm", "an"), ("18 mm", "an"), ("11 mm", "an"), ("1.8 cm", "a"), ("28 mm", "a"), ("8.4 cm", "an")],
)
def test_numbers_take_the_article_they_are_spoken_with(number, article):
    assert fill("{a} {mm} nodule", {"a": "\x00", "mm": number}) == f"{article} {number} nodule"


@pytest.mark.parametrize("name", PHRASEBOOKS)
def test_a_sentence_names_no_other_side(name):
    rng = np.random.default_rng(2)
    other = {"left": r"\bright\b", "right": r"\bleft\b", "bilateral": r"\b(unilateral)\b"}
    seen = Counter()
    for finding in FINDINGS:
        if finding == "support_devices":
            continue  # a lead of a left pacemaker ends in the right ventricle
        for lesion in lesions(finding, 40):
            if lesion.side in other:
                seen[lesion.side] += 1
                assert not re.search(other[lesion.side], lesion_sentence(lesion, rng, name).lower())
    assert min(seen[side] for side in other) > 10


def test_an_unknown_phrasebook_is_refused():
    with pytest.raises(ValueError, match="held-out"):
        load_phrasebook("spare")
