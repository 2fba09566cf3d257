"""Which findings of a data set go with which view, device or column of a table: what a network could learn instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from medcutmix_cli.assembly.parts import build_reader, open_source, resolve_options
from medcutmix_cli.configuration.keywords import ShortcutsKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.attribute_table import NO_TABLE, read_attribute_table, with_attributes
from medcutmix_cli.datasets.label_table import label_use, read_label_table, with_labels
from medcutmix_cli.engines import Progress
from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.planning.associations import CORRECTION, LEVEL, Shortcut, find_associations
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.reading import (
    ReadingRules,
    read_all,
    sorted_studies,
    studies_to_read,
)
from medcutmix_cli.records import Drop, Image, Study
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.tables import read_lexicon, use_lexicon
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress


@dataclass(frozen=True, slots=True)
class Shortcuts:
    """What goes together in a data set.

    Attributes:
        studies: Studies that were counted.
        dropped: Studies that were not, by reason.
        pairs: Every finding with every value, the strongest first.
        level: What all intervals hold at together.
        correction: How that was done.
        columns_left_out: Columns of the attribute table that are none, with why.
        warnings: What is to be told of the lists and tables that a user gave.
    """

    studies: int
    dropped: Mapping[str, int]
    pairs: tuple[Shortcut, ...]
    level: float
    correction: str
    columns_left_out: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def clear(self) -> tuple[Shortcut, ...]:
        """The pairs whose interval leaves 1 out."""
        return tuple(pair for pair in self.pairs if pair.clear)


@describe_options("shortcuts")
@show_progress
def find_shortcuts(
    dataset: str | Path,
    *,
    config: Path | None = None,
    progress: Progress | None = None,
    **options: Unpack[ShortcutsKeywords],
) -> Shortcuts:
    """Read the reports of a data set, and compare every finding with every attribute. Opens no picture.

    Args:
        dataset: Folder (or manifest file) of the data set.
        config: TOML recipe; options win over it.
        progress: Called with (stage, done, total).
        **options: Settings of a plan that say what is read; see `configuration.keywords.ShortcutsKeywords`.

    Raises:
        MedcutmixError: Anything a person can act on; see `errors`.
    """
    settings = resolve_options(dataset, config, options, command="shortcuts").settings
    dropped: list[Drop] = []
    with use_lexicon(read_lexicon(settings.reports.findings)):
        table = read_attribute_table(Path(settings.plan.attributes)) if settings.plan.attributes else NO_TABLE
        source = open_source(settings)
        studies, labels = source.studies(), label_use(settings.plan.label_table)
        if settings.plan.label_table:
            studies = with_labels(studies, read_label_table(Path(settings.plan.label_table)), labels)
        excluded = read_excluded(settings.plan.exclude_ids)
        readable = studies_to_read(sorted_studies(studies), settings.plan, excluded, dropped)
        use = table.use()
        read = _read(with_attributes(readable, table, use), settings, progress)
        pairs = find_associations(Counter(study.attributes for study in read))
    left_out = Counter(drop.reason for drop in dropped if drop.unit == "study")
    return Shortcuts(
        studies=len(read),
        dropped=dict(sorted(left_out.items())),
        pairs=tuple(pairs),
        level=LEVEL,
        correction=CORRECTION,
        columns_left_out=dict(table.left_out),
        warnings=tuple(filter(None, (excluded.problem, labels.problem, use.problem))),
    )


def _read(
    readable: Iterable[tuple[Study, Image]], settings: Settings, progress: Progress | None
) -> list[PackedStudy]:
    rules = ReadingRules(build_reader(settings), finding_ids(), settings.plan.labels)
    return read_all(readable, rules, settings.run.workers or usable_cpus(), progress or _silent).studies


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report progress to nobody."""
