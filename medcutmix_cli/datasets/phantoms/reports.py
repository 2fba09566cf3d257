"""Writes the report of a phantom with its ground truth: which sentence asserts which lesion, what is denied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from medcutmix_cli.datasets.phantoms.compose import Narrative, PhraseMention, SentenceDraft, compose
from medcutmix_cli.datasets.phantoms.layout import Page, SectionBlock
from medcutmix_cli.datasets.phantoms.phrases import PHRASEBOOKS, load_phrasebook, pick, read_table
from medcutmix_cli.datasets.phantoms.prose import disagreeing, retell
from medcutmix_cli.datasets.phantoms.records import FINDINGS, Lesion, Phantom

Truth = Literal["present", "absent", "uncertain", "not mentioned"]
_STREAM = 20_250_102
_SHAPES = ("full", "findings", "impression", "last-paragraph")
# Shares near MIMIC-CXR's own: an impression in 83 %, no FINDINGS header in 34 %, neither in 5 %.
_SHAPE_SHARES = (0.54, 0.12, 0.295, 0.045)


@dataclass(frozen=True, slots=True)
class ReportSentence:
    """One sentence of the report's body and what it says.

    Attributes:
        text: the sentence on one line.
        start, end: offsets into `PhantomReport.text`; there the sentence may be wrapped.
        section: "findings", "impression" or "last_paragraph".
        mentions: what it says of which finding; empty for statements of normality and the like.
        prior: it speaks by comparison with an earlier study.
    """

    text: str
    start: int
    end: int
    section: str
    mentions: tuple[PhraseMention, ...]
    prior: bool

    @property
    def plain(self) -> bool:
        """Whether it asserts exactly one lesion, as present, here and now."""
        one = len(self.mentions) == 1 and self.mentions[0].assertion == "present"
        return one and not self.prior


@dataclass(frozen=True, slots=True)
class PhantomReport:
    """A report and its ground truth.

    Attributes:
        text: the report as a MIMIC-CXR text file has it.
        sentences: every sentence of the body, in order.
        truth: finding -> what the report as a whole says of it.
        disagrees: findings of which its sections say different things.
    """

    text: str
    sentences: tuple[ReportSentence, ...]
    truth: Mapping[str, Truth]
    disagrees: frozenset[str] = frozenset()

    def sentences_asserting(self, lesion: int) -> tuple[ReportSentence, ...]:
        """Return the sentences that assert one lesion (an index into `Phantom.lesions`) as present."""
        return tuple(
            sentence
            for sentence in self.sentences
            if any(m.lesion == lesion and m.assertion == "present" for m in sentence.mentions)
        )


def lesion_sentence(lesion: Lesion, rng: np.random.Generator, phrasebook: str = "train") -> str:
    """Word one lesion as a plain asserting sentence, with the templates of FINDINGS and IMPRESSION alike."""
    book = load_phrasebook(phrasebook)
    count, short = len(book.templates(lesion, "sentences")), len(book.templates(lesion, "impressions"))
    impression = rng.random() < short / (count + short)
    return book.word(lesion, rng, "impressions" if impression else "sentences")


def write_report(
    phantom: Phantom,
    phrasebook: str = "train",
    lateral: bool = False,
    prose: int = 1,
    shares: Mapping[str, float] | None = None,
) -> PhantomReport:
    """Write the report of a phantom; the same phantom, phrasebook and prose always give the same text.

    Args:
        phantom: What the picture shows.
        phrasebook: "train" or "held-out"; the two share no template of a sentence.
        lateral: The study also has a lateral view.
        prose: 1 as the phrasebook words it; 2 as uneven as dictated reports are; 3 as varied, and denying everything.
        shares: Of prose 2 and 3: shares of reports that are other than those of `prose.toml`.
    """
    book = load_phrasebook(phrasebook)
    rng = np.random.default_rng([_STREAM, phantom.seed, PHRASEBOOKS.index(phrasebook)])
    shape = str(rng.choice(_SHAPES, p=_SHAPE_SHARES))
    narrative = compose(phantom.lesions, book, rng)
    if prose > 1:
        again = np.random.default_rng([_STREAM, phantom.seed, PHRASEBOOKS.index(phrasebook), prose])
        narrative = retell(narrative, phantom.lesions, book, again, shape == "full", prose, shares)
    page = Page()
    _write_headers(page, phantom, narrative, rng, lateral)
    sections = _write_body(page, shape, narrative, rng)
    drafts = [(draft, section) for section, part in sections for draft in part]
    sentences = tuple(
        ReportSentence(draft.text, start, end, section, draft.mentions, draft.prior)
        for (draft, section), (start, end) in zip(drafts, page.spans, strict=True)
    )
    disagrees = disagreeing([part for _, part in sections])
    return PhantomReport(page.text, sentences, _truth(sentences), disagrees)


def _write_headers(
    page: Page, phantom: Phantom, narrative: Narrative, rng: np.random.Generator, lateral: bool
) -> None:
    table = read_table("report_headers.toml")
    view = "LATERAL" if lateral else phantom.view
    who = "woman" if phantom.patient.sex == "F" else "man"
    priors = table["comparison"]["with_prior" if narrative.compared else "without_prior"]
    lines = {
        "EXAMINATION": pick(rng, table["examination"][view]),
        "INDICATION": pick(rng, table["indication"]["lines"]).format(who=who),
        "TECHNIQUE": pick(rng, table["technique"][view]),
        "COMPARISON": pick(rng, priors),
    }
    for header, keep in zip(lines, (0.85, 0.95, 0.6, 0.8), strict=True):
        if rng.random() < keep:
            page.line(f"{header}:  {lines[header]}")
            page.blank()


def _write_body(
    page: Page, shape: str, narrative: Narrative, rng: np.random.Generator
) -> list[tuple[str, tuple[SentenceDraft, ...]]]:
    """Write the sections of one report shape; returns (section, drafts) in the order written."""
    inline = rng.random() < 0.3
    numbers = len(narrative.impression) > 1 and rng.random() < 0.45
    impression = SectionBlock("IMPRESSION", (_texts(narrative.impression),), numbers, inline)
    if shape == "full":
        page.block(SectionBlock("FINDINGS", _paragraphs(narrative.findings, rng), inline=inline))
        page.block(impression)
        return [("findings", narrative.findings), ("impression", narrative.impression)]
    if shape == "findings":
        page.block(SectionBlock("FINDINGS", _paragraphs(narrative.findings, rng), inline=inline))
        return [("findings", narrative.findings)]
    long = narrative.findings if rng.random() < 0.6 else narrative.impression
    if shape == "impression":
        page.block(
            SectionBlock("IMPRESSION", (_texts(long),), False, inline)
            if long is narrative.findings
            else impression
        )
        return [("impression", long)]
    page.blank()
    page.block(SectionBlock("", (_texts(narrative.findings),)))
    return [("last_paragraph", narrative.findings)]


def _texts(drafts: tuple[SentenceDraft, ...]) -> tuple[str, ...]:
    return tuple(draft.text for draft in drafts)


def _paragraphs(drafts: tuple[SentenceDraft, ...], rng: np.random.Generator) -> tuple[tuple[str, ...], ...]:
    texts = _texts(drafts)
    if len(texts) < 4 or rng.random() < 0.65:
        return (texts,)
    cut = int(rng.integers(2, len(texts) - 1))
    return texts[:cut], texts[cut:]


def _truth(sentences: tuple[ReportSentence, ...]) -> dict[str, Truth]:
    said = {(mention.finding, mention.assertion) for s in sentences for mention in s.mentions}
    order: tuple[Truth, ...] = ("present", "uncertain", "absent")
    return {
        finding: next((value for value in order if (finding, value) in said), "not mentioned")
        for finding in FINDINGS
    }
