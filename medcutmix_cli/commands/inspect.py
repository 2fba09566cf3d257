"""`medcutmix inspect`: look at a run, a shard, one pair, or make a page of several."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.errors import UsageError

if TYPE_CHECKING:
    from medcutmix_cli.inspection import Inspection
    from medcutmix_cli.pair_view import PairView

PAIR, PAGE = "One pair", "Page"

Target = Annotated[Path, typer.Argument(help="Run folder, or one shard.", metavar="PATH")]
PairId = Annotated[
    str | None,
    typer.Option("--pair", help="Show the pair with this id.", metavar="ID", rich_help_panel=PAIR),
]
Index = Annotated[
    int | None,
    typer.Option(
        help="Show the pair at this position, from 0.",
        metavar="N",
        min=0,
        rich_help_panel=PAIR,
    ),
]
Schema = Annotated[bool, typer.Option("--schema", help="Print every column and what it means.")]
Html = Annotated[
    Path | None,
    typer.Option(help="Write a self-contained page to this file.", metavar="FILE", rich_help_panel=PAGE),
]
Pairs = Annotated[
    int,
    typer.Option(help="How many pairs the page shows.", metavar="N", min=1, rich_help_panel=PAGE),
]


def inspect(
    context: typer.Context,
    path: Target,
    schema: Schema = False,
    pair: PairId = None,
    index: Index = None,
    html: Html = None,
    pairs: Pairs = 10,
    dataset: opt.MovedDataset = None,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Show what a run or a shard holds: counts, reasons, weights, and one pair with its maps and report."""
    from medcutmix_cli.inspection import inspect as inspect_path

    if pair is not None and index is not None:
        raise UsageError("--pair and --index both choose a pair", hint="give one of them")
    session = Session.of(context, quiet=quiet)
    inspection = inspect_path(path)
    page = _write_page(path, html, pairs, dataset) if html else None
    view = _chosen(inspection, path, pair, index, always=not (json or html or schema))
    if json:
        more = {"demonstration": inspection.demonstration, "pair": _without_picture(view), "html": page}
        print_json("inspection", inspection, **more)
    elif not session.quiet:
        _show(inspection, view, page, schema=schema, overview=pair is None and index is None)


def _chosen(
    inspection: Inspection, path: Path, pair: str | None, index: int | None, *, always: bool
) -> PairView | None:
    from medcutmix_cli.pair_view import pair_view

    asked = pair is not None or index is not None
    if not asked and not (always and inspection.rows):
        return None
    return pair_view(path, pair_id=pair, index=index or 0)


def _without_picture(view: PairView | None) -> dict[str, object] | None:
    if view is None:
        return None
    return {name: value for name, value in asdict(view).items() if name != "picture"}


def _write_page(path: Path, html: Path, pairs: int, dataset: Path | None) -> dict[str, object]:
    from medcutmix_cli.gallery import write_gallery

    return {"file": str(html), "pairs": write_gallery(path, html, pairs, dataset=dataset)}


def _show(
    inspection: Inspection,
    view: PairView | None,
    page: dict[str, object] | None,
    *,
    schema: bool,
    overview: bool,
) -> None:
    from medcutmix_cli.terminal import inspection_view, output, pair_panel, schema_view

    console = output()
    if schema:
        console.print(schema_view(inspection))
        return
    if page:
        console.print(f"pairs: {page['pairs']}, page: {page['file']}", markup=False, soft_wrap=True)
    elif overview:
        console.print(inspection_view(inspection), "")
    if view:
        console.print(pair_panel(view, inspection.rows))
