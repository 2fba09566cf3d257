"""Decides what a phantom's report says and in which words: assertions, hedges, denials, normal statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from medcutmix_cli.datasets.phantoms.phrases import Form, Phrasebook, capitalise, pick
from medcutmix_cli.datasets.phantoms.records import Lesion, SideName

_HEDGED = 0.12
_PRIOR = 0.14
_PAIRED = 0.18  # two findings in one sentence of FINDINGS
_PAIRED_IMPRESSION = 0.14
_DENIABLE = ("pleural_effusion", "pneumothorax", "consolidation", "edema", "nodule", "mass", "cardiomegaly")
_DENIAL_SHARES = (0.85, 0.85, 0.65, 0.35, 0.10, 0.06, 0.12)
LIKE = {"nodule": "mass", "mass": "nodule"}
"""Findings that are never denied while the other is there."""


@dataclass(frozen=True, slots=True)
class PhraseMention:
    """What a sentence says of one finding; `lesion` indexes `Phantom.lesions`, None where it denies."""

    finding: str
    side: SideName
    assertion: Literal["present", "absent", "uncertain"]
    lesion: int | None


@dataclass(frozen=True, slots=True)
class SentenceDraft:
    """One sentence before it is laid out; `denies_all` where it calls the whole chest normal."""

    text: str
    mentions: tuple[PhraseMention, ...] = ()
    prior: bool = False
    denies_all: bool = False


@dataclass(frozen=True, slots=True)
class Narrative:
    """What the report says; both parts say the same of every lesion."""

    findings: tuple[SentenceDraft, ...]
    impression: tuple[SentenceDraft, ...]
    compared: bool  # there is an earlier study to speak of


@dataclass(frozen=True, slots=True)
class _Told:
    """One lesion and how surely the whole report speaks of it."""

    index: int
    lesion: Lesion
    hedged: bool

    @property
    def mention(self) -> PhraseMention:
        assertion: Literal["present", "uncertain"] = "uncertain" if self.hedged else "present"
        return PhraseMention(self.lesion.finding, self.lesion.side, assertion, self.index)


def compose(lesions: tuple[Lesion, ...], book: Phrasebook, rng: np.random.Generator) -> Narrative:
    """Draw the sentences of both parts of a report."""
    compared = bool(rng.random() < 0.62)
    told = [
        _Told(index, lesion, bool(book.templates(lesion, "hedged")) and bool(rng.random() < _HEDGED))
        for index, lesion in enumerate(lesions)
    ]
    devices = [one for one in told if one.lesion.finding == "support_devices"]
    disease = [one for one in told if one.lesion.finding != "support_devices"]
    absent = _choose_absent(lesions, rng)
    findings = _tell(devices, book, rng, compared) + _tell(disease, book, rng, compared)
    findings += _shuffled(_deny(absent, book, rng) + _normal(lesions, absent, book, rng), rng)
    return Narrative(tuple(findings), tuple(_impress(devices, disease, book, rng)), compared)


def _choose_absent(lesions: tuple[Lesion, ...], rng: np.random.Generator) -> list[str]:
    there = {lesion.finding for lesion in lesions}
    there |= {LIKE[finding] for finding in there if finding in LIKE}
    draws = rng.random(len(_DENIABLE))
    rows = zip(_DENIABLE, _DENIAL_SHARES, draws, strict=True)
    return [finding for finding, share, draw in rows if draw < share and finding not in there]


def _tell(
    told: list[_Told], book: Phrasebook, rng: np.random.Generator, compared: bool
) -> list[SentenceDraft]:
    """Word lesions one by one, now and then two in a sentence."""
    drafts: list[SentenceDraft] = []
    waiting = list(told)
    while waiting:
        one = waiting.pop(0)
        partner = waiting[0] if waiting and not one.hedged and not waiting[0].hedged else None
        if partner is not None and rng.random() < _PAIRED:
            waiting.pop(0)
            drafts.append(_pair(one, partner, "two", book, rng))
            continue
        prior = compared and not one.hedged and bool(rng.random() < _PRIOR)
        form: Form = "hedged" if one.hedged else ("prior" if prior else "sentences")
        drafts.append(SentenceDraft(book.word(one.lesion, rng, form), (one.mention,), prior))
    return drafts


def _pair(
    first: _Told, second: _Told, kind: str, book: Phrasebook, rng: np.random.Generator
) -> SentenceDraft:
    clauses = [book.word(one.lesion, rng, "clauses") for one in (first, second)]
    text = pick(rng, book.shared[kind]).format(first=clauses[0], second=clauses[1])
    return SentenceDraft(capitalise(text), (first.mention, second.mention))


def _deny(absent: list[str], book: Phrasebook, rng: np.random.Generator) -> list[SentenceDraft]:
    """Deny findings in one or two sentences."""
    names = [absent[i] for i in rng.permutation(len(absent))]
    cut = len(names) if len(names) < 3 or rng.random() < 0.6 else int(rng.integers(1, len(names)))
    return [_denial(part, book, rng) for part in (names[:cut], names[cut:]) if part]


def _denial(names: list[str], book: Phrasebook, rng: np.random.Generator) -> SentenceDraft:
    nouns = [book.noun(name) for name in names]
    listed = nouns[0] if len(nouns) == 1 else ", ".join(nouns[:-1]) + " or " + nouns[-1]
    template = pick(rng, book.shared["absent_one" if len(nouns) == 1 else "absent_many"])
    mentions = tuple(PhraseMention(name, "none", "absent", None) for name in names)
    return SentenceDraft(capitalise(template.format(list=listed)), mentions)


def _normal(
    lesions: tuple[Lesion, ...], absent: list[str], book: Phrasebook, rng: np.random.Generator
) -> list[SentenceDraft]:
    there = {lesion.finding for lesion in lesions}
    fitting = [row for row in book.normal if not row.excludes & there and not set(row.denies) & set(absent)]
    count = min(len(fitting), int(rng.integers(1, 5)))
    chosen = rng.permutation(len(fitting))[:count]
    drafts: list[SentenceDraft] = []
    said: set[tuple[str, ...]] = set()
    for row in (fitting[int(i)] for i in chosen):
        key = row.denies or (row.text,)
        if key not in said:  # one sentence on the heart is enough
            said.add(key)
            mentions = tuple(PhraseMention(name, "none", "absent", None) for name in row.denies)
            drafts.append(SentenceDraft(row.text, mentions))
    return drafts


def _shuffled(drafts: list[SentenceDraft], rng: np.random.Generator) -> list[SentenceDraft]:
    return [drafts[i] for i in rng.permutation(len(drafts))]


def _impress(
    devices: list[_Told], disease: list[_Told], book: Phrasebook, rng: np.random.Generator
) -> list[SentenceDraft]:
    """Mirror the lesions in an impression; the same lesions stay hedged."""
    if not disease:
        drafts = [SentenceDraft(pick(rng, book.shared["normal_impressions"]))]
        return drafts + [_impression(one, book, rng) for one in devices if rng.random() < 0.4]
    kept = [one for one in disease if rng.random() < 0.93] or disease[:1]
    drafts = []
    while kept:
        one = kept.pop(0)
        both = bool(kept) and not one.hedged and not kept[0].hedged
        if both and rng.random() < _PAIRED_IMPRESSION:
            drafts.append(_pair(one, kept.pop(0), "two_impressions", book, rng))
        else:
            drafts.append(_impression(one, book, rng))
    drafts += [_impression(one, book, rng) for one in devices if rng.random() < 0.3]
    return drafts + _closing(disease, book, rng)


def _impression(one: _Told, book: Phrasebook, rng: np.random.Generator) -> SentenceDraft:
    return SentenceDraft(
        book.word(one.lesion, rng, "hedged" if one.hedged else "impressions"), (one.mention,)
    )


def _closing(disease: list[_Told], book: Phrasebook, rng: np.random.Generator) -> list[SentenceDraft]:
    urgent = any(one.lesion.finding in ("pneumothorax", "mass") for one in disease)
    if rng.random() < (0.4 if urgent else 0.08):
        return [
            SentenceDraft(
                pick(rng, book.shared["notifications" if rng.random() < 0.6 else "recommendations"])
            )
        ]
    return []
