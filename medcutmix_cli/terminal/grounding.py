"""An evaluation of maps: a table of scores with their intervals, what was left out, and what each number means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.runs import encoder_warning
from medcutmix_cli.terminal.words import decimal, facts, plain_table, printable, quantity, warning

if TYPE_CHECKING:
    from medcutmix_cli.evaluation import BootstrapMean, MapEvaluation, MapScore


def map_evaluation_view(found: MapEvaluation) -> RenderableType:
    """Render the scores, the account of boxes, the definitions and the encoder."""
    return Group(*_blocks(found))


def _blocks(found: MapEvaluation) -> Iterator[RenderableType]:
    yield _scores(found)
    yield ""
    yield facts(_account(found))
    yield ""
    yield facts({name: Text(text, style="dim") for name, text in found.definitions.items()})
    told = encoder_warning(asdict(found.encoder))
    if told:
        yield Padding(warning(told), (1, 0, 0, 0))


def _scores(found: MapEvaluation) -> Table:
    table = plain_table("finding", "boxes", "pictures", "chance", "pointing", "CNR", "mIoU")
    for score in found.findings:
        table.add_row(*_cells(score))
    table.add_section()
    for score in (found.all_targets, found.mean)[: 2 if len(found.findings) > 1 else 1]:
        table.add_row(*_cells(score), style="bold")
    return table


def _cells(score: MapScore) -> tuple[str | Text, ...]:
    counts = (f"{score.boxes:,}", f"{score.pictures:,}", decimal(score.chance, 2))
    return (printable(score.name), *counts, *map(_estimate, (score.pointing, score.cnr, score.miou)))


def _estimate(estimate: BootstrapMean) -> Text:
    """Write a mean, and its interval below it."""
    if estimate.low != estimate.low:
        return Text(decimal(estimate.value, 2))
    interval = f"{decimal(estimate.low, 2)}-{decimal(estimate.high, 2)}"
    return Text.assemble(decimal(estimate.value, 2), "\n", (interval, "not bold dim"))


def _account(found: MapEvaluation) -> dict[str, Text | str | Table]:
    rows: dict[str, Text | str | Table] = {
        "Boxes": _boxes(found),
        "Signed CNR": _signed(found.all_targets.contrast),
        "Encoder": _encoder(found),
    }
    if found.prompts:
        rows["Prompts"] = "\n".join(
            f"{finding}: {sentence}" for finding, sentence in sorted(found.prompts.items())
        )
    if found.noted:
        rows["Noted"] = ", ".join(f"{name} {count:,}" for name, count in found.noted.items())
    return rows


def _signed(contrast: BootstrapMean) -> str:
    interval = f" ({contrast.low:+.2f} to {contrast.high:+.2f})" if contrast.low == contrast.low else ""
    return f"{contrast.value:+.2f}{interval} over all targets; below 0 a map is darker where the boxes are"


def _boxes(found: MapEvaluation) -> str:
    used = (
        f"{found.boxes_read:,} in ({found.kind}): {found.boxes:,} used ({quantity(found.targets, 'target')}, "
    )
    used += f"{quantity(found.pictures, 'picture')}), {sum(found.dropped.values()):,} dropped"
    reasons = (f"\n{count:>7,}  {name}" for name, count in found.dropped.items())
    return used + "".join(reasons)


def _encoder(found: MapEvaluation) -> str:
    card = found.encoder
    parts = (
        card.map_kind,
        f"{card.grid[0]} x {card.grid[1]} cells",
        card.precision,
        f"weights {card.weights_sha256[:12]}",
    )
    note = f". {card.note}" if card.note and not card.demonstration else ""
    return f"{card.name} ({', '.join(parts)}){note}"
