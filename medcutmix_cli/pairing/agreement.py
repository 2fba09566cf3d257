"""Does a donor's report agree with what it is to give? A finding that the same report doubts elsewhere is not given."""

from __future__ import annotations

from collections.abc import Iterable

from medcutmix_cli.pairing.consistency import contradiction
from medcutmix_cli.pairing.normals import contradicted_statements, denials, speaks_of_the_rest, whole_chest
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.sides import meet


def disagreement(reading: Reading, finding: str) -> str:
    """Name the first thing in a report that stands against its own statement of a finding; "" where nothing does.

    "donor-contradicts-itself": the finding, or what stands for it ("The lungs are clear."), is denied at its place, or
    the impression has it on the other side. "donor-hedges-the-finding": it is doubted there.
    "donor-calls-the-chest-normal": "No acute abnormality." beside a finding that is acute.
    """
    counted = counted_sentences(reading)
    stated = [m for s in counted for m in _of(s, finding) if m.assertion is Assertion.PRESENT]
    inside = [m for s in counted if s.section == "impression" for m in _of(s, finding)]
    outside = [m for s in counted if s.section != "impression" for m in _of(s, finding)]
    if contradiction(inside, outside) or any(_denied(s, stated) for s in counted):
        return "donor-contradicts-itself"
    if any(_hedged(s, stated) for s in counted):
        return "donor-hedges-the-finding"
    normal = any(set(contradicted_statements(s, finding)) & set(whole_chest(s.text)) for s in counted)
    return "donor-calls-the-chest-normal" if normal else ""


def _of(sentence: Sentence, finding: str) -> list[Mention]:
    return [m for m in sentence.mentions if m.finding == finding]


def _denied(sentence: Sentence, stated: Iterable[Mention]) -> bool:
    """Say whether a sentence denies what is stated; "The lungs are otherwise clear." does not."""
    return not speaks_of_the_rest(sentence.text) and any(denials(sentence, m.finding, m.side) for m in stated)


def _hedged(sentence: Sentence, stated: Iterable[Mention]) -> bool:
    doubted = [m for m in sentence.mentions if m.assertion is Assertion.UNCERTAIN]
    return any(d.finding == m.finding and meet(d.side, m.side) for m in stated for d in doubted)
