"""What a report and its picture count as in the shape of a set: labels, device, view, sides. Opens no picture."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, Entity, Mention, Sentence, Side
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.run.row_counts import RowCounts
from medcutmix_cli.run.shards import Row
from medcutmix_cli.sides import side_word

_DEVICE = "Support Devices"
KEY_BYTES = 8


def traits_of(
    labels: Iterable[float], view: str, named: Iterable[Mention] | Iterable[Entity]
) -> tuple[str, ...]:
    """Return what is there, by name and in order: "label: Edema", "device: yes", "view: PA", "side: left".

    Args:
        labels: One value per CheXpert observation; a device is a trait of its own.
        view: Of the picture; "" where unknown, which is no trait.
        named: Findings that the report names.
    """
    return name_traits(labels, view, (m.side for m in named if m.assertion is Assertion.PRESENT))


def name_traits(labels: Iterable[float], view: str, sides: Iterable[Side]) -> tuple[str, ...]:
    """Return what `traits_of` does; `sides` are those of the findings that are there."""
    traits = {f"label: {name}" for name, value in zip(CHEXPERT, labels, strict=True) if value == 1.0}
    if f"label: {_DEVICE}" in traits:
        traits = traits - {f"label: {_DEVICE}"} | {"device: yes"}
    traits |= {f"side: {word}" for side in sides if (word := side_word(side))}
    return tuple(sorted(traits | ({f"view: {view}"} if view else set())))


def count_row(counts: RowCounts, row: Row) -> None:
    """Count a row of a shard, with the traits that `traits_of` gives its report and picture."""
    there = (entity["side"] for entity in row["entities"] if entity["assertion"] == str(Assertion.PRESENT))
    traits = name_traits(row["label_mixed"], row["view_a"], map(Side, there))
    counts.add(row["finding"], row["study_id_a"], row["study_id_b"], traits)


def sentence_keys(sentences: Iterable[Sentence]) -> bytes:
    """Return 8 bytes a sentence, the same for the same words: enough to count how many different ones there are."""
    return b"".join(
        blake2b(fold(s.text).lower().encode("utf-8"), digest_size=KEY_BYTES).digest() for s in sentences
    )
