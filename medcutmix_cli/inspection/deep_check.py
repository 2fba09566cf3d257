"""What a deep check opens once a run, and how it goes over the rows of a shard; see `remake` and `sources`."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from medcutmix_cli.assembly.opening import open_mix_rules, open_renderer, open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.engines import Work
from medcutmix_cli.errors import RunError
from medcutmix_cli.inspection.remake import (
    Remaker,
    as_stored,
    compared_columns,
    difference_problem,
    differing_columns,
)
from medcutmix_cli.inspection.sources import PlanProof, mark_studies
from medcutmix_cli.records import Pair
from medcutmix_cli.rendering.calibration import Calibration
from medcutmix_cli.rendering.pair import Renderer
from medcutmix_cli.rendering.shard import remake_rows
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.failure_list import PairOutcome
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.shards import Row


@dataclass(frozen=True, slots=True)
class DeepCheck:
    """All that the rows of a run are made again with.

    Attributes:
        renderer: Renders shards again, maps and all; None where the encoder is not asked.
    """

    proof: PlanProof
    remaker: Remaker
    renderer: Renderer | None

    def of_shard(self, shard: int, outcomes: list[PairOutcome]) -> ShardCheck:
        """Return what goes over the rows of one shard; `outcomes` are those of its failure list."""
        made: list[PairOutcome] = []
        rows = remake_rows(self.renderer, shard, made) if self.renderer else None
        return ShardCheck(self, rows, made, outcomes)


@dataclass(slots=True)
class ShardCheck:
    """Goes over the rows of one shard, in their order.

    Attributes:
        rows: The shard rendered again, row by row; None where the encoder is not asked.
        made: What that has not written, so far.
        outcomes: What the failure list of the shard says.
    """

    check: DeepCheck
    rows: Generator[Row, None, None] | None
    made: list[PairOutcome]
    outcomes: list[PairOutcome]

    def compare(self, pair: Pair, stored: Row) -> Iterator[Problem]:
        """Name what of a row, and of its pair, comes out otherwise when it is made again."""
        yield from self.check.proof.problems(pair)
        yield from self.check.remaker.compare(pair, stored)
        if self.rows is None:
            return
        made = next(self.rows, None)
        if made is None or made["pair_id"] != pair.pair_id:
            yield Problem(pair.pair_id, "remade", "rendered again, other pairs are rejected")
            self.rows.close()
            return
        names, rounding = differing_columns(as_stored(made), stored, compared_columns(maps=True))
        if names:
            yield difference_problem(pair.pair_id, names, rounding=rounding)

    def finish(self) -> Iterator[Problem]:
        """Name what comes out otherwise of the pairs that have no row."""
        if self.rows is not None:
            more = sum(1 for _row in self.rows)
            if more or _ended(self.made) != _ended(self.outcomes):
                yield Problem("failures", "remade", "rendered again, other pairs are rejected or fail")


def _ended(outcomes: list[PairOutcome]) -> list[tuple[str, str, str]]:
    return [(outcome.pair_id, outcome.outcome, outcome.reason) for outcome in outcomes]


def open_deep_check(
    folder: RunFolder, record: RunRecord, calibration: Calibration, places: RunPlaces, *, maps: bool
) -> DeepCheck:
    """Open what a deep check needs; the lexicon of the run must be in use.

    Args:
        folder: The run's.
        record: Its `run.json`.
        calibration: What the gate compares with; empty where it cannot be read, which has been told then.
        places: Where what it was made from is now.
        maps: Whether to ask the encoder.

    Raises:
        DatasetError: The data set is not there.
        EncoderError: The weights are not those of the plan.
        MedcutmixError: Anything else a person can act on; see `errors`.
    """
    settings, source = from_plain(record.settings), open_run_dataset(record, places)
    how = settings.reports
    reader = ReportReader(how.section_rules)
    proof = PlanProof(mark_studies(source), reader, entities=not how.nlp_model)
    rules = open_mix_rules(record, calibration)
    remaker = Remaker.of(rules, source.resolve, settings.image.canvas, settings.image.reading)
    if maps and rules.gate.min_nulls() and not calibration.sha256:
        raise RunError(
            "the run has no calibration that can be read, so no map can be judged",
            where=str(folder.calibration_file),
            hint="verify it without --maps first",
        )
    return DeepCheck(proof, remaker, _renderer(folder, record, places) if maps else None)


def _renderer(folder: RunFolder, record: RunRecord, places: RunPlaces) -> Renderer:
    return open_renderer(Work(folder.root.resolve(), record.fingerprint, (), (), places.changes()))
