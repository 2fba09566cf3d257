"""How ids are written: as tables have them, as folders of MIMIC-CXR have them, and as pandas makes numbers of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

KEYS: Mapping[str, tuple[str, ...]] = {
    "image": ("image_id", "dicom_id", "Image Index"),
    "study": ("study_id", "study"),
    "subject": ("subject_id", "subject", "Patient ID"),
}
"""What a row may be about, with the names of the column of its ids; the first that is there counts."""

_LETTERS = {"study": "s", "subject": "p"}
"""What folders of MIMIC-CXR write before an id."""

_PREFIX = re.compile(r"(?:nih|padchest|vindr|siim)-(?=.)")
"""What tells ids of data sets of pictures with labels from those of a set beside them; their own tables lack it."""

_FLOAT = re.compile(r"(\d+)\.0+")
_SUFFIX = re.compile(r"\.(?:png|jpe?g|dcm)$")


def key_column(found: Sequence[str]) -> tuple[str, str]:
    """Return what the rows of a table are about, one of `KEYS`, and the column of their ids; blank for none."""
    return next(((about, name) for about, names in KEYS.items() for name in names if name in found), ("", ""))


def bare_id(about: str, identifier: str) -> str:
    """Return an id as both tables and paths have it: without the "s" and "p" of MIMIC-CXR's folders, NIH's ".png".

    "54017036.0" is 54017036: pandas makes floats of whole numbers where one of a column is blank.
    """
    whole = whole_id(identifier)
    if about == "image":
        return _SUFFIX.sub("", whole)
    return whole[1:] if whole[:1] == _LETTERS[about] and whole[1:].isdigit() else whole


def published_id(identifier: str) -> str:
    """Return an id as the data set's own tables have it: "nih-123" is 123 there."""
    return _PREFIX.sub("", identifier, count=1)


def whole_id(identifier: str) -> str:
    """Return an id without the spaces around it, and without the ".0" that pandas gives a whole number."""
    text = identifier.strip()
    match = _FLOAT.fullmatch(text)
    return match[1] if match else text


def id_spellings(about: str, identifier: str) -> set[str]:
    """Return all that an id of a data set may be called in a list: "s54017036", 54017036; "nih-123", 123."""
    bare, published = bare_id(about, identifier), published_id(identifier)
    lettered = {_LETTERS[about] + bare} if about in _LETTERS and bare.isdigit() else set()
    return {identifier, bare, published, *lettered}
