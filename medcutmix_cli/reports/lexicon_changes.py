"""A user's lexicon: what it adds to the built-in findings, exclusions and cues, replaces and takes away.

Tables in, tables out: knows the shape of `rules/findings.toml` and `rules/assertion.toml`, reads no report. What does
not fit is an error that names file, line and key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

from medcutmix_cli.errors import MEND_TOML, UsageError, suggest
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.macros import expand, unknown_macros
from medcutmix_cli.reports.toml_places import toml_places

Tables = dict[str, dict[str, Any]]
Entry = dict[str, Any]

TEXT, FLAG, LIST, TABLE = "a text", "true or false", "a list of texts", "a table"
FINDING_KEYS = {
    **{
        "id": TEXT,
        "terms": LIST,
        "signs": LIST,
        "chexpert": TEXT,
        "nih": TEXT,
        "sided": TEXT,
        "measured": TEXT,
    },
    **{"explained_by": LIST, "add": TABLE, "remove": TABLE},
}
CUE_KEYS = {
    **{"category": TEXT, "direction": TEXT, "lists": FLAG, "closes": FLAG, "phrases": LIST},
    **{"add": TABLE, "remove": TABLE},
}
KEYS: Mapping[str, Mapping[str, str]] = {
    "finding": FINDING_KEYS,
    "ignore": {"phrases": LIST, "add": TABLE, "remove": TABLE},
    "cue": CUE_KEYS,
    "anatomy": {"findings": LIST, "subjects": LIST, "abnormal": LIST, "normal": LIST},
    "remove": {"findings": LIST},
    "test": {"sentence": TEXT, "findings": TABLE},
}
"""Table -> its keys, and what each holds."""

PHRASES = {"finding": ("terms", "signs"), "ignore": ("phrases",), "cue": ("phrases",)}
"""Table -> its lists of phrases that can be added to and taken from."""

PATTERNS = {**PHRASES, "anatomy": ("subjects", "abnormal", "normal")}
TOGETHER = frozenset({"ignore", "remove"})
"""Tables that stand there once; of the others there may be many."""

CHOICES = {
    "sided": ("yes", "near", "no"),
    "category": ("absent", "uncertain", "resolved", "none"),
    "direction": ("before", "after"),
}
STATES = ("present", "absent", "uncertain", "resolved")
_TABLE_OF = {"finding": "findings", "ignore": "findings", "anatomy": "findings", "cue": "assertion"}


@dataclass(frozen=True, slots=True)
class Passage:
    """One table of a user's lexicon, and where it stands.

    Attributes:
        number: Which of the tables of its kind, from 0.
    """

    source: str
    text: str
    kind: str
    number: int
    said: Entry

    def line_of(self, key: str = "", phrase: str = "") -> int:
        """Return the line, from 1, of a key or of a phrase in it."""
        return toml_places(self.text).line_of(self.kind, self.number, key, phrase)

    def refuse(self, what: str, key: str = "", phrase: str = "", hint: str = "") -> NoReturn:
        """Raise the error that names file, line and key."""
        name = f"[{self.kind}]" if self.kind in TOGETHER else f"[[{self.kind}]]"
        where = f"{self.source}:{self.line_of(key, phrase)}"
        raise UsageError(f"{' '.join(filter(None, (name, key)))}: {what}", where=where, hint=hint)

    def phrases(self) -> list[tuple[str, str]]:
        """Return all patterns that it brings, each with its key: ("add.terms", "pleural air")."""
        keys = PATTERNS.get(self.kind, ())
        own = [(key, phrase) for key in keys for phrase in self.said.get(key, ())]
        added = self.said.get("add", {})
        return own + [(f"add.{key}", phrase) for key in keys for phrase in added.get(key, ())]


def passages(text: str, source: str) -> list[Passage]:
    """Return the tables of a user's lexicon, each checked for its keys and what they hold.

    Raises:
        UsageError: It is no TOML, or a table, key or value that does not fit.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"the lexicon is no valid TOML: {error}",
            where=source,
            hint=MEND_TOML,
        ) from error
    found = []
    for kind, value in said.items():
        entries = [value] if kind in TOGETHER else value
        whole = isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)
        if kind not in KEYS or not whole:
            first = Passage(source, text, kind, 0, {})
            first.refuse("there is no such table", hint=suggest(kind, KEYS)) if kind not in KEYS else None
            first.refuse("must be a table" if kind in TOGETHER else f"is written [[{kind}]]")
        found += [Passage(source, text, kind, number, entry) for number, entry in enumerate(entries)]
    for passage in found:
        _check_keys(passage)
    return found


def _check_keys(passage: Passage) -> None:
    known = KEYS[passage.kind]
    for key, value in passage.said.items():
        if key not in known:
            passage.refuse("there is no such key", key, hint=suggest(key, known))
        _check_value(passage, key, value, known[key])
        if key in ("add", "remove"):
            for inner, phrases in value.items():
                if inner not in PHRASES[passage.kind]:
                    passage.refuse(
                        "there is no such key", f"{key}.{inner}", hint=suggest(inner, PHRASES[passage.kind])
                    )
                _check_value(passage, f"{key}.{inner}", phrases, LIST)


def _check_value(passage: Passage, key: str, value: Any, kind: str) -> None:
    fits = {
        TEXT: isinstance(value, str),
        FLAG: isinstance(value, bool),
        LIST: isinstance(value, list) and all(isinstance(one, str) for one in value),
        TABLE: isinstance(value, dict),
    }
    if not fits[kind]:
        passage.refuse(f"must be {kind}", key)
    if key in CHOICES and value not in CHOICES[key]:
        passage.refuse(f"there is no {value!r}", key, hint=suggest(value, CHOICES[key]))


def changed_tables(before: Tables, text: str, source: str) -> Tables:
    """Return the tables with a user's changes.

    Args:
        before: "findings" and "assertion" as they are built in; they stay as they are.
        text: The user's file.
        source: Its name, for errors.

    Raises:
        UsageError: Something in it does not fit; names file, line and key.
    """
    tables, found = deepcopy(before), passages(text, source)
    for passage in found:
        _check_patterns(passage, tables)
        _CHANGES[passage.kind](tables, passage)
    for passage in found:
        if passage.kind == "remove":
            _remove_findings(tables, passage)
    for passage in found:
        _check_names(passage, before, tables)
    return tables


def _check_patterns(passage: Passage, tables: Tables) -> None:
    for key, phrase in passage.phrases():
        macros = tables[_TABLE_OF[passage.kind]]["macro"]
        unknown = unknown_macros(phrase, macros)
        if unknown:
            passage.refuse(f"there is no macro {unknown[0]!r}", key, phrase, hint=suggest(unknown[0], macros))
        try:
            empty = re.compile(expand(phrase, macros)).fullmatch("") is not None
        except re.error as error:
            passage.refuse(f"is no regular expression ({error.msg})", key, phrase)
        if empty:
            passage.refuse("matches nothing at all, so everywhere", key, phrase)


def _change_finding(tables: Tables, passage: Passage) -> None:
    entries, name = tables["findings"]["finding"], passage.said.get("id", "")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        passage.refuse("a finding needs an id of small letters, digits and underscores", "id")
    entry = next((one for one in entries if one["id"] == name), None)
    if entry is None:
        if not passage.said.get("terms"):
            known = suggest(name, [one["id"] for one in entries])
            passage.refuse(f"{name!r} is a new finding, and a new finding needs terms", "id", hint=known)
        entry = {"id": name, "chexpert": "", "nih": "", "terms": []}
        entries.append(entry)
    entry.update({key: value for key, value in passage.said.items() if key not in ("add", "remove")})
    _change_phrases(entry, passage)


def _change_ignored(tables: Tables, passage: Passage) -> None:
    ignored = tables["findings"]["ignore"]
    ignored["phrases"] = list(passage.said.get("phrases", ignored["phrases"]))
    _change_phrases(ignored, passage)


def _change_cue(tables: Tables, passage: Passage) -> None:
    kind = _cue_kind(passage.said)
    for key in ("category", "direction"):
        if key not in kind:
            passage.refuse(f"a cue needs a {key}", hint=f"one of: {', '.join(CHOICES[key])}")
    own = [cue for cue in tables["assertion"]["cue"] if _cue_kind(cue) == kind]
    if not own:
        own = [{**kind, "phrases": []}]
        tables["assertion"]["cue"] += own
    if "phrases" in passage.said:
        for cue in own:
            cue["phrases"] = []
        own[0]["phrases"] = list(passage.said["phrases"])
    _change_phrases(own[0], passage)


def _cue_kind(cue: Mapping[str, Any]) -> Entry:
    """Return what tells one group of cues from another: all but its phrases."""
    return {
        key: value
        for key, value in cue.items()
        if key not in ("phrases", "add", "remove") and value is not False
    }


def _change_phrases(entry: Entry, passage: Passage) -> None:
    for key, taken in passage.said.get("remove", {}).items():
        for phrase in taken:
            if phrase not in entry.get(key, ()):
                nearest = get_close_matches(phrase, entry.get(key, ()), n=1)
                hint = f"did you mean {nearest[0]!r}?" if nearest else ""
                passage.refuse("what is taken away is not there", f"remove.{key}", phrase, hint=hint)
        entry[key] = [phrase for phrase in entry[key] if phrase not in taken]
    for key, added in passage.said.get("add", {}).items():
        entry[key] = list(dict.fromkeys([*entry.get(key, ()), *added]))


def _add_anatomy(tables: Tables, passage: Passage) -> None:
    if not (passage.said.get("findings") and passage.said.get("subjects")):
        passage.refuse("needs findings and subjects")
    tables["findings"]["anatomy"].append({"abnormal": [], "normal": [], **passage.said})


def _remove_findings(tables: Tables, passage: Passage) -> None:
    rules, gone = tables["findings"], passage.said.get("findings", [])
    known = [entry["id"] for entry in rules["finding"]]
    for name in gone:
        if name not in known:
            passage.refuse(f"there is no finding {name!r}", "findings", name, hint=suggest(name, known))
    rules["finding"] = [entry for entry in rules["finding"] if entry["id"] not in gone]
    for entry in rules["finding"]:
        if "explained_by" in entry:
            entry["explained_by"] = _without(entry["explained_by"], gone)
        if entry.get("measured") in gone:
            del entry["measured"]
    for part in rules["anatomy"]:
        part["findings"] = _without(part["findings"], gone)
    rules["anatomy"] = [part for part in rules["anatomy"] if part["findings"]]


def _without(names: Iterable[str], gone: Iterable[str]) -> list[str]:
    return [name for name in names if name not in gone]


def _check_names(passage: Passage, before: Tables, tables: Tables) -> None:
    """Refuse findings and labels that there are not."""
    findings = [entry["id"] for entry in tables["findings"]["finding"]]
    labels = {"chexpert": [name for name in CHEXPERT if name != "No Finding"]}
    labels["nih"] = sorted({entry["nih"] for entry in before["findings"]["finding"]} - {""})
    keys = ("explained_by",) if passage.kind == "remove" else ("findings", "explained_by")
    asked = [(key, name, findings) for key in keys for name in passage.said.get(key, ())]
    asked += [("measured", passage.said["measured"], findings)] if "measured" in passage.said else []
    asked += [(key, passage.said[key], known) for key, known in labels.items() if passage.said.get(key)]
    for key, name, known in asked:
        if name not in known:
            passage.refuse(f"there is no {name!r}", key, name, hint=suggest(name, known))


def _check_test(_tables: Tables, passage: Passage) -> None:
    if not passage.said.get("sentence") or "findings" not in passage.said:
        passage.refuse("a test needs a sentence, and findings (none: {})")
    for name, state in passage.said["findings"].items():
        if state not in STATES:
            passage.refuse(f"{name} cannot be {state!r}", "findings", hint=f"one of: {', '.join(STATES)}")


def _nothing(_tables: Tables, _passage: Passage) -> None:
    """Findings leave last: whatever the order in the file, what is gone is gone."""


_CHANGES = {
    "finding": _change_finding,
    "ignore": _change_ignored,
    "cue": _change_cue,
    "anatomy": _add_anatomy,
    "remove": _nothing,
    "test": _check_test,
}
