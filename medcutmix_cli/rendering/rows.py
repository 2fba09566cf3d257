"""A mixed sample and its shard row, both ways: what is written, and how it is replayed from the recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.images import decode_picture
from medcutmix_cli.mixing.cut import Cut, paste
from medcutmix_cli.mixing.views import Pasteable
from medcutmix_cli.mixing.weights import ImageWeights, label_targets
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.records import Edit, Entity, Pair, Parent, Placement
from medcutmix_cli.run.shards import Row

WeightChoice = Callable[[ImageWeights], float]


@dataclass(frozen=True, slots=True)
class MixedSample:
    """One finished sample.

    Attributes:
        pixels: (canvas, canvas) uint8 mixed picture.
        map_a: (grid_h, grid_w) float16 raw scores over the recipient (likewise map_b, the donor).
        lam: The run's named weight.
        rank: (grid_h, grid_w) uint16 rank of each cell by the mix's own energy, 0 = strongest.
        picture: The mixed picture as it is stored: encoded bytes.
        ground_p_a: Evidence of the recipient's map, None where no gate asked (likewise ground_p_b, the donor's).
        features: (grid_h, grid_w, d) float16 mixed patch features, None where they were not asked for.
    """

    pair: Pair
    pixels: npt.NDArray[np.uint8]
    cut: Cut
    map_a: npt.NDArray[np.float16]
    map_b: npt.NDArray[np.float16]
    placement_a: Placement
    placement_b: Placement
    weights: ImageWeights
    lam: float
    rank: npt.NDArray[np.uint16]
    picture: bytes
    ground_p_a: float | None = None
    ground_p_b: float | None = None
    features: npt.NDArray[np.float16] | None = None


def to_row(sample: MixedSample) -> Row:
    """Lay a sample out as one row of the schema."""
    pair, cut, weights = sample.pair, sample.cut, sample.weights
    return {
        "pair_id": pair.pair_id,
        "image": {"bytes": sample.picture, "path": None},
        "report": pair.report,
        "findings": pair.findings_text,
        "impression": pair.impression_text,
        "last_paragraph": pair.last_paragraph_text,
        "comparison": pair.comparison_text,
        "indication": pair.indication_text,
        "impression_consistent": pair.impression_consistent,
        "entities": [_entity(entity) for entity in pair.entities],
        "finding": pair.finding,
        "finding_a": pair.finding_a,
        "split": pair.split,
        "strategy": pair.strategy,
        "image_mode": pair.image_mode,
        "lam": sample.lam,
        "lam_img_area": weights.area,
        "lam_img_mass": weights.mass,
        "lam_img_transmix": weights.transmix,
        "mass_kept_a": weights.mass_kept_a,
        "mass_got_b": weights.mass_got_b,
        "lam_txt_tokens": pair.text_weights.tokens,
        "lam_txt_sents": pair.text_weights.sents,
        "lam_txt_entities": pair.text_weights.entities,
        "label_mixed": pair.labels,
        "label_given": pair.given,
        "label_w": label_targets(pair.recipient.labels, pair.given, pair.labels, sample.lam),
        "edits": [asdict(edit) for edit in pair.edits],
        "grid_h": cut.mask.shape[0],
        "grid_w": cut.mask.shape[1],
        "mask": _flat(cut.mask.astype(np.uint8)),
        "weights": _flat(cut.weights),
        "interpolation": cut.interpolation,
        "gain": cut.gain,
        "offset": cut.offset,
        "shift_y": cut.shift_y,
        "shift_x": cut.shift_x,
        "attmim_rank": _flat(sample.rank),
        "features": None if sample.features is None else _flat(sample.features),
        "feature_dim": None if sample.features is None else sample.features.shape[-1],
        "ground_p_a": sample.ground_p_a,
        "ground_p_b": sample.ground_p_b,
        **_parent_row("a", pair.recipient, sample.map_a, cut.mask_a, sample.placement_a),
        **_parent_row("b", pair.donor, sample.map_b, cut.mask_b, sample.placement_b),
    }


def _parent_row(
    letter: str,
    parent: Parent,
    scores: npt.NDArray[np.float16],
    mask: npt.NDArray[np.bool_],
    placement: Placement,
) -> Row:
    values = {
        "study_id": parent.study_id,
        "subject_id": parent.subject_id,
        "image_id": parent.image_id,
        "image_path": parent.image_path,
        "view": parent.view,
        "report": parent.report,
        "findings": parent.findings_text,
        "impression": parent.impression_text,
        "last_paragraph": parent.last_paragraph_text,
        "comparison": parent.comparison_text,
        "indication": parent.indication_text,
        "prompted": parent.prompted,
        "sentence": parent.sentence,
        "side": str(parent.side),
        "label": parent.labels,
        "map": _flat(scores),
        "mask": _flat(mask.astype(np.uint8)),
        "placement": asdict(placement),
    }
    return {f"{name}_{letter}": value for name, value in values.items()}


def _entity(entity: Entity) -> dict[str, Any]:
    return {**asdict(entity), "assertion": str(entity.assertion), "side": str(entity.side)}


def _flat(grid: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(grid).ravel()


def row_cut(row: Row) -> Cut:
    """Read the cut back from a row, exactly as it was drawn."""
    shape = (row["grid_h"], row["grid_w"])
    return Cut(
        mask_a=row_grid(row, "mask_a").astype(np.bool_),
        mask_b=row_grid(row, "mask_b").astype(np.bool_),
        mask=row_grid(row, "mask").astype(np.bool_),
        weights=np.array(row["weights"], dtype=np.float16).reshape(shape),
        interpolation=row["interpolation"],
        gain=row["gain"],
        offset=row["offset"],
        shift_y=row["shift_y"],
        shift_x=row["shift_x"],
    )


def row_grid(row: Row, column: str) -> npt.NDArray[np.float32]:
    """Return one grid column of a row, (grid_h, grid_w) float32."""
    return np.array(row[column], dtype=np.float32).reshape(row["grid_h"], row["grid_w"])


def row_placement(row: Row, letter: str) -> Placement:
    """Return the placement of one parent ("a" or "b")."""
    return Placement(**row[f"placement_{letter}"])


def row_pixels(row: Row) -> npt.NDArray[np.uint8]:
    """Decode the stored picture, (canvas, canvas) uint8."""
    return decode_picture(row["image"]["bytes"])


def replay_pixels(
    row: Row, recipient: npt.NDArray[np.uint8], donor: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Mix the parents' canvases again by the recipe of a row; equals the stored picture exactly."""
    own = Pasteable(recipient, row_placement(row, "a"))
    return paste(row_cut(row), own, Pasteable(donor, row_placement(row, "b")))


def replay_report(row: Row) -> str:
    """Mix the reports again by the edits of a row; equals the stored report exactly."""
    return splice(row["report_a"], [Edit(**edit) for edit in row["edits"]])
