"""Nothing that stays may contradict what came: denials, normal parts, and statements about the whole chest."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind, Side
from medcutmix_cli.reports.critic.case import SMALL, Case, mentions_of
from medcutmix_cli.reports.critic.places import places_of
from medcutmix_cli.reports.critic.words import asserts, critic_words, only_side, says
from medcutmix_cli.reports.relations import is_strong, relation_of, words_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern
from medcutmix_cli.sides import meet, other_side

_PARTS_THE_LUNG = "pneumothorax"  # a lung beside it may be clear, and is not normal
_OF_THE_CHEST = frozenset({SentenceKind.NORMAL, SentenceKind.NEGATIVE})


def find_denials(case: Case) -> Iterator[Sentence]:
    """Yield what denies by name, on its side, what came; "no large effusion" does not deny a small one."""
    came = case.exchanged.came
    for sentence in (*case.own, *case.told_beside):
        absent = [m for m in sentence.mentions if m.finding == came and m.assertion is Assertion.ABSENT]
        if any(meet(m.side, Side(case.exchanged.side_came)) for m in absent) and not _limited(sentence.text):
            yield sentence


def kin_denied(case: Case) -> Iterator[Sentence]:
    """Yield what denies, on its side, another name of what came: "No pneumonia." beside airspace disease.

    "No focal consolidation." denies that too: filled air space is what it means.
    """
    for group in table("critic")["kin"]:
        if group["came"] == "shadow" and _was_as_strong(case):
            continue  # "no opacity" was said beside a band of atelectasis, and is said beside another
        if not any(
            critic_words("contradiction", group["came"]).search(words_of(s.text)) for s in case.arrived
        ):
            continue
        for sentence in case.own:
            denied = [m for m in sentence.mentions if _is_denied_kin(m, case, group["findings"])]
            words = says(sentence.text, "contradiction", group["denied"])
            if (denied or words) and not says(sentence.text, "contradiction", "rest"):
                yield sentence


def _is_denied_kin(mention: Mention, case: Case, findings: Collection[str]) -> bool:
    absent = mention.assertion is Assertion.ABSENT and mention.finding in findings
    return absent and meet(mention.side, Side(case.exchanged.side_came))


def _limited(text: str) -> bool:
    return says(text, "contradiction", "rest") or says(text, "contradiction", "large")


def called_normal(case: Case) -> Iterator[Sentence]:
    """Yield what calls normal where that which came is seen; a large one leaves less that is normal."""
    if not case.exchanged.came or _as_before(case):
        return
    relation, strong = relation_of(case.exchanged.came), _strong(case)
    for sentence in (*case.own, *case.uncounted):
        if _elsewhere(sentence.text, case) or says(sentence.text, "contradiction", "rest"):
            continue
        if relation.contradicted_by(sentence.text, strong=strong) or _normal_part(sentence.text, case):
            yield sentence


def _pressing() -> PhrasePattern:
    return critic_words("contradiction", "pressing")


def _normal_part(text: str, case: Case) -> bool:
    """Say whether a sentence calls the lungs, or the pleura, normal among other parts: "heart, lungs, pleura are"."""
    shadow = case.exchanged.came in table("critic")["story"]["shadows"]
    pleural = case.exchanged.came in table("critic")["story"]["sided"]
    pressed = pleural and (_strong(case) or any(asserts(s.text, _pressing()) for s in case.arrived))
    asked = {
        "lungs-normal": shadow or case.exchanged.came == _PARTS_THE_LUNG,
        "pleura-normal": pleural,
        "lungs-clear": pressed,
        **dict.fromkeys(("lungs-regained", "lungs-expanded"), pressed or _parts_much(case)),
        "lungs-improved": shadow or pressed or _parts_much(case),
    }
    return any(says(text, "contradiction", name) for name, wanted in asked.items() if wanted)


def _parts_much(case: Case) -> bool:
    """Say whether a pneumothorax came that is not called small: no lung beside it has expanded."""
    degrees = {m.severity for m in case.came_mentions}
    return case.exchanged.came == _PARTS_THE_LUNG and not degrees & SMALL


def whole_chest_called_normal(case: Case) -> Iterator[Sentence]:
    """Yield "no acute process" beside an acute finding that came, and "normal chest" beside any."""
    if not case.exchanged.came or _was_as_strong(case):
        return
    lost_lobe = any(says(s.text, "contradiction", "collapsed-lobe") for s in case.arrived)
    acute = lost_lobe or _strong(case) or case.exchanged.came in table("critic")["contradiction"]["acute"]
    for sentence in (*case.own, *case.told_beside):
        text = sentence.text
        of_body = says(text, "contradiction", "body") and not says(text, "contradiction", "shared")
        if of_body or says(text, "contradiction", "rest"):
            continue
        denied = acute and says(text, "contradiction", "no-acute") and not _of_other_organs(text, case)
        if denied or says(text, "contradiction", "normal"):
            yield sentence


def _of_other_organs(text: str, case: Case) -> bool:
    """Say whether "no acute process" is said of pleura or heart alone, and what came is in neither: it stays true."""
    came, words = case.exchanged.came, table("critic")
    of_pleura, of_heart = (says(text, "contradiction", name) for name in ("of-pleura", "of-heart"))
    if not (of_pleura or of_heart) or says(text, "contradiction", "of-lungs"):
        return False
    in_pleura, of_failure = came in words["story"]["sided"], came in words["contradiction"]["failing"]
    return not (of_pleura and in_pleura) and not (of_heart and of_failure)


def lungs_otherwise_clear(case: Case) -> Iterator[Sentence]:
    """Yield "otherwise clear" before what came in a section: it meant something else, and now denies it."""
    if case.exchanged.gone or case.exchanged.came not in _of_lung_and_pleura():
        return
    told: set[str] = set()
    for sentence in case.after:
        if sentence in case.arrived:
            told.add(sentence.section)
        elif sentence.section not in told and says(sentence.text, "contradiction", "otherwise-clear"):
            yield sentence


def called_unchanged(case: Case) -> Iterator[Sentence]:
    """Yield what calls the chest or the lungs unchanged, of another picture than the one that is described now."""
    if not case.exchanged.came:
        return
    for sentence in case.own:
        unchanged = not sentence.mentions and says(sentence.text, "contradiction", "no-change")
        if unchanged and not _of_an_untouched_lung(sentence.text, case):
            yield sentence
    for before, sentence in pairwise(case.after):
        alone = says(sentence.text, "contradiction", "alone-unchanged") and sentence not in case.arrived
        of_chest = before.kind in _OF_THE_CHEST or says(before.text, "contradiction", "no-acute")
        if alone and before.section == sentence.section and of_chest:
            yield sentence


def _of_an_untouched_lung(text: str, case: Case) -> bool:
    """Say whether a sentence speaks of one lung alone, and all that left and came lies in the other."""
    named = only_side(text)
    other = other_side(Side(named)) if named else None
    return other is not None and _sides_exchanged(case) == {other}


def placed_in_a_normal_part(case: Case) -> Iterator[Sentence]:
    """Yield what calls a part normal in which that lies which came: "Normal mediastinum." beside a mass of it."""
    before = places_of(case.left) if case.exchanged.same else ()
    for place in places_of(case.arrived):
        if place not in before:
            yield from (s for s in case.own if _says_all_normal(s.text, place.normal))


def placed_in_a_removed_part(case: Case) -> Iterator[Sentence]:
    """Yield what tells that the lung, or the lobe, was taken out where that which came, or left, is said to lie."""
    if case.exchanged.came not in _of_lung_and_pleura():
        return
    yield from (s for s in (*case.own, *case.uncounted) if _tells_of_its_removal(s.text, case))


def _of_lung_and_pleura() -> set[str]:
    story = table("critic")["story"]
    return {*story["shadows"], *story["sided"]}


def _tells_of_its_removal(text: str, case: Case) -> bool:
    lung = says(text, "contradiction", "removed-lung")
    lobes = {name for name in ("upper", "middle", "lower") if says(text, "contradiction", f"removed-{name}")}
    if not (lung or lobes):
        return False
    side = Side(only_side(text) or Side.NONE)
    in_lung = lung and any(meet(side, one) for one in _sides_exchanged(case))
    return in_lung or any(m.location in lobes and meet(m.side, side) for m in case.came_mentions)


def _sides_exchanged(case: Case) -> set[Side]:
    exchanged = case.exchanged
    return {Side(exchanged.side_came), Side(exchanged.side_gone if exchanged.gone else exchanged.side_came)}


def found_above_the_report(case: Case) -> Iterator[Sentence]:
    """Yield what an addendum to a normal report states, or stands above it uncounted: the chest is none to host."""
    if case.exchanged.gone:
        return
    above = (s for s in case.uncounted if s.section == "preamble")
    added = (s for s in case.own if s.section == "addendum")
    yield from (s for s in (*above, *added) if s.findings() - {"support_devices"})


def _says_all_normal(text: str, normal: PhrasePattern) -> bool:
    return normal.search(words_of(text)) is not None and not says(text, "contradiction", "rest")


def _as_before(case: Case) -> bool:
    """Say whether the recipient's report said the same beside a finding of this kind, side and extent."""
    moved = not meet(Side(case.exchanged.side_gone), Side(case.exchanged.side_came))
    return not moved and _was_as_strong(case)


def _was_as_strong(case: Case) -> bool:
    """Say whether the recipient's report said the same beside a finding of this kind and extent, on any side.

    Markings of the interstitium last: "diffuse" makes them no acute disease.
    """
    if not case.exchanged.same or _active_for_lasting(case):
        return False
    markings = all(says(s.text, "departure", "markings") for s in case.arrived)
    strong_before = any(is_strong(s.text) for s in case.left)
    return strong_before or markings or not _strong(case)


def _active_for_lasting(case: Case) -> bool:
    """Say whether a shadow came that may be of now, in place of scars, streaks or markings, which last."""
    told = [s for s in case.left if mentions_of(s, case.exchanged.gone)]
    loose = case.exchanged.came in table("critic")["story"]["named-generally"]
    return loose and bool(told) and all(map(_lasts, told)) and not all(map(_lasts, case.arrived))


def _lasts(sentence: Sentence) -> bool:
    return says(sentence.text, "contradiction", "lasting")


def _strong(case: Case) -> bool:
    return any(is_strong(s.text) for s in case.arrived)


def _elsewhere(text: str, case: Case) -> bool:
    """Say whether a sentence speaks of the other side only."""
    side = only_side(text)
    return side != "" and other_side(Side(side)) == case.exchanged.side_came


RULES = {
    "came-is-denied": find_denials,
    "came-is-denied-by-another-name": kin_denied,
    "came-is-called-normal": called_normal,
    "came-beside-otherwise-clear": lungs_otherwise_clear,
    "came-beside-no-change": called_unchanged,
    "came-into-a-normal-place": placed_in_a_normal_part,
    "came-into-a-removed-part": placed_in_a_removed_part,
    "came-beside-an-addendum": found_above_the_report,
    "came-beside-normal-chest": whole_chest_called_normal,
}
