"""What a donor's report says, or doubts, that the shadow is which it gives: the words stay behind, the pixels do not.

"Opacity in the left base." comes alone from "Opacity in the left base, which may be pneumonia.": nothing may deny a
pneumonia there then. What is said of another lesion is not said of this one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from medcutmix_cli.findings import SHADOW_CAUSES
from medcutmix_cli.pairing.references import antecedents
from medcutmix_cli.pairing.shadows import Naming, at_one_place, tells_of_another
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.lexicon import label_of

_NAMED = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN})


def causes_of(reading: Reading, finding: str, said: Collection[Assertion] = _NAMED) -> tuple[Mention, ...]:
    """Return the mentions of what a shadow that a report asserts is, or may be.

    Args:
        reading: The donor's report.
        finding: Lexicon id of the shadow; there are none of what is no word for a shadow.
        said: How they are said.
    """
    labels = SHADOW_CAUSES.get(finding, ())
    if not labels:
        return ()
    sentences = counted_sentences(reading)
    named = [Naming(s, m) for s in sentences for m in s.mentions]
    shadow = [n for n in named if n.finding == finding and n.mention.assertion is Assertion.PRESENT]
    about = antecedents(sentences)
    return tuple(
        n.mention
        for n in named
        if n.mention.assertion in said
        and label_of("chexpert").get(n.mention.finding) in labels
        and _is_of(n, shadow, about.get(n.sentence))
    )


def doubted_labels(reading: Reading, finding: str) -> tuple[str, ...]:
    """Return the CheXpert observations that a shadow may be by the doubts of the report that gives it, sorted."""
    doubts = causes_of(reading, finding, {Assertion.UNCERTAIN})
    return tuple(sorted({label_of("chexpert")[m.finding] for m in doubts}))


def _is_of(named: Naming, shadow: Sequence[Naming], before: Sentence | None) -> bool:
    """Say whether a name is of one of some shadows: its sentence speaks of it, or nothing puts it elsewhere."""
    if any(one.sentence is before for one in shadow):
        return True
    apart = tells_of_another(named.sentence)
    return any(
        at_one_place(one.mention, named.mention) and not (apart and one.sentence is not named.sentence)
        for one in shadow
    )
