"""One pair that was not written: rendered once more, with the rule that refused it. Changes no file, prints nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.assembly.opening import open_renderer
from medcutmix_cli.assembly.parts import build_gate
from medcutmix_cli.assembly.relocation import HERE, RunPlaces
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.engines import Work
from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.inspection.pair_record import Piece, exchange_words
from medcutmix_cli.inspection.pair_view import report_diff
from medcutmix_cli.records import Pair, Parent
from medcutmix_cli.rendering.pair import Renderer
from medcutmix_cli.rendering.refused_pair import RefusedPair, render_refused
from medcutmix_cli.run.failure_list import PairOutcome, read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan, read_shard
from medcutmix_cli.run.reasons import Reason, find_reason
from medcutmix_cli.run.run_record import read_run

Cells = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class RefusedParentView:
    """One parent of a pair that was not written; grids are in its own frame.

    Attributes:
        pixels: (canvas, canvas) uint8, None where the picture cannot be read.
        missing: Why it cannot, "" where it can.
        map: (grid_h, grid_w) float32 raw map; None where none was asked for, or there is none.
        mask: Its evidence; None likewise.
        neighbour: What the rule guards of it; None where the rule is about something else.
        broken: Cells that broke the rule; None where none lie in its frame.
        ground_p: Evidence of its map; None where no gate asked.
    """

    study_id: str
    subject_id: str
    image_id: str
    image_path: str
    view: str
    side: str
    sentence: str = field(repr=False)
    pixels: npt.NDArray[np.uint8] | None = field(repr=False)
    missing: str
    map: npt.NDArray[np.float32] | None = field(repr=False)
    mask: Cells | None = field(repr=False)
    neighbour: Cells | None = field(repr=False)
    broken: Cells | None = field(repr=False)
    ground_p: float | None


@dataclass(frozen=True, slots=True, eq=False)
class RefusedView:
    """One pair that was not written, arranged for looking at.

    Attributes:
        outcome: "rejected" or "failed".
        rule: By which reason, as the run counted it.
        now: What is said of it today, where that is something else; "" where it is the same.
        reason: The rule in words; None where it has none.
        region: What was to be pasted, (grid_h, grid_w) bool in the recipient's frame; None where a rule came before.
        details: What was measured, in sentences.
        diff: The recipient's report turned into the planned one.
    """

    pair_id: str
    outcome: str
    rule: str
    now: str
    reason: Reason | None
    finding: str
    finding_a: str
    strategy: str
    split: str
    image_mode: str
    recipient: RefusedParentView
    donor: RefusedParentView
    region: Cells | None = field(repr=False)
    details: tuple[str, ...]
    diff: tuple[Piece, ...] = field(repr=False)

    @property
    def exchange(self) -> str:
        """Say which finding was to leave and which to come."""
        return exchange_words(self.finding_a, self.finding)


class RefusedPairs:
    """The pairs of a run that were not written; the encoder is built when the first is rendered.

    Args:
        path: Run folder.
        places: Where what it was made from is now.

    Raises:
        RunError: There is no run.
    """

    def __init__(self, path: str | Path, places: RunPlaces = HERE) -> None:
        self._folder = RunFolder(Path(path))
        self._record = read_run(self._folder)
        self._changes = places.changes()

    def find(self, pair_id: str) -> str:
        """Return the whole id of the one pair that begins so; "" where none does.

        Raises:
            UsageError: Several do.
        """
        found = [known for known in self._places if known.startswith(pair_id.lower())]
        if len(found) > 1:
            hint = "give more digits"
            raise UsageError("several pairs begin with this id", where=str(self._folder.root), hint=hint)
        return found[0] if found else ""

    def view(self, pair_id: str) -> RefusedView:
        """Render one pair; see `RefusedView`.

        Raises:
            UsageError: No such pair was rejected or failed.
            RunError: Plan or calibration are gone.
            MedcutmixError: The encoder or the data set cannot be opened.
        """
        if pair_id not in self._places:
            raise UsageError(
                "no such pair was rejected or failed",
                where=str(self._folder.root),
                hint="`medcutmix inspect RUN --html PAGE` shows them all",
            )
        shard, outcome = self._places[pair_id]
        return _view(render_refused(self._renderer, self._pair(shard, pair_id)), outcome)

    def _pair(self, shard: int, pair_id: str) -> Pair:
        ids: list[str] = read_shard(self._folder.plan_file, shard, ["pair_id"])["pair_id"].to_pylist()
        if pair_id not in ids:
            raise RunError(
                "the plan has no such pair",
                where=str(self._folder.plan_file),
                hint="is it of this run? medcutmix verify RUN",
            )
        pair: Pair = read_plan(self._folder.plan_file, shard)[ids.index(pair_id)]
        return pair

    @cached_property
    def _places(self) -> dict[str, tuple[int, PairOutcome]]:
        """Where each pair that was not written is: shard and what became of it."""
        places: dict[str, tuple[int, PairOutcome]] = {}
        for shard in range(len(self._record.shards)):
            file = self._folder.failures_file(shard)
            if file.is_file() and self._folder.state_file(shard).is_file():
                places |= {outcome.pair_id: (shard, outcome) for outcome in read_outcomes(file)}
        return places

    @cached_property
    def _renderer(self) -> Renderer:
        gated = build_gate(from_plain(self._record.settings)).min_nulls()
        if gated and not self._folder.calibration_file.is_file():  # looking must not make one
            raise RunError(
                "the run has no calibration",
                where=str(self._folder.calibration_file),
                hint="medcutmix calibrate RUN makes it",
            )
        return open_renderer(Work(self._folder.root, self._record.fingerprint, (), (), self._changes))


def refused_view(
    path: str | Path,
    pair_id: str,
    *,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    weights: str | Path | None = None,
) -> RefusedView:
    """Render one pair of a run that was rejected or failed, and say which rule it broke; see `RefusedPairs.view`.

    Args:
        path: Run folder.
        pair_id: Its id, or the beginning of it.
        dataset: Where the data set is now, if it has moved.
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        weights: Likewise, those of the encoder.
    """
    pairs = RefusedPairs(path, RunPlaces(dataset, reports, unpaired, weights))
    return pairs.view(pairs.find(pair_id) or pair_id)


def as_plain(view: RefusedView) -> dict[str, Any]:
    """Return all but the pixels as plain values: grids as lists of rows."""
    names = [name for name in RefusedView.__dataclass_fields__ if name not in ("recipient", "donor", "diff")]
    plain = {name: _plain(getattr(view, name)) for name in names}
    parents = {name: _plain_parent(getattr(view, name)) for name in ("recipient", "donor")}
    diff = [{"change": piece.change, "text": piece.text} for piece in view.diff]
    return plain | parents | {"diff": diff}


def _plain_parent(parent: RefusedParentView) -> dict[str, Any]:
    names = (name for name in RefusedParentView.__dataclass_fields__ if name != "pixels")
    return {name: _plain(getattr(parent, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, Reason):
        return {"what": value.what, "why": value.why, "advice": value.advice}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _view(found: RefusedPair, outcome: PairOutcome) -> RefusedView:
    pair, marks = found.pair, found.marks
    region = marks.region if marks and marks.region.any() else None
    return RefusedView(
        pair_id=pair.pair_id,
        outcome=outcome.outcome,
        rule=outcome.reason,
        now="" if found.reason == outcome.reason else found.reason or "would be written",
        reason=_reason(outcome.reason),
        finding=pair.finding,
        finding_a=pair.finding_a,
        strategy=pair.strategy,
        split=pair.split,
        image_mode=pair.image_mode,
        recipient=_parent(found, 0, pair.recipient),
        donor=_parent(found, 1, pair.donor),
        region=region,
        details=marks.details if marks else (),
        diff=report_diff(pair.recipient.report, [_edit(edit) for edit in pair.edits]),
    )


def _edit(edit: Any) -> dict[str, Any]:
    return {"start": edit.start, "end": edit.end, "text": edit.text}


def _reason(name: str) -> Reason | None:
    try:
        return find_reason(name)
    except UsageError:
        return None


def _parent(found: RefusedPair, place: int, parent: Parent) -> RefusedParentView:
    name = ("recipient", "donor")[place]
    pixels, view, marks = found.pixels[place], found.views[place] if found.views else None, found.marks
    asked = view is not None and view.asked
    return RefusedParentView(
        study_id=parent.study_id,
        subject_id=parent.subject_id,
        image_id=parent.image_id,
        image_path=parent.image_path,
        view=parent.view,
        side=str(parent.side),
        sentence=parent.sentence,
        pixels=None if isinstance(pixels, str) else pixels,
        missing=pixels if isinstance(pixels, str) else "",
        map=view.scores if view is not None and asked else None,
        mask=marks.evidence[place] if marks and asked else None,
        neighbour=marks.neighbours.get(name) if marks else None,
        broken=marks.broken.get(name) if marks else None,
        ground_p=None if view is None or isnan(view.ground_p) else view.ground_p,
    )
