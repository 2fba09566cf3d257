"""Where data set, reports, weights and folders are: made absolute when they are said, and as they are now for a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.resolution import ResolvedSettings, from_plain
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.engines import Moved, Places
from medcutmix_cli.run.folder import RunRecord

_PATHS = (
    *("dataset.reports", "dataset.unpaired", "reports.nlp_model", "encoder.weights"),
    *("plan.exclude_ids", "plan.label_table", "plan.embeddings", "run.stage_dir"),
)


def paths_as_text(flags: dict[str, Any]) -> dict[str, Any]:
    """Return dotted settings with every path as the text that the settings tree holds."""
    return {key: str(value) if key in _PATHS and value is not None else value for key, value in flags.items()}


def with_absolute_paths(resolved: ResolvedSettings) -> ResolvedSettings:
    """Make paths absolute, whoever said them: the run may go on from another folder."""
    settings = resolved.settings
    for key in _PATHS:
        table, _, name = key.partition(".")
        own = getattr(settings, table)
        if path := getattr(own, name):
            changed = replace(own, **{name: str(Path(path).resolve())})
            settings = replace(settings, **{table: changed})
    return replace(resolved, settings=settings)


def moved_of(resolved: ResolvedSettings) -> Moved:
    """Return where things are, as somebody says who plans and renders in one call."""
    return Moved(
        dataset=resolved.explicit_value("dataset.root"),
        reports=resolved.explicit_value("dataset.reports"),
        unpaired=resolved.explicit_value("dataset.unpaired"),
        weights=resolved.explicit_value("encoder.weights"),
        device=resolved.explicit_value("encoder.device"),
        stage_dir=resolved.explicit_value("run.stage_dir"),
    )


def relocate_settings(record: RunRecord, places: Places) -> Settings:
    """Return a run's settings with root, reports, unpaired, weights, device and staging folder as they are now."""
    settings = from_plain(record.settings)
    return replace(
        settings,
        dataset=replace(
            settings.dataset,
            root=str(places.dataset or settings.dataset.root),
            reports=str(places.reports or settings.dataset.reports),
            unpaired=str(places.unpaired or settings.dataset.unpaired),
        ),
        encoder=replace(
            settings.encoder,
            weights=str(places.weights or settings.encoder.weights),
            device=str(places.device or settings.encoder.device),
        ),
        run=replace(settings.run, stage_dir=_said(places.stage_dir, settings.run.stage_dir)),
    )


def _said(now: str | Path | None, planned: str) -> str:
    """Return a setting as it is now; "" turns it off."""
    return planned if now is None else str(now)
