"""One attended map in numbers: what was asked, where the peak is, the mask, and how strong the evidence is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.inspection.map_view import evidence_words, mask_words, number, peak_words, query_words
from medcutmix_cli.terminal.runs import encoder_warning
from medcutmix_cli.terminal.words import facts, printable, quantity, warning

if TYPE_CHECKING:
    from medcutmix_cli.inspection.map_view import MapView


def map_view(seen: MapView) -> RenderableType:
    """Render the numbers of a map; the sentence is not among them."""
    placement = seen.canvas.placement
    rows: dict[str, Text | str | Table] = {
        "Picture": f"{placement.source_width} x {placement.source_height} pixels, canvas {placement.canvas}",
        "Sentence": query_words(seen.asked),
        "Encoder": f"{seen.encoder.name}, {seen.encoder.map_kind} maps, {seen.device}",
        "Map": _map(seen),
        "Peak": peak_words(seen.peak),
        "Mask": mask_words(seen),
        "Evidence": _evidence(seen),
    }
    return Group(facts(rows), *_warnings(seen))


def _map(seen: MapView) -> str:
    rows, columns = seen.scores.shape
    grid = f"{rows} x {columns} cells"
    if not seen.seen.any():
        return f"{grid}, none of the picture has a score"
    low, high = seen.span
    unseen = int((seen.inside & ~seen.seen).sum())
    beyond = f", {quantity(unseen, 'cell')} of the picture not seen by the encoder" if unseen else ""
    return f"{grid}, scores {number(low)} to {number(high)}{beyond}"


def _evidence(seen: MapView) -> Text:
    style = {True: "green", False: "yellow", None: ""}[seen.evidence.kept]
    return Text(printable(evidence_words(seen)), style=style)


def _warnings(seen: MapView) -> Iterator[RenderableType]:
    texts = [encoder_warning(asdict(seen.encoder)) or seen.encoder.note]
    if seen.peak and seen.peak.score < seen.span[1]:
        texts.append(f"A higher score, {number(seen.span[1])}, lies at the map's edge, which does not count")
    if seen.cut_tokens:
        limit = f" of {seen.encoder.text_limit} tokens" if seen.encoder.text_limit else ""
        texts.append(
            f"The sentence is too long: {quantity(seen.cut_tokens, 'token')} beyond the limit{limit} cut off"
        )
    for text in filter(None, texts):
        yield Padding(warning(text), (1, 0, 0, 0))
