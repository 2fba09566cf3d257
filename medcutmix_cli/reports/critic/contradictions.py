"""Nothing that stays may contradict what came: denials, normal parts, and statements about the whole chest."""

from __future__ import annotations

from collections.abc import Iterator

from medcutmix_cli.records import Assertion, Sentence, Side
from medcutmix_cli.reports.critic.case import Case
from medcutmix_cli.reports.critic.words import only_side, says
from medcutmix_cli.reports.relations import is_strong, relation_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.sides import meet


def find_denials(case: Case) -> Iterator[Sentence]:
    """Yield what denies by name, on its side, what came; "no large effusion" does not deny a small one."""
    came = case.exchanged.came
    for sentence in case.own:
        absent = [m for m in sentence.mentions if m.finding == came and m.assertion is Assertion.ABSENT]
        if any(meet(m.side, Side(case.exchanged.side_came)) for m in absent) and not _limited(sentence.text):
            yield sentence


def _limited(text: str) -> bool:
    return says(text, "contradiction", "rest") or says(text, "contradiction", "large")


def called_normal(case: Case) -> Iterator[Sentence]:
    """Yield what calls normal where that which came is seen; a large one leaves less that is normal."""
    if not case.exchanged.came or _as_before(case):
        return
    relation, strong = relation_of(case.exchanged.came), _strong(case)
    for sentence in case.own:
        if _elsewhere(sentence.text, case) or says(sentence.text, "contradiction", "rest"):
            continue
        if relation.contradicted_by(sentence.text, strong=strong):
            yield sentence


def whole_chest_called_normal(case: Case) -> Iterator[Sentence]:
    """Yield "no acute process" beside an acute finding that came, and "normal chest" beside any."""
    if not case.exchanged.came or _as_before(case):
        return
    acute = _strong(case) or case.exchanged.came in table("critic")["contradiction"]["acute"]
    for sentence in case.own:
        text = sentence.text
        if says(text, "contradiction", "rest") or says(text, "contradiction", "body"):
            continue
        if says(text, "contradiction", "normal") or (acute and says(text, "contradiction", "no-acute")):
            yield sentence


def _as_before(case: Case) -> bool:
    """Say whether the recipient's report said the same beside a finding of this kind, side and extent."""
    strong_before = any(is_strong(s.text) for s in case.left)
    moved = not meet(Side(case.exchanged.side_gone), Side(case.exchanged.side_came))
    return case.exchanged.same and not moved and (strong_before or not _strong(case))


def _strong(case: Case) -> bool:
    return any(is_strong(s.text) for s in case.arrived)


def _elsewhere(text: str, case: Case) -> bool:
    """Say whether a sentence speaks of the other side only."""
    side = only_side(text)
    return side != "" and {side, str(case.exchanged.side_came)} == {"left", "right"}


RULES = {
    "came-is-denied": find_denials,
    "came-is-called-normal": called_normal,
    "came-beside-normal-chest": whole_chest_called_normal,
}
