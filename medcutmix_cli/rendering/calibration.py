"""What the encoder makes of pictures without a finding: the numbers that the evidence gate compares with.

Computed once a run and written to `calibration.json`; the first task to finish it wins and all others read its
file, so that every task gates by the same numbers. Knows no pair and no shard.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Gate
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.encoders.base import (
    Encoder,
    Picture,
    Query,
    encode_sentences,
    look,
    map_of,
    see_pictures,
    side_seen,
)
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import ImageError, RunError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.images.picture_cache import PictureCache
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.records import Guarantee, NullPicture, PictureRules, Placement
from medcutmix_cli.rendering.reading import files_to_stage, read_canvases
from medcutmix_cli.rendering.staging import InPlace, Storage, stage_files
from medcutmix_cli.run.guarantees import to_guarantees
from medcutmix_cli.run.seals import read_sealed, seal_json
from medcutmix_cli.system.atomic_files import publish_first
from medcutmix_cli.system.file_hash import file_sha256

CALIBRATION_FORMAT = 1

Peaks = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The null distribution of each finding.

    Attributes:
        fingerprint: Of the run it belongs to, "" where it belongs to none.
        peaks: "split/finding" -> the gate's statistic over null pictures, sorted; every value is float16-exact.
        left_out: Null pictures that could not be used, by reason.
        sha256: Of the file it was read from, "" where it was not.
        guarantees: "split/finding" -> what the gate promises with so many peaks; empty where it promises nothing.
    """

    fingerprint: str
    peaks: Mapping[str, Peaks]
    left_out: Mapping[str, int] = field(default_factory=dict)
    sha256: str = ""
    guarantees: Mapping[str, Guarantee] = field(default_factory=dict)

    def of(self, split: str, finding: str) -> Peaks:
        """Return the null distribution of one finding; empty where there is none."""
        return self.peaks.get(f"{split}/{finding}", _NO_PEAKS)


_NO_PEAKS: Peaks = np.array([], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class PictureSource:
    """How pictures are looked at.

    Attributes:
        resolve: Turns an image path of the plan into the file.
        canvas: Side of the run's canvas, pixels; the encoder may want another one.
        reading: How files become grey.
        stage_dir: Folder into which pictures are copied ahead of their reading, "" for none.
        presence: Asked whether the data set is still there when a picture is not.
        cache: Pictures that were prepared, None where there is no cache.
    """

    resolve: Callable[[str], Path]
    canvas: int
    reading: PictureRules
    encoder: Encoder
    stage_dir: str = ""
    presence: Presence | None = None
    cache: PictureCache | None = None

    def request(self, image_path: str) -> PictureRequest:
        """Return what is wanted of a picture: it as the encoder sees it."""
        sides = (side_seen(self.encoder, self.canvas),)
        return PictureRequest(image_path, self.resolve(image_path), sides, self.reading)

    def read(self, image_id: str, image_path: str, storage: Storage | None = None) -> Picture:
        """Read one picture as the encoder wants to see it.

        Raises:
            ImageError: It cannot be read.
            DatasetError: None can: the data set has gone.
        """
        request = self.request(image_path)
        with watch_presence(self.presence, image_path, request.file):
            (seen,) = read_canvases(request, storage or InPlace(), self.cache)
        return Picture(image_id, seen.pixels, seen.placement)


def calibrate(
    nulls: Iterable[NullPicture],
    sight: PictureSource,
    gate: Gate,
    *,
    workers: int = 1,
    fingerprint: str = "",
    progress: Progress | None = None,
) -> Calibration:
    """Ask every null picture for what it does not show; neither order nor workers decide anything.

    Calls `progress` with ("calibrating", pictures done, pictures).

    Raises:
        DatasetError: The data set has gone.
    """
    asked: dict[str, list[NullPicture]] = defaultdict(list)
    for null in nulls:
        asked[null.image_path].append(null)
    queries = _queries({null.sentence for own in asked.values() for null in own}, sight.encoder)
    groups, done = list(_grouped(list(asked.values()), sight.encoder.batch)), 0
    peaks: dict[str, list[float]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    with (
        single_threaded_opencv(),
        stage_files(
            sight.stage_dir, files_to_stage((sight.request(path) for path in asked), sight.cache)
        ) as storage,
        ThreadPoolExecutor(workers, thread_name_prefix="null") as pool,
    ):
        answered = pool.map(lambda g: _answers(g, queries, sight, gate, storage), groups)
        for group, answers in zip(groups, answered, strict=True):
            done += len(group)
            for key, value in answers:
                if isinstance(value, str):
                    left_out[value] += 1
                else:
                    peaks[key].append(value)
            if progress:
                progress("calibrating", done, len(asked))
    if sight.presence:
        sight.presence.confirm_missing()
    ordered = {key: np.sort(np.array(values, np.float32)) for key, values in sorted(peaks.items())}
    promised = {key: gate.guarantee(values.size) for key, values in ordered.items()}
    guarantees = {key: guarantee for key, guarantee in promised.items() if guarantee}
    return Calibration(fingerprint, ordered, dict(sorted(left_out.items())), guarantees=guarantees)


def _queries(sentences: set[str], encoder: Encoder) -> dict[str, Query]:
    ordered = sorted(sentences)
    return encode_sentences(encoder, ordered)


def _grouped(pictures: list[list[NullPicture]], size: int) -> Iterator[list[list[NullPicture]]]:
    return (pictures[start : start + size] for start in range(0, len(pictures), size))


def _answers(
    group: list[list[NullPicture]],
    queries: Mapping[str, Query],
    sight: PictureSource,
    gate: Gate,
    storage: Storage,
) -> list[tuple[str, float | str]]:
    """Return ("split/finding", statistic or the reason why there is none) for each null of some pictures."""
    read: list[tuple[list[NullPicture], Picture, Any]] = []
    answers: list[tuple[str, float | str]] = []
    for nulls in group:
        try:
            picture = sight.read(nulls[0].image_id, nulls[0].image_path, storage)
            read.append((nulls, picture, look(sight.encoder, picture)))
        except ImageError as error:
            answers += [(_key(null), error.reason) for null in nulls]
    asked = [_asked(nulls, queries) for nulls, _, _ in read]
    encoded = see_pictures(sight.encoder, [own for _, _, own in read], asked, keep=False)
    for (nulls, picture, _), seen in zip(read, encoded, strict=True):
        for null in nulls:
            query = queries[null.sentence]
            attention = None if query.refused else map_of(sight.encoder, seen, null.sentence, query)
            missing = query.refused or (attention.missing if attention else "")
            if attention is None or missing:
                answers.append((_key(null), missing))
            else:
                scores = attention.scores.astype(np.float32)
                answers.append((_key(null), gate.statistic(scores, _on_run_canvas(picture, sight))))
    return answers


def _asked(nulls: list[NullPicture], queries: Mapping[str, Query]) -> dict[str, Query]:
    return {n.sentence: queries[n.sentence] for n in nulls if not queries[n.sentence].refused}


def _on_run_canvas(picture: Picture, sight: PictureSource) -> Placement:
    """Return where the picture lies on the run's canvas: pairs are judged on that one, whatever the encoder sees."""
    return letterbox(picture.placement.source_height, picture.placement.source_width, sight.canvas)


def _key(null: NullPicture) -> str:
    return f"{null.split}/{null.finding}"


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Put a calibration in place unless another task was first; then that one stays."""
    plain = asdict(calibration) | {"format": CALIBRATION_FORMAT}
    plain["peaks"] = {key: [float(value) for value in values] for key, values in calibration.peaks.items()}
    del plain["sha256"]
    with publish_first(path) as temporary:
        temporary.write_text(seal_json(plain), encoding="utf-8", newline="\n")


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises:
        RunError: It is missing, changed or of another format.
    """
    try:
        plain = read_sealed(path)
        if plain["format"] != CALIBRATION_FORMAT:
            raise ValueError("another format")
        peaks = {key: np.array(values, np.float32) for key, values in plain["peaks"].items()}
        guarantees = to_guarantees(plain.get("guarantees", {}))
        return Calibration(
            plain["fingerprint"], peaks, dict(plain["left_out"]), file_sha256(path), guarantees
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "remove it; it is made again, and shards that are complete stay as they are"
        raise RunError("the calibration of the gate cannot be read", where=str(path), hint=hint) from error
