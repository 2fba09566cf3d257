"""What can be set of the studies: where they are, of which kind, what their tables hold, and how reports are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medcutmix_cli.configuration.declaration import (
    CANVASES,
    DATA,
    DOCTOR,
    DONE_RUN,
    EXPORT,
    NEW_RUN,
    OPEN,
    PLANNED_RUN,
    SHORTCUTS,
    Declaration,
    Setting,
    setting,
)

SPLITS = ("train", "validate", "test")
"""The literal values of `mimic-cxr-2.0.0-split.csv.gz`."""


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """`[dataset]`: where the studies are."""

    root: str = setting(
        "",
        "Where the data set is now, if it has moved since the plan.",
        keyword="dataset",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        optional=False,
        commands=PLANNED_RUN | DONE_RUN,
    )
    kind: str = setting(
        "",
        "Kind of the data set; recognised if not given.",
        keyword="dataset_kind",
        panel=DATA,
        metavar="NAME",
        kind="dataset",
        commands=NEW_RUN | CANVASES | SHORTCUTS | OPEN | EXPORT,
    )
    reports: str = setting(
        "",
        "Folder, .zip or .tar.gz with the reports, if they are not in the data set.",
        keyword="reports",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | CANVASES | SHORTCUTS | OPEN | DONE_RUN,
    )
    unpaired: str = setting(
        "",
        "A second data set, of pictures with labels and no reports: ChestX-ray14, PadChest, VinDr-CXR, SIIM-ACR.",
        keyword="unpaired",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | CANVASES | OPEN | DONE_RUN,
    )
    unpaired_options: Mapping[str, Any] = setting({}, "Constructor arguments of that data set.")
    options: Mapping[str, Any] = setting(
        {}, "Everything else in the table: constructor arguments of the data set.", opens=True
    )


SECTION_RULES = ("mimic-official", "strict")
DIAGNOSTIC_CHOICES = ("lexicon", "entities", "both")


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """`[reports]`: how reports are read."""

    section_rules: str = setting(
        "mimic-official",
        "How reports are cut into sections: mimic-official, as the parser published with MIMIC-CXR does, or strict, "
        "without its quirks.",
        keyword="section_rules",
        panel=DATA,
        metavar="NAME",
        choices=SECTION_RULES,
        commands=NEW_RUN | {"read", "reports"} | SHORTCUTS | EXPORT,
    )
    findings: str = setting(
        "",
        "Your own lexicon (TOML): adds, changes or removes findings, phrases, exclusions and cues.",
        keyword="lexicon",
        flag="--findings",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | {"read", "reports"} | SHORTCUTS,
    )
    nlp_model: str = setting(
        "",
        "Folder of a spaCy or scispaCy model; --diagnostic says what its entities decide.",
        keyword="nlp_model",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | {"read"} | SHORTCUTS | DOCTOR,
    )
    diagnostic: str = setting(
        "lexicon",
        "Who decides which sentences are diagnostic: lexicon, entities (of --nlp-model) or both; entities outside the "
        "lexicon are then findings by their own names.",
        keyword="diagnostic",
        panel=DATA,
        metavar="NAME",
        choices=DIAGNOSTIC_CHOICES,
        commands=NEW_RUN | {"read"} | SHORTCUTS,
    )


COLUMNS = Setting(
    "dataset",
    "columns",
    {},
    Declaration(
        "Which column holds what, for example image=file_path; of tables of your own. Repeat it.",
        keyword="columns",
        flag="--column",
        panel=DATA,
        metavar="FIELD=COLUMN",
        example="image=file_path",
        commands=NEW_RUN | CANVASES | SHORTCUTS | OPEN,
        text_values=True,
    ),
)

MAPS = Setting(
    "dataset",
    "maps",
    {},
    Declaration(
        "Tables only: what a value of view or split means, for example view:Frontal=PA. Repeat it.",
        keyword="maps",
        flag="--map",
        panel=DATA,
        metavar="FIELD:VALUE=MEANING",
        example="view:Frontal=PA",
        commands=NEW_RUN | CANVASES | SHORTCUTS | OPEN,
        text_values=True,
    ),
)

SPLIT_ALL = Setting(
    "dataset",
    "split",
    "",
    Declaration(
        "Tables only: the split of every row, where no column says it.",
        keyword="split_all",
        panel=DATA,
        metavar="NAME",
        choices=SPLITS,
        commands=NEW_RUN | CANVASES | SHORTCUTS | OPEN,
    ),
)

VIEW_ALL = Setting(
    "dataset",
    "view",
    "",
    Declaration(
        "Tables only: the view of every picture, where no column says it: PA, AP or LATERAL.",
        keyword="view_all",
        panel=DATA,
        metavar="NAME",
        commands=NEW_RUN | CANVASES | SHORTCUTS | OPEN,
    ),
)

OF_TABLES = (COLUMNS, MAPS, SPLIT_ALL, VIEW_ALL)
