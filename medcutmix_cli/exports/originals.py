"""The studies of a run's data set as rows to export: read as they were planned, their pictures on the run's canvas.

A mix is drawn on a square canvas and encoded anew; an original goes the same way, or how a picture is stored would tell
a network which is which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.errors import ImageError
from medcutmix_cli.exports.laterality import find_laterality
from medcutmix_cli.exports.row import MADE_FROM_LABELS, ExportRow, RowTexts, plain_key
from medcutmix_cli.exports.sentences import label_sentences
from medcutmix_cli.images import encode_picture, read_canvas, single_threaded_opencv
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.reading import read_study, studies_to_read
from medcutmix_cli.records import Drop, Image, Reading, Study
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import fold

BLOCK = 256
"""Studies of a part: what is read and written at once, and what is lost when an export is killed."""

_SECTIONS = ("findings", "impression", "last_paragraph", "indication")

Chosen = tuple[Study, Image]


@dataclass(frozen=True, slots=True)
class Originals:
    """The studies of a data set that an export takes.

    Attributes:
        settings: Of the run: how reports and pictures are read.
        caption: One of `row.CAPTIONS`.
        sentences: Whether rows come with their sentences.
        workers: Pictures decoded at once.
        dropped: Studies left out before any is read, by reason: filled by `blocks`.
    """

    dataset: Dataset
    settings: Settings
    caption: str
    sentences: bool
    workers: int
    dropped: Counter[str] = field(default_factory=Counter)

    def blocks(self, splits: tuple[str, ...]) -> Iterator[tuple[str, StudyBlock]]:
        """Yield (split, block) as blocks fill; the order of the data set decides what is in each."""
        waiting: dict[str, list[Chosen]] = {split: [] for split in splits}
        for study, image in self._chosen(splits):
            waiting[study.split].append((study, image))
            if len(waiting[study.split]) == BLOCK:
                yield study.split, StudyBlock(self, tuple(waiting.pop(study.split)))
                waiting[study.split] = []
        for split, rest in waiting.items():
            if rest:
                yield split, StudyBlock(self, tuple(rest))

    def _chosen(self, splits: tuple[str, ...]) -> Iterator[Chosen]:
        plan = replace(self.settings.plan, splits=splits)
        drops: list[Drop] = []
        excluded = read_excluded(plan.exclude_ids)
        for study, image in studies_to_read(self.dataset.studies(), plan, excluded, drops):
            if study.prompted:
                self.dropped[MADE_FROM_LABELS] += 1
            else:
                yield study, image
        self.dropped.update(_named(drop) for drop in drops)

    def row(self, study: Study, image: Image, picture: bytes | str) -> ExportRow | Drop:
        """Read one study; its picture is there, or why it is not."""
        if isinstance(picture, str):
            return Drop("study", study.study_id, picture)
        reader = ReportReader(self.settings.reports.section_rules)
        read = read_study(study, image, reader, self.settings.plan.labels)
        texts = _texts(study.report, read.reading)
        sides = find_laterality(study.report)
        return ExportRow(
            key=plain_key(image.image_id),
            source="original",
            split=study.split,
            subject_id=study.subject_id,
            study_id=study.study_id,
            donor_subject_id="",
            donor_study_id="",
            finding="",
            strategy="",
            lam=1.0,
            view=image.view,
            texts=texts,
            caption=texts.caption(self.caption),
            labels=read.labels,
            sentences=label_sentences(read.reading) if self.sentences else (),
            laterality=str(sides.side),
            no_hflip=sides.no_hflip,
            picture=picture,
            picture_format=self.settings.image.format,
        )

    def picture(self, image: Image) -> bytes | str:
        """Return a picture as the run stores its own, or why it cannot be read."""
        how = self.settings.image
        try:
            canvas = read_canvas(self.dataset.resolve(image.path), how.canvas, how.reading)
            return encode_picture(canvas.pixels, how.format)
        except ImageError as error:
            return error.reason


@dataclass(frozen=True, slots=True)
class StudyBlock:
    """Some studies of one split, with the picture that stands for each."""

    source: Originals
    studies: tuple[Chosen, ...]

    def rows(self) -> Iterator[ExportRow | Drop]:
        """Yield the rows in order; pictures are decoded beside the reading, which is this thread's."""
        with single_threaded_opencv(), ThreadPoolExecutor(self.source.workers) as pool:
            pictures = pool.map(self.source.picture, (image for _, image in self.studies))
            for (study, image), picture in zip(self.studies, pictures, strict=True):
                yield self.source.row(study, image, picture)


def _named(drop: Drop) -> str:
    """Name a drop for an export: what is not mixed may be exported, and the other way round."""
    return "split-not-exported" if drop.reason.startswith("split-not-mixed") else drop.reason


def _texts(report: str, reading: Reading) -> RowTexts:
    bodies = {section.name: report[section.start : section.end] for section in reading.sections}
    return RowTexts(report, *(fold(bodies.get(name, "")) for name in _SECTIONS))
