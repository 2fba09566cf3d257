"""What a sentence says of the other side without naming the finding again: "Small left effusion, none on the right.".

Where several findings are named on one side, only that none of them is on the other is read: "effusion and atelectasis,
neither on the right". Words are data (`rules/ellipsis.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.reports.lexicon import Hit, sidedness
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import PhrasePattern, Words, compile_phrases
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
    """Return what the sentence leaves out; of several findings that it names only that they are not there."""
    hosts = [hit for hit in hits if not hit.described]
    sided = all(sidedness().get(host.finding, "yes") == "yes" for host in hosts)
    if not hosts or len(hosts) < len(hits) or not sided or not _are_listed(words, hosts):
        return ()
    return next(
        (found for side in Side if other_side(side) and (found := tuple(_of_side(words, hosts, side)))), ()
    )


def _are_listed(words: Words, hosts: Sequence[Hit]) -> bool:
    """Say whether findings stand in one list: "and", "with" and their adjectives between them, no denial."""
    between = (
        words.text[words.ends[one.end - 1] : words.ends[other.end - 1]] for one, other in pairwise(hosts)
    )
    return all(_list().fullmatch(text) for text in between)


def _of_side(words: Words, hosts: Sequence[Hit], side: Side) -> Iterator[Ellipsis]:
    last = words.ends[hosts[-1].end - 1]
    before, rest = words.text[:last], words.text[last:]
    for denied in (True, False) if len(hosts) == 1 else (True,):
        found = _pattern(side, denied).match(rest)
        if found is None:
            continue
        named = before + rest[: found.start("elided")]
        if _side_word(side).search(named) or not _side_word(other_side(side) or side).search(named):
            continue
        begin, end = words.indices(len(before) + found.start("elided"), len(before) + found.end("elided"))
        hedged = _hedge().search(found.group("elided")) is not None
        for host in hosts:
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
def _side_word(side: Side) -> PhrasePattern:
    return PhrasePattern.of([table("ellipsis")["side"][side]])


@remember()
def _hedge() -> PhrasePattern:
    return PhrasePattern.of(table("ellipsis")["elided"]["hedge"])


@remember()
def _list() -> PhrasePattern:
    return PhrasePattern.of(table("ellipsis")["host"]["list"])
