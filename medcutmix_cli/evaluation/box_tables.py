"""Tables of boxes: which column is what, whatever it is called. Knows no data set but by its header."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from medcutmix_cli.datasets.tables import explain_table_errors, open_table, require_columns
from medcutmix_cli.errors import DatasetError

_NAMES: Mapping[str, tuple[str, ...]] = {
    "picture": ("path", "image index", "image path", "image", "image id", "dicom id", "filename"),
    "finding": ("finding", "finding label", "category name", "label"),
    "x": ("x",),
    "y": ("y",),
    "width": ("w", "width"),
    "height": ("h", "height"),
}
_MORE: Mapping[str, tuple[str, ...]] = {
    "phrase": ("label text",),
    "frame_width": ("image width",),
    "frame_height": ("image height",),
}


@dataclass(frozen=True, slots=True)
class BoxTable:
    """Which column holds what, by its place in the row; -1 where there is none."""

    kind: str
    columns: int
    places: Mapping[str, int]

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the header of a table.

        Raises:
            DatasetError: A column is missing, or the table cannot be read.
        """
        with explain_table_errors(path), open_table(path) as lines:
            header = next(csv.reader(lines), [])
        plain = [_plain(name) for name in header]
        places = {key: _first(plain, names) for key, names in {**_NAMES, **_MORE}.items()}
        for key, names in _NAMES.items():
            if places[key] < 0:
                wanted = " or ".join(repr(name.replace(" ", "_")) for name in names)
                raise DatasetError(
                    f"no column for the {key} of a box; known: {wanted}",
                    where=str(path),
                    hint=f"columns found: {', '.join(filter(None, header)) or 'none'}",
                )
        require_columns(path, plain, [plain[places[key]] for key in _NAMES])
        kind = "nih" if "image index" in plain else "ms-cxr" if places["phrase"] >= 0 else "table"
        return cls(kind, len(header), places)


@dataclass(frozen=True, slots=True)
class BoxRow:
    """One row; `box` is x, y, width, height and `frame` the width and height they refer to."""

    picture: str
    finding: str
    phrase: str = field(repr=False)
    box: tuple[float, float, float, float]
    frame: tuple[float, float] | None


def table_rows(path: Path, found: BoxTable) -> Iterator[BoxRow]:
    """Yield the rows of a table.

    Raises:
        DatasetError: A row of another length, or a number that is none.
    """
    with explain_table_errors(path), open_table(path) as lines:
        reader = csv.reader(lines)
        next(reader, None)
        for cells in filter(None, reader):
            where = f"{path.name}, line {reader.line_num}"
            # BBox_List_2017.csv has three nameless columns at its end that are empty in every row.
            if len(cells) < 1 + max(found.places.values()) or len(cells) > found.columns:
                raise DatasetError(
                    f"a row has {len(cells)} columns instead of {found.columns}",
                    where=where,
                    hint="is a comma missing, or a text with commas not quoted?",
                )
            yield _row({key: cells[at].strip() for key, at in found.places.items() if at >= 0}, where)


def _row(cells: Mapping[str, str], where: str) -> BoxRow:
    x, y, width, height = (_number(cells[key], where) for key in ("x", "y", "width", "height"))
    sizes = (cells.get("frame_width"), cells.get("frame_height"))
    frame = (_number(sizes[0], where), _number(sizes[1], where)) if sizes[0] and sizes[1] else None
    return BoxRow(cells["picture"], cells["finding"], cells.get("phrase", ""), (x, y, width, height), frame)


def _number(cell: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise DatasetError(
            "a coordinate or size of a box is not a number",
            where=where,
            hint="docs/encoders.md says what a table of boxes holds",
        ) from None


def _plain(name: str) -> str:
    # The comma in "Bbox [x,y,w,h]" cuts that name into four columns.
    return " ".join(re.sub(r"^bbox|[\W_]+", " ", name.lower()).split())


def _first(header: list[str], names: tuple[str, ...]) -> int:
    return next((header.index(name) for name in names if name in header), -1)
