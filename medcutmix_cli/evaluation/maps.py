"""An encoder's maps against boxes that people drew: one picture after another, nothing kept but the scores."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medcutmix_cli.attention import smooth
from medcutmix_cli.configuration.settings import ImageSettings
from medcutmix_cli.encoders.base import (
    EncodedPicture,
    Encoder,
    Picture,
    Query,
    look,
    map_of,
    see_pictures,
    side_seen,
)
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.evaluation.boxes import read_boxes
from medcutmix_cli.evaluation.grounding import (
    FullMap,
    contrast_to_noise,
    enlarge,
    mean_iou,
    pointing_score,
    union,
)
from medcutmix_cli.evaluation.map_scores import MapEvaluation, TargetScore, summarise
from medcutmix_cli.evaluation.map_settings import MapSettings
from medcutmix_cli.evaluation.map_terms import definitions
from medcutmix_cli.evaluation.picture_files import PictureFiles
from medcutmix_cli.evaluation.targets import Target, choose_pictures, group, place
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules
from medcutmix_cli.system.progress import show_progress

_CELLS_OF_SIGMA = 14


@show_progress
def evaluate_maps(
    images: Path | str,
    boxes: Path | str,
    *,
    encoder: Encoder,
    boxes_kind: str = "",
    settings: MapSettings | None = None,
    progress: Progress | None = None,
) -> MapEvaluation:
    """Measure how well an encoder's maps agree with drawn boxes.

    Args:
        images: Folder that holds the pictures, at any depth.
        boxes: File of boxes; see `boxes.read_boxes` for its kinds.
        encoder: Who draws the maps.
        boxes_kind: Kind of the file; "" recognises it.
        settings: How maps are measured; None takes the defaults.
        progress: Called with ("mapping", pictures done, pictures).

    Raises:
        UsageError: No such kind of box file.
        DatasetError: A file that cannot be read, or no box that can be compared.
        EncoderError: The encoder cannot be loaded or run.
    """
    how = settings or MapSettings()
    drawn = read_boxes(Path(boxes), boxes_kind)
    targets = group(drawn.boxes)
    ledger = _Ledger(Counter(drawn.dropped), Counter(drawn.noted))
    judge = _Judge(encoder, PictureFiles(Path(images)), how, ledger)
    scores = list(judge.scores(targets, progress))
    if not scores:
        reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(ledger.dropped.items()))
        hint = "the folder must hold the pictures that the boxes name"
        raise DatasetError(
            f"no box could be compared ({reasons or 'the file holds none'})", where=str(boxes), hint=hint
        )
    findings, everything, mean = summarise(scores, how)
    return MapEvaluation(
        encoder=encoder.card,
        device=encoder.device,
        kind=drawn.kind,
        settings=how,
        pictures=everything.pictures,
        targets=everything.targets,
        boxes=everything.boxes,
        boxes_read=len(drawn.boxes) + sum(drawn.dropped.values()),
        dropped=dict(sorted(ledger.dropped.items())),
        noted=dict(sorted((+ledger.noted).items())),
        prompts={t.finding: t.sentence for t in targets if t.prompted},
        definitions=definitions(how, prompted=any(t.prompted for t in targets)),
        findings=findings,
        all_targets=everything,
        mean=mean,
        scores=tuple(scores),
    )


@dataclass(slots=True)
class _Ledger:
    """What was left out: boxes by reason, and other things by name."""

    dropped: Counter[str]
    noted: Counter[str]

    def drop(self, reason: str, targets: Sequence[Target]) -> None:
        self.dropped[reason] += sum(len(target.boxes) for target in targets)


@dataclass(frozen=True, slots=True)
class _Judge:
    """All that scoring needs beside the targets."""

    encoder: Encoder
    files: PictureFiles
    how: MapSettings
    ledger: _Ledger

    def scores(self, targets: Sequence[Target], progress: Progress | None) -> Iterator[TargetScore]:
        """Yield the scores of all targets that can be compared, by picture; count the others."""
        by_picture: dict[str, list[Target]] = defaultdict(list)
        for target in targets:
            by_picture[target.picture].append(target)
        pictures = choose_pictures(by_picture, self.how.max_images, self.how.seed)
        for name in by_picture.keys() - set(pictures):
            self.ledger.drop("picture-not-chosen", by_picture[name])
        queries = self._queries(target for name in pictures for target in by_picture[name])
        size = max(1, self.encoder.batch)
        for start in range(0, len(pictures), size):
            batch = pictures[start : start + size]
            yield from self._batch([by_picture[name] for name in batch], queries)
            if progress:
                progress("mapping", start + len(batch), len(pictures))

    def _queries(self, targets: Iterator[Target]) -> dict[str, Query]:
        unique = sorted({target.sentence for target in targets})
        queries = self.encoder.encode_sentences(unique)
        self.ledger.noted["sentence-truncated"] += sum(query.cut_tokens > 0 for query in queries)
        return dict(zip(unique, queries, strict=True))

    def _batch(self, groups: Sequence[list[Target]], queries: dict[str, Query]) -> Iterator[TargetScore]:
        """Score the targets of a few pictures that are encoded at once."""
        read = [(targets, picture) for targets in groups if (picture := self._read(targets))]
        asked = [{t.sentence: queries[t.sentence] for t in targets} for targets, _ in read]
        answered = [{s: query for s, query in own.items() if not query.refused} for own in asked]
        looks = [look(self.encoder, picture) for _, picture in read]
        encoded = see_pictures(self.encoder, looks, answered, keep=False)
        for (targets, picture), seen in zip(read, encoded, strict=True):
            for target in targets:
                score = self._score(target, picture, seen, queries[target.sentence])
                if score:
                    yield score

    def _read(self, targets: list[Target]) -> Picture | None:
        name = targets[0].picture
        side = side_seen(self.encoder, ImageSettings().canvas)
        try:
            canvas = read_canvas(
                self.files.find(name), side, PictureRules(self.how.dicom_mode, self.how.corrupt_jpeg)
            )
        except ImageError as error:
            self.ledger.drop(error.reason, targets)
            return None
        return Picture(Path(name).stem, canvas.pixels, canvas.placement)

    def _score(
        self, target: Target, picture: Picture, seen: EncodedPicture, query: Query
    ) -> TargetScore | None:
        full = self._map(target, picture, seen, query)
        if isinstance(full, str):
            self.ledger.drop(full, [target])
            return None
        placed = place(target, picture.placement)
        self.ledger.dropped.update(placed.dropped)
        if not placed.boxes:
            return None
        mask = union(placed.boxes, picture.placement)
        return TargetScore(
            picture=target.picture,
            finding=target.finding,
            boxes=len(placed.boxes),
            area=float(mask.mean()),
            pointing=pointing_score(full, placed.boxes, self.how.tolerance),
            contrast=contrast_to_noise(full, mask),
            miou=mean_iou(full, mask, self.how.temperature),
        )

    def _map(self, target: Target, picture: Picture, seen: EncodedPicture, query: Query) -> FullMap | str:
        """Return the smoothed map at the size of the original, or the name under which it is missed."""
        if query.refused:
            return query.refused
        attention = map_of(self.encoder, seen, target.sentence, query)
        if attention.missing:
            return attention.missing
        scores = attention.scores.astype(np.float32)
        # Grids differ, and some encoders double theirs: the same sigma is the same distance in all of them.
        sigma = self.how.smoothing * math.sqrt(scores.size) / _CELLS_OF_SIGMA
        smoothed = smooth(scores, np.isfinite(scores), sigma)
        return enlarge(smoothed, picture.placement) or "map-empty"
