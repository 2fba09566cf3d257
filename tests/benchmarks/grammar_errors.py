"""How often the grammar check of donor and cut sentences errs, on Open-i's sentences as they are and as we break them.

    python tests/benchmarks/grammar_errors.py OPEN_I [--write]

False refusals are counted on the original sentences (those that lost words to de-identification, and single words, left
out), misses on the diagnostic ones that it takes, each broken in one way. Prints no report text.
"""

import argparse
import random
import re
from collections import Counter
from pathlib import Path

from medcutmix_cli.evaluation.gold import read_texts
from medcutmix_cli.pairing.grammar import broken_shape, has_sentence_shape
from medcutmix_cli.records import Sentence, SentenceKind
from medcutmix_cli.reports.reader import ReportReader

PAGE = Path(__file__).with_name("GRAMMAR.md")
ENDINGS = {
    "ends at a verb": r"\b(?:is|are|was|has|have|appears|demonstrates)\b",
    "ends at a preposition": r"\b(?:of|in|at|with|within|on|to|from)\b",
    "ends at an article": r"\b(?:a|an|the)\b",
    "ends at a conjunction": r"\b(?:and|or)\b",
}
BEGINNINGS = {
    "begins at a verb": r"\b(?:is|are|has|have)\b",
    "begins at a preposition": r"\b(?:of|in|at|with|within|on)\b",
}
KINDS = (
    *ENDINGS,
    *BEGINNINGS,
    "a word twice",
    "verb of the other number",
    "the finding's words cut out",
    "last word off",
)


def sentences_of(folder: Path) -> list[Sentence]:
    """Return the different sentences of the reports."""
    reader = ReportReader()
    texts = read_texts(folder / "indiana_reports.csv").by_key.values()
    found = {" ".join(s.text.split()): s for text in texts for s in reader.read(text).sentences}
    return [s for text, s in found.items() if "XXX" not in text and len(text.split()) > 1]


def break_sentence(sentence: Sentence, kind: str, rng: random.Random) -> str | None:
    """Return the text broken in one way; None where that cannot be."""
    text, words = sentence.text, sentence.text.rstrip(".").split()
    if kind in ENDINGS:
        ends = [m.end() for m in re.finditer(ENDINGS[kind], text, re.IGNORECASE)]
        return text[: rng.choice(ends)] + "." if ends else None
    if kind in BEGINNINGS:
        found = re.search(BEGINNINGS[kind], text)
        return text[found.start() :] if found and found.start() else None
    if kind == "a word twice":
        at = rng.randrange(len(words))
        return " ".join([*words[: at + 1], *words[at:]]) + "."
    if kind == "verb of the other number":
        other = {"There is": "There are", "There are": "There is"}
        start = " ".join(words[:2])
        return other[start] + text[len(start) :] if start in other else None
    if kind == "last word off":
        return " ".join(words[:-1]) + "." if len(words) > 2 else None
    mention = sentence.mentions[0]
    return text[: mention.start - sentence.start] + text[mention.end - sentence.start :]


def page(sentences: list[Sentence]) -> str:
    """Return the tables."""
    diagnostic = [s for s in sentences if s.kind is SentenceKind.DIAGNOSTIC]
    lines = [
        "# The grammar check in figures",
        "",
        "Made by `python tests/benchmarks/grammar_errors.py OPEN_I --write`.",
        "",
    ]
    lines += [
        "## False refusals: sentences of Open-i as they are",
        "",
        "| sentences | | refused | share |",
        "|---|---|---|---|",
    ]
    for name, listed in (("all", sentences), ("diagnostic", diagnostic)):
        refused = sum(not has_sentence_shape(s.text) for s in listed)
        lines.append(f"| {name} | {len(listed):,} | {refused} | {refused / len(listed):.1%} |")
    shapes = Counter(filter(None, (broken_shape(s.text) for s in diagnostic)))
    lines += [
        "",
        "By shape, diagnostic: " + ", ".join(f"{n} {shape}" for shape, n in shapes.most_common()) + ".",
    ]
    lines += [
        "",
        "## Misses: diagnostic sentences that are taken, broken in one way",
        "",
        "| broken so | | missed | share |",
    ]
    lines.append("|---|---|---|---|")
    whole = [s for s in diagnostic if has_sentence_shape(s.text)]
    for kind in KINDS:
        rng = random.Random(kind)
        broken = [text for s in whole if (text := break_sentence(s, kind, rng))]
        missed = sum(map(has_sentence_shape, broken))
        lines.append(f"| {kind} | {len(broken):,} | {missed} | {missed / len(broken):.1%} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the page, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("open_i", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    text = page(sentences_of(given.open_i))
    if given.write:
        kept = PAGE.read_text(encoding="utf-8").partition("\n## What")[2] if PAGE.exists() else ""
        PAGE.write_text(text + ("\n## What" + kept if kept else ""), encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
