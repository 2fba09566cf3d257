"""The settings tree: what can be set, its defaults, and all else that is declared of it. Knows no file and no flag.

Here alone a setting is written down, in the file of what it is about: options of commands, keywords of the API with
their types, keys of a recipe, environment variables, checks, paths that may move and what the fingerprint knows are
derived from it. This module puts the tables of the other files together, and offers their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from medcutmix_cli.configuration.declaration import Setting, settings_in
from medcutmix_cli.configuration.settings.plan import (
    LABEL_SOURCES,
    SECTION_CHOICES,
    UNMIXED_CHOICES,
    UNPAIRED_ROLES,
    PlanSettings,
)
from medcutmix_cli.configuration.settings.rendering import (
    CORRUPT_JPEG_CHOICES,
    DICOM_MODES,
    ENERGIES,
    IMAGE_FORMATS,
    PRECISIONS,
    TONES,
    EncoderSettings,
    ImageSettings,
    MixingSettings,
)
from medcutmix_cli.configuration.settings.run import RunSettings
from medcutmix_cli.configuration.settings.studies import (
    COLUMNS,
    DIAGNOSTIC_CHOICES,
    MAPS,
    OF_TABLES,
    SECTION_RULES,
    SPLIT_ALL,
    SPLITS,
    VIEW_ALL,
    DatasetSettings,
    ReportSettings,
)

__all__ = [
    "COLUMNS",
    "CORRUPT_JPEG_CHOICES",
    "DEFAULTS",
    "DIAGNOSTIC_CHOICES",
    "DICOM_MODES",
    "ENERGIES",
    "IMAGE_FORMATS",
    "LABEL_SOURCES",
    "MAPS",
    "OF_TABLES",
    "PRECISIONS",
    "SECTION_CHOICES",
    "SECTION_RULES",
    "SETTINGS",
    "SPLITS",
    "SPLIT_ALL",
    "TONES",
    "TREE",
    "UNMIXED_CHOICES",
    "UNPAIRED_ROLES",
    "VIEW_ALL",
    "DatasetSettings",
    "EncoderSettings",
    "ImageSettings",
    "MixingSettings",
    "PlanSettings",
    "ReportSettings",
    "RunSettings",
    "Settings",
    "plain",
    "settings_of",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree."""

    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    mixing: MixingSettings = field(default_factory=MixingSettings)
    image: ImageSettings = field(default_factory=ImageSettings)
    run: RunSettings = field(default_factory=RunSettings)


DEFAULTS = Settings()

TREE: Mapping[str, tuple[Setting, ...]] = {
    entry: settings_in(entry, getattr(DEFAULTS, entry)) for entry in Settings.__dataclass_fields__
}
"""Every table with its settings, in order."""

SETTINGS: Mapping[str, Setting] = {one.key: one for settings in TREE.values() for one in settings}
"""Every setting by its dotted name."""


def settings_of(command: str) -> tuple[Setting, ...]:
    """Return the settings that a command takes, in the order in which they are declared."""
    named = (*SETTINGS.values(), *OF_TABLES)
    return tuple(one for one in named if one.declared.keyword and command in one.declared.commands)


def plain(settings: Any) -> dict[str, Any]:
    """Turn a settings record into what JSON and TOML hold."""
    tree: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return tree
