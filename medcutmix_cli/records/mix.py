"""One mix of pixels, decided and finished: all that a row of a shard is taken from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medcutmix_cli.records.pair import Pair, Parent
from medcutmix_cli.records.placement import Placement, Warp
from medcutmix_cli.records.plan import Guarantee

if TYPE_CHECKING:  # for the annotations of arrays alone: nothing here computes
    import numpy as np
    import numpy.typing as npt


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
