"""Report -> sections with offsets, by the rules of MIMIC-CXR's published parser. Knows no sentence and no finding."""

from __future__ import annotations

import re
from functools import cache

from medcutmix_cli.errors import UsageError
from medcutmix_cli.records import Section
from medcutmix_cli.reports.tables import table

RULES = ("mimic-official", "strict")

# MIMIC-CXR: a header stands on a line of its own indent of one space, in capitals, before a colon.
_OFFICIAL_HEADER = re.compile(r"(?:\r?\n) ([A-Z ()/,-]+):\s")
# `strict` takes any indent, the first line too, a colon that ends the report, and known headers in any case.
_STRICT_HEADER = re.compile(r"(?:^|(?<=\n))[ \t]*([A-Z][A-Za-z ()/,-]{0,60}):[-–—]*(?=\s|$)")
# A line that holds nothing but a header: no colon behind it.
_BARE_HEADER = re.compile(r"(?:^|(?<=\n))([A-Z][A-Za-z ,/&-]{1,60}?)[ \t]*(?=\r?\n)")
_STOPS = ".!?:;)]"
_OFFICIAL_BLANK = re.compile(r"\r?\n \r?\n")
_STRICT_BLANK = re.compile(r"\r?\n[ \t]*\r?\n")
_NAMED = frozenset(
    {"findings", "impression", "last_paragraph", "comparison", "indication", "technique", "examination"}
    | {"history", "addendum", "preamble", "other"}
)


def split_sections(report: str, rules: str = "mimic-official") -> tuple[Section, ...]:
    """Return the sections of a report in order; empty ones are left out.

    With `mimic-official` an earlier findings or impression section becomes "other" where a later one of the
    same name follows, as the published extraction takes the last; `strict` keeps all of them. A report that
    names its findings or impression before the first header in MIMIC-CXR's own form (a line of its own, indented)
    is not MIMIC-CXR's and is read by `strict`: a header must never become part of a sentence. There it is one too
    where a whole report stands on one line, as cells of tables hold it.

    Args:
        report: Original report text.
        rules: "mimic-official" or "strict".

    Raises:
        UsageError: No rules of that name.
    """
    if rules not in RULES:
        raise UsageError(f"no section rules called {rules!r}", hint="choose one of: " + ", ".join(RULES))
    if rules == "mimic-official" and _is_of_another_source(report):
        rules = "strict"
    sections = [section for section in _raw_sections(report, rules) if section.end > section.start]
    if not {"findings", "impression"} & {section.name for section in sections}:
        sections = _with_last_paragraph(report, sections, rules)
    return tuple(_last_one_wins(sections) if rules == "mimic-official" else sections)


def _is_of_another_source(report: str) -> bool:
    official = _OFFICIAL_HEADER.search(report)
    first = official.start() if official else len(report)
    early = (m for m in _headers(report, "strict") if m.start() < first and not _is_title(report, m))
    return any(
        section_name(match.group(1).strip(), "strict") in ("findings", "impression") for match in early
    )


def _raw_sections(report: str, rules: str) -> list[Section]:
    headers = _headers(report, rules)
    first = headers[0].start() if headers else len(report)
    sections = [strip_section(report, "preamble", "", 0, first)]
    for index, match in enumerate(headers):
        end = headers[index + 1].start() if index + 1 < len(headers) else len(report)
        header = match.group(1).strip()
        sections.append(strip_section(report, section_name(header, rules), header, match.end(), end))
    return sections


def _headers(report: str, rules: str) -> list[re.Match[str]]:
    if rules == "strict":
        return _strict_headers(report)
    found, position = [], 0
    while match := _OFFICIAL_HEADER.search(report, position):
        found.append(match)
        # The published parser looks for the next header only after the next line break.
        line_break = report.find("\n", match.end())
        position = max(match.end(), line_break)
    return found


def _strict_headers(report: str) -> list[re.Match[str]]:
    known = _exact_names("strict")
    found = [
        match
        for match in _STRICT_HEADER.finditer(report)
        if match.group(1).isupper() or match.group(1).lower().strip() in known
    ]
    taken = [range(match.start(), match.end()) for match in found]
    found += [match for match in _BARE_HEADER.finditer(report) if _stands_alone(report, match)]
    inside = (match for match in _inline_header().finditer(report) if _is_header(report, match))
    found += [match for match in inside if not any(match.start(1) in span for span in taken)]
    return sorted(found, key=lambda match: match.start())


def _stands_alone(report: str, bare: re.Match[str]) -> bool:
    """Say whether a line of its own is a header: "Findings", or a title in capitals such as "CHEST X-RAY PA VIEW"."""
    main = _exact_names("strict").get(bare.group(1).lower()) in ("findings", "impression")
    return main or (bare.group(1).isupper() and _is_title(report, bare))


def _is_title(report: str, header: re.Match[str]) -> bool:
    """Say whether a header is the first line of a report, and names the examination."""
    words = table("sections")["title"]["words"]
    named = (
        re.fullmatch(words, header.group(1).lower()) and section_name(header.group(1), "strict") == "findings"
    )
    return bool(named) and not report[: header.start()].strip()


def _is_header(report: str, inline: re.Match[str]) -> bool:
    """Say whether a known header within a line is one: in capitals, or in title case where a sentence has ended."""
    header = inline.group(1)
    return header.isupper() or (header[0].isupper() and report[inline.start() - 1] in _STOPS)


@cache
def _inline_header() -> re.Pattern[str]:
    names = sorted((name for name, kind in _exact_names("strict").items() if kind != "other"), key=len)
    anyone = "|".join(re.escape(name) for name in reversed(names))  # the longest that fits
    return re.compile(rf"(?<=\S)[ \t]+({anyone}):(?=\s|$)", re.IGNORECASE)


def strip_section(report: str, name: str, header: str, start: int, end: int) -> Section:
    """Return a section without the blanks around its body, which may leave nothing of it."""
    body = report[start:end]
    start += len(body) - len(body.lstrip())
    return Section(name, header, start, max(start, start + len(body.strip())))


def _with_last_paragraph(report: str, sections: list[Section], rules: str) -> list[Section]:
    """Cut what follows the first blank line of the last section off as "last_paragraph"."""
    if not sections or (rules == "strict" and not sections[-1].header):
        return sections
    last = sections[-1]
    blank = (_STRICT_BLANK if rules == "strict" else _OFFICIAL_BLANK).search(report, last.start, last.end)
    if blank is None:
        return sections
    head = strip_section(report, last.name, last.header, last.start, blank.start())
    tail = strip_section(report, "last_paragraph", "", blank.end(), last.end)
    return [*sections[:-1], *(section for section in (head, tail) if section.end > section.start)]


def _last_one_wins(sections: list[Section]) -> list[Section]:
    last = {section.name: index for index, section in enumerate(sections)}
    return [
        Section("other", section.header, section.start, section.end)
        if section.name in ("findings", "impression") and last[section.name] != index
        else section
        for index, section in enumerate(sections)
    ]


@cache
def section_name(header: str, rules: str = "mimic-official") -> str:
    """Return the normalised name of a section header."""
    text = header.lower().strip()
    exact = _exact_names(rules)
    if text in exact:
        return exact[text]
    words = table("sections")
    for word in words["contains"]["words"]:
        if word in text:
            return str(word)
    return "findings" if any(word in text for word in words["views"]["words"]) else "other"


@cache
def _exact_names(rules: str) -> dict[str, str]:
    words = table("sections")
    special = words["quirks" if rules == "mimic-official" else "corrections"]
    names: dict[str, str] = {}
    for part in (words["names"], special):
        names.update({header: name for name, headers in part.items() for header in headers})
    return {header: name if name in _NAMED else "other" for header, name in names.items()}
