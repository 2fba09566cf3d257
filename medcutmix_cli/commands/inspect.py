"""`medcutmix inspect`: look at a run, a shard, one pair, or make a page of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.errors import UsageError

if TYPE_CHECKING:
    from medcutmix_cli.inspection.pair_record import PairView
    from medcutmix_cli.inspection.summary import Inspection

PAIR, PAGE = "One pair", "Page"

Target = Annotated[
    Path | None, typer.Argument(help="Run folder, or one shard.", metavar="PATH", show_default=False)
]
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
Schema = Annotated[
    bool,
    typer.Option(
        "--schema", help="Print every column and what it means: of PATH, or of this version without."
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(help="Write a self-contained page to this file.", metavar="FILE", rich_help_panel=PAGE),
]
Pairs = Annotated[
    int,
    typer.Option(help="How many pairs the page shows.", metavar="N", min=1, rich_help_panel=PAGE),
]


@with_settings("inspect")
def inspect(
    context: typer.Context,
    settings: Mapping[str, Any],
    path: Target = None,
    schema: Schema = False,
    pair: PairId = None,
    index: Index = None,
    html: Html = None,
    pairs: Pairs = 10,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show what a run or a shard holds: counts, reasons, weights, and one pair with its maps and report."""
    if pair is not None and index is not None:
        raise UsageError("--pair and --index both choose a pair", hint="give one of them")
    session = Session.of(context, quiet=quiet)
    if schema:
        if html or pair is not None or index is not None:
            raise UsageError("--schema tells columns, not pairs", hint="leave out --pair, --index and --html")
        _tell_schema(path, session, json=json)
        return
    if path is None:
        raise UsageError(
            "which run or shard?", hint="give its path, or --schema for the columns of this version"
        )
    _tell_contents(path, session, pair, index, html, pairs, settings["dataset"], json=json)


def _tell_schema(path: Path | None, session: Session, *, json: bool) -> None:
    """Tell columns; reads a footer at most, and never the run."""
    from medcutmix_cli.inspection.schema import schema_view

    view = schema_view(path)
    if json:
        print_json("schema", view, readable=view.readable)
    elif not session.quiet:
        from medcutmix_cli.terminal.schemas import schema_table
        from medcutmix_cli.terminal.words import output

        output().print(schema_table(view))


def _tell_contents(
    path: Path,
    session: Session,
    pair: str | None,
    index: int | None,
    html: Path | None,
    pairs: int,
    dataset: Path | None,
    *,
    json: bool,
) -> None:
    from medcutmix_cli.inspection.summary import inspect as inspect_path

    inspection = inspect_path(path)
    page = _write_page(path, html, pairs, dataset) if html else None
    view = _chosen(inspection, path, pair, index, always=not (json or html))
    if json:
        more = {"demonstration": inspection.demonstration, "pair": _without_picture(view), "html": page}
        print_json("inspection", inspection, **more)
    elif not session.quiet:
        _show(inspection, view, page, overview=pair is None and index is None)


def _chosen(
    inspection: Inspection, path: Path, pair: str | None, index: int | None, *, always: bool
) -> PairView | None:
    from medcutmix_cli.inspection.pair_view import first_exchange, pair_view

    asked = pair is not None or index is not None
    if not asked and not (always and inspection.rows):
        return None
    return pair_view(path, pair_id=pair, index=(index or 0) if asked else first_exchange(path))


def _without_picture(view: PairView | None) -> dict[str, object] | None:
    if view is None:
        return None
    return {name: value for name, value in asdict(view).items() if name not in ("picture", "warp")}


def _write_page(path: Path, html: Path, pairs: int, dataset: Path | None) -> dict[str, object]:
    from medcutmix_cli.gallery import write_gallery

    return {"file": str(html), "pairs": write_gallery(path, html, pairs, dataset=dataset)}


def _show(
    inspection: Inspection,
    view: PairView | None,
    page: dict[str, object] | None,
    *,
    overview: bool,
) -> None:
    from medcutmix_cli.terminal import inspection_view, output, pair_panel

    console = output()
    if page:
        console.print(f"pairs: {page['pairs']}, page: {page['file']}", markup=False, soft_wrap=True)
    elif overview:
        console.print(inspection_view(inspection), "")
    if view:
        console.print(pair_panel(view, inspection.rows))
