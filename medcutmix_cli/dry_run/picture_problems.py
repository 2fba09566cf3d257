"""Can pictures be read? What became of those that were decoded or compared, by reason and by ids of studies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.configuration.settings import ImageSettings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.dry_run.dataset_problem import DatasetProblem
from medcutmix_cli.dry_run.duplicate_check import DuplicateCheck
from medcutmix_cli.dry_run.picture_files import where_looked_for
from medcutmix_cli.errors import DatasetError, ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import Image, Study
from medcutmix_cli.run.hints import hint_for
from medcutmix_cli.system.counts import first_few


@dataclass(slots=True)
class DecodedSample:
    """What became of a sample of pictures.

    Attributes:
        decoded: How many could be decoded.
        corrupt: Those of them that libjpeg calls corrupt (`--corrupt-jpeg keep`).
        studies: Those whose picture cannot be decoded, by reason.
    """

    decoded: int = 0
    corrupt: int = 0
    studies: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def undecoded(self) -> Counter[str]:
        """Count the pictures that could not be decoded."""
        return Counter({reason: len(studies) for reason, studies in self.studies.items()})


def decode_sample(
    source: Dataset, sample: Iterable[tuple[Study, Image]], how: ImageSettings
) -> DecodedSample:
    """Decode pictures, and remember by which reason one could not be."""
    tried = DecodedSample()
    for study, image in sample:
        try:
            tried.corrupt += read_canvas(source.resolve(image.path), how.canvas, how.reading).corrupt
            tried.decoded += 1
        except ImageError as error:
            tried.studies[error.reason].append(study.study_id)
        except DatasetError:
            tried.studies["image-storage-fails"].append(study.study_id)
    return tried


def spread_evenly(chosen: Sequence[tuple[Study, Image]], most: int) -> list[tuple[Study, Image]]:
    """Return a sample of that size at most, evenly spread over the studies."""
    step = max(1, len(chosen) / most)
    return [chosen[int(k * step)] for k in range(min(most, len(chosen)))]


def problems_of_decoding(tried: DecodedSample, places: Mapping[str, Path]) -> Iterator[DatasetProblem]:
    """Yield which of the pictures that were tried cannot be read; `places` are those of `picture_files.places_of`."""
    total = tried.decoded + tried.undecoded.total()
    for reason, count in tried.undecoded.most_common():
        many = f"{count:,} of {total:,} pictures that were tried"
        what = _unreadable_pictures(many, reason, tried.studies[reason], places)
        yield DatasetProblem(not tried.decoded, what, hint_for(reason), unreadable=reason)


def problems_of_comparing(
    found: DuplicateCheck,
    undecoded: Mapping[str, int],
    left_out: Mapping[str, int],
    places: Mapping[str, Path],
) -> Iterator[DatasetProblem]:
    """Yield which pictures could not be compared, where nothing that was told before says as much.

    Args:
        found: What comparing them came to.
        undecoded: Pictures that could not be decoded before, by reason.
        left_out: Studies that are left out, by reason.
        places: As `picture_files.places_of` returns them.
    """
    tried = found.compared + sum(count for _, count in found.unreadable)
    for reason, count in found.unreadable:
        if reason not in left_out and count > undecoded.get(reason, 0):
            studies = found.unreadable_studies.get(reason, ())
            many = f"{count:,} of {tried:,} pictures that were compared"
            what = _unreadable_pictures(many, reason, studies, places)
            yield DatasetProblem(False, what, hint_for(reason), unreadable=reason)


def _unreadable_pictures(many: str, reason: str, studies: Sequence[str], places: Mapping[str, Path]) -> str:
    """Say of how many pictures, by the ids of their studies: names of files may name patients."""
    whose = f": {first_few(studies)}" if studies else ""
    return f"{many} cannot be read: {reason}{whose}{where_looked_for(reason, places)}"
