"""One report -> sections, sentences, findings with assertion and side, as `records.Reading`.

What a sentence says depends on the sentence, the kind of its section and the abbreviations that the report
defines; beyond that only on a sentence that takes it back (`corrections.py`). So mixed reports read like their
parts, and equal sentences are read once per process.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from medcutmix_cli.records import Assertion, Candidate, Mention, Reading, Section, Sentence, SentenceKind
from medcutmix_cli.reports.alternatives import names_one_thing_twice
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.attributes import Attributes, read_attributes
from medcutmix_cli.reports.candidates import entity_pipeline, find_candidates
from medcutmix_cli.reports.corrections import correct_sentences
from medcutmix_cli.reports.diagnostic import LEXICON, check_strategy, decide
from medcutmix_cli.reports.ellipsis import find_ellipses
from medcutmix_cli.reports.form_parts import join_form_parts
from medcutmix_cli.reports.kinds import DEVICES, refers_to_prior, sentence_flags, sentence_kind
from medcutmix_cli.reports.lexicon import Hit, explanations, find_hits
from medcutmix_cli.reports.paragraphs import place_paragraphs
from medcutmix_cli.reports.pipeline import abbreviations
from medcutmix_cli.reports.sections import split_sections
from medcutmix_cli.reports.sentences import split_sentences, unwrap
from medcutmix_cli.reports.special_studies import place_special
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.reports.words import Words, canonical

# Here a bare "pneumonia" is what the study was asked about, not what it shows.
ASKED = frozenset({"indication", "history"})


@dataclass(frozen=True, slots=True)
class ReportReader:
    """Reads reports; holds settings only, so it can be sent to worker processes.

    Attributes:
        section_rules: "mimic-official" reproduces the parser published with MIMIC-CXR, "strict" puts its
            quirks right.
        nlp_model: Folder of a spaCy or scispaCy model; "" for none. Labels never depend on it.
        diagnostic: Who decides which sentences are diagnostic: "lexicon" (entities are noted as candidates),
            "entities" or "both" (entities outside the lexicon are open findings).
    """

    section_rules: str = "mimic-official"
    nlp_model: str = ""
    diagnostic: str = LEXICON

    def __post_init__(self) -> None:
        """Refuse a strategy that there is not, or that lacks its model."""
        check_strategy(self.diagnostic, self.nlp_model)

    def read(self, report: str, study_id: str = "") -> Reading:
        """Return the sections and sentences of a report; both empty where it holds no text.

        Args:
            report: Original report text.
            study_id: The published MIMIC-CXR extraction reads some fifty studies in a way of their own; with
                their id, and if the text is theirs, so does "mimic-official".

        Raises:
            UsageError: No section rules of that name, or no model in that folder.
            MedcutmixError: The model cannot be loaded.
        """
        if self.nlp_model:
            entity_pipeline(self.nlp_model)  # first: spaCy is loaded without torch for all else
        sections = split_sections(report, self.section_rules)
        if self.section_rules == "mimic-official":
            sections = place_special(report, sections, study_id)
        sections = place_paragraphs(report, tuple(join_form_parts(report, sections)))
        short_forms = useful_abbreviations(report)
        read = [s for section in sections for s in _read_section(report, section, short_forms)]
        sentences: Iterable[Sentence] = correct_sentences(read, ASKED)
        if self.nlp_model:
            sentences = (self._with_entities(sentence) for sentence in sentences)
        return Reading(sections, tuple(sentences))

    def _with_entities(self, sentence: Sentence) -> Sentence:
        found = find_candidates(self.nlp_model, unwrap(sentence.text))
        entities = [Candidate(c.start + sentence.start, c.end + sentence.start, c.label) for c in found]
        return decide(sentence, entities, self.diagnostic, asked=sentence.section in ASKED)


@dataclass(frozen=True, slots=True)
class _Analysis:
    """What one sentence says by itself; offsets of the mentions are into the sentence."""

    kind: SentenceKind
    mentions: tuple[Mention, ...]
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    """One sentence of a section; its start is an offset into the section's text."""

    start: int
    text: str
    listed: bool
    analysis: _Analysis


def useful_abbreviations(report: str) -> dict[str, str]:
    """Return the abbreviations whose long form names a finding and whose short form does not."""
    found = abbreviations(unwrap(report))
    return {
        short: long
        for short, long in found.items()
        if find_hits(canonical(long)) and not find_hits(canonical(short))
    }


def _read_section(report: str, section: Section, short_forms: dict[str, str]) -> list[Sentence]:
    forms = tuple(sorted(short_forms.items()))
    body = _read_body(report[section.start : section.end], section.name in ASKED, forms)
    return [_placed(one, section) for one in body]


@remember(1 << 10)
def _read_body(text: str, asked: bool, short_forms: tuple[tuple[str, str], ...]) -> tuple[_Part, ...]:
    """Read what stands in a section; kept, as most sections of a mixed report have just been read."""
    parts = []
    for start, end, listed in split_sentences(text, 0, len(text)):
        sentence = text[start:end]
        used = tuple(form for form in short_forms if form[0] in sentence)
        parts.append(_Part(start, sentence, listed, _analyse(unwrap(sentence), asked, used)))
    return tuple(parts)


def _placed(part: _Part, section: Section) -> Sentence:
    start, found = section.start + part.start, part.analysis
    flags = found.flags | {"list-marker"} if part.listed else found.flags
    mentions = tuple(_shifted(mention, start) for mention in found.mentions)
    end = start + len(part.text)
    return Sentence(start, end, part.text, section.name, found.kind, mentions, tuple(sorted(flags)))


def _shifted(m: Mention, by: int) -> Mention:
    return Mention(
        m.finding,
        m.start + by,
        m.end + by,
        m.assertion,
        m.side,
        m.location,
        m.severity,
        m.prior,
        m.measurement,
    )


@dataclass(frozen=True, slots=True)
class _Stated:
    """A hit with what is said of it."""

    hit: Hit
    assertion: Assertion
    attributes: Attributes


@remember(1 << 16)
def _analyse(text: str, asked: bool, expansions: tuple[tuple[str, str], ...]) -> _Analysis:
    words = canonical(text, dict(expansions))
    hits = find_hits(words)
    stated = _without_explained(_stated(words, hits, asked)) if hits else []
    mentions = tuple(_mention(words, one) for one in stated)
    named = any(not one.hit.normal and one.hit.finding != DEVICES for one in stated)
    flags = sentence_flags(words, mentions, refers_to_prior(words))
    if any(mention.assertion is Assertion.PRESENT for mention in mentions):
        flags |= {"alternative"} if names_one_thing_twice(words, [_span(hit) for hit in hits]) else set()
    return _Analysis(sentence_kind(words, mentions, named, flags), mentions, flags)


def _stated(words: Words, hits: Sequence[Hit], asked: bool) -> list[_Stated]:
    """Return what is said of each hit, and of what is left out; a "normal" that is denied says nothing."""
    elided = {one.hit: one for one in find_ellipses(words, hits)}
    clause = read_clause(words, [_span(hit) for hit in (*hits, *elided)])
    asserted = {hit: assertion_at(clause, hit.anchor, hit.anchor_end) for hit in hits}
    asserted |= {hit: one.assertion(asserted[one.host]) for hit, one in elided.items()}
    meant = [(hit, _meant(hit, assertion, asked)) for hit, assertion in asserted.items()]
    said = [(hit, assertion) for hit, assertion in meant if assertion is not None]
    # Of signs too: "blunting of the left angle, consistent with effusion" has its side at the sign.
    spans = [(hit.begin, hit.end) for hit, _ in said]
    attributes = read_attributes(words, clause, spans, [hit.finding for hit, _ in said])
    return [_Stated(hit, assertion, found) for (hit, assertion), found in zip(said, attributes, strict=True)]


def _span(hit: Hit) -> tuple[int, int]:
    return hit.anchor, hit.anchor_end


def _without_explained(stated: Sequence[_Stated]) -> list[_Stated]:
    """Let what a sentence names overrule what it describes.

    "Blunting of the costophrenic angle, which may be a small effusion" is an uncertain effusion, and so is
    blunting next to the scarring that may have caused it.
    """
    names = {one.hit.finding for one in stated if not one.hit.described}
    kept = []
    for one in stated:
        if one.hit.described and not one.hit.normal and one.assertion is Assertion.PRESENT:
            if one.hit.finding in names:
                continue
            if explanations()[one.hit.finding] & names:
                one = replace(one, assertion=Assertion.UNCERTAIN)
        kept.append(one)
    return kept


def _mention(words: Words, one: _Stated) -> Mention:
    start, end = words.starts[one.hit.begin], words.stops[one.hit.end - 1]
    found = one.attributes
    return Mention(
        one.hit.finding,
        start,
        end,
        one.assertion,
        found.side,
        found.location,
        found.severity,
        found.prior,
        found.measurement,
    )


def _meant(hit: Hit, assertion: Assertion, asked: bool) -> Assertion | None:
    """Return what is said of the finding itself; None where "normal" is denied and nothing follows."""
    if hit.normal:
        return Assertion.ABSENT if assertion in (Assertion.PRESENT, Assertion.UNCERTAIN) else None
    if asked and assertion is Assertion.PRESENT:
        return Assertion.UNCERTAIN
    return assertion


def present_findings(sentences: Sequence[Sentence]) -> frozenset[str]:
    """Return the findings that any of the sentences asserts as present."""
    return frozenset().union(*(sentence.findings() for sentence in sentences))
