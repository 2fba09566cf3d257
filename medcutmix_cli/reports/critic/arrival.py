"""What came from another patient's report must stand alone: no earlier study, other view, size, person or order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from medcutmix_cli.records import Sentence
from medcutmix_cli.reports.critic.case import Case
from medcutmix_cli.reports.critic.words import asserts, critic_words, says
from medcutmix_cli.reports.relations import points_by_pronoun


def speaks_of(name: str, case: Case) -> Iterator[Sentence]:
    """Yield the sentences that came and hold words of one list of `[arrival]`."""
    yield from (s for s in case.arrived if says(s.text, "arrival", name))


def points_away(case: Case) -> Iterator[Sentence]:
    """Yield the sentences that came and take a subject from a report they are no longer in."""
    for sentence in case.arrived:
        if says(sentence.text, "arrival", "reference") or points_by_pronoun(sentence.text):
            yield sentence


def brings_a_shift(case: Case) -> Iterator[Sentence]:
    """Yield the sentences that came and say that the midline lies elsewhere: no mix moves the recipient's."""
    yield from (s for s in case.arrived if asserts(s.text, critic_words("arrival", "shift")))


RULES: dict[str, Callable[[Case], Iterator[Sentence]]] = {
    **{
        f"came-with-{name}": partial(speaks_of, name)
        for name in ("comparison", "view", "measurement", "removed-words", "patient", "examination", "order")
    },
    "came-pointing-back": points_away,
    "came-with-shift": brings_a_shift,
}
