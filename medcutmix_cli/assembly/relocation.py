"""Settings of a run as they are now: where its data set, reports, weights and folders lie, and how many work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.resolution import ResolvedSettings, from_plain, named_values
from medcutmix_cli.configuration.settings import SETTINGS, Settings, settings_of
from medcutmix_cli.run.run_record import RunRecord

Changes = Mapping[str, Any]
"""Values by dotted name that are other than a plan's; none of them decides the output."""


@dataclass(frozen=True, slots=True)
class RunPlaces:
    """Where the parts that a run was made from are now; None: where the run found them.

    Attributes:
        dataset: The data set (likewise reports, unpaired: what lies beside it).
        weights: Those of the encoder, for who asks it again.
    """

    dataset: str | Path | None = None
    reports: str | Path | None = None
    unpaired: str | Path | None = None
    weights: str | Path | None = None

    def changes(self) -> dict[str, Any]:
        """Return them as settings by dotted name.

        Raises:
            UsageError: One of them is no path.
        """
        return named_values(settings_of("render"), asdict(self))


HERE = RunPlaces()
"""Nothing has moved."""


def relocate_settings(record: RunRecord, changes: Changes) -> Settings:
    """Return a run's settings as they are now."""
    settings = from_plain(record.settings)
    for key, value in changes.items():
        table, _, name = key.partition(".")
        settings = replace(settings, **{table: replace(getattr(settings, table), **{name: value})})
    return settings


def map_paths(changes: Changes, change: Callable[[str], str]) -> dict[str, Any]:
    """Return the same changes with every path changed; "" is no path, and what is no path stays."""
    paths = {key for key, value in changes.items() if value and SETTINGS[key].declared.path}
    return {key: change(value) if key in paths else value for key, value in changes.items()}


def explicit_keywords(resolved: ResolvedSettings, command: str) -> dict[str, Any]:
    """Return what somebody said of the settings that a command takes, by keyword; None where nobody did."""
    return {s.declared.keyword: resolved.explicit_value(s.key) for s in settings_of(command)}
