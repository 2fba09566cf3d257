"""Is there a file for each picture, and where was it looked for? No picture is opened, none is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.images.picture_parts import file_of
from medcutmix_cli.records import Drop, Image, Study
from medcutmix_cli.system.regular_files import IrregularFileError, check_regular

FILE_FAULTS = ("image-missing", "image-not-a-file", "image-empty")
"""What the entry of a file tells."""

_AT_ONCE = 16  # a share answers many questions in the time of one


def with_files(
    source: Dataset, chosen: Sequence[tuple[Study, Image]], dropped: list[Drop]
) -> Iterator[tuple[Study, Image]]:
    """Yield the studies whose picture has a file with something in it; the others are appended to `dropped`.

    Args:
        source: Finds the files.
        chosen: Studies, each with the picture that stands for it.
        dropped: Takes a study for each picture without a file, by one of `FILE_FAULTS`.
    """
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look") as pool:
        faults = list(pool.map(fault_of, (source.resolve(image.path) for _, image in chosen)))
    for (study, image), fault in zip(chosen, faults, strict=True):
        if fault:
            dropped.append(Drop("study", study.study_id, fault))
        else:
            yield study, image


def fault_of(picture: Path) -> str:
    """Return which of `FILE_FAULTS` a picture has, "" for none; what else may be wrong is told by reading it."""
    try:
        size = check_regular(file_of(picture))
    except FileNotFoundError:
        return "image-missing"
    except IrregularFileError:
        return "image-not-a-file"
    except OSError:  # a share that fails for a while loses no picture by it
        return ""
    return "" if size else "image-empty"


def places_of(source: Dataset) -> Mapping[str, Path]:
    """Return where files are looked for, by the reason that says one is not there; no file is named."""
    if not isinstance(source, TableDataset):
        return {"image-missing": source.root}
    return {"image-missing": source.folder, "report-missing": source.values.reports}


def where_looked_for(reason: str, places: Mapping[str, Path]) -> str:
    """Return how a sentence about files that are not there ends, "" where nothing can be said of their place."""
    return f"; relative paths are looked for in {places[reason].absolute()}" if reason in places else ""
