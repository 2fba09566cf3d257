"""Nothing that speaks of the departed finding may stay: by name, by another word, by a sign, or by pointing at it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import pairwise

from medcutmix_cli.records import Mention, Sentence, SentenceKind, Side
from medcutmix_cli.reports.critic.case import STATED, Case, key_of, lesions, may_be_one, mentions_of
from medcutmix_cli.reports.critic.words import asserts, critic_words, only_side, says
from medcutmix_cli.reports.relations import advises, opens_by_pronoun, points_back, relation_of, words_of
from medcutmix_cli.reports.tables import table
from medcutmix_cli.sides import meet, other_side

_LUNGS = frozenset({"lung", "lungs", "clear"})
_QUIET = frozenset({SentenceKind.NORMAL, SentenceKind.NEGATIVE, SentenceKind.DEVICE})


def still_stated(case: Case) -> Iterator[Sentence]:
    """Yield what still states what left: any sentence, or where its like came, any that stayed."""
    gone = case.exchanged.gone
    if not case.exchanged.same:
        yield from (s for s in case.own if gone and mentions_of(s, gone))
        return
    come = {(m.side, m.severity) for m in case.came_mentions}
    for sentence in case.stayed:
        stated = {(m.side, m.severity) for m in mentions_of(sentence, gone)}
        if come and stated - come:  # a donor may word it as the recipient did
            yield sentence


def called_otherwise(case: Case) -> Iterator[Sentence]:
    """Yield what calls the departed shadow by another name of the lexicon ("opacity" of a pneumonia)."""
    related = relation_of(case.exchanged.gone).related - {case.exchanged.came}
    for sentence in case.own:
        named = [m for m in sentence.mentions if m.finding in related and m.assertion in STATED]
        if any(_same_place(m, case) or _on_the_other_side(m, sentence, case) for m in named):
            yield sentence
    yield from (s for s in case.own if any(_is_the_lesion(m, s, case) for m in s.mentions))


def _is_the_lesion(mention: Mention, sentence: Sentence, case: Case) -> bool:
    """Say whether a part of the report calls what left, which it names nowhere else, a lesion at its very place."""
    lesion = mention.finding in lesions() and mention.assertion in STATED and mention.location != ""
    if not lesion or case.exchanged.same or case.exchanged.gone not in lesions() | {"opacity"}:
        return False
    told = [s for s in case.left if mentions_of(s, case.exchanged.gone)]
    there = any(_meets(mention, m) for s in told for m in mentions_of(s, case.exchanged.gone))
    here = {s.section for s in told}
    other = (m for s in case.own if s.section in here for m in mentions_of(s, mention.finding))
    return there and sentence.section not in here and not any(_meets(mention, m) for m in other)


def _meets(one: Mention, other: Mention) -> bool:
    return one.location == other.location and meet(one.side, other.side)


def _on_the_other_side(mention: Mention, sentence: Sentence, case: Case) -> bool:
    """Say whether a part of the report that did not name what left has it on the other side, by another name.

    Two parts that disagree about the side of one shadow: no part tells of it apart from that.
    """
    told = {s.section for s in case.left if mentions_of(s, case.exchanged.gone)}
    if case.exchanged.same or not told or sentence.section in told:
        return False
    here = (s for s in case.after if s.section in told)
    beside = any(mentions_of(s, mention.finding) for s in here)
    other = other_side(Side(case.exchanged.side_gone))
    return not beside and other is not None and mention.side is other


def _same_place(mention: Mention, case: Case) -> bool:
    """Say whether a mention may be of the departed shadow, and cannot be of the one that came."""
    if not any(may_be_one(mention, gone) for gone in case.gone_mentions):
        return False
    return not (case.exchanged.same and any(may_be_one(mention, came) for came in case.came_mentions))


def shown_by_a_sign(case: Case) -> Iterator[Sentence]:
    """Yield signs and sequelae of what left that nothing else explains: a shift after its pneumothorax."""
    relation = relation_of(case.exchanged.gone)
    for sentence in case.own:
        if "shift" in sentence.text.lower() and other_side(Side(case.exchanged.side_gone)) is None:
            continue  # what lies on both sides pulls to none
        own_finding = any(m.assertion in STATED for m in sentence.mentions)
        shown = asserts(sentence.text, relation.signs) or (
            not own_finding and not advises(sentence.text) and asserts(sentence.text, relation.sequelae)
        )
        if shown and not _explained(sentence, case, but=_moving_nothing(sentence, case)):
            yield sentence


def _moving_nothing(sentence: Sentence, case: Case) -> Set[str]:
    """Return what cannot explain a shift: what came in place of another finding, for no mix moves the midline."""
    shift = not case.exchanged.same and asserts(sentence.text, critic_words("arrival", "shift"))
    return {case.exchanged.came} if shift else frozenset()


def named_by_a_synonym(case: Case) -> Iterator[Sentence]:
    """Yield another word for what left that nothing else explains: "heart failure" after its edema."""
    if case.exchanged.same:
        return
    synonyms = relation_of(case.exchanged.gone).synonyms
    for sentence in case.own:
        if asserts(sentence.text, synonyms) and not _explained(sentence, case):
            yield sentence


def depends_on_it(case: Case) -> Iterator[Sentence]:
    """Yield findings that are called adjacent to, or compressed by, what left."""
    relation = relation_of(case.exchanged.gone)
    for sentence in case.own:
        text = sentence.text.lower()
        beside = any(
            word in text for word in ("compressive", "passive", "adjacent", "associated", "overlying")
        )
        if not (beside and asserts(sentence.text, relation.sequelae)):
            continue
        named = {m.finding for m in sentence.mentions}
        if not _explained(sentence, case, but=named):
            yield sentence


def _explained(sentence: Sentence, case: Case, but: Set[str] = frozenset()) -> bool:
    """Say whether a finding that is stated on that side, none of `but`, may be what a sentence speaks of."""
    side = Side(only_side(sentence.text) or Side.NONE)
    there = {
        m.finding for s in case.after for m in s.mentions if m.assertion in STATED and meet(m.side, side)
    }
    return any(relation_of(f).kind_of_reference(sentence.text) for f in there - _gone(case) - but)


def _explained_by(finding: str, sentence: Sentence) -> bool:
    return relation_of(finding).kind_of_reference(sentence.text) != ""


def _gone(case: Case) -> set[str]:
    return set() if case.exchanged.same else {case.exchanged.gone}


def pointed_at(case: Case) -> Iterator[Sentence]:
    """Yield sentences whose subject stood in a sentence that left: "These may be scars."."""
    for sentence in case.stayed:
        subject = any(m.assertion in STATED for m in sentence.mentions)
        points = opens_by_pronoun(sentence.text) if subject else points_back(sentence.text)
        if points and _antecedent_left(sentence, case):
            yield sentence


def find_advice(case: Case) -> Iterator[Sentence]:
    """Yield recommendations made because of what left; nobody gave them for what came in its place."""
    if not case.exchanged.gone:
        return
    others = {m.finding for s in case.own for m in s.mentions if m.assertion in STATED} - {"support_devices"}
    for sentence in case.stayed:
        own = any(m.assertion in STATED for m in sentence.mentions)
        if own or not advises(sentence.text):
            continue
        if _antecedent_left(sentence, case) or (
            not others and not _explained_by(case.exchanged.came, sentence)
        ):
            yield sentence


def named_in_the_history(case: Case) -> Iterator[Sentence]:
    """Yield what the indication or history states of what left: "Known right lung mass." with no mass in the report."""
    if case.exchanged.gone and not case.exchanged.same:
        yield from (s for s in case.uncounted if mentions_of(s, case.exchanged.gone))


def told_beside(case: Case) -> Iterator[Sentence]:
    """Yield what a wet read, or a call, still says of what left: under another name, or of another side or degree."""
    gone = case.exchanged.gone
    if not gone:
        return
    related = relation_of(gone).related - {case.exchanged.came}
    now = (m for s in case.after for m in mentions_of(s, gone)) if case.exchanged.same else ()
    come = {(m.side, m.severity) for m in now}
    for sentence in case.told_beside:
        stated = {(m.side, m.severity) for m in mentions_of(sentence, gone)} - come
        if stated or any(m.finding in related and m.assertion in STATED for m in sentence.mentions):
            yield sentence


def rest_of_nothing(case: Case) -> Iterator[Sentence]:
    """Yield "the remainder of the lungs" where no shadow is left that it would be the remainder of."""
    shadows = set(table("critic")["story"]["shadows"])
    there = {m.finding for s in case.after for m in s.mentions if m.assertion in STATED}
    if case.exchanged.gone in shadows and not there & shadows:
        yield from (s for s in case.own if says(s.text, "departure", "rest"))
    yield from _otherwise_than_what_left(case)


def _otherwise_than_what_left(case: Case) -> Iterator[Sentence]:
    """Yield "is otherwise normal" behind a sign that left: "The heart is shifted. It is otherwise normal."."""
    left = {key_of(s) for s in case.left if not mentions_of(s, case.exchanged.gone)}
    stayed = {key_of(s) for s in case.stayed}
    for before, sentence in pairwise(case.before):
        tied = before.section == sentence.section and key_of(before) in left
        said = set(words_of(sentence.text).split())
        if tied and key_of(sentence) in stayed and "otherwise" in said and said.isdisjoint(_LUNGS):
            yield sentence


def left_over(case: Case) -> Iterator[Sentence]:
    """Yield calls, faxes and wishes for older films, made for what left, and what older films showed of it."""
    if not case.exchanged.gone:
        return
    names = {case.exchanged.gone, *relation_of(case.exchanged.gone).related, *_read_as(case)}
    for sentence in case.stayed:
        kind = "older" if any(m.finding in names for m in sentence.mentions) else "leftovers"
        if (kind == "older" or not sentence.mentions) and says(sentence.text, "departure", kind):
            yield sentence


def _read_as(case: Case) -> set[str]:
    """Return the diseases that markings which left are read as."""
    marked = any(asserts(s.text, critic_words("departure", "markings")) for s in case.left)
    return set(table("critic")["story"]["interstitial"]) if marked else set()


def needs_another(case: Case) -> Iterator[Sentence]:
    """Yield "further sequela" where the first has left, and "parapneumonic" where no pneumonia is named."""
    if not case.exchanged.gone:
        return
    named = {m.finding for s in case.after for m in s.mentions if m.assertion in STATED}
    for sentence in case.stayed:
        gone = not case.exchanged.same or _left_beside(sentence, case)
        further = gone and says(sentence.text, "departure", "needing")
        caused = "pneumonia" not in named and says(sentence.text, "departure", "caused")
        if further or caused:
            yield sentence


def placed_by_it(case: Case) -> Iterator[Sentence]:
    """Yield what lies where what left lay ("in the same region"), and what takes it as known ("The lesion is")."""
    if not case.exchanged.gone or _came_to_its_place(case):
        return
    for sentence in case.stayed:
        words = any(says(sentence.text, "departure", kind) for kind in ("placed", "known"))
        if words and _antecedent_left(sentence, case):
            yield sentence


def _came_to_its_place(case: Case) -> bool:
    pairs = ((gone, came) for gone in case.gone_mentions for came in case.came_mentions)
    return case.exchanged.same and any(may_be_one(gone, came) for gone, came in pairs)


def summed_up(case: Case) -> Iterator[Sentence]:
    """Yield what sums up findings of which one has left: "Constellation of findings suggests heart failure."."""
    if case.exchanged.gone and not case.exchanged.same:
        for sentence in case.stayed:
            if says(sentence.text, "departure", "summed") and _left_beside(sentence, case):
                yield sentence


def _left_beside(sentence: Sentence, case: Case) -> bool:
    """Say whether what left stood in the section of a sentence."""
    return any(s.section == sentence.section and mentions_of(s, case.exchanged.gone) for s in case.left)


def _antecedent_left(sentence: Sentence, case: Case) -> bool:
    """Say whether the last sentence before one that states something stated what left, and is no longer there."""
    gone, left = case.exchanged.gone, {key_of(s) for s in case.left}
    section = [s for s in case.before if s.section == sentence.section]
    place = next((k for k, s in enumerate(section) if key_of(s) == key_of(sentence)), 0)
    for earlier in reversed(section[:place]):
        if earlier.kind in _QUIET or (not earlier.mentions and points_back(earlier.text)):
            continue
        return key_of(earlier) in left and bool(mentions_of(earlier, gone))
    return False


def same_size(case: Case) -> Iterator[Sentence]:
    """Yield sentences that give the size of what left, though they do not name it, or of a focus that may be it."""
    sizes = {words_of(m.measurement) for m in case.gone_mentions} - {""}
    foci = table("critic")["departure"]["foci"]
    for sentence in case.own:
        said = f" {words_of(sentence.text)} "
        focus = any(m.measurement and m.finding in foci for m in sentence.mentions)
        if any(f" {size} " in said for size in sizes) or (sizes and focus):
            yield sentence


def markings_stay(case: Case) -> Iterator[Sentence]:
    """Yield what still speaks of the interstitium where its markings left: "chronic interstitial disease"."""
    pattern = critic_words("departure", "markings")
    if not any(asserts(s.text, pattern) and mentions_of(s, case.exchanged.gone) for s in case.left):
        return
    same = case.exchanged.same  # what came says how they are now
    if same or not any(pattern.search(words_of(s.text)) for s in case.arrived):
        yield from (s for s in case.own if asserts(s.text, pattern))


RULES = {
    "departed-still-stated": still_stated,
    "departed-called-otherwise": called_otherwise,
    "departed-shown-by-a-sign": shown_by_a_sign,
    "departed-named-by-a-synonym": named_by_a_synonym,
    "departed-others-depend": depends_on_it,
    "departed-pointed-at": pointed_at,
    "departed-advised-on": find_advice,
    "departed-named-in-the-history": named_in_the_history,
    "departed-told-beside": told_beside,
    "departed-leaves-a-rest": rest_of_nothing,
    "departed-left-something-over": left_over,
    "departed-needed-by-another": needs_another,
    "departed-gives-a-place": placed_by_it,
    "departed-summed-up": summed_up,
    "departed-same-size": same_size,
    "departed-markings-stay": markings_stay,
}
