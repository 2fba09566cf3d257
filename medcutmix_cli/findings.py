"""The label space of the shards: the 14 CheXpert observations, and which lexicon finding counts as which.

The lexicon itself is data (`reports/rules/findings.toml`); this file only fixes the order of label vectors.
Source of names and order: the header of `mimic-cxr-2.0.0-chexpert.csv.gz` (MIMIC-CXR-JPG 2.0.0).
"""

from __future__ import annotations

CHEXPERT = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Enlarged Cardiomediastinum",
    "Fracture",
    "Lung Lesion",
    "Lung Opacity",
    "No Finding",
    "Pleural Effusion",
    "Pleural Other",
    "Pneumonia",
    "Pneumothorax",
    "Support Devices",
)

SHADOW_CAUSES = {
    "opacity": ("Atelectasis", "Consolidation", "Edema", "Lung Lesion", "Pneumonia"),
    "infiltrate": ("Atelectasis", "Consolidation", "Edema", "Pneumonia"),
    "nodular_opacity": ("Lung Lesion",),
}
"""Findings that name a shadow, not its cause -> observations that the shadow may be."""

OF_ONE_LUNG = frozenset(
    {"opacity", "infiltrate", "consolidation", "pneumonia", "atelectasis", "edema"}
    | {"mass", "nodule", "nodular_opacity", "lung_lesion"}
)
"""Findings that lie in either lung: where one lung is clear of them, nothing is said of the other."""

OPEN = "entity:"
"""Before the name of an open finding: one that a model's entity names, and the lexicon does not."""


def is_open(finding: str) -> bool:
    """Say whether a finding is named by a model's entity, not by the lexicon."""
    return finding.startswith(OPEN)


LOCAL = frozenset(
    {"pleural_effusion", "consolidation", "pneumothorax", "nodule", "mass", "atelectasis", "pneumonia"}
)
"""Findings with a place of their own: a map of them can be right or wrong, a patch of them can be moved."""
