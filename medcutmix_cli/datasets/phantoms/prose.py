"""Tells a composed report again as unevenly as people dictate; knows what each new sentence says, and no layout."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from medcutmix_cli.datasets.phantoms.compose import LIKE, Narrative, PhraseMention, SentenceDraft
from medcutmix_cli.datasets.phantoms.phrases import Phrasebook, capitalise, pick, read_table
from medcutmix_cli.datasets.phantoms.records import Lesion

PROSES = (1, 2, 3)
"""1: each sentence as the phrasebook has it, sections agree. 2: told again here. 3: told with
`prose_more.toml` too, which denies atelectasis and devices as often as other findings."""
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_DOUBLED = re.compile(r"\b([\w-]+)( \1)+\b", re.IGNORECASE)
_SHAPES = re.compile(
    r"\b(?:linear|plate-like|band-like) (?=(?:linear|plate|plate-like|band-like)\b)", re.IGNORECASE
)
_CM = re.compile(r"\b(\d+\.\d) cm\b(?= (?:mass|left|right)|\.)")


@dataclass(frozen=True, slots=True)
class Habits:
    """How one report is dictated, drawn once."""

    telegraphic: bool
    short: bool
    typo: bool
    disagree: bool
    addendum: bool


@dataclass(frozen=True, slots=True)
class _Teller:
    """What every step of telling needs."""

    lesions: tuple[Lesion, ...]
    book: Phrasebook
    table: Mapping[str, Any]
    rng: np.random.Generator
    compared: bool
    more: Mapping[str, Any]

    def happens(self, share: str) -> bool:
        return bool(self.rng.random() < self.table["shares"][share])

    @property
    def normal(self) -> Sequence[Mapping[str, Any]]:
        return [*self.table["normal"], *self.more.get("normal", ())]

    def draw(self, templates: Sequence[str]) -> str:
        return expand(pick(self.rng, templates), self.rng)


def retell(
    narrative: Narrative,
    lesions: tuple[Lesion, ...],
    book: Phrasebook,
    rng: np.random.Generator,
    both: bool,
    prose: int = 2,
    shares: Mapping[str, float] | None = None,
) -> Narrative:
    """Tell a report again: other sentences, the same lesions.

    Args:
        narrative: What was composed.
        lesions: Of the phantom.
        book: Places and nouns of the findings.
        rng: Every draw of the telling.
        both: The report will have FINDINGS and IMPRESSION, so that they can disagree.
        prose: 2 or 3.
        shares: Shares of reports that are other than those of `prose.toml`.
    """
    table = read_table("prose.toml")
    table = {**table, "shares": {**table["shares"], **(shares or {})}}
    more = read_table("prose_more.toml") if prose > 2 else {}
    teller = _Teller(lesions, book, table, rng, narrative.compared, more)
    habits = Habits(*(teller.happens(entry.name) for entry in fields(Habits)))
    findings = _retell_findings(narrative.findings, teller)
    impression = _retell_impression(narrative.impression, teller, findings, habits, both)
    wear = [tuple(_wear(draft, habits, teller) for draft in part) for part in (findings, impression)]
    return replace(narrative, findings=wear[0], impression=wear[1])


def disagreeing(sections: Sequence[Sequence[SentenceDraft]]) -> frozenset[str]:
    """Return the findings of which two sections say different things, or one says all is normal."""
    said = [{(m.finding, m.assertion) for draft in part for m in draft.mentions} for part in sections]
    denied = [any(draft.denies_all for draft in part) for part in sections]
    names = {finding for part in said for finding, _ in part if finding != "support_devices"}
    return frozenset(
        name
        for name in names
        if len({assertion for part in said for finding, assertion in part if finding == name}) > 1
        or (any(denied) and any((name, how) in part for part in said for how in ("present", "uncertain")))
    )


def expand(template: str, rng: np.random.Generator) -> str:
    """Draw one of each "[a|b]"; what was drawn empty leaves no double space."""
    text = _CHOICE.sub(lambda found: pick(rng, found[1].split("|")), template)
    return re.sub(r" +(?=[.,])", "", re.sub(r" {2,}", " ", text)).strip()


def undouble(text: str) -> str:
    """Say an adjective once: "Linear linear atelectasis" is "Linear atelectasis"."""
    once = _DOUBLED.sub(lambda found: found[1], text)
    return capitalise(_SHAPES.sub("", once))


def _retell_findings(drafts: Sequence[SentenceDraft], teller: _Teller) -> list[SentenceDraft]:
    told = [draft for draft in drafts if any(m.lesion is not None for m in draft.mentions)]
    absent = [m.finding for draft in drafts if draft not in told for m in draft.mentions]
    absent += _more_absent(teller, absent)
    said = {m.finding for draft in told for m in draft.mentions}
    lines: list[SentenceDraft] = []
    for draft in told:
        lines.append(_hedge(draft, teller, said | set(absent)))
        lines += _point(lines[-1], teller)
    listed = [name for name in absent if name not in ("cardiomegaly", "support_devices")]
    rest = _deny(listed, teller) + _deny_devices(teller, absent) + _normal(teller, absent)
    rest = [rest[i] for i in teller.rng.permutation(len(rest))]
    return lines + rest if teller.rng.random() < 0.6 else rest + lines


def _hedge(draft: SentenceDraft, teller: _Teller, said: set[str]) -> SentenceDraft:
    """Hedge between two causes, where a lesion is hedged and the other cause is not spoken of elsewhere."""
    mention = draft.mentions[0]
    rows = [
        row
        for row in teller.table["alternatives"].get(mention.finding, ())
        if row.get("other") not in said and not ("{place}" in row["text"] and not _place(mention, teller))
    ]
    if mention.assertion != "uncertain" or not rows or not teller.happens("alternative"):
        return draft
    row = rows[int(teller.rng.integers(len(rows)))]
    text = teller.draw([row["text"]]).format(place=_place(mention, teller), side=mention.side)
    if other := row.get("other"):
        said.add(other)
        return SentenceDraft(
            capitalise(text), (mention, PhraseMention(other, mention.side, "uncertain", None))
        )
    return SentenceDraft(capitalise(text), (mention,))


def _place(mention: PhraseMention, teller: _Teller) -> str:
    lesion = teller.lesions[mention.lesion or 0]
    return pick(teller.rng, teller.book.places.get(f"{lesion.side}.{lesion.zone}", [""]))


def _point(draft: SentenceDraft, teller: _Teller) -> list[SentenceDraft]:
    device = any(mention.finding == "support_devices" for mention in draft.mentions)
    if draft.prior or device or not teller.happens("point"):
        return []
    kind = "compared" if teller.compared and teller.rng.random() < 0.7 else "alone"
    return [SentenceDraft(teller.draw(teller.table["pointing"][kind]), (), kind == "compared")]


def _deny(names: list[str], teller: _Teller) -> list[SentenceDraft]:
    order = [names[i] for i in teller.rng.permutation(len(names))]
    cut = len(order) if len(order) < 3 or teller.rng.random() < 0.5 else 1
    return [_denial(part, teller) for part in (order[:cut], order[cut:]) if part]


def _more_absent(teller: _Teller, absent: Sequence[str]) -> list[str]:
    """Draw what is denied beside what prose 2 denies: nothing that is there or looks like what is there."""
    there = {lesion.finding for lesion in teller.lesions}
    there |= {LIKE[finding] for finding in there if finding in LIKE}
    shares = teller.more.get("denied", {})
    draws = teller.rng.random(len(shares))
    rows = zip(shares.items(), draws, strict=True)
    return [name for (name, share), draw in rows if draw < share and name not in there and name not in absent]


def _deny_devices(teller: _Teller, absent: Sequence[str]) -> list[SentenceDraft]:
    if "support_devices" not in absent:
        return []
    text = teller.draw(teller.more["devices"]["text"])
    return [SentenceDraft(text, (PhraseMention("support_devices", "none", "absent", None),))]


def _denial(names: list[str], teller: _Teller) -> SentenceDraft:
    nouns, table = [teller.book.noun(name) for name in names], teller.table["denials"]
    listed = ", ".join(nouns[:-1]) + pick(teller.rng, table["joins"]) + nouns[-1] if nouns[1:] else nouns[0]
    text = teller.draw(table["many" if nouns[1:] else "one"]).format(list=listed)
    return SentenceDraft(capitalise(text), tuple(PhraseMention(n, "none", "absent", None) for n in names))


def _normal(teller: _Teller, absent: Sequence[str]) -> list[SentenceDraft]:
    """State normality: at most one sentence on each topic; the heart is denied only where it was before."""
    there = {lesion.finding for lesion in teller.lesions}
    drafts: list[SentenceDraft] = []
    topics: set[str] = set()
    rows = teller.normal
    wanted = int(teller.rng.integers(1, 5 if teller.more else 7))
    for row in (rows[int(i)] for i in teller.rng.permutation(len(rows))):
        heart = bool(row["denies"]) and "cardiomegaly" in absent
        fits = not set(row["excludes"]) & there and row["topic"] not in topics
        if fits and (heart or (not row["denies"] and len(topics) < wanted)):
            topics.add(row["topic"])
            mentions = tuple(PhraseMention(name, "none", "absent", None) for name in row["denies"])
            drafts.append(SentenceDraft(teller.draw([row["text"]]), mentions))
    return drafts


def _retell_impression(
    drafts: Sequence[SentenceDraft],
    teller: _Teller,
    findings: Sequence[SentenceDraft],
    habits: Habits,
    both: bool,
) -> list[SentenceDraft]:
    diseases = [m for draft in findings for m in draft.mentions if m.finding != "support_devices"]
    there = [mention for mention in diseases if mention.lesion is not None]
    if not there:
        normal = SentenceDraft(teller.draw(teller.table["impressions"]["normal"]), denies_all=True)
        return [normal, *(draft for draft in drafts if draft.mentions)]
    if habits.disagree and both:
        return [SentenceDraft(teller.draw(teller.table["impressions"]["disagree"]), denies_all=True)]
    if habits.addendum:
        last = next(draft for draft in reversed(drafts) if draft.mentions)
        lead = teller.draw(teller.table["addenda"]["lead"])
        return [*drafts, replace(last, text=f"{lead} {last.text}")]
    return list(drafts)


def _wear(draft: SentenceDraft, habits: Habits, teller: _Teller) -> SentenceDraft:
    """Put a report's habits on one sentence: other words, fewer words, short words, wrong letters."""
    text = draft.text
    for word, others in teller.table["words"].items():
        if word in text:
            text = text.replace(word, pick(teller.rng, others), 1)
    text = _CM.sub(lambda found: _two_ways(found, teller.rng), text)
    if habits.telegraphic and teller.rng.random() < 0.8:
        for rule in teller.table["shorten"]:
            text = re.sub(rule["find"], rule["put"], text)
    if habits.short:
        text = _replace_words(text, teller.table["abbreviations"], teller.rng, 0.5)
    if habits.typo:
        text = _replace_words(text, teller.table["typos"], teller.rng, 0.2)
    return replace(draft, text=undouble(text))


def _two_ways(found: re.Match[str], rng: np.random.Generator) -> str:
    length = float(found[1])
    return f"{length:.1f} x {length * rng.uniform(0.7, 0.95):.1f} cm" if rng.random() < 0.4 else found[0]


def _replace_words(text: str, table: Mapping[str, str], rng: np.random.Generator, share: float) -> str:
    for word, other in table.items():
        if re.search(rf"\b{word}\b", text) and rng.random() < share:
            text = re.sub(rf"\b{word}\b", other, text, count=1)
    return text
