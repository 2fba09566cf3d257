"""The tables and picture folders of NIH ChestX-ray14, joined into rows of images. Reads no picture, writes no words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from medcutmix_cli.datasets.grouping import ImageRow
from medcutmix_cli.datasets.tables import explain_table_errors, open_table, read_columns
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.reports.prompts import NO_FINDING, prompt_labels

# The newer table has the same images with ages mended; where both lie there it is the one that is read.
RELEASED = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")
LISTS = {"train_val_list.txt": "train", "test_list.txt": "test"}
"""The official lists, which part patients, and the split that each stands for; there is no official validation."""

COLUMNS = {
    "image": "Image Index",
    "labels": "Finding Labels",
    "subject": "Patient ID",
    "view": "View Position",
}
"""Column by role, as released."""

_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class NihEntry:
    """One image with its labels, as written."""

    row: ImageRow
    labels: tuple[str, ...]


@dataclass(slots=True)
class Entries:
    """Entries by image id, and the rows beside them that are in trouble."""

    known: dict[str, NihEntry] = field(default_factory=dict)
    extra: list[ImageRow] = field(default_factory=list)

    def add(self, entry: NihEntry) -> None:
        """Keep the first of two equal rows; of two different ones keep none."""
        first = self.known.setdefault(entry.row.image_id, entry)
        if first is entry:
            return
        same = first == entry
        if not same:
            self.known[entry.row.image_id] = replace(first, row=replace(first.row, problem="duplicate-id"))
        self.extra.append(replace(entry.row, problem="duplicate-row" if same else "duplicate-id"))

    def rows(self) -> Iterator[ImageRow]:
        """Yield every row."""
        yield from (entry.row for entry in self.known.values())
        yield from self.extra


def find_table(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the first of `names`, plain or gzipped, that lies in the folder."""
    paths = (folder / f"{name}{end}" for name in names for end in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def list_pictures(root: Path) -> dict[str, str]:
    """Return picture by name without suffix, as a path below `root`.

    Looks in `images`, and as the twelve archives unpack in `images_001` and `images_001/images` to `images_012`; of
    pictures with one name the first found counts.
    """
    tops = [root / "images", *sorted(path for path in root.glob("images_*") if path.is_dir())]
    found: dict[str, str] = {}
    for folder in (place for top in tops for place in (top, top / "images") if place.is_dir()):
        below = folder.relative_to(root).as_posix()
        for path in sorted(folder.iterdir()):
            if path.suffix in _SUFFIXES:
                found.setdefault(path.stem, f"{below}/{path.name}")
    return found


def read_lists(folder: Path) -> dict[str, str]:
    """Return split by image id; "" where both lists name it.

    Raises:
        DatasetError: A list is missing.
    """
    splits: dict[str, str] = {}
    for name, split in LISTS.items():
        path = find_table(folder, [name])
        if path is None:
            hint = "put it there, or set split = 'train' under [dataset] to call all of it that"
            raise DatasetError(
                f"the list {name} of NIH ChestX-ray14 is missing", where=str(folder), hint=hint
            )
        with explain_table_errors(path), open_table(path) as text:
            for line in filter(None, map(str.strip, text)):
                image = Path(line).stem
                splits[image] = split if splits.setdefault(image, split) == split else ""
    return splits


def read_entries(
    table: Path, root: Path, columns: Mapping[str, str], splits: Mapping[str, str] | str
) -> Entries:
    """Join the table with the pictures and the lists; what contradicts itself becomes a named problem.

    Args:
        table: CSV, plain or gzipped.
        root: Folder that the pictures lie below. An image given as a path stands for itself.
        columns: Column by role (see `COLUMNS`).
        splits: Split by image id, or that of all.

    Raises:
        DatasetError: The table is malformed.
    """
    pictures, entries = list_pictures(root), Entries()
    wanted = [columns[role] for role in COLUMNS]
    for number, (image, labels, subject, view) in enumerate(read_columns(table, wanted), start=1):
        stem = Path(image).stem or f"row {number}"
        path = image if "/" in image and (root / image).is_file() else pictures.get(stem, "")
        said = tuple(label.strip() for label in labels.split("|") if label.strip())
        row = ImageRow(
            image_id=stem,
            subject_id=f"nih-{_bare(subject)}",
            study_id=stem,
            path=path,
            view=view.upper(),
            split=splits if isinstance(splits, str) else splits.get(stem, ""),
            problem=_problem(image, subject, said, path) or _torn(stem, splits),
        )
        entries.add(NihEntry(row, said))
    if isinstance(splits, Mapping):
        entries.extra += [_unlisted(image) for image in splits if image not in entries.known]
    return entries


def _bare(subject: str) -> str:
    """Return a patient's number without the zeros that names of files have and the table has not."""
    return subject.lstrip("0") or subject


def _problem(image: str, subject: str, labels: tuple[str, ...], path: str) -> str:
    if not image:
        return "image-path-missing"
    if not subject:
        return "subject-missing"
    if not labels:
        return "labels-missing"
    if not set(labels) <= {*prompt_labels(), NO_FINDING}:
        return "label-unknown"
    if NO_FINDING in labels and len(set(labels)) > 1:
        return "labels-contradictory"
    return "" if path else "image-missing"


def _torn(image: str, splits: Mapping[str, str] | str) -> str:
    return "split-contradictory" if not isinstance(splits, str) and splits.get(image) == "" else ""


def _unlisted(image: str) -> ImageRow:
    """Return the row of an image that a list names and the table does not; its name begins with the patient."""
    subject = f"nih-{_bare(image.split('_')[0])}"
    return ImageRow(image, subject, image, "", "", "", problem="image-missing-in-tables")
