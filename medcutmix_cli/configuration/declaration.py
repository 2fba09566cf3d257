"""How a setting is declared: once, beside its field. Options, keywords, checks and pages are derived from it.

Knows no setting and no command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

READING, DATA, ENCODER, PAIRS, METHOD, RUN, SPEECH = (
    "Reading",
    "Data set",
    "Encoder",
    "Pairs",
    "Mixing",
    "Run",
    "What is printed",
)
"""Panels of the help pages."""

NEW_RUN = frozenset({"plan"})
"""`plan` and `augment` have the same settings."""

PLANNED_RUN = frozenset({"render", "calibrate", "slurm"})
"""What works on a plan that is there takes where things are now."""

EMBED, ATTEND, EVALUATE_MAPS = frozenset({"embed"}), frozenset({"attend"}), frozenset({"maps"})
CANVASES = EMBED | {"prepare"}
"""What brings every picture of a data set to the canvas."""

DOCTOR = frozenset({"doctor"})
LOOK = ATTEND | EVALUATE_MAPS | DOCTOR
"""What asks an encoder for maps, and makes no pair."""

SHORTCUTS, CHECK, EXPORT = frozenset({"shortcuts"}), frozenset({"check"}), frozenset({"export"})
OPEN = CHECK | DOCTOR
"""What opens a data set to say whether it is one."""

REMADE = frozenset({"verify", "inspect"})
DONE_RUN = REMADE | EXPORT | {"mixes", "detect"}
"""What looks into the data set of a run that is there: each part of it may have moved."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is said of a setting beside its name, type and default.

    Attributes:
        help: What it is, a sentence or two; shown on help pages and in docs.
        keyword: Its name in the Python API, "" where it has none: then only a recipe or a variable sets it.
        flag: Its option on the command line; by default the keyword with dashes.
        panel: Where help pages show it.
        metavar: What stands for its value there.
        example: One value, for errors and docs.
        spoken_default: What help pages say instead of a default that stands for something else.
        choices: The values there are; empty where they are not listed here.
        kind: Kind of registered part whose names are its values, for completion.
        least: Smallest value (likewise most), None where there is none.
        multiple: What it must be a multiple of.
        path: Whether it is a place on disk: made absolute when it is said, found elsewhere when it has moved.
        semantic: Whether it decides the output, so that the fingerprint knows it. What lies at a path is known by
            its hash.
        commands: Which commands have its option: "plan" (and `augment`), "render", "calibrate", "slurm", "embed",
            "prepare", "attend", "maps", "reports", "mixes", "detect", "read", "shortcuts", "check", "doctor", "verify",
            "inspect", "export".
        optional: Whether "" may be said of it, which means none.
        opens: Its mapping also holds the keys of the table that are no settings: a part's own options.
        text_values: Whether what is typed is text as it stands: pairs whose values are not read as TOML, lists that
            commas do not divide.
    """

    help: str
    keyword: str = ""
    flag: str = ""
    panel: str = ""
    metavar: str = ""
    example: str = ""
    spoken_default: str = ""
    choices: tuple[str, ...] = ()
    kind: str = ""
    least: float | None = None
    most: float | None = None
    multiple: int = 1
    path: bool = False
    semantic: bool = True
    commands: frozenset[str] = NEW_RUN
    optional: bool = True
    opens: bool = False
    text_values: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: where it stands in the tree, and what is declared of it.

    Attributes:
        table: Name of its table (likewise name: of its key there).
        default: A value of the type it has.
    """

    table: str
    name: str
    default: Any
    declared: Declaration

    @property
    def key(self) -> str:
        """Its dotted name: "plan.seed"; its option where it stands in no table."""
        return f"{self.table}.{self.name}" if self.table else self.flag

    @property
    def flag(self) -> str:
        """Its option: "--seed", or "--features/--no-features"."""
        plain = self.declared.flag or f"--{self.declared.keyword.replace('_', '-')}"
        return f"{plain}/--no-{plain[2:]}" if isinstance(self.default, bool) else plain

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return variable_of(f"{self.table}.{self.name}")


def variable_of(key: str) -> str:
    """Return the environment variable that sets `key`, "plan.seed", whether there is such a setting or not."""
    return f"MEDCUTMIX_{key.replace('.', '_')}".upper()


def setting(default: Any, help: str, **more: Any) -> Any:
    """Declare a field of a settings table.

    Args:
        default: Its default; a mapping is copied for each table.
        help: What it is.
        **more: Fields of `Declaration`.
    """
    metadata = {"declared": Declaration(help, **more)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: dict(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def settings_in(table: str, record: Any) -> tuple[Setting, ...]:
    """Return the settings that are declared in one table, in order.

    Args:
        table: Its name.
        record: An instance that holds the defaults.
    """
    return tuple(_setting(table, record, entry) for entry in fields(record))


def declared_in(record: type) -> tuple[Setting, ...]:
    """Return what is declared of the fields of any record, in order; other fields are left out."""
    found = [entry for entry in fields(record) if "declared" in entry.metadata]
    return tuple(Setting("", entry.name, entry.default, entry.metadata["declared"]) for entry in found)


def name_below_least(record: Any) -> str:
    """Name the first field of a record that lies below its declared bound, with the bound; "" where none does."""
    for entry in declared_in(type(record)):
        least = entry.declared.least
        if least is not None and not getattr(record, entry.name) >= least:
            return f"{entry.name.replace('_', '-')} must be at least {least}"
    return ""


def _setting(table: str, record: Any, entry: Field[Any]) -> Setting:
    return Setting(table, entry.name, getattr(record, entry.name), entry.metadata["declared"])
