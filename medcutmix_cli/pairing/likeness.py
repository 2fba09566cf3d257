"""Is what comes of the kind of what leaves? What a report says around a finding was said of its kind. Words are data.

Denials around markings of the interstitium were not meant for filled air space, those around a left effusion not
for one without a side, and a collapse that a large effusion explains is no small band. The words that tell kinds apart
are in `rules/giving.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from medcutmix_cli.pairing.extent import pattern, says
from medcutmix_cli.pairing.normals import is_interstitial, of_the_lung
from medcutmix_cli.pairing.statements import STATED
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Sentence, Side
from medcutmix_cli.reports.words import canonical
from medcutmix_cli.sides import meet, side_named, side_word


def unlikeness(
    leaving: Sequence[Sentence], coming: Sequence[Sentence], finding: str, sides: tuple[Side, Side]
) -> str:
    """Name the first way in which a donor's statement is of another kind than the one it replaces; "" for none.

    Args:
        leaving: The recipient's sentences that assert the finding.
        coming: The donor's sentences.
        finding: Lexicon id of both.
        sides: The recipient's and the donor's.
    """
    if any(shows_no_lesion(s) for s in leaving):
        return "recipient-shadow-is-of-no-lesion"
    theirs, ours = sides
    if side_word(theirs) and not side_word(ours) and not all(_needs_no_side(s, finding) for s in coming):
        return "donor-names-no-side"
    kinds = {_kind(s, finding) for s in leaving}
    kind = "airspace" if kinds == {"airspace", "plain"} else "both" if len(kinds) > 1 else min(kinds)
    if any(_kind(s, finding) not in _LIKE[kind] for s in coming):
        return "donor-has-another-kind-of-opacity"
    return ""


def overtaken_cause(
    leaving: Sentence, coming: Iterable[Sentence], finding: str, kept: Iterable[Sentence]
) -> bool:
    """Say whether a great finding would become a slight one while what causes it stays: collapse by pneumothorax."""
    if not (says("great", leaving) and any(says("slight", s) for s in coming)):
        return False
    return _tells_of(kept, table("giving")["causes"].get(finding, ()), Assertion.PRESENT)


def denied_nodules(coming: Iterable[Sentence], kept: Iterable[Sentence]) -> bool:
    """Say whether a nodular shadow, or one with a nodule's outline, would come where nodules or masses are denied."""
    nodular = any(says("nodular", s) or says("like_nodule", s) for s in coming)
    return nodular and _tells_of(kept, table("giving")["likeness"]["denied_nodules"], Assertion.ABSENT)


def denied_filling(coming: Iterable[Sentence], finding: str, kept: Iterable[Sentence]) -> bool:
    """Say whether filled air space would come into a report that denies consolidation or the like, by another name."""
    filled = any(_kind(s, finding) in ("airspace", "both") for s in coming)
    return filled and _tells_of(kept, table("giving")["likeness"]["denied_filling"], Assertion.ABSENT)


def _tells_of(sentences: Iterable[Sentence], findings: Collection[str], said: Assertion) -> bool:
    return any(m.finding in findings and m.assertion is said for s in sentences for m in s.mentions)


def stays_as_mass(finding: str, side: Side, kept: Iterable[Sentence]) -> bool:
    """Say whether an opacity that leaves may stay under the name of a mass: both are said of one side."""
    masses = table("giving")["likeness"]["masses"]
    there = (m for s in kept for m in s.mentions if m.finding in masses and m.assertion in STATED)
    return finding in table("giving")["likeness"]["kinds_of_opacity"] and any(
        meet(m.side, side) for m in there
    )


def shows_no_lesion(sentence: Sentence) -> bool:
    """Say whether a shadow is one of vessels, spine, breast or nipple, or may be: "prominent pulmonary XXXX"."""
    return says("no_lesion", sentence) or _VESSELS_LOST.search(sentence.text) is not None


_DENIED = re.compile(r"\b(?:without|no|not)\b")
_VESSELS_LOST = re.compile(
    r"\bprominen\w+ (?:of )?(?:the )?(?:central )?(?:pulmonary |hilar |vascular )?X{3,}", re.I
)
_LIKE = {
    "interstitial": ("interstitial",),
    "airspace": ("airspace", "plain"),
    "plain": ("plain",),
    "both": ("airspace", "plain", "interstitial"),
    "nodular": ("nodular",),
    "other": ("other",),
}
"""Kind that leaves -> kinds that may come: plain shadows may stand where filled air space stood, not the other way.
A report that calls its shadow both says nothing against either."""


def _needs_no_side(sentence: Sentence, finding: str) -> bool:
    """Say whether a statement without a side is whole: "basilar atelectasis" is of both bases."""
    rules = table("giving")["likeness"]
    return finding not in rules["sided"] or (finding in rules["basal"] and says("bases", sentence))


def _kind(sentence: Sentence, finding: str) -> str:
    if finding not in table("giving")["likeness"]["kinds_of_opacity"]:
        return "other"
    own = [m for m in sentence.mentions if m.finding == finding]
    stated = _DENIED.split(canonical(sentence.text).text)[0]  # not "markings without consolidation"
    marked = says("interstitium", sentence) or any(is_interstitial(sentence, m) for m in own)
    filled = pattern("airspace").search(stated) is not None
    if marked:
        return "both" if filled else "interstitial"
    if filled:
        return "airspace"
    small = any(_has_nodules_size(m.measurement) for m in own)
    return "nodular" if small or says("nodular", sentence) else "plain"


def _has_nodules_size(measurement: str) -> bool:
    """Say whether a size is one of a nodule: at most 3 cm (Fleischner Society's glossary, Hansell 2008)."""
    found = _SIZE.match(measurement)
    if found is None:
        return False
    sizes = [float(number) for number in _NUMBER.findall(found.group("numbers"))]
    return max(sizes) * (1 if found.group("unit") == "m" else 10) <= _LARGEST_NODULE


_SIZE = re.compile(r"(?P<numbers>[\d. x]+?)\s*-?(?P<unit>[cm])(?:m|enti|illi)", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LARGEST_NODULE = 30  # millimetres


def still_normal(coming: Sentence, finding: str, side: Side, kept: Iterable[Sentence]) -> bool:
    """Say whether what stays calls the lungs clear where a finding fills one, or the chest unchanged."""
    fills = of_the_lung(finding)
    hides = finding in table("giving")["likeness"]["pleural"]
    for sentence in kept:
        text = canonical(sentence.text).text
        if pattern("unchanged_chest").search(text):
            return True
        clear = pattern("clear_lungs").search(text)
        said = side_named(clear.group()) if clear else Side.NONE
        if clear and ((fills and meet(said, side)) or (hides and side_word(said) and meet(said, side))):
            return True
    return False


def misfits(text: str) -> bool:
    """Say whether a word reaches what it does not go with: "focal pneumothorax", "no effusion and a normal heart"."""
    words = canonical(text).text
    return any(pattern(name).search(words) is not None for name in ("misfit", "misread"))
