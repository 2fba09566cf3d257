"""One frozen settings tree: flags > MEDCUTMIX_* > TOML > defaults, each value with its origin.

Knows the names of settings, not what they do. Unknown keys are refused with the nearest known name.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import UsageError


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """`[dataset]`: where the studies are.

    Attributes:
        root: Folder or file of the data set.
        kind: Registered name, "" to recognise it.
        reports: Where the reports are, if not below the root.
        options: Everything else in the table: constructor arguments of the data set.
    """

    root: str = ""
    kind: str = ""
    reports: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """`[encoder]`: who draws the maps.

    Attributes:
        name: Registered name; "" means bundled on sample data, an error on any other.
        weights: File or folder of the weights, "" for the encoder's own.
        options: Constructor arguments of the encoder.
    """

    name: str = ""
    weights: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`[plan]`: who gives what to whom.

    Attributes:
        seed: Of everything random.
        pairs_per_study: How often a study is a recipient.
        pairing: Registered name of the strategy.
        splits: Splits that are mixed, each within itself; the others are counted as left out.
        findings: Findings that may be exchanged, by lexicon id; empty means the strategy's default.
        max_uses_per_donor: How often a study may give.
        exclude_ids: File with study or subject ids to leave out, one a line.
    """

    seed: int = 0
    pairs_per_study: int = 1
    pairing: str = "same-finding"
    splits: tuple[str, ...] = ("train",)
    findings: tuple[str, ...] = ()
    max_uses_per_donor: int = 5
    exclude_ids: str = ""


@dataclass(frozen=True, slots=True)
class MixingSettings:
    """`[mixing]`: named strategies; `[mixing.options.<strategy>]` holds their constructor arguments."""

    mask: str = "topk"
    region: str = "in-place-union"
    blend: str = "feather"
    weight: str = "img-mass"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """`[image]`: the canonical canvas.

    Attributes:
        canvas: Side in pixels, a multiple of 112 so that patches of 14 and of 16 pixels both align.
        dicom_mode: How DICOM becomes grey: "mimic-jpg", "voi" or "minmax".
    """

    canvas: int = 448
    dicom_mode: str = "mimic-jpg"


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`[run]`: how the work is done; only `shard_size` shows in the output.

    Attributes:
        shard_size: Pairs a shard.
        workers: Threads (reading reports: processes); 0 means the CPUs this process may use.
        max_fail_frac: Share of planned pairs that may fail before the exit code says so.
    """

    shard_size: int = 1000
    workers: int = 0
    max_fail_frac: float = 0.01


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree."""

    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    mixing: MixingSettings = field(default_factory=MixingSettings)
    image: ImageSettings = field(default_factory=ImageSettings)
    run: RunSettings = field(default_factory=RunSettings)

    def semantic(self) -> dict[str, Any]:
        """Return what decides the output as plain values: no places on disk, no number of workers."""
        tree = plain(self)
        for table, key in _NOT_SEMANTIC:
            tree[table].pop(key, None)
        for place in _PLACES:
            tree["dataset"]["options"].pop(place, None)
        return tree


_TABLES: dict[str, Any] = {
    "dataset": DatasetSettings,
    "encoder": EncoderSettings,
    "plan": PlanSettings,
    "mixing": MixingSettings,
    "image": ImageSettings,
    "run": RunSettings,
}
_NOT_SEMANTIC = (
    ("dataset", "root"),
    ("dataset", "reports"),
    ("encoder", "weights"),
    ("plan", "exclude_ids"),
    ("run", "workers"),
    ("run", "max_fail_frac"),
)
"""Files are known by what is in them: their hashes are in the fingerprint, their paths are not."""

_PLACES = ("tables", "reports")
"""Options of data sets that say where something lies; what lies there is hashed into the sources."""

_OPEN_TABLES = frozenset({"dataset", "encoder"})


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings with where each came from.

    Attributes:
        origins: "plan.seed" -> "flag", "environment", "file" or "default".
    """

    settings: Settings
    origins: Mapping[str, str]


def plain(settings: Any) -> dict[str, Any]:
    """Turn a settings record into what JSON and TOML hold."""
    tree: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return tree


def from_plain(tree: Mapping[str, Any]) -> Settings:
    """Build settings back from `plain`.

    Raises:
        UsageError: A table, key or value that does not fit.
    """
    return _build({table: dict(values) for table, values in tree.items()})


def resolve(
    flags: Mapping[str, Any],
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Resolved:
    """Merge the four sources.

    Args:
        flags: Dotted names ("plan.seed") with their values; None means not given.
        config: A TOML recipe.
        environ: Environment, `os.environ` by default; `MEDCUTMIX_PLAN_SEED=3` sets `plan.seed`.

    Raises:
        UsageError: An unknown table, key or variable, or a value of the wrong type.
    """
    tree: dict[str, dict[str, Any]] = {}
    origins = dict.fromkeys(_all_keys(), "default")
    named = {key: value for key, value in flags.items() if value is not None}
    sources = (
        ("file", _from_toml(config)),
        ("environment", _from_environment(os.environ if environ is None else environ)),
        ("flag", named),
    )
    for origin, values in sources:
        for key, value in values.items():
            table, _, name = key.partition(".")
            tree.setdefault(table, {})[name] = value
            origins[key] = origin
    return Resolved(_build(tree), origins)


def _all_keys() -> list[str]:
    return [f"{table}.{entry.name}" for table, make in _TABLES.items() for entry in fields(make())]


def _from_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError("the recipe does not exist", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the recipe is no valid TOML: {error}", where=str(path)) from error
    for table, values in tables.items():
        if not isinstance(values, dict):
            raise UsageError(f"{table!r} must stand in a table", where=str(path), hint=_known(table, _TABLES))
    return {f"{table}.{key}": value for table, values in tables.items() for key, value in values.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable in sorted(environ):
        if variable.startswith("MEDCUTMIX_"):
            table, _, key = variable.removeprefix("MEDCUTMIX_").lower().partition("_")
            values[f"{table}.{key}"] = _parse(environ[variable])
    return values


def _parse(text: str) -> Any:
    """Read one environment value as TOML would ("3", "true", "[...]"), else as the text it is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _build(tree: Mapping[str, dict[str, Any]]) -> Settings:
    for table in tree:
        if table not in _TABLES:
            raise UsageError(f"unknown table [{table}]", hint=_known(table, _TABLES))
    tables = {name: _table(name, make, tree.get(name, {})) for name, make in _TABLES.items()}
    return Settings(**tables)


def _table(name: str, make: Any, given: dict[str, Any]) -> Any:
    defaults = make()
    known = {entry.name: getattr(defaults, entry.name) for entry in fields(defaults)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in known:
            values[key] = _typed(f"{name}.{key}", value, known[key])
        elif name in _OPEN_TABLES:
            values.setdefault("options", {})[key] = value
        else:
            raise UsageError(f"unknown setting {name}.{key}", hint=_known(key, known))
    return _checked(name, make(**values) if values else defaults)


def _typed(key: str, value: Any, default: Any) -> Any:
    """Check one value against the type of its default; whole numbers may stand for floats."""
    if isinstance(default, tuple):
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list | tuple):
            return tuple(str(entry) for entry in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(default, str) and isinstance(value, Path):
        return str(value)
    wanted = Mapping if isinstance(default, Mapping) else type(default)
    if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise UsageError(f"{key} must be {_kind(default)}, not {value!r}")
    return value


def _kind(default: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a text", tuple: "a list of texts"}
    return names.get(type(default), "a table")


_MINIMA = {
    "plan.pairs_per_study": 1,
    "plan.max_uses_per_donor": 1,
    "run.shard_size": 1,
    "run.workers": 0,
    "run.max_fail_frac": 0,
    "plan.seed": 0,
    "image.canvas": 112,
}


def _checked(name: str, table: Any) -> Any:
    for key, least in _MINIMA.items():
        owner, _, attribute = key.partition(".")
        if owner == name and getattr(table, attribute) < least:
            raise UsageError(f"{key} must be at least {least}, not {getattr(table, attribute)}")
    if name == "image" and table.canvas % 112:
        raise UsageError(
            f"image.canvas must be a multiple of 112, not {table.canvas}", hint="448, 672 or 1008"
        )
    return table


def _known(name: str, known: Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return (f"did you mean {close[0]!r}? " if close else "") + f"known: {', '.join(sorted(known))}"


def fingerprint(*parts: Any) -> str:
    """Hash plain values (dicts, lists, numbers, texts) to 64 hex digits, whatever the order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def difference(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List what differs between two trees of plain values, one line a value: "plan.seed: 0 -> 1"."""
    lines: list[str] = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += difference(old, new, f"{prefix}{key}.")
        elif old != new:
            lines.append(f"{prefix}{key}: {old!r} -> {new!r}")
    return lines


def usable_cpus() -> int:
    """Return the CPUs this process may use; `os.cpu_count` counts the whole node under Slurm."""
    return len(os.sched_getaffinity(0))
