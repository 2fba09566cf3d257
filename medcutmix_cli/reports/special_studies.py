"""The few studies of MIMIC-CXR whose text the published extraction takes from a place of its own, by study id.

An id alone proves nothing: other data sets have such numbers, and texts are revised. So the text is checked
first, and where it does not fit the sections stay as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from medcutmix_cli.records import Section
from medcutmix_cli.reports.sections import strip_section
from medcutmix_cli.reports.tables import table

_SHOWN = frozenset({"findings", "impression"})


def place_special(report: str, sections: Sequence[Section], study_id: str) -> tuple[Section, ...]:
    """Return the sections with what the study shows called "findings"; unchanged for any other study.

    Args:
        report: Original report text.
        sections: Its sections by the rules of the published parser.
        study_id: With or without the "s" of MIMIC-CXR's file names.
    """
    study = study_id.removeprefix("s")
    # The published lists exist for reports in which the parser finds neither; with one of them it is another text.
    if study not in _studies() or _SHOWN & {section.name for section in sections}:
        return tuple(sections)
    if study in _characters():
        start, end = _characters()[study]
        return _cut_out(report, sections, start, end) if _fits(report, start, end) else tuple(sections)
    name = _section_names().get(study, "")
    return _renamed(sections, name) if name else ()


def _renamed(sections: Sequence[Section], name: str) -> tuple[Section, ...]:
    """Call the last section of that name, by its normalised name or its header, "findings"."""
    held = [k for k, s in enumerate(sections) if name in (s.name, s.header.lower().removesuffix("(s)"))]
    return tuple(replace(s, name="findings") if held[-1:] == [k] else s for k, s in enumerate(sections))


def _fits(report: str, start: int, end: int) -> bool:
    """Return whether the range lies in the text, holds words and cuts none."""
    edges = [report[max(0, edge - 1) : edge + 1] for edge in (start, end)]
    whole = all(len(edge) < 2 or not edge.isalnum() for edge in edges)
    return end <= len(report) and whole and any(character.isalpha() for character in report[start:end])


def _cut_out(report: str, sections: Sequence[Section], start: int, end: int) -> tuple[Section, ...]:
    """Make `report[start:end]` the findings, and leave of the other sections what lies outside."""
    pieces = [("findings", "", start, end)]
    for section in sections:
        pieces.append((section.name, section.header, section.start, min(section.end, start)))
        pieces.append((section.name, section.header, max(section.start, end), section.end))
    stripped = [strip_section(report, *piece) for piece in pieces if piece[2] < piece[3]]
    return tuple(sorted((s for s in stripped if s.start < s.end), key=lambda section: section.start))


@cache
def _characters() -> dict[str, tuple[int, int]]:
    return {study: (span[0], span[1]) for study, span in table("special_studies")["characters"].items()}


@cache
def _section_names() -> dict[str, str]:
    named = table("special_studies")["section"]
    return {str(study): name for name, studies in named.items() for study in studies}


@cache
def _studies() -> frozenset[str]:
    nothing = (str(study) for study in table("special_studies")["nothing"]["studies"])
    return frozenset(_characters()) | frozenset(_section_names()) | frozenset(nothing)
