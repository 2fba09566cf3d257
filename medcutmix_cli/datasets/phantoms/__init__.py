"""Procedural chest radiograph phantoms: anatomy drawn by rule, no patient and no training picture in it."""

from medcutmix_cli.datasets.phantoms.draw import draw_phantom
from medcutmix_cli.datasets.phantoms.painting import paint
from medcutmix_cli.datasets.phantoms.records import (
    DEVICE_KINDS,
    FINDINGS,
    LOCAL_FINDINGS,
    Lesion,
    PaintedPhantom,
    Phantom,
)
from medcutmix_cli.datasets.phantoms.reports import (
    PhantomReport,
    ReportSentence,
    lesion_sentence,
    write_report,
)

__all__ = [
    "DEVICE_KINDS",
    "FINDINGS",
    "LOCAL_FINDINGS",
    "Lesion",
    "PaintedPhantom",
    "Phantom",
    "PhantomReport",
    "ReportSentence",
    "draw_phantom",
    "lesion_sentence",
    "paint",
    "write_report",
]
