"""What can be set of the plan: which studies count, who gives what to whom, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medcutmix_cli.configuration.declaration import (
    CANVASES,
    CHECK,
    DATA,
    METHOD,
    NEW_RUN,
    OPEN,
    PAIRS,
    SHORTCUTS,
    setting,
)
from medcutmix_cli.configuration.settings.studies import SPLITS

UNMIXED_CHOICES = ("auto", "drop", "keep")
"""What becomes of a study that no pair is found for; `auto` is what the pairing strategy says of itself."""

SECTION_CHOICES = ("mirror", "findings", "impression")
LABEL_SOURCES = ("rules", "csv", "both-agree")
UNPAIRED_ROLES = ("none", "donor", "recipient", "both")


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`[plan]`: who gives what to whom."""

    seed: int = setting(0, "Of everything random.", keyword="seed", panel=PAIRS, metavar="N", least=0)
    pairs_per_study: int = setting(
        1,
        "How often each study is a recipient, by each pairing.",
        keyword="pairs_per_study",
        panel=PAIRS,
        metavar="N",
        least=1,
    )
    pairing: tuple[str, ...] = setting(
        ("same-finding",),
        "Who gives what to whom. Repeat it: each pairs as in a run of its own, and the run has the rows of all.",
        keyword="pairing",
        panel=METHOD,
        metavar="NAME",
        kind="pairing",
    )
    sections: str = setting(
        "mirror",
        "Which sections are edited: mirror (findings and impression together), findings or impression (the other "
        "one stays, and a pair that is then out of step is flagged).",
        keyword="sections",
        panel=METHOD,
        metavar="NAME",
        choices=SECTION_CHOICES,
    )
    splits: tuple[str, ...] = setting(
        ("train",),
        "Split to mix, within itself: train, validate or test. Repeat it.",
        keyword="splits",
        flag="--split",
        panel=DATA,
        metavar="NAME",
        choices=SPLITS,
        commands=NEW_RUN | CANVASES | SHORTCUTS | CHECK,
    )
    findings: tuple[str, ...] = setting(
        (),
        "Finding that may be exchanged, for example pleural_effusion. Repeat it.",
        keyword="findings",
        flag="--finding",
        panel=PAIRS,
        metavar="NAME",
        spoken_default="all with a place of their own",
    )
    target: tuple[str, ...] = setting(
        (),
        "Plan only what fills a cell: consolidation@device=no (as many as with a device), :even, :200, :+50, or "
        "balance:consolidation/view. Repeat it.",
        keyword="target",
        panel=PAIRS,
        metavar="CELL",
        spoken_default="no cell",
        text_values=True,
    )
    target_spare: float = setting(
        0.0,
        "Share of pairs planned and rendered beyond what a target lacks, whatever rendering rejects: 1 plans twice as "
        "many.",
        keyword="target_spare",
        panel=PAIRS,
        metavar="X",
        least=0,
    )
    reserve: float = setting(
        -1.0,
        "Pairs held in reserve for each that is planned or that a target lacks, to replace those that rendering "
        "rejects; 0: none, -1: for targets as many as take planning a tenth longer, 3 at most, and else none.",
        keyword="reserve",
        panel=PAIRS,
        metavar="X",
        least=-1,
    )
    max_uses_per_donor: int = setting(
        5,
        "How often a study may give, by each pairing.",
        keyword="max_uses_per_donor",
        panel=PAIRS,
        metavar="N",
        least=1,
    )
    max_donor_share: float = setting(
        0.1,
        "Share of a finding's rows that a study may give, by each pairing; two rows it always may. With targets it "
        "holds nothing, in plan and refills alike: there --max-uses-per-donor alone does.",
        keyword="max_donor_share",
        panel=PAIRS,
        metavar="X",
        least=0,
        most=1,
    )
    unmixed: str = setting(
        "auto",
        "Studies that no pair is found for: drop (left out, by name), keep (a row of its own, picture and report as "
        "they are, so that the rows have the shape of the set), or auto (keep where every pairing exchanges a "
        "finding for the same one, drop where one is meant to shift the set, and with targets).",
        keyword="unmixed",
        panel=PAIRS,
        metavar="NAME",
        choices=UNMIXED_CHOICES,
    )
    shape_tolerance: float = setting(
        0.1,
        "Relative difference between originals and rows, in the share of a label, device, view or side, that is no "
        "shift. With --unmixed keep, pairs beyond it are held in reserve.",
        keyword="shape_tolerance",
        panel=PAIRS,
        metavar="X",
        least=0,
    )
    labels: str = setting(
        "rules",
        "Who says which findings a study has: rules (the report), csv (a table; the report must still have a sentence "
        "for what is exchanged) or both-agree.",
        keyword="labels",
        panel=DATA,
        metavar="NAME",
        choices=LABEL_SOURCES,
        commands=NEW_RUN | SHORTCUTS,
    )
    label_table: str = setting(
        "",
        "CSV of labels by study_id, if not the data set's own.",
        keyword="label_table",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | SHORTCUTS,
    )
    attributes: str = setting(
        "",
        "Table (CSV, JSON Lines, Parquet) by dicom_id, study_id or subject_id: its columns are attributes, as view and "
        "device are.",
        keyword="attributes",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | SHORTCUTS,
    )
    exclude_ids: str = setting(
        "",
        "File of study, patient or picture ids to leave out, one a line, or a table with a column of them.",
        keyword="exclude_ids",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | CANVASES | SHORTCUTS | CHECK,
    )
    unpaired: str = setting(
        "none",
        "What the unpaired studies may be beside those with reports: donor, recipient or both.",
        keyword="unpaired_as",
        panel=DATA,
        metavar="NAME",
        choices=UNPAIRED_ROLES,
        commands=NEW_RUN | CANVASES | OPEN,
    )
    refuse_duplicates: bool = setting(
        False,
        "Pair no two studies whose pictures are near-duplicates; planning then reads every picture.",
        keyword="refuse_duplicates",
        panel=PAIRS,
    )
    embeddings: str = setting(
        "",
        "What `medcutmix embed` wrote: --pairing nearest ranks donors by it.",
        keyword="embeddings",
        panel=PAIRS,
        metavar="FILE",
        path=True,
        semantic=False,
    )
    policy: Mapping[str, Mapping[str, Any]] = setting(
        {},
        'What differs from the packaged policy, by lexicon id: `[plan.policy.cardiomegaly] image = "soft"`.',
    )

    @property
    def rows_per_study(self) -> int:
        """How often each study is a recipient, by all pairings together."""
        return self.pairs_per_study * len(self.pairing)

    @property
    def gifts_per_study(self) -> int:
        """How often a study may give, by all pairings together."""
        return self.max_uses_per_donor * len(self.pairing)
