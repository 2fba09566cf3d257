"""What a sentence says of the other side without naming the finding again: "Small left effusion, none on the right.".

Only where one finding is named, on one side. Words are data (`rules/ellipsis.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.reports.lexicon import Hit, sidedness
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import Words, compile_phrases
from medcutmix_cli.sides import other_side


@dataclass(frozen=True, slots=True)
class Ellipsis:
    """A finding that is meant and not named.

    Attributes:
        hit: The words that say it, as if they named the finding.
        host: The words that do name it.
        denied: Whether it is said not to be there (likewise hedged: to be there perhaps).
    """

    hit: Hit
    host: Hit
    denied: bool
    hedged: bool

    def assertion(self, of_host: Assertion) -> Assertion:
        """Return what is said of it; a doubt about the finding that is named is one about this as well."""
        if self.denied:
            return Assertion.ABSENT
        doubted = self.hedged or of_host is Assertion.UNCERTAIN
        return Assertion.UNCERTAIN if doubted else Assertion.PRESENT


def find_ellipses(words: Words, hits: Sequence[Hit]) -> tuple[Ellipsis, ...]:
    """Return what the sentence leaves out; nothing where it names several findings."""
    host = _host(hits)
    if host is None or sidedness().get(host.finding, "yes") != "yes":
        return ()
    return next(
        (found for side in Side if other_side(side) and (found := tuple(_of_side(words, host, side)))), ()
    )


def _host(hits: Sequence[Hit]) -> Hit | None:
    """Return the only finding that a sentence names."""
    named = [hit for hit in hits if not hit.described]
    return named[0] if len(named) == 1 == len(hits) else None


def _of_side(words: Words, host: Hit, side: Side) -> Iterator[Ellipsis]:
    before = words.text[: words.ends[host.end - 1]]
    rest = words.text[words.ends[host.end - 1] :]
    for denied in (True, False):
        found = _pattern(side, denied).match(rest)
        if found is None:
            continue
        named = before + rest[: found.start("elided")]
        if _side_word(side).search(named) or not _side_word(other_side(side) or side).search(named):
            continue
        begin, end = words.indices(len(before) + found.start("elided"), len(before) + found.end("elided"))
        hedged = _hedge().search(found.group("elided")) is not None
        yield Ellipsis(Hit(host.finding, begin, end, begin, end), host, denied, hedged)
        return


@remember()
def _pattern(side: Side, denied: bool) -> re.Pattern[str]:
    rules = table("ellipsis")
    macros = rules["macro"] | {"side": rules["side"][side]}
    elided = compile_phrases(rules["elided"]["absent" if denied else "present"], macros).pattern
    host = rules["host"]
    return re.compile(rf"{host['tail']}{host['joined']} (?P<elided>{elided})(?= [.,;)]|$)")


@remember()
def _side_word(side: Side) -> re.Pattern[str]:
    return compile_phrases([table("ellipsis")["side"][side]])


@remember()
def _hedge() -> re.Pattern[str]:
    return compile_phrases(table("ellipsis")["elided"]["hedge"])
