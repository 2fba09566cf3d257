"""Which column of a table plays which role, and why: by what was said, by its name, or by a name that means the same.

Reads no row.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from medcutmix_cli.findings import CHEXPERT

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

OWNERS = ("study", "image")
"""Roles whose column may be said to be that of the patients, where none is: the first that is there is the better."""

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
        candidates: Columns of which any may be meant.
    """

    role: str
    what: str
    hint: str
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnRoles:
    """What the columns of a table are.

    Attributes:
        uses: In the order of `ROLES`.
        problems: All of them; without any the table can be read.
        unused: Columns that play no role.
        labels: Columns with names of CheXpert observations: each is the labels of one, beside a column of all.
    """

    uses: tuple[ColumnUse, ...]
    problems: tuple[RoleProblem, ...]
    unused: tuple[str, ...]
    labels: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, str]:
        """Role -> column."""
        return {use.role: use.column for use in self.uses}


def assign_roles(
    found: Sequence[str],
    said: Mapping[str, str],
    known: Mapping[str, str],
    guesses: Mapping[str, str] | None = None,
) -> ColumnRoles:
    """Find the column of each role.

    The column of pictures or studies may be said to be that of patients as well: each is then a patient of its own.

    Args:
        found: The columns of the table.
        said: Column by role, as the user says.
        known: Roles that need no column, since something else says it: {"split": "train"}.
        guesses: Column that looks like a role (see `column_guesses`): hints name it, no role is given by it.
    """
    guesses = guesses or {}
    clashes: list[RoleProblem] = [*_not_there(found, said, guesses)]
    uses: list[ColumnUse] = []
    for role in ROLES:
        use = _use(role, found, said)
        if isinstance(use, ColumnUse):
            uses.append(use)
        elif use is not None and role not in known:
            clashes.append(use)
    uses = _one_text(uses)
    roles = {use.role: use.column for use in uses} | dict.fromkeys(
        (*known, *(one.role for one in clashes)), ""
    )
    taken = {use.column for use in uses}
    return ColumnRoles(
        uses=tuple(uses),
        problems=(*clashes, *_lacking(found, roles, guesses)),
        unused=tuple(name for name in found if name not in taken and name not in CHEXPERT),
        labels=tuple(name for name in dict.fromkeys(found) if name not in taken and name in CHEXPERT),
    )


def _not_there(
    found: Sequence[str], said: Mapping[str, str], guesses: Mapping[str, str]
) -> Iterator[RoleProblem]:
    for role, column in said.items():
        if found.count(column) != 1:
            what = "is missing" if column not in found else f"is there {found.count(column)} times"
            guess = f"{_guessed(role, guesses[role])}; " if role in guesses else ""
            hint = f"{guess}{_columns(found)}"
            yield RoleProblem(role, f"the column {column!r} {what}{_nearest(column, found)}", hint)


def _use(role: str, found: Sequence[str], said: Mapping[str, str]) -> ColumnUse | RoleProblem | None:
    if role in said:
        return ColumnUse(role, said[role], "said") if found.count(said[role]) == 1 else None
    if role in found:
        return _by_name(role, found.count(role))
    elsewhere = {column for other, column in said.items() if other != "subject" or role not in OWNERS}
    alike = [name for name in found if _bare(name) in _NAMES.get(role, ()) and name not in elsewhere]
    if len(alike) == 1:
        return ColumnUse(role, alike[0], "means the same")
    if not alike:
        return None
    what = f"the column {role!r} could be {' or '.join(map(repr, alike))}"
    return RoleProblem(role, what, f"say which: {_option(role, alike[0])}", tuple(alike))


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


def _lacking(
    found: Sequence[str], roles: Mapping[str, str], guesses: Mapping[str, str]
) -> Iterator[RoleProblem]:
    if not found:
        yield RoleProblem("image", "the table is empty", "it has no columns: no header, and no row")
        return
    for role, other in _wanted(roles, guesses):
        if role not in roles:
            hint = f"{_columns(found)}; name the one: --column {role}=COLUMN{other}"
            if role in guesses:
                hint = (
                    f"{_guessed(role, guesses[role])}{'' if role == 'subject' else other}; {_columns(found)}"
                )
            yield RoleProblem(role, f"the column {role!r} is missing{_nearest(role, found)}", hint)


def _wanted(roles: Mapping[str, str], guesses: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the roles that somebody must play, each with what else can be typed."""
    owner = next(filter(None, (source.get(role) for role in OWNERS for source in (roles, guesses))), "COLUMN")
    wanted = [("image", ""), ("subject", f"; {_each_alone(owner)}")]
    if not set(TEXTS) & set(roles):
        wanted.append(("report", "; or findings and impression apart: --column findings=COLUMN"))
    return [*wanted, ("split", "; or --split-all train says it of all rows")]


def _each_alone(owner: str) -> str:
    return (
        f"where no column says the patient, {_option('subject', owner)} counts each value of that column as a patient "
        "of its own: pictures of one patient may then be paired, and splits may share patients"
    )


def _guessed(role: str, column: str) -> str:
    return f"{_option(role, column)}, which looks like it"


def _option(role: str, column: str) -> str:
    return f"--column {shlex.quote(f'{role}={column}')}"


def _columns(found: Sequence[str]) -> str:
    return f"columns found: {', '.join(found)}"


def _nearest(column: str, found: Sequence[str]) -> str:
    close = get_close_matches(column, found, n=1)
    return f"; nearest is {close[0]!r}" if close and close[0] != column else ""


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


_NAMES = {role: frozenset(map(_bare, (role, *names))) for role, names in ALIASES.items()}
