"""A run's mixed pictures against its originals: can a small network tell them apart that never saw the patients?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

import torch

from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.evaluation.detect_pictures import PairPictures, SeenPair
from medcutmix_cli.evaluation.detect_scores import FEWEST, DetectEvaluation, PairScore, rows_by
from medcutmix_cli.evaluation.detect_settings import DetectSettings
from medcutmix_cli.evaluation.detector import SeamDetector, score, train
from medcutmix_cli.evaluation.folds import Fold, disjoint_folds
from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.saliency import write_saliency
from medcutmix_cli.evaluation.seam_features import seam_features
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.run.contents import open_contents
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress

SHOWN = 12
"""Pairs whose saliency is written: those that the networks are surest of."""


@show_progress
def evaluate_detect(
    out: Path | str,
    *,
    dataset: Path | str | None = None,
    reports: Path | str | None = None,
    unpaired: Path | str | None = None,
    trained: DetectSettings | None = None,
    settings: IntervalSettings | None = None,
    saliency: Path | str | None = None,
    progress: Progress | None = None,
) -> DetectEvaluation:
    """Measure how well mixed pictures of a run are told from the originals they were made of.

    Args:
        out: Run folder.
        dataset: Where the data set is now, if it has moved.
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        trained: How networks are trained; None takes the defaults.
        settings: How intervals are drawn, and the seed of all draws; None takes the defaults.
        saliency: Folder for pictures of where the networks look; made where it is absent.
        progress: Called with ("comparing", pairs done, pairs), then ("training", epochs done, epochs).

    Raises:
        RunError: There is no run.
        DatasetError: The data set is not there, or too few pairs can be read to train on.
    """
    how, drawn = trained or DetectSettings(), settings or IntervalSettings()
    record, contents = read_run(RunFolder(Path(out))), open_contents(out)
    pictures = _pictures(record, RunPlaces(dataset, reports, unpaired))
    with single_threaded_opencv():
        pairs = tuple(pictures.pairs(contents, how.max_pairs, drawn.seed, progress))
    folds = disjoint_folds([pair.patients for pair in pairs], how.folds)
    _check_enough(out, pairs, folds)
    scored = _try_folds(pairs, folds, how, drawn.seed, progress)
    scores = tuple(found.score for found in sorted(scored, key=lambda found: found.place))
    if saliency is not None:
        surest = sorted(scored, key=lambda found: -found.score.mixed)[:SHOWN]
        write_saliency(Path(saliency), [(pairs[found.place], found.network) for found in surest])
    return DetectEvaluation(
        written=contents.rows,
        left_out=dict(sorted((+pictures.left_out).items())),
        learned=sum(len(fold.learned) for fold in folds) / len(folds),
        trained=how,
        settings=drawn,
        strategies=tuple(rows_by(scores, lambda score: score.strategy, drawn)),
        findings=tuple(rows_by(scores, lambda score: score.finding, drawn, FEWEST)),
        scores=scores,
    )


def _pictures(record: RunRecord, places: RunPlaces) -> PairPictures:
    image = from_plain(record.settings).image
    source = open_run_dataset(record, places)
    return PairPictures(source.resolve, image.reading, image.format, Counter())


def _check_enough(out: Path | str, pairs: Sequence[SeenPair], folds: Sequence[Fold]) -> None:
    if len(folds) < 2 or not all(fold.learned for fold in folds):
        raise DatasetError(
            f"{len(pairs):,} pairs are too few to learn from some and be tested on others",
            where=str(out),
            hint="write more pairs (--pairs-per-study), or raise --folds: fewer patients are then held back at once",
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """One held-out pair: its place among the pairs, its score and the network that gave it."""

    place: int
    score: PairScore
    network: SeamDetector = field(repr=False)


def _try_folds(
    pairs: Sequence[SeenPair],
    folds: Sequence[Fold],
    how: DetectSettings,
    seed: int,
    progress: Progress | None,
) -> list[_Found]:
    """Train a network for each fold, one a thread, and score what it never saw."""
    networks = [SeamDetector(seed * len(folds) + number) for number in range(len(folds))]
    # Two threads cut a sum elsewhere than one does: each network is trained by one, whatever the machine.
    with ThreadPoolExecutor(usable_cpus(), "detect", partial(torch.set_num_threads, 1)) as pool:
        mixed = torch.cat(list(pool.map(lambda pair: seam_features(pair.mixed[None]), pairs)))
        original = torch.cat(list(pool.map(lambda pair: seam_features(pair.original[None]), pairs)))
        trial = _Trial(pairs, mixed, original, how, _Counted(progress, how.epochs * len(folds)))
        return [found for fold in pool.map(trial.run, range(len(folds)), folds, networks) for found in fold]


class _Counted:
    """Counts the epochs of all networks; called from several threads."""

    def __init__(self, progress: Progress | None, epochs: int) -> None:
        self._progress, self._epochs, self._done, self._lock = progress, epochs, 0, Lock()

    def __call__(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress:
                self._progress("training", self._done, self._epochs)


@dataclass(frozen=True, slots=True)
class _Trial:
    """All pairs as features; trains on the learned ones of a fold and scores those held out."""

    pairs: Sequence[SeenPair]
    mixed: torch.Tensor
    original: torch.Tensor
    how: DetectSettings
    told: _Counted

    def run(self, number: int, fold: Fold, network: SeamDetector) -> list[_Found]:
        learned, held_out = torch.tensor(fold.learned), torch.tensor(fold.held_out)
        train(network, self.mixed[learned], self.original[learned], self.how.epochs, number, self.told)
        scores = (score(network, features[held_out]) for features in (self.mixed, self.original))
        return [
            _Found(place, self._score(place, number, mixed, original), network)
            for place, mixed, original in zip(fold.held_out, *scores, strict=True)
        ]

    def _score(self, place: int, fold: int, mixed: float, original: float) -> PairScore:
        pair = self.pairs[place]
        return PairScore(pair.pair_id, pair.patients[0], pair.strategy, pair.finding, fold, mixed, original)
