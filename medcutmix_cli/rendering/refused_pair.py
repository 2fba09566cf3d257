"""Render a pair once more that was not written, as far as it comes: what was seen, and what the rule says of it."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass

from medcutmix_cli.encoders.base import encode_sentences
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.mixing.cut import RefusedCut
from medcutmix_cli.mixing.refusal import RefusalMarks, mark_refusal
from medcutmix_cli.mixing.views import Pixels, View
from medcutmix_cli.records import Pair
from medcutmix_cli.rendering.pair import (
    Group,
    PairSight,
    Renderer,
    asked_sentences,
    prepare,
    questions_of,
    see_pair,
)
from medcutmix_cli.rendering.staging import InPlace


@dataclass(frozen=True, slots=True, eq=False)
class RefusedPair:
    """A pair that was not written, as far as it could be rendered.

    Attributes:
        pixels: (canvas, canvas) uint8 of recipient and donor; in its place the reason why a picture cannot be read.
        views: What the mix saw; None where an encoder or a picture stood in the way.
        marks: What broke the rule; None where the pair was not drawn, or is not refused today.
        reason: What is said of it today, "" where it would be written.
    """

    pair: Pair
    pixels: tuple[Pixels | str, Pixels | str]
    views: tuple[View, View] | None
    marks: RefusalMarks | None
    reason: str


def render_refused(renderer: Renderer, pair: Pair) -> RefusedPair:
    """Render a pair with the run's encoder, rules and calibration; writes nothing.

    Raises:
        DatasetError: The data set has gone.
    """
    parents = (pair.recipient, pair.donor)
    asked = sorted({sentence for parent in parents for sentence in asked_sentences(parent)})
    with single_threaded_opencv():
        sentences = encode_sentences(renderer.encoder, asked)
        questions = questions_of(renderer, [pair], sentences)
        groups = [prepare(renderer, InPlace(), [parent], None, questions) for parent in parents]
        seen = see_pair(renderer, pair, _ended(groups[0]), _ended(groups[1]), sentences)
        pixels = (_pixels(groups[0]), _pixels(groups[1]))
        if not isinstance(seen, PairSight):
            return RefusedPair(pair, pixels, None, None, seen.reason)
        cut = renderer.rules.draw(pair, *seen.views)
        if not isinstance(cut, RefusedCut):
            return RefusedPair(pair, pixels, seen.views, None, "")
        strategies = renderer.rules.strategies
        strategies = strategies.with_graded_mask() if pair.image_mode == "soft" else strategies
        return RefusedPair(pair, pixels, seen.views, mark_refusal(cut, *seen.views, strategies), cut.reason)


def _ended(group: Group) -> Future[Group]:
    future: Future[Group] = Future()
    future.set_result(group)
    return future


def _pixels(group: Group) -> Pixels | str:
    (parent,) = group.values()
    return parent.reason if isinstance(parent, ImageError) else parent.canvas.pixels
