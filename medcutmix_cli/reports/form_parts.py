"""A form's labels of organs, written in capitals: "LUNGS: Clear." is a line of the findings, no section of its own.

The published parser of MIMIC-CXR takes such a label for a header, and what stands behind it for no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from medcutmix_cli.records import Section
from medcutmix_cli.reports.macros import expand
from medcutmix_cli.reports.sections import section_name
from medcutmix_cli.reports.tables import table

_LABEL = re.compile(r"([A-Za-z][A-Za-z/,& ]{1,40}?)(?::| [-–—])\s+(?=\S)")
_LINE = re.compile(r"\r?\n[ \t]*(?=[A-Za-z])")
_LONGEST = 60
_TAKEN = frozenset({"other", "findings"})


def join_form_parts(report: str, sections: Sequence[Section]) -> Iterator[Section]:
    """Yield the sections, those of one form's organs as one section of findings, their labels within it.

    Args:
        report: Original report text.
        sections: Its sections, in order.
    """
    before: Section | None = None
    for labelled, run in groupby(sections, _is_part):
        parts = list(run)
        if labelled and (any(map(_of_the_chest, parts)) or _lost_its_name(before)):
            parts = [_joined(report, before if _began_findings(before) else None, parts)]
            before = None if _began_findings(before) else before
        yield from ([before] if before else [])
        yield from parts[:-1]
        before = parts[-1]
    yield from ([before] if before else [])


def _joined(report: str, findings: Section | None, parts: Sequence[Section]) -> Section:
    """Return findings that go on with parts of a form, or begin with their first label."""
    start = findings.start if findings else report.rindex(parts[0].header, 0, parts[0].start)
    return Section("findings", findings.header if findings else "", start, parts[-1].end)


def _began_findings(section: Section | None) -> bool:
    return section is not None and (section.name == "findings" or _lost_its_name(section))


def _lost_its_name(section: Section | None) -> bool:
    """Say whether findings are "other" because a later part of the form took their name ("CHEST WALL: Normal.")."""
    return section is not None and section.name == "other" and section_name(section.header) == "findings"


def _is_part(section: Section) -> bool:
    """Say whether the header of a section names organs, devices or "other", and nothing else."""
    return section.name in _TAKEN and _is_label(section.header)


def label_length(text: str) -> int:
    """Return how many characters of a sentence are the label of a form's line, its colon and the blanks behind it."""
    found = _LABEL.match(text)
    return found.end() if found and _is_label(found.group(1)) else 0


def label_lines(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the line breaks of `text[start:end]` behind which a form's label begins a line, with their indents."""
    breaks = (m.span() for m in _LINE.finditer(text, start, end))
    return [span for span in breaks if label_length(text[span[1] : min(end, span[1] + _LONGEST)])]


def _is_label(words: str) -> bool:
    return _pattern("label").fullmatch(words.lower().strip()) is not None


def _of_the_chest(section: Section) -> bool:
    return _pattern("chest").search(section.header.lower()) is not None


@cache
def _pattern(name: str) -> re.Pattern[str]:
    rules = table("sections")["form"]
    return re.compile(expand(rules[name], rules["macro"]))
