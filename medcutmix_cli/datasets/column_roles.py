"""Which column of a table plays which role, and why: by what was said, by its name, or by a name that means the same.

Reads no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

ROLES = (
    *("image", "report", "findings", "impression", "report_path"),
    *("subject", "study", "image_id", "split", "view", "labels"),
)
"""What a column can be; without a mapping the column of that very name is taken, or one of `ALIASES`."""

ALIASES: Mapping[str, tuple[str, ...]] = {
    "image": (
        *("image_path", "img", "img_path", "image_file", "image_filename", "path_to_image"),
        *("path", "file", "file_name", "filename", "filepath", "file_path", "picture"),
    ),
    "report": ("report_text", "text", "caption", "full_report", "radiology_report"),
    "findings": ("section_findings", "findings_text"),
    "impression": ("section_impression", "impression_text", "impressions"),
    "report_path": ("path_to_report", "report_file", "text_path"),
    "subject": ("subject_id", "patient", "patient_id", "deid_patient_id", "person_id"),
    "study": ("study_id", "study_instance_uid", "exam", "exam_id", "accession", "accession_number"),
    "image_id": ("dicom_id", "sop_instance_uid"),
    "split": ("subset", "split_name"),
    "view": ("view_position", "projection", "frontal_lateral"),
}
"""Role -> names that mean it, in any case, with or without "_": of several that a table has, none is taken."""

TEXTS = ("report", "findings", "impression", "report_path")
"""Roles that say what the report is; the first that is there counts, findings and impression together."""


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """One column in its role.

    Attributes:
        role: One of `ROLES`.
        why: "said", "its name", "means the same" or "as published".
    """

    role: str
    column: str
    why: str


@dataclass(frozen=True, slots=True)
class RoleProblem:
    """A role that no column plays, though one must.

    Attributes:
        role: One of `ROLES`, or a column that was named and is not there.
        what: One sentence.
        hint: What to type.
    """

    role: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """What the columns of a table are.

    Attributes:
        uses: In the order of `ROLES`.
        problems: All of them; without any the table can be read.
        unused: Columns that play no role.
    """

    uses: tuple[ColumnUse, ...]
    problems: tuple[RoleProblem, ...]
    unused: tuple[str, ...]

    @property
    def columns(self) -> dict[str, str]:
        """Role -> column."""
        return {use.role: use.column for use in self.uses}


def assign_roles(found: Sequence[str], said: Mapping[str, str], known: Mapping[str, str]) -> ColumnRoles:
    """Find the column of each role.

    Args:
        found: The columns of the table.
        said: Column by role, as the user says.
        known: Roles that need no column, since something else says it: {"split": "train"}.
    """
    clashes: list[RoleProblem] = [*_not_there(found, said)]
    uses: list[ColumnUse] = []
    for role in ROLES:
        use = _use(role, found, said)
        if isinstance(use, ColumnUse):
            uses.append(use)
        elif use is not None and role not in known:
            clashes.append(use)
    uses = _one_text(uses)
    roles = {use.role for use in uses} | set(known) | {problem.role for problem in clashes}
    taken = {use.column for use in uses}
    return ColumnRoles(
        uses=tuple(uses),
        problems=(*clashes, *_lacking(found, roles)),
        unused=tuple(name for name in found if name not in taken),
    )


def _not_there(found: Sequence[str], said: Mapping[str, str]) -> Iterator[RoleProblem]:
    for role, column in said.items():
        if found.count(column) != 1:
            what = "is missing" if column not in found else f"is there {found.count(column)} times"
            yield RoleProblem(role, f"the column {column!r} {what}{_nearest(column, found)}", _columns(found))


def _use(role: str, found: Sequence[str], said: Mapping[str, str]) -> ColumnUse | RoleProblem | None:
    if role in said:
        return ColumnUse(role, said[role], "said") if found.count(said[role]) == 1 else None
    if role in found:
        return _by_name(role, found.count(role))
    alike = [name for name in found if _bare(name) in _NAMES.get(role, ()) and name not in said.values()]
    if len(alike) == 1:
        return ColumnUse(role, alike[0], "means the same")
    if not alike:
        return None
    what = f"the column {role!r} could be {' or '.join(map(repr, alike))}"
    return RoleProblem(role, what, f"say which: --column {role}={alike[0]}")


def _by_name(role: str, times: int) -> ColumnUse | RoleProblem:
    if times == 1:
        return ColumnUse(role, role, "its name")
    return RoleProblem(role, f"the column {role!r} is there {times} times", "rename all but one")


def _one_text(uses: Sequence[ColumnUse]) -> list[ColumnUse]:
    """Keep one way to the report: what was said before what was found, then the order of `TEXTS`."""
    texts = [use for use in uses if use.role in TEXTS]
    first = min(texts, key=lambda use: (use.why != "said", TEXTS.index(use.role)), default=None)
    together = ("findings", "impression")
    kept = together if first and first.role in together else (first.role,) if first else ()
    return [use for use in uses if use.role not in TEXTS or use.role in kept]


def _lacking(found: Sequence[str], roles: set[str]) -> Iterator[RoleProblem]:
    if not found:
        yield RoleProblem("image", "the table is empty", "it has no columns: no header, and no row")
        return
    wanted = [("image", ""), ("subject", "")]
    if not set(TEXTS) & roles:
        wanted.append(("report", "; or findings and impression apart: --column findings=COLUMN"))
    wanted.append(("split", "; or --split-all train says it of all rows"))
    for role, other in wanted:
        if role not in roles:
            hint = f"{_columns(found)}; name the one: --column {role}=COLUMN{other}"
            yield RoleProblem(role, f"the column {role!r} is missing{_nearest(role, found)}", hint)


def _columns(found: Sequence[str]) -> str:
    return f"columns found: {', '.join(found)}"


def _nearest(column: str, found: Sequence[str]) -> str:
    close = get_close_matches(column, found, n=1)
    return f"; nearest is {close[0]!r}" if close and close[0] != column else ""


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


_NAMES = {role: frozenset(map(_bare, (role, *names))) for role, names in ALIASES.items()}
