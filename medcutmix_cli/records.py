"""The nouns: what each stage hands to the next, frozen. Knows no file format, no model and no heavy library.

Frames: character offsets count Unicode code points of the original report, `report[start:end] == text`.
Sides are the patient's: the patient's left is the right half of a frontal picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for the annotations of arrays alone: nothing here computes
    import numpy as np
    import numpy.typing as npt


FRONTAL_VIEWS = ("PA", "AP")
"""The views of which one picture stands for a study, the preferred one first."""


class Assertion(StrEnum):
    """What the report says of a finding."""

    PRESENT = "present"
    ABSENT = "absent"
    UNCERTAIN = "uncertain"
    RESOLVED = "resolved"  # resolved or historical: named, but not there now


class Side(StrEnum):
    """The patient's side of a finding; NONE where the report gives no side."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"
    NONE = "none"


class SentenceKind(StrEnum):
    """Why a sentence is, or is not, a diagnostic sentence; the first that applies wins."""

    DIAGNOSTIC = "diagnostic"  # asserts >= 1 finding as present, here and now
    PRIOR = "prior"  # asserts a finding, but by comparison with an earlier study
    UNCERTAIN = "uncertain"  # names findings, all of them hedged (none present)
    RESOLVED = "resolved"
    NEGATIVE = "negative"  # names findings, all of them absent
    NORMAL = "normal"  # a statement of normality ("The heart size is normal.")
    DEVICE = "device"  # only devices and their position
    NOTIFICATION = "notification"  # "Discussed with Dr. ___ at 9:40."
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a study.

    Attributes:
        image_id: `dicom_id` in MIMIC-CXR, unique in the data set.
        path: Path below the data set's root (or absolute), POSIX separators.
        view: "AP", "PA", "LATERAL", "LL" or "" where unknown.
    """

    image_id: str
    path: str
    view: str = ""


@dataclass(frozen=True, slots=True)
class PictureRules:
    """What a run may choose of how a picture file becomes grey.

    Attributes:
        dicom_mode: How DICOM becomes grey: "mimic-jpg", "voi" or "minmax".
        corrupt_jpeg: What becomes of a JPEG that libjpeg calls corrupt and decodes whole: "refuse" or "keep".
    """

    dicom_mode: str = "mimic-jpg"
    corrupt_jpeg: str = "refuse"


@dataclass(frozen=True, slots=True)
class Study:
    """One imaging study with its report, as the data set gives it.

    Attributes:
        split: "train", "validate" or "test", the literal values of MIMIC-CXR.
        report: The original report text, untouched; "" where it is empty.
        labels: Labels that came with the data set, by CheXpert observation name: 1.0, 0.0, -1.0.
        prompted: Whether the report was made from labels, for want of one.
        attributes: What a table says of it besides, (column, value): sex, age group, site.
    """

    study_id: str
    subject_id: str
    split: str
    images: tuple[Image, ...]
    report: str = field(repr=False)
    labels: Mapping[str, float] = field(default_factory=dict)
    prompted: bool = False
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Drop:
    """A study or pair left out, by name.

    Attributes:
        unit: "study", "image" or "pair".
        identifier: Its id.
        reason: A name that is counted ("report-empty"), never free text.
    """

    unit: str
    identifier: str
    reason: str


@dataclass(frozen=True, slots=True)
class Section:
    """One section of a report: `report[start:end]` is its body without the header, stripped.

    Attributes:
        name: Normalised: "findings", "impression", "last_paragraph", "comparison", "indication",
            "technique", "examination", "history", "addendum", "preamble", "other".
        header: The header as printed, without colon; "" where there is none.
    """

    name: str
    header: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mention:
    """One finding named at one place.

    Attributes:
        finding: Lexicon id, for example "pleural_effusion", or an open finding: "entity:hiatal hernia".
        start: Offset of the naming words into the report (code points).
        end: End offset, exclusive.
        location: Zone or lobe as a normalised word ("lower", "upper", "base", ...), "" where none.
        severity: "small", "mild", "moderate", "large", "severe", ... as written in lower case, or "".
        prior: Whether the mention is made by comparison with an earlier study.
        measurement: Size that stands by it, as "12 mm" or "3.5 x 2.2 cm", or "".
    """

    finding: str
    start: int
    end: int
    assertion: Assertion
    side: Side = Side.NONE
    location: str = ""
    severity: str = ""
    prior: bool = False
    measurement: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a model of the user's takes for an entity, and what neither the lexicon nor an open finding names.

    Attributes:
        start: Offset into the report (code points).
        end: End offset, exclusive.
        label: The model's own word for it ("ENTITY").
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `report[start:end] == text`, line breaks kept as in the report.

    Attributes:
        section: Name of the section it stands in.
        flags: Sorted names of what else it holds: "prior", "device", "measurement", "notification",
            "date", "name", "patient", "other-modality", "list-marker", "recommendation", "alternative" (two words
            for one thing), "corrected" (a later sentence takes back what it says), "normal" (calls something normal
            beside an open finding).
    """

    start: int
    end: int
    text: str = field(repr=False)
    # Pairing asks sets of sentences all the time; place and words tell the sentences of one report apart.
    section: str = field(hash=False)
    kind: SentenceKind = field(hash=False)
    mentions: tuple[Mention, ...] = field(default=(), hash=False)
    flags: tuple[str, ...] = field(default=(), hash=False)
    candidates: tuple[Candidate, ...] = field(default=(), hash=False)

    def findings(self, assertion: Assertion = Assertion.PRESENT) -> frozenset[str]:
        """Return the findings of this sentence that carry `assertion`."""
        return frozenset(m.finding for m in self.mentions if m.assertion is assertion)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of one report."""

    sections: tuple[Section, ...] = field(hash=False)
    sentences: tuple[Sentence, ...]

    def section(self, name: str) -> Section | None:
        """Return the section of that name, or None."""
        return next((s for s in self.sections if s.name == name), None)


@dataclass(frozen=True, slots=True)
class ReadStudy:
    """A study whose report has been read, with the one picture chosen for it.

    Attributes:
        image: The picture that stands for the study, by the fixed rule of `planning.reading.choose_image`.
        reading: Sections, and the sentences that name a finding or count as text of the report.
        labels: What the study has, one value per CheXpert observation: 1, 0, -1 or NaN; by the report or by a
            label table, as the plan's settings say.
        findings: Lexicon ids that the report asserts and, where a label table counts, the table as well.
    """

    study: Study
    image: Image
    reading: Reading
    labels: tuple[float, ...]
    findings: frozenset[str]


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


IMAGE_MODES = ("attended", "soft", "keep", "box", "average")
"""How pictures are mixed: by the run's mask rule; by a soft mask (size-type findings); not at all; in a random box
(CutMix); everywhere alike (MixGen)."""

MAPPED_MODES = frozenset({"attended", "soft"})
"""Modes in which maps decide what is pasted, so that evidence is gated and neighbours are guarded."""


@dataclass(frozen=True, slots=True)
class NullPicture:
    """A picture without a finding, to be asked for it: what the evidence gate takes for chance.

    Attributes:
        split: Calibrates pairs of this split only.
        finding: Lexicon id of what the study is label-negative for.
        sentence: A sentence of the plan about that finding, white space folded.
    """

    split: str
    finding: str
    study_id: str
    image_id: str
    image_path: str
    sentence: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What an evidence gate promises of one finding: how seldom it keeps a picture that lacks it.

    Attributes:
        nulls: Pictures without the finding that were compared.
        reaching: How many of them may reach a peak that is kept; -1: too few were there, and nothing is kept.
        alpha: Share of pictures without the finding that is kept at most.
        confidence: Share of calibrations, in [0, 1], for which that holds; 0 where nothing is kept.
        wanted: The confidence that was asked for.
        least: Pictures without the finding with which something is kept; 0 where an earlier version did not say.
    """

    nulls: int
    reaching: int
    alpha: float
    confidence: float
    wanted: float
    least: int = 0

    @property
    def refused(self) -> bool:
        """Say whether there are too few nulls to keep anything."""
        return self.reaching < 0

    @property
    def whole(self) -> bool:
        """Say whether the promise is the one that was asked for."""
        return not self.refused and self.confidence >= self.wanted


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """What became of one cell.

    Attributes:
        target: The target as it would be typed alone.
        have: Studies of the cell among the originals.
        wanted: How many there were to be, originals and mixes together.
        planned: Pairs that lie in the cell, whichever cell they were planned for, spare ones among them.
        hosts: Studies that could receive for it before any was tried (likewise donors: that could give).
        short: Why fewer were planned than were missing, "" where they were not.
        refused: Why matches for it were refused, counted.
    """

    target: str
    split: str
    have: int
    wanted: int
    planned: int
    hosts: int
    donors: int
    short: str = ""
    refused: Mapping[str, int] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        """Name of the cell, as pairs have it."""
        return f"{self.split}/{self.target}"

    @property
    def missing(self) -> int:
        """Pairs that the cell still lacks."""
        return max(0, self.wanted - self.have - self.planned)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an original picture lies on the square canvas; geometry both ways.

    Canvas pixel (x, y), x right and y down, centre convention:
    x_canvas = (x_original + 0.5) * scale_x - 0.5 + left, likewise y with top.

    Attributes:
        source_height: Rows of the original picture, pixels (likewise source_width).
        canvas: Side of the canvas, pixels.
        top: First canvas row that holds picture (likewise left); the rest is padding.
        height: Canvas rows that hold picture (likewise width).
    """

    source_height: int
    source_width: int
    canvas: int
    top: int
    left: int
    height: int
    width: int

    @property
    def scale_x(self) -> float:
        """Canvas pixels per original pixel, along x."""
        return self.width / self.source_width

    @property
    def scale_y(self) -> float:
        """Canvas pixels per original pixel, along y."""
        return self.height / self.source_height


@dataclass(frozen=True, slots=True, eq=False)
class ThoraxPlacement(Placement):
    """Where a picture lies on the canvas, and where the patient's midline is in it: known where it is registered.

    Attributes:
        leftness: (grid_h, grid_w) float32, > 0 on the patient's left of the midline, < 0 on the right.
    """

    leftness: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Warp:
    """Where the donor's thorax lies when it is brought onto the recipient's: read backwards, as pictures are warped.

    Places are shares of the square canvas: pixel (column i, row j) of a canvas of C pixels lies at
    ((i + 0.5) / C, (j + 0.5) / C), x right and y down. What comes to place (x, y) of the recipient is what the donor
    has at `affine @ (x, y, 1) + field(x, y)`; `field` is read bilinearly between the centres of its cells, and
    beyond the outermost centres it stays what it is there.

    Attributes:
        affine: (2, 3) float32.
        field: (n, n, 2) float16, (x, y) of each cell, row by row.
    """

    affine: npt.NDArray[np.float32]
    field: npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Cut:
    """Everything that was decided about one mix of pixels: enough to paste it again, with no encoder.

    Attributes:
        mask_a: (grid_h, grid_w) bool, the recipient's evidence (likewise mask_b, the donor's, before any shift).
        mask: The region that is pasted, in the recipient's frame; where masks are soft, its core.
        weights: (grid_h, grid_w) float16 donor weights in [0, 1], in the recipient's frame.
        interpolation: How `weights` is brought to pixels: "bilinear" or "nearest".
        gain, offset: float32-exact intensity match of the donor: `gain * x + offset + tone`, grey levels.
        shift_y, shift_x: Canvas pixels that the donor is moved down and to the right before it is pasted.
        warp: How the donor's thorax was brought onto the recipient's, before it was moved; None where it was not.
        align_quality: How well they then agree, in [-1, 1]; None where the donor was not brought onto anything.
        tone: (grid_h, grid_w) float16 grey levels, brought to pixels bilinearly; None where there are none.
    """

    mask_a: npt.NDArray[np.bool_]
    mask_b: npt.NDArray[np.bool_]
    mask: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float16]
    interpolation: str
    gain: float
    offset: float
    shift_y: int = 0
    shift_x: int = 0
    warp: Warp | None = None
    align_quality: float | None = None
    tone: npt.NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class ImageWeights:
    """Image-side weights of one mix.

    Attributes:
        area: 1 - mean of the pixel weights over the recipient's picture (CutMix, arXiv 1905.04899).
        mass: kept / (kept + got), from the two attention masses (each map's energy, in sum 1); 0 where all of the
            recipient's evidence left and none of the donor's came.
        transmix: sum of (1 - W) times the attention of the mixed picture (TransMix, arXiv 2111.09833), that
            attention being put together from the parents' energies, since no encoder has seen the mix.
        mass_kept_a: Share of the recipient's attention outside the paste (SnapMix, arXiv 2012.04846).
        mass_got_b: Share of the donor's attention that lies inside the paste.
    """

    area: float
    mass: float
    transmix: float
    mass_kept_a: float
    mass_got_b: float


@dataclass(frozen=True, slots=True)
class MixedParent:
    """One parent of a finished sample: what the plan says of it, and what rendering found.

    Attributes:
        scores: (grid_h, grid_w) float16 raw scores of its map, NaN outside.
        mask: (grid_h, grid_w) bool, its evidence, in its own frame.
        ground_p: Evidence of its map, None where no gate asked.
        guarantee: What the gate promises of its finding, None where it promises nothing.
    """

    parent: Parent
    scores: npt.NDArray[np.float16]
    mask: npt.NDArray[np.bool_]
    placement: Placement
    ground_p: float | None = None
    guarantee: Guarantee | None = None


@dataclass(frozen=True, slots=True)
class MixedSample:
    """One finished sample: all that a row of a shard is taken from.

    Attributes:
        lam: The run's named weight.
        targets: 14 soft targets in CheXpert order, in [0, 1], NaN where nothing is said.
        label_states: What a loss may take each observation for, in CheXpert order (see `mixing.label_states`).
        rank: (grid_h, grid_w) uint16 rank of each cell by the mix's own energy, 0 = strongest.
        picture: The mixed picture as it is stored: encoded bytes.
        features: (grid_h, grid_w, d) float16 mixed patch features, None where they were not asked for.
    """

    pair: Pair
    cut: Cut
    recipient: MixedParent
    donor: MixedParent
    weights: ImageWeights
    lam: float
    targets: tuple[float, ...]
    label_states: tuple[str, ...]
    rank: npt.NDArray[np.uint16]
    picture: bytes
    features: npt.NDArray[np.float16] | None = None
