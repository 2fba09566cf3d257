"""From two parents' maps and pictures to a finished sample: gate, cut, weights, labels, picture.

Here all is decided that is decided after the encoder. Rendering comes through here, and so does whoever makes a row
again from its stored maps. Knows no encoder, no file and no shard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Gate, Mask, Scores
from medcutmix_cli.images import Canvas, encode_picture
from medcutmix_cli.mixing.cut import RefusedCut, Strategies, draw_cut, paste, pixel_weights, weigh
from medcutmix_cli.mixing.label_states import (
    doubted_observations,
    doubted_targets,
    label_states,
    removed_observations,
)
from medcutmix_cli.mixing.picture_facts import PictureFacts
from medcutmix_cli.mixing.ranks import composed_rank
from medcutmix_cli.mixing.views import NeighbourView, View
from medcutmix_cli.mixing.weights import label_targets
from medcutmix_cli.records import Cut, ImageWeights, MixedParent, MixedSample, Pair, Parent
from medcutmix_cli.rendering.calibration import Calibration
from medcutmix_cli.seeds import stable_generator

WeightChoice = Callable[[ImageWeights], float]
Features = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class MixRules:
    """All that decides a sample beside its pair, its pictures and its maps.

    Attributes:
        calibration: What the gate compares with; empty without a gate.
        image_format: How mixed pictures are stored.
        seed: The run's.
        grid: (grid_h, grid_w) of maps.
        never_denied: Observations that the data set asserts and never denies.
    """

    strategies: Strategies
    gate: Gate
    calibration: Calibration
    lam: WeightChoice
    image_format: str
    seed: int
    grid: tuple[int, int]
    never_denied: frozenset[str] = frozenset()

    def view(
        self,
        pair: Pair,
        parent: Parent,
        picture: tuple[Canvas, PictureFacts],
        scores: npt.NDArray[Any] | None,
        neighbours: tuple[NeighbourView, ...] = (),
    ) -> View:
        """Return one parent as the mix sees it: its map rounded to what is stored, and judged by the gate.

        Args:
            pair: The parent's.
            parent: Recipient or donor.
            picture: As it is mixed, and what is found out about it.
            scores: (grid_h, grid_w) raw map of its sentence; None where none was asked.
            neighbours: What else is present and stays with it.
        """
        canvas, facts = picture
        finding = pair.finding if parent is pair.donor else pair.finding_a
        target = parent.target(finding)
        beside = frozenset(neighbour.finding for neighbour in parent.neighbours)
        if scores is None:
            empty = np.full(self.grid, np.nan, np.float32)
            return View(
                canvas.pixels,
                canvas.placement,
                empty,
                target,
                asked=False,
                neighbours=neighbours,
                beside=beside,
                facts=facts,
            )
        rounded: Scores = scores.astype(np.float16).astype(np.float32)
        nulls = self.calibration.of(pair.split, finding)
        peak = self.gate.statistic(rounded, canvas.placement)
        return View(
            canvas.pixels,
            canvas.placement,
            rounded,
            target,
            self.gate.p_value(peak, nulls),
            self.gate.keeps(peak, nulls),
            neighbours=neighbours,
            beside=beside,
            guarantee=self.gate.guarantee(nulls.size),
            facts=facts,
        )

    def draw(self, pair: Pair, recipient: View, donor: View) -> Cut | RefusedCut:
        """Decide what is pasted, by the pair's own generator."""
        rng = stable_generator(self.seed, "cut", pair.pair_id)
        return draw_cut(recipient, donor, self.strategies, pair.image_mode, rng)

    def mix(
        self,
        pair: Pair,
        recipient: View,
        donor: View,
        features: Callable[[Cut], Features | None] = lambda _cut: None,
    ) -> MixedSample | RefusedCut:
        """Draw the cut, paste and weigh it, or say by which rule the pair is refused.

        Args:
            pair: As planned.
            recipient: As `view` gives it (likewise donor).
            donor: Before it is moved.
            features: Gives the mixed patch features of a cut, None where there are none.
        """
        cut = self.draw(pair, recipient, donor)
        if isinstance(cut, RefusedCut):
            return cut
        energy, doubted = self.strategies.energy, doubted_observations(pair)
        shares = pixel_weights(cut, recipient.placement, donor.placement)
        weights = weigh(cut, recipient, donor, energy, shares)
        lam = self.lam(weights)
        targets = label_targets(pair.recipient.labels, pair.given, pair.labels, lam)
        return MixedSample(
            pair=pair,
            cut=cut,
            recipient=_mixed_parent(pair.recipient, recipient, cut.mask_a),
            donor=_mixed_parent(pair.donor, donor, cut.mask_b),
            weights=weights,
            lam=lam,
            targets=doubted_targets(targets, doubted),
            label_states=label_states(pair.labels, doubted, self.never_denied, removed_observations(pair)),
            rank=composed_rank(cut, recipient, donor, energy),
            picture=encode_picture(paste(cut, recipient, donor, shares), self.image_format),
            features=features(cut),
        )


def _mixed_parent(parent: Parent, view: View, mask: Mask) -> MixedParent:
    ground_p = None if np.isnan(view.ground_p) else view.ground_p
    scores = view.scores.astype(np.float16)
    return MixedParent(parent, scores, mask, view.placement, ground_p, view.guarantee)
