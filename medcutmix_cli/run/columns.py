"""The columns of a shard, each declared once: adding one is adding a `Column` to `COLUMNS`.

Schema, rows, documentation, `inspect` and the Parquet writer's choices follow from here. Knows no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Edit, Entity, MixedParent, MixedSample, Placement
from medcutmix_cli.run.arrow_types import arrow_type
from medcutmix_cli.run.column import Column, ColumnGroup, ColumnSummary, NullRule

NO_SECTION = NullRule(", null where there is none", "the report has no such section")
HAS_SECTIONS = NullRule(
    ", null where it has findings",
    "the report has a findings section, or no paragraph apart",
)
NO_GATE = NullRule("; null without a gate", "the run has no gate, or no sentence was asked of this parent")
NO_GUARANTEE = NullRule(
    "; null without a guarantee", "the gate promises nothing, or was asked of no sentence here"
)
NO_FEATURES = NullRule(", or null", "the run stored no features")
NO_LENGTH = NullRule(", null without features", NO_FEATURES.rule)
NO_TONE = NullRule(
    ", null without local tone", "the run matched grey levels once a region, or no map decided the paste"
)
NO_WARP = NullRule(
    ", null where it was not aligned",
    "the donor was left as it lies: no alignment, or no map decided the paste",
)

PICTURE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""A picture as `datasets.Image` has it."""

_TEXT, _FLAG = pa.string(), pa.bool_()
_LABELS = pa.list_(pa.float32())
_LABEL_ORDER = (
    f"14 values, CheXpert order ({', '.join(CHEXPERT)}): 1 present, 0 absent, -1 uncertain, NaN not said"
)


def _flat(grid: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(grid).ravel()


def _flat_mask(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    return _flat(mask.astype(np.uint8))


def _by_name(record: Edit | Entity | Placement) -> dict[str, Any]:
    """Return what `asdict` does of a record that holds no other; that would copy each value one by one."""
    return {entry.name: getattr(record, entry.name) for entry in fields(record)}


def _entity(entity: Entity) -> dict[str, Any]:
    return {**_by_name(entity), "assertion": str(entity.assertion), "side": str(entity.side)}


_OF_A_PARENT: tuple[Column[MixedParent], ...] = (
    Column(
        "study_id", _TEXT, "study of the {who}", ColumnGroup.PARENTS, lambda p: p.parent.study_id,
        first=True, statistics=True,
    ),
    Column(
        "subject_id", _TEXT, "patient of the {who}", ColumnGroup.PARENTS, lambda p: p.parent.subject_id,
        summary=ColumnSummary.DISTINCT,
    ),
    Column(
        "image_id", _TEXT, "picture of the {who} (dicom_id)", ColumnGroup.PARENTS, lambda p: p.parent.image_id
    ),
    Column(
        "image_path", _TEXT, "its path below the data set's root", ColumnGroup.PARENTS,
        lambda p: p.parent.image_path,
    ),
    Column("view", _TEXT, 'its ViewPosition, "" where unknown', ColumnGroup.PARENTS, lambda p: p.parent.view),
    Column("report", _TEXT, "original report of the {who}", ColumnGroup.PARENTS, lambda p: p.parent.report),
    Column(
        "findings", _TEXT, "its findings section", ColumnGroup.PARENTS, lambda p: p.parent.findings_text, NO_SECTION
    ),
    Column(
        "impression", _TEXT, "its impression section", ColumnGroup.PARENTS, lambda p: p.parent.impression_text,
        NO_SECTION,
    ),
    Column(
        "last_paragraph", _TEXT, "its last paragraph", ColumnGroup.PARENTS, lambda p: p.parent.last_paragraph_text,
        HAS_SECTIONS, since=3,
    ),
    Column(
        "comparison", _TEXT, "its comparison section", ColumnGroup.PARENTS, lambda p: p.parent.comparison_text,
        NO_SECTION, since=3,
    ),
    Column(
        "indication", _TEXT, "its indication section", ColumnGroup.PARENTS, lambda p: p.parent.indication_text,
        NO_SECTION, since=3,
    ),
    Column(
        "prompted", _FLAG, "its report was made from labels, for want of one", ColumnGroup.PARENTS,
        lambda p: p.parent.prompted, summary=ColumnSummary.FLAG, since=3,
    ),
    Column(
        "sentence", _TEXT, 'the sentence the map was asked for, "" where none was', ColumnGroup.PARENTS,
        lambda p: p.parent.sentence,
    ),
    Column(
        "side", _TEXT, "patient's side: left, right, bilateral, none", ColumnGroup.PARENTS,
        lambda p: str(p.parent.side),
    ),
    Column(
        "severity", _TEXT, 'degree or size that its sentence gives the finding ("small", "moderate"), "" for none',
        ColumnGroup.PARENTS, lambda p: p.parent.severity, since=4,
    ),
    Column(
        "location", _TEXT, 'zone or lobe that its sentence gives the finding ("lower", "base"), "" for none',
        ColumnGroup.PARENTS, lambda p: p.parent.location, since=4,
    ),
    Column("label", _LABELS, _LABEL_ORDER, ColumnGroup.PARENTS, lambda p: p.parent.labels),
    Column(
        "map", pa.list_(pa.float16()), "grid_h * grid_w raw scores, row by row, NaN outside", ColumnGroup.PARENTS,
        lambda p: _flat(p.scores), from_encoder=True,
    ),
    Column(
        "mask", pa.list_(pa.uint8()), "grid_h * grid_w, 1 = evidence", ColumnGroup.PARENTS,
        lambda p: _flat_mask(p.mask),
    ),
    Column(
        "ground_p", pa.float64(),
        "how often the map of a picture without the finding peaks as high, in (0, 1]", ColumnGroup.PARENTS,
        lambda p: p.ground_p, NO_GATE, first=True, since=2,
    ),
    Column(
        "gate_nulls", pa.int32(), "pictures without the finding that it was compared with", ColumnGroup.PARENTS,
        lambda p: p.guarantee and p.guarantee.nulls, NO_GUARANTEE, since=4,
    ),
    Column(
        "gate_confidence", pa.float64(),
        "confidence, in [0, 1], that the gate keeps at most its `alpha` of such pictures; 0 where it judged nothing",
        ColumnGroup.PARENTS, lambda p: p.guarantee and p.guarantee.confidence, NO_GUARANTEE,
        summary=ColumnSummary.LEAST, since=4,
    ),
    Column(
        "placement", arrow_type(Placement), "where the original lies on the canvas, pixels, y down",
        ColumnGroup.PARENTS, lambda p: _by_name(p.placement),
    ),
)  # fmt: skip
"""What a row says of either parent; `{who}` is the recipient or the donor."""


def _parent_columns(
    letter: str, who: str, of: Callable[[MixedSample], MixedParent]
) -> Iterator[Column[MixedSample]]:
    """Yield the columns of one parent, "a" or "b", which `of` takes from a sample."""
    for column in _OF_A_PARENT:
        declared = {entry.name: getattr(column, entry.name) for entry in fields(column)}
        declared["name"] = f"{column.name}_{letter}"
        declared["says"] = column.says.format(who=who)
        declared["take"] = _taken_from(of, column.take)
        yield Column(**declared)


def _taken_from(
    of: Callable[[MixedSample], MixedParent], take: Callable[[MixedParent], Any]
) -> Callable[[MixedSample], Any]:
    return lambda sample: take(of(sample))


COLUMNS: tuple[Column[MixedSample], ...] = (
    Column(
        "pair_id", _TEXT, "16 hex digits; a hash of what the pair is", ColumnGroup.MIX, lambda s: s.pair.pair_id,
        statistics=True,
    ),
    Column(
        "image", PICTURE, "mixed picture, 8-bit grey, canvas x canvas pixels: PNG, JPEG or WebP", ColumnGroup.MIX,
        lambda s: {"bytes": s.picture, "path": None},
        first=True, compression="none", dictionary=False,
    ),
    Column(
        "report", _TEXT, "mixed report", ColumnGroup.TEXT, lambda s: s.pair.report,
        first=True, dictionary=False,
    ),
    Column(
        "findings", _TEXT, "its findings section", ColumnGroup.TEXT, lambda s: s.pair.findings_text, NO_SECTION,
        dictionary=False,
    ),
    Column(
        "impression", _TEXT, "its impression section", ColumnGroup.TEXT, lambda s: s.pair.impression_text, NO_SECTION,
        dictionary=False,
    ),
    Column(
        "last_paragraph", _TEXT, "its last paragraph", ColumnGroup.TEXT, lambda s: s.pair.last_paragraph_text,
        HAS_SECTIONS, since=3,
    ),
    Column(
        "comparison", _TEXT, "its comparison section", ColumnGroup.TEXT, lambda s: s.pair.comparison_text,
        NO_SECTION, since=3,
    ),
    Column(
        "indication", _TEXT, "its indication section", ColumnGroup.TEXT, lambda s: s.pair.indication_text,
        NO_SECTION, since=3,
    ),
    Column(
        "impression_consistent", _FLAG, "its findings and impression say the same of every finding", ColumnGroup.TEXT,
        lambda s: s.pair.impression_consistent, summary=ColumnSummary.FLAG, since=3,
    ),
    Column(
        "entities", arrow_type(tuple[Entity, ...]),
        "findings named in report[start:end]; offsets in code points", ColumnGroup.TEXT,
        lambda s: [_entity(entity) for entity in s.pair.entities], since=3,
    ),
    Column(
        "finding", _TEXT, 'lexicon id of what came in, "" where nothing did', ColumnGroup.MIX,
        lambda s: s.pair.finding, summary=ColumnSummary.COUNTS, first=True, statistics=True,
    ),
    Column(
        "finding_a", _TEXT, 'lexicon id of what left, "" where nothing did', ColumnGroup.MIX,
        lambda s: s.pair.finding_a, summary=ColumnSummary.COUNTS, since=3,
    ),
    Column(
        "split", _TEXT, "train, validate or test; both parents are of it", ColumnGroup.MIX, lambda s: s.pair.split,
        summary=ColumnSummary.COUNTS, statistics=True,
    ),
    Column(
        "strategy", _TEXT, "name of the pairing strategy", ColumnGroup.MIX, lambda s: s.pair.strategy,
        summary=ColumnSummary.COUNTS, first=True,
    ),
    Column(
        "image_mode", _TEXT, "attended, soft, keep, box or average", ColumnGroup.MIX, lambda s: s.pair.image_mode,
        summary=ColumnSummary.COUNTS, since=3,
    ),
    Column(
        "lam", pa.float64(), "the run's named weight: the recipient's share, in [0, 1]", ColumnGroup.WEIGHTS,
        lambda s: s.lam, summary=ColumnSummary.RANGE, first=True,
    ),
    Column(
        "lam_img_area", pa.float64(), "1 - mean pixel weight over the recipient's picture", ColumnGroup.WEIGHTS,
        lambda s: s.weights.area, summary=ColumnSummary.RANGE,
    ),
    Column(
        "lam_img_mass", pa.float64(), "mass_kept_a / (mass_kept_a + mass_got_b)", ColumnGroup.WEIGHTS,
        lambda s: s.weights.mass, summary=ColumnSummary.RANGE,
    ),
    Column(
        "lam_img_transmix", pa.float64(), "share of the composed attention on the recipient's pixels",
        ColumnGroup.WEIGHTS, lambda s: s.weights.transmix, summary=ColumnSummary.RANGE,
    ),
    Column(
        "mass_kept_a", pa.float64(), "recipient's attention outside the paste", ColumnGroup.WEIGHTS,
        lambda s: s.weights.mass_kept_a,
    ),
    Column(
        "mass_got_b", pa.float64(), "donor's attention inside the paste", ColumnGroup.WEIGHTS,
        lambda s: s.weights.mass_got_b,
    ),
    Column(
        "lam_txt_tokens", pa.float64(), "recipient's share of the mixed report's tokens", ColumnGroup.WEIGHTS,
        lambda s: s.pair.text_weights.tokens, summary=ColumnSummary.RANGE,
    ),
    Column(
        "lam_txt_sents", pa.float64(), "recipient's share of its sentences", ColumnGroup.WEIGHTS,
        lambda s: s.pair.text_weights.sents, summary=ColumnSummary.RANGE,
    ),
    Column(
        "lam_txt_entities", pa.float64(), "recipient's share of its finding mentions", ColumnGroup.WEIGHTS,
        lambda s: s.pair.text_weights.entities, summary=ColumnSummary.RANGE,
    ),
    Column(
        "label_mixed", _LABELS, f"what the mixed report says; {_LABEL_ORDER}", ColumnGroup.LABELS,
        lambda s: s.pair.labels, first=True,
    ),
    Column(
        "label_given", _LABELS, f"what the inserted sentences say; {_LABEL_ORDER}", ColumnGroup.LABELS,
        lambda s: s.pair.given,
    ),
    Column(
        "label_w", _LABELS, "soft target in [0, 1] per observation, NaN not said", ColumnGroup.LABELS,
        lambda s: s.targets, first=True,
    ),
    Column(
        "label_state", pa.list_(_TEXT),
        "per observation: present, absent, uncertain, removed (the recipient's report alone says it), not-said, "
        "or never-denied: not said, in a data set that asserts it and never denies it",
        ColumnGroup.LABELS, lambda s: s.label_states, first=True, since=5,
    ),
    Column(
        "edits", arrow_type(tuple[Edit, ...]), "report_a[start:end] became text; offsets in code points",
        ColumnGroup.RECIPE, lambda s: [_by_name(edit) for edit in s.pair.edits],
    ),
    Column(
        "grid_h", pa.int16(), "rows of maps and masks; the grid covers the whole canvas", ColumnGroup.RECIPE,
        lambda s: s.cut.mask.shape[0],
    ),
    Column("grid_w", pa.int16(), "columns of maps and masks", ColumnGroup.RECIPE, lambda s: s.cut.mask.shape[1]),
    Column(
        "mask", pa.list_(pa.uint8()), "the pasted region, grid_h * grid_w", ColumnGroup.RECIPE,
        lambda s: _flat_mask(s.cut.mask),
    ),
    Column(
        "weights", pa.list_(pa.float16()), "donor weights on the grid, in [0, 1]", ColumnGroup.RECIPE,
        lambda s: _flat(s.cut.weights), dictionary=False,
    ),
    Column(
        "interpolation", _TEXT, "how weights are brought to pixels: bilinear or nearest", ColumnGroup.RECIPE,
        lambda s: s.cut.interpolation,
    ),
    Column(
        "gain", pa.float32(), "intensity match of the donor: gain * x + offset", ColumnGroup.RECIPE,
        lambda s: s.cut.gain,
    ),
    Column("offset", pa.float32(), "see gain; grey levels", ColumnGroup.RECIPE, lambda s: s.cut.offset),
    Column(
        "shift_y", pa.int32(), "canvas pixels that the donor was moved down before it was pasted", ColumnGroup.RECIPE,
        lambda s: s.cut.shift_y, since=3,
    ),
    Column(
        "shift_x", pa.int32(), "canvas pixels that the donor was moved to the right", ColumnGroup.RECIPE,
        lambda s: s.cut.shift_x, since=3,
    ),
    Column(
        "tone", pa.list_(pa.float16()), "grey levels added to gain * x + offset, grid_h * grid_w, bilinear",
        ColumnGroup.RECIPE, lambda s: None if s.cut.tone is None else _flat(s.cut.tone), NO_TONE, since=4,
        dictionary=False,
    ),
    Column(
        "align_affine", pa.list_(pa.float32()),
        "the donor's place of each place (x, y) of the recipient, in shares of the canvas: 2 * 3 values, row by row",
        ColumnGroup.RECIPE, lambda s: None if s.cut.warp is None else _flat(s.cut.warp.affine), NO_WARP, since=4,
        dictionary=False,
    ),
    Column(
        "align_field", pa.list_(pa.float16()), "what is added to it: n * n * (x, y), bilinear between cell centres",
        ColumnGroup.RECIPE, lambda s: None if s.cut.warp is None else _flat(s.cut.warp.field), NO_WARP, since=4,
        dictionary=False,
    ),
    Column(
        "align_quality", pa.float64(), "correlation of the two pictures once aligned, in [-1, 1]",
        ColumnGroup.RECIPE, lambda s: s.cut.align_quality, NO_WARP, since=4,
    ),
    Column(
        "attmim_rank", pa.list_(pa.uint16()), "rank of each cell by the mix's own energy, 0 = strongest",
        ColumnGroup.RECIPE, lambda s: _flat(s.rank), since=3,
    ),
    Column(
        "features", pa.list_(pa.float16()), "mixed patch features, grid_h * grid_w * feature_dim", ColumnGroup.RECIPE,
        lambda s: None if s.features is None else _flat(s.features), NO_FEATURES, since=3, from_encoder=True,
    ),
    Column(
        "feature_dim", pa.int16(), "length of one cell's feature", ColumnGroup.RECIPE,
        lambda s: None if s.features is None else s.features.shape[-1], NO_LENGTH, since=3,
        from_encoder=True,
    ),
    *_parent_columns("a", "recipient", lambda s: s.recipient),
    *_parent_columns("b", "donor", lambda s: s.donor),
)  # fmt: skip
"""In the order of the file."""

CHANGES = {
    1: "the first",
    3: '`sentence_a` and `sentence_b` can be "", `finding` too',
    5: "`label_w` is 0.5 where an opacity came that may be what its own report doubts",
    6: "`last_paragraph` also holds findings that have no header beside an impression",
    7: '`label_state` says "removed" of what the recipient\'s report said and the mixed report no longer does',
}
"""What schema versions changed beside new columns, which say themselves since when they are there."""

SCHEMA_VERSION = max(*CHANGES, *(column.since for column in COLUMNS))


def check_names(*names: str) -> tuple[str, ...]:
    """Return names of columns, for a list that a reader needs.

    Raises:
        ValueError: There is no such column.
    """
    unknown = set(names) - {column.name for column in COLUMNS}
    if unknown:
        raise ValueError(f"no column is called {', '.join(sorted(unknown))}")
    return names


def summed_up(summary: ColumnSummary) -> tuple[str, ...]:
    """Return the columns that `inspect` sums up in one way, in order."""
    return tuple(column.name for column in COLUMNS if column.summary is summary)
