"""Labels of a form's lines ("Pleura: Small effusion. No pneumothorax.") while sentences behind them leave and come.

A label stays as long as something stands behind it, and what comes stands behind the label of its own organ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from medcutmix_cli.pairing.normals import of_the_lung
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Sentence
from medcutmix_cli.reports.form_parts import label_length

_OF_LUNG = re.compile(r"\b(?:lungs?|pulmonary|airways?|parenchyma)\b")
_OF_PLEURA = re.compile(r"\bpleura")


def labels_over(sentences: Iterable[Sentence]) -> dict[Sentence, str]:
    """Return sentence -> the label that holds for it, its own or the last before it, in lower case; "" for none."""
    labels: dict[Sentence, str] = {}
    last: dict[str, str] = {}
    for sentence in sentences:
        own = sentence.text[: label_length(sentence.text)].rstrip(" :-–—\r\n").lower()
        label = own or last.get(sentence.section, "")
        labels[sentence] = last[sentence.section] = label
    return labels


def fits(label: str, coming: Sentence) -> bool:
    """Say whether what a sentence asserts lies in the organ that a label names."""
    present = {m.finding for m in coming.mentions if m.assertion is Assertion.PRESENT}
    in_pleura = not present.isdisjoint(table("giving")["likeness"]["pleural"])
    if in_pleura and _OF_PLEURA.search(label):
        return True
    return any(map(of_the_lung, present)) and _OF_LUNG.search(label) is not None


def repeats(label: str, coming: Sentence) -> bool:
    """Say whether a sentence begins with the label's own word: "Lungs: Lungs show a mass."."""
    return coming.text.lower().startswith(label)


def end_of_organ(labels: Mapping[Sentence, str], coming: Sentence) -> int | None:
    """Return where a form has told what it tells of the organ that something comes into; None without such a label."""
    return max((s.end for s, label in labels.items() if fits(label, coming)), default=None)


def stands_elsewhere(sentence: Sentence, labels: Mapping[Sentence, str], coming: Sentence) -> bool:
    """Say whether a form has another line in its section for what comes than that of a sentence."""
    misplaced = labels[sentence] and not fits(labels[sentence], coming)
    beside = (label for s, label in labels.items() if s.section == sentence.section)
    return bool(misplaced) and any(fits(label, coming) for label in beside)
