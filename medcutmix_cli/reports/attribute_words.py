"""Every word of a sentence that tells a side, a place, a degree, a size or a comparison, and what they say of a zone.

Knows no finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.records import Side
from medcutmix_cli.reports.assertion import Span
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, Words, spans_of
from medcutmix_cli.sides import joint_side

_BOTH_LUNGS = "both"  # rules/attributes.toml: words for both sides, unless one side is named beside them


@dataclass(frozen=True, slots=True)
class AttributeWords:
    """Every attribute word of a sentence, as (name, word range) where it has a name.

    Attributes:
        sides: "left", "right", "bilateral", or "both" where a side beside it counts instead.
        locations: Places, in the lexicon's words (likewise severities and sizes, in those of the sentence).
        priors: Comparisons with an earlier study.
        equates: Words between two names of one thing.
        withs: Every "with".
    """

    sides: tuple[tuple[str, Span], ...]
    locations: tuple[tuple[str, Span], ...]
    severities: tuple[tuple[str, Span], ...]
    priors: tuple[Span, ...]
    equates: tuple[Span, ...]
    withs: tuple[Span, ...]
    sizes: tuple[tuple[str, Span], ...]

    @classmethod
    def of(cls, words: Words) -> AttributeWords:
        """Find them in a sentence."""
        blocked = {k for b, e in spans_of(_patterns()["side.ignore"], words) for k in range(b, e)}
        sides = [m for m in _marked(words, "side.") if not blocked.intersection(range(*m[1]))]
        severities = [_worded(words, span) for _, span in _marked(words, "severity.")]
        sizes = [_worded(words, span) for span in spans_of(_sizes(), words)]
        priors = [span for _, span in _marked(words, "prior.")]
        equates = spans_of(_patterns()["side.equates"], words)
        return cls(
            tuple(sides),
            tuple(_marked(words, "location.")),
            tuple(severities),
            tuple(priors),
            tuple(equates),
            tuple((k, k + 1) for k in range(len(words)) if words.word(k) == "with"),
            tuple(sizes),
        )

    def side(self, zones: Sequence[Span]) -> Side:
        """Return the side that some zones name together."""
        names = {name for name, span in self.sides if _within(span, zones)}
        named = joint_side(Side(name) for name in names - {_BOTH_LUNGS})  # sides.py, clause 2
        return Side.BILATERAL if named is Side.NONE and _BOTH_LUNGS in names else named

    def own_part(self, zone: Span) -> Span:
        """Return a zone behind its last "with", where another thing stands before it on the other side."""
        behind = [end for _, end in self.withs if zone[0] < end <= zone[1]]
        if not behind:
            return zone
        one, other = (zone[0], behind[-1]), (behind[-1], zone[1])
        named = {name for name, span in self.sides if _within(span, (one,))}
        own = {name for name, span in self.sides if _within(span, (other,))}
        return other if (named, own) in (({"left"}, {"right"}), ({"right"}, {"left"})) else zone

    def names_no_side(self, zones: Sequence[Span]) -> bool:
        """Return whether zones name no side, but at best both lungs."""
        return all(name == _BOTH_LUNGS for name, span in self.sides if _within(span, zones))

    def compares(self, zone: Span) -> bool:
        """Return whether a zone holds one side against the other: "left greater than right"."""
        return any(
            name == "bilateral" and span[1] - span[0] > 1
            for name, span in self.sides
            if _within(span, (zone,))
        )

    def location(self, zones: Sequence[Span]) -> str:
        """Return the place that the first zone with one names, "" for none."""
        return next((name for zone in zones for name, span in self.locations if _within(span, (zone,))), "")

    def severity(self, zones: Sequence[Span]) -> str:
        """Return the longest degree that the first zone with one names, "" for none."""
        for zone in zones:
            here = [name for name, span in self.severities if _within(span, (zone,))]
            if here:
                return max(here, key=len)
        return ""

    def size(self, zones: Sequence[Span]) -> str:
        """Return the measurement that the first zone with one has, "" for none."""
        return next((size for zone in zones for size, span in self.sizes if _within(span, (zone,))), "")

    def has_prior(self, zone: Span) -> bool:
        """Return whether a zone compares with an earlier study."""
        return any(_within(span, (zone,)) for span in self.priors)

    def joins_two_names(self, gap: Span) -> bool:
        """Return whether the words between two findings make them two names of one thing."""
        return any(_within(span, (gap,)) for span in self.equates)


def _worded(words: Words, span: Span) -> tuple[str, Span]:
    return words.text[words.begins[span[0]] : words.ends[span[1] - 1]], span


def _within(span: Span, zones: Sequence[Span]) -> bool:
    return any(begin <= span[0] and span[1] <= end for begin, end in zones)


def _marked(words: Words, prefix: str) -> list[tuple[str, Span]]:
    text = words.text
    return [
        (name, words.indices(*match.span()))
        for name, pattern in _group(prefix)
        for match in pattern.finditer(text)
    ]


@cache
def _group(prefix: str) -> tuple[tuple[str, PhrasePattern], ...]:
    """Return the patterns whose names begin with `prefix`, by the rest of their names."""
    return tuple(
        (name.removeprefix(prefix), pattern)
        for name, pattern in _patterns().items()
        if name.startswith(prefix) and name not in ("side.ignore", "side.equates")
    )


@cache
def _sizes() -> PhrasePattern:
    return PhrasePattern.of(table("attributes")["flags"]["measurement"])


@cache
def _patterns() -> dict[str, PhrasePattern]:
    rules = table("attributes")
    return {
        f"{part}.{name}": PhrasePattern.of(phrases)
        for part in ("side", "location", "severity", "prior")
        for name, phrases in rules[part].items()
    }
