"""What the evidence gate of a run promises: one line where every finding has the whole of it, else a line a finding."""

from __future__ import annotations

from collections.abc import Mapping

from rich.padding import Padding
from rich.table import Table

from medcutmix_cli.records import Guarantee
from medcutmix_cli.run.guarantees import percent
from medcutmix_cli.terminal.words import printable, quantity


def gate_view(gate: str, guarantees: Mapping[str, Guarantee]) -> Table:
    """Render the promise of a run; findings that have less of it are told with their negatives, and those with none."""
    told = _without_lone_split(guarantees)
    less = {name: each for name, each in told.items() if not (each.whole or each.refused)}
    whole = [each for each in told.values() if each.whole]
    refused = [f"{printable(name)} ({each.nulls:,})" for name, each in told.items() if each.refused]
    table = Table.grid()
    table.add_column(overflow="fold")
    if less:
        share = 100 * next(iter(less.values())).alpha
        table.add_row(f"Confidence that at most {share:g}% of pictures without the finding pass:")
        table.add_row(Padding(_by_confidence(whole, less), (0, 0, 0, 2)))
    elif whole:
        table.add_row(f"{_whole(whole[0])}: {quantity(len(whole), 'finding')}")
    if refused:
        needed = f" ({least:,} needed)" if (least := max(each.least for each in told.values())) else ""
        table.add_row(f"Not mixed, too few negatives{needed}: {', '.join(refused)}")
    if not told:
        table.add_row(f"{printable(gate)}: nothing is guaranteed")
    return table


def _whole(guarantee: Guarantee) -> str:
    kept = f"at most {100 * guarantee.alpha:g}% without the finding pass"
    return f"{percent(guarantee.wanted)} confidence that {kept}" if guarantee.wanted else f"On average {kept}"


def _by_confidence(whole: list[Guarantee], less: Mapping[str, Guarantee]) -> Table:
    """Return the findings that have the whole promise on one line, and each of the others on its own."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(justify="right")
    lines.add_column(overflow="fold")
    if whole:
        lines.add_row(percent(whole[0].wanted), quantity(len(whole), "finding"))
    for name, each in sorted(less.items(), key=lambda entry: -entry[1].confidence):
        lines.add_row(percent(each.confidence), f"{printable(name)}: {quantity(each.nulls, 'negative')}")
    return lines


def _without_lone_split(guarantees: Mapping[str, Guarantee]) -> dict[str, Guarantee]:
    """Leave the split out of the keys where there is but one."""
    lone = len({key.partition("/")[0] for key in guarantees}) == 1
    return {key.partition("/")[2] if lone else key: each for key, each in guarantees.items()}
