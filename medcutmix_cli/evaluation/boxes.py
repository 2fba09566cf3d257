"""Boxes that people drew, out of the files they are published in. Knows no picture and no encoder; quotes no phrase."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import DatasetError, UsageError, cause, unreadable
from medcutmix_cli.evaluation.box_tables import BoxTable, table_rows

KINDS = ("table", "nih", "ms-cxr", "padchest-gr")
"""Of box files; see `read_boxes`."""

NIH_SIDE = 1024
"""All pictures of ChestX-ray14 have been released with 1024 x 1024 pixels, and the boxes refer to these."""


@dataclass(frozen=True, slots=True)
class BoxFrame:
    """What the numbers of a box refer to: a picture of so many pixels; 1 x 1 where they are shares."""

    width: float
    height: float


SHARES = BoxFrame(1.0, 1.0)


@dataclass(frozen=True, slots=True)
class BoxNote:
    """One drawn box.

    Attributes:
        picture: Path or name of the picture, as the file has it.
        finding: What was boxed, as the file names it.
        phrase: The annotation's own sentence, "" where it has none. Report text: never shown.
        x: Left edge in units of the frame (pixel i reaches from i to i + 1), x right; y, top edge, y down.
        width: Of the box, likewise height.
        frame: None where the numbers are pixels of the picture itself.
    """

    picture: str
    finding: str
    phrase: str = field(repr=False)
    x: float
    y: float
    width: float
    height: float
    frame: BoxFrame | None


@dataclass(frozen=True, slots=True)
class BoxFile:
    """What a box file holds.

    Attributes:
        kind: One of `KINDS`.
        boxes: In the order of the file.
        dropped: Boxes that cannot be asked about, by reason.
        noted: What else was left out, by name; not among the boxes.
    """

    kind: str
    boxes: tuple[BoxNote, ...]
    dropped: Mapping[str, int] = field(default_factory=dict)
    noted: Mapping[str, int] = field(default_factory=dict)


def read_boxes(path: Path, kind: str = "") -> BoxFile:
    """Read a file of boxes.

    Kinds, recognised by content:

    - "nih": CSV with the header of ChestX-ray14's `BBox_List_2017.csv` (Image Index, Finding Label, x, y, w, h);
      pixels of 1024 x 1024 (Wang 2017, arXiv 1705.02315).
    - "table": CSV with a picture (path, image, image_id or dicom_id), a finding, x, y, w, h (or width, height) in
      pixels of the picture, or of image_width x image_height where it has these columns; also `boxes.csv` of a
      sample data set.
    - "ms-cxr": COCO-shaped JSON (images, annotations with bbox [x, y, w, h] in pixels of the image's width and
      height and label_text, categories), or its CSV form (label_text, category_name, image_width, ...):
      MS_CXR_Local_Alignment, https://physionet.org/content/ms-cxr/.
    - "padchest-gr": JSON list of studies (ImageID, findings with sentence_en, labels and boxes [x1, y1, x2, y2]
      in shares of the picture): grounded_reports of PadChest-GR (arXiv 2411.05085). Boxes of the second reader
      (extra_boxes) are left out and counted.

    Raises:
        UsageError: No such kind.
        DatasetError: The file cannot be read, or is none of these.
    """
    if kind and kind not in KINDS:
        raise UsageError(f"no kind of box file called {kind!r}", hint="choose one of: " + ", ".join(KINDS))
    if path.suffix.lower() == ".json":
        return _from_json(path, kind)
    found = BoxTable.of(path)
    rows = tuple(_from_table(path, found, kind or found.kind))
    return BoxFile(kind or found.kind, rows)


def _from_table(path: Path, found: BoxTable, kind: str) -> Iterator[BoxNote]:
    if kind == "padchest-gr":
        raise DatasetError("boxes of this kind come as JSON", where=str(path), hint="leave --boxes-kind out")
    for row in table_rows(path, found):
        frame = BoxFrame(NIH_SIDE, NIH_SIDE) if kind == "nih" else row.frame and BoxFrame(*row.frame)
        yield BoxNote(row.picture, row.finding, _folded(row.phrase), *row.box, frame)


def _from_json(path: Path, kind: str) -> BoxFile:
    try:
        tree = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(
            unreadable("the file of boxes", error),
            where=str(path),
            hint="is the path right, and it a JSON file that you may read?",
        ) from error
    except ValueError as error:  # its message may quote the file
        raise DatasetError(
            "the boxes are not valid JSON", where=str(path), hint="download it again"
        ) from error
    shape = (
        "padchest-gr"
        if isinstance(tree, list)
        else "ms-cxr"
        if isinstance(tree, dict) and "annotations" in tree
        else ""
    )
    if not shape or (kind and kind != shape):
        hint = "known: a COCO-shaped object (MS-CXR) or a list of studies (PadChest-GR)"
        raise DatasetError("the JSON does not hold boxes of a known kind", where=str(path), hint=hint)
    try:
        return _coco(tree) if shape == "ms-cxr" else _grounded(tree)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"an entry of the boxes is not as {shape} has it ({cause(error)})"
        raise DatasetError(
            what, where=str(path), hint="compare its field names with the published file"
        ) from None


def _coco(tree: Mapping[str, Any]) -> BoxFile:
    images = {image["id"]: image for image in tree["images"]}
    findings = {category["id"]: str(category["name"]) for category in tree["categories"]}
    boxes = []
    for note in tree["annotations"]:
        image = images[note["image_id"]]
        x, y, width, height = map(float, note["bbox"])
        frame = BoxFrame(float(image["width"]), float(image["height"]))
        picture = str(image.get("path") or image["file_name"])
        phrase = _folded(note.get("label_text"))
        boxes.append(BoxNote(picture, findings[note["category_id"]], phrase, x, y, width, height, frame))
    return BoxFile("ms-cxr", tuple(boxes))


def _grounded(studies: Sequence[Mapping[str, Any]]) -> BoxFile:
    boxes: list[BoxNote] = []
    dropped: Counter[str] = Counter()
    noted: Counter[str] = Counter()
    for study in studies:
        for finding in study["findings"]:
            corners = finding.get("boxes") or []
            noted["sentence-without-box"] += not corners
            noted["box-of-second-reader"] += len(finding.get("extra_boxes") or [])
            phrase = _folded(finding.get("sentence_en"))
            if not phrase:
                dropped["no-english-sentence"] += len(corners)
                continue
            name = ", ".join(map(str, finding.get("labels") or ())) or "no label"
            for x1, y1, x2, y2 in corners:
                x, y, width, height = map(float, (x1, y1, x2 - x1, y2 - y1))
                boxes.append(BoxNote(str(study["ImageID"]), name, phrase, x, y, width, height, SHARES))
    return BoxFile("padchest-gr", tuple(boxes), dict(+dropped), dict(+noted))


def _folded(text: str | None) -> str:
    """Fold white space; a phrase without a letter says nothing."""
    folded = " ".join((text or "").split())
    return folded if re.search(r"[^\W\d_]", folded) else ""
