"""What a study shows, where it stands under another header or under none, and the impression has one of its own.

The published parser of MIMIC-CXR has no findings in such a report. They are in the paragraph behind the indication
("REASON FOR EXAM: Cough.", a blank line, "The lungs are clear.") or before the first header, and a mixed report that
leaves them as they were denies what it says in its impression.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from medcutmix_cli.records import Section
from medcutmix_cli.reports.sections import strip_section

_BLANK = re.compile(r"\r?\n[ \t]*\r?\n")
_WET_READ = re.compile(r"\bwet ?read\b", re.IGNORECASE)
_FINAL = re.compile(r"(?:^|(?<=\n))[ \t]*FINAL REPORT\b")
# A line that begins with the word in capitals, or holds nothing else; its number, date and author go with it.
_ADDENDUM = re.compile(
    r"(?:^|(?<=\n)|(?<=[.!?] ))[ \t]*(?:ADDENDUM(?!:)\b|Addendum(?=[ \t]*\r?\n))"
    r"(?:[ \t]+(?:#?\d+|_+|by[ \t]+[^\n]*)(?=\s))*"
)
_ABOVE_REPORT = re.compile(r"(?<=\n)[ \t]*(?:_{5,}|FINAL REPORT\b)")
_BEFORE_FINDINGS = frozenset({"indication", "history", "comparison", "technique", "examination"})


def place_paragraphs(report: str, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return the sections with a preliminary reading, and findings that have no header, as sections of their own.

    A wet read before the final report becomes "other". Where there is an impression and no findings, what stands
    behind the first blank line of the section before it becomes "last_paragraph", as it is where there is neither.
    A header of findings without a letter behind it ("PORTABLE CHEST: ___.") has none. An addendum is one without a
    colon too.

    Args:
        report: Original report text.
        sections: Its sections by the rules of the published parser, in order.
    """
    apart = (part for section in sections for part in _without_addendum(report, section))
    split = [part for section in apart for part in _without_wet_read(report, section)]
    named = [_renamed(report, section) for section in split]
    names = {section.name for section in named}
    if names & {"findings", "last_paragraph"}:
        return tuple(named)
    ends = [k for k, section in enumerate(named) if section.name == "impression"]
    at = (ends[0] if ends else len(named)) - 1
    if at < 0 or named[at].name not in _BEFORE_FINDINGS:
        return tuple(named)
    return (*named[:at], *_behind_blank(report, named[at], "last_paragraph"), *named[at + 1 :])


def _without_addendum(report: str, section: Section) -> Iterator[Section]:
    """Yield a section up to an addendum in it, the addendum, and the report that begins below one."""
    line = report.rfind("\n", 0, section.start) + 1
    found = _ADDENDUM.search(report, line, section.end)
    if found is None or section.name == "addendum":
        yield section
        return
    below = _ABOVE_REPORT.search(report, found.end(), section.end) if section.name == "preamble" else None
    end = below.start() if below else section.end
    yield from _filled(report, replace(section, end=max(section.start, found.start())))
    yield from _filled(report, Section("addendum", "ADDENDUM", found.end(), end))
    yield from _filled(report, replace(section, start=end))


def _without_wet_read(report: str, section: Section) -> Iterator[Section]:
    """Yield a preamble in two: the wet read, and what the final report begins with."""
    final = _FINAL.search(report, section.start, section.end) if section.name == "preamble" else None
    if final is None or not _WET_READ.search(report, section.start, final.start()):
        yield section
        return
    yield from _filled(report, replace(section, name="other", end=final.start()))
    yield from _filled(report, replace(section, start=final.start()))


def _renamed(report: str, section: Section) -> Section:
    """Return findings without a letter as "other"."""
    said = report[section.start : section.end]
    empty = section.name == "findings" and not any(character.isalpha() for character in said)
    return replace(section, name="other") if empty else section


def _behind_blank(report: str, section: Section, name: str) -> Iterator[Section]:
    """Yield a section up to its first blank line, and what follows under another name."""
    blank = _BLANK.search(report, section.start, section.end)
    if blank is None:
        yield section
        return
    yield from _filled(report, replace(section, end=blank.start()))
    yield from _filled(report, Section(name, "", blank.end(), section.end))


def _filled(report: str, section: Section) -> Iterator[Section]:
    """Yield a section without the blanks around it, if anything is left."""
    found = strip_section(report, section.name, section.header, section.start, section.end)
    if found.end > found.start:
        yield found
