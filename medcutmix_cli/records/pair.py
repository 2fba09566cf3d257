"""Who gives what to whom, and the text edit: a row of the plan. Knows no pixel."""

from __future__ import annotations

from dataclasses import dataclass, field

from medcutmix_cli.records.reading import Assertion, Side

IMAGE_MODES = ("attended", "soft", "keep", "box", "average")
"""How pictures are mixed: by the run's mask rule; by a soft mask (size-type findings); not at all; in a random box
(CutMix); everywhere alike (MixGen)."""

MAPPED_MODES = frozenset({"attended", "soft"})
"""Modes in which maps decide what is pasted, so that evidence is gated and neighbours are guarded."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in the recipient's report: `report[start:end]` leaves, `text` enters.

    Attributes:
        start: Offset into the recipient's original report; `start == end` is an insertion.
        end: End offset, exclusive.
        text: What enters; "" for a deletion.
        section: Section of the recipient that it touches.
        removed: The recipient's sentence that leaves, white space folded; "" for an insertion.
        source_start: Where `text` was taken from in the donor's original report; -1 for a deletion.
        source_end: End offset in the donor's report, exclusive; -1 for a deletion.
    """

    start: int
    end: int
    text: str = field(repr=False)
    section: str
    removed: str = field(repr=False)
    source_start: int = -1
    source_end: int = -1


@dataclass(frozen=True, slots=True)
class Entity:
    """One finding named in a report: `report[start:end]`, code points.

    Attributes:
        section: Name of the section it stands in.
    """

    start: int
    end: int
    finding: str
    assertion: Assertion
    side: Side
    section: str


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Something else that a parent's report says is there, and that a paste must neither cover nor bring along.

    Attributes:
        finding: Lexicon id; "support_devices" for tubes, lines and wires.
        sentence: The sentence that asserts it, white space folded: a map's query.
    """

    finding: str
    sentence: str = field(repr=False)
    side: Side


@dataclass(frozen=True, slots=True)
class MapTarget:
    """What a map was asked for, as the report words it: all that a rule for masks knows beside the map.

    Attributes:
        finding: Lexicon id, "" where nothing is known of it.
        severity: As in `Mention`, "" where the sentence gives none, or several (likewise location).
    """

    finding: str = ""
    side: Side = Side.NONE
    severity: str = ""
    location: str = ""


@dataclass(frozen=True, slots=True)
class Parent:
    """One of the two studies of a pair, with all that rendering needs of it.

    Attributes:
        sentence: The diagnostic sentence about the pair's finding, white space folded: the map's query; "" where
            nothing of this parent leaves or comes.
        side: Side the report gives the finding.
        labels: One value per CheXpert observation in `findings.CHEXPERT` order: 1 present, 0 absent,
            -1 uncertain, NaN not mentioned.
        findings_text: Body of the findings section, None where there is none (likewise the next four).
        neighbours: What else is present and stays with this parent: kept by the recipient, not given by the donor.
        prompted: Whether its report was made from labels, for want of one.
        severity: Degree or size that the diagnostic sentence gives the finding, as in `Mention`; "" where it gives
            none, or several (likewise location).
    """

    study_id: str
    subject_id: str
    image_id: str
    image_path: str
    view: str
    report: str = field(repr=False)
    sentence: str = field(repr=False)
    side: Side
    labels: tuple[float, ...]
    findings_text: str | None = field(repr=False)
    impression_text: str | None = field(repr=False)
    last_paragraph_text: str | None = field(repr=False, default=None)
    comparison_text: str | None = field(repr=False, default=None)
    indication_text: str | None = field(repr=False, default=None)
    neighbours: tuple[Neighbour, ...] = ()
    prompted: bool = False
    severity: str = ""
    location: str = ""

    def target(self, finding: str) -> MapTarget:
        """Say what its map is asked for, by the finding that the pair exchanges."""
        return MapTarget(finding, self.side, self.severity, self.location)


@dataclass(frozen=True, slots=True)
class TextWeights:
    """The recipient's share of the mixed report's counted sections, each in [0, 1].

    Attributes:
        tokens: By words between white space.
        sents: By sentences.
        entities: By finding mentions.
    """

    tokens: float
    sents: float
    entities: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One planned mix: who gives what to whom, and the text edit, already decided.

    Attributes:
        pair_id: 16 hex digits, a hash of what the pair is (never of when or where it is rendered).
        finding: Lexicon id of what comes in; "" where nothing does.
        finding_a: Lexicon id of what leaves; "" where nothing does. Same-finding: equal to `finding`.
        image_mode: How the pictures are mixed, one of `IMAGE_MODES`.
        impression_consistent: Whether findings and impression of the mixed report say the same of every finding.
        entities: Every finding named in the counting sections of the mixed report.
        report: The mixed report, equal to `splice(recipient.report, edits)`.
        given: What the inserted sentences alone say, as `Parent.labels`.
        labels: What the mixed report says, as `Parent.labels`; what the recipient has of what was not exchanged.
        text_weights: The recipient's share of the mixed text.
        cells: Cells of a targeted plan that it lies in, "split/target"; empty without targets.
        doubted: Observations that the donor's report says what came may be; not what it doubts of another lesion.
    """

    pair_id: str
    strategy: str
    split: str
    finding: str
    recipient: Parent
    donor: Parent
    edits: tuple[Edit, ...]
    report: str = field(repr=False)
    findings_text: str | None = field(repr=False)
    impression_text: str | None = field(repr=False)
    given: tuple[float, ...]
    labels: tuple[float, ...]
    text_weights: TextWeights
    finding_a: str = ""
    image_mode: str = "attended"
    last_paragraph_text: str | None = field(repr=False, default=None)
    comparison_text: str | None = field(repr=False, default=None)
    indication_text: str | None = field(repr=False, default=None)
    impression_consistent: bool = True
    entities: tuple[Entity, ...] = ()
    cells: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
