"""Any data set that medcutmix opens, as cases: the one picture of each study, what its report says, its labels."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from examples.benchmark.cases import Cases, Floats, Pixels, originals, shrunk, study_text
from examples.benchmark.config import Benchmark, StudySet
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.ids import bare_id
from medcutmix_cli.datasets.label_table import read_label_table
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import read_canvas, single_threaded_opencv
from medcutmix_cli.planning.reading import choose_image, read_study, sorted_studies
from medcutmix_cli.records import Drop, Image, PictureRules, ReadStudy, Study
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.seeds import stable_hash
from medcutmix_cli.system.cpus import usable_cpus

Keep = Callable[[Study], bool]


def read_cases(
    root: Path, whole: Benchmark, keep: Keep = lambda study: True, reports: str = "", attribute: str = ""
) -> Cases:
    """Read the studies of a data set that `keep` is true of and that have a frontal picture.

    Args:
        root: Folder or table.
        whole: Says how large pictures are.
        keep: Which studies; by default all.
        reports: Where its reports are, if not in it.
        attribute: Table with `study_id` and one column of 0 and 1 (path:column), or "view"; "" for none.
    """
    dataset = opened(root, reports)
    chosen = [_with_image(study) for study in sorted_studies(dataset.studies()) if _counts(study, keep)]
    read = [_read(study, image) for study, image in chosen if image is not None]
    if not read:
        raise UsageError("no study of this data set has a report and a frontal picture here", where=str(root))
    pictures = small_pictures([dataset.resolve(each.image.path) for each in read], whole)
    having = having_attribute(attribute)
    return originals(
        [each.study.study_id for each in read],
        pictures,
        [study_text(each) for each in read],
        np.array([each.labels for each in read], np.float32),
        [having(each.study.study_id, each.image.view) for each in read],
    )


def _counts(study: Study | Drop, keep: Keep) -> bool:
    return isinstance(study, Study) and bool(study.report) and keep(study)


def _with_image(study: Study | Drop) -> tuple[Study, Image | None]:
    assert isinstance(study, Study)
    image = choose_image(study.images)
    return study, image if isinstance(image, Image) else None


_READER = ReportReader()


def _read(study: Study, image: Image) -> ReadStudy:
    return read_study(study, image, _READER)


def small_pictures(paths: Iterable[Path], whole: Benchmark) -> list[Pixels]:
    """Read picture files, letterboxed and shrunk as the pictures of a run are."""

    def small(path: Path) -> Pixels:
        return shrunk(read_canvas(path, whole.canvas, PictureRules("mimic-jpg")).pixels, whole.training.side)

    with single_threaded_opencv(), ThreadPoolExecutor(whole.workers or usable_cpus()) as pool:
        return list(pool.map(small, paths))


def having_attribute(told: str) -> Callable[[str, str], bool]:
    """Return what says of a study and its view whether it has the attribute.

    Args:
        told: "view" (AP), PATH:COLUMN of a table by study_id, or "" for never.
    """
    if told == "view":
        return lambda study, view: view == "AP"
    if not told:
        return lambda study, view: False
    path, _, column = told.rpartition(":")
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"study_id", column} <= set(rows[0]):
        raise UsageError(f"there is no column study_id or {column} with rows", where=path)
    having = {
        bare_id("study", row["study_id"])
        for row in rows
        if row[column].strip() in ("1", "1.0", "true", "True")
    }
    return lambda study, view: bare_id("study", study) in having


def chunk_of(subject: str, chunks: int) -> int:
    """Say which chunk a patient of a real data set is in."""
    return int(stable_hash("benchmark", "chunk", subject), 16) % chunks


def with_truth(cases: Cases, studies: StudySet) -> Cases:
    """Take the labels of the test studies from a table, where one is given."""
    if not studies.labels:
        return cases
    table = read_label_table(Path(studies.labels))
    found = [k for k, name in enumerate(cases.ids) if bare_id("study", str(name)) in table]
    if not found:
        raise UsageError("no test study is in the table of labels", where=studies.labels)
    kept = cases.take(found)
    rows = [table[bare_id("study", str(name))] for name in kept.ids]
    labels: Floats = np.array([[row.get(n, np.nan) for n in CHEXPERT] for row in rows], np.float32)
    return originals(list(kept.ids), list(kept.pictures), list(kept.texts), labels, list(kept.attribute))


def opened(root: Path, reports: str = "") -> Dataset:
    """Open a data set, with its reports where they are elsewhere."""
    return open_dataset(root, **({"reports": Path(reports)} if reports else {}))
