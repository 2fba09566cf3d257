"""`medcutmix inspect`: look at a run, a shard, one pair, written or not, or make a page or a sheet of many."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.page_options import PageOptions
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_record, with_settings
from medcutmix_cli.errors import UsageError

if TYPE_CHECKING:
    from medcutmix_cli.assembly.relocation import RunPlaces
    from medcutmix_cli.inspection.pair_record import PairView
    from medcutmix_cli.inspection.refused_view import RefusedView
    from medcutmix_cli.inspection.summary import Inspection

PAIR = "One pair"
_STRIP = 320
"""Side of a picture in a terminal that draws pixels."""

Target = Annotated[
    Path | None, typer.Argument(help="Run folder, or one shard.", metavar="RUN", show_default=False)
]
PairId = Annotated[
    str | None,
    typer.Option("--pair", help="Show the pair with this id.", metavar="ID", rich_help_panel=PAIR),
]
Index = Annotated[
    int | None,
    typer.Option(
        help="Show the pair at this index, from 0: pair 1 of all has index 0.",
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


@with_settings("inspect")
@with_record("page", PageOptions)
def inspect(
    context: typer.Context,
    settings: Mapping[str, Any],
    page: Mapping[str, Any],
    path: Target = None,
    schema: Schema = False,
    pair: PairId = None,
    index: Index = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show what a run or a shard holds: counts, reasons, weights, and one pair with its maps and report."""
    from medcutmix_cli.assembly.relocation import RunPlaces

    if pair is not None and index is not None:
        raise UsageError("--pair and --index both choose a pair", hint="give one of them")
    session = Session.of(context, quiet=quiet)
    if schema:
        if page["html"] or page["sheet"] or pair is not None or index is not None:
            raise UsageError("--schema tells columns, not pairs", hint="leave out --pair, --index and --html")
        _tell_schema(path, session, json=json)
        return
    if path is None:
        raise UsageError(
            "which run or shard?", hint="give its path, or --schema for the columns of this version"
        )
    chosen = _Chosen(pair, index, page["pictures"] or "auto")
    _tell_contents(path, session, chosen, page, RunPlaces(**settings), json=json)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Which pair was asked for, and how its pictures are printed."""

    pair: str | None
    index: int | None
    pictures: str

    @property
    def any(self) -> bool:
        return self.pair is not None or self.index is not None


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
    chosen: _Chosen,
    page: Mapping[str, Any],
    places: RunPlaces,
    *,
    json: bool,
) -> None:
    from medcutmix_cli.inspection.summary import inspect as inspect_path

    inspection = inspect_path(path)
    refused = _refused(path, chosen, places)
    written = _write(path, page, places, session)
    shown = chosen.any or not (json or written)
    view = _view(path, inspection, chosen) if shown and refused is None else None
    if json:
        print_json("inspection", inspection, **_document(inspection, view, refused, written))
    elif not session.quiet:
        _show(path, inspection, view or refused, written, chosen, places)


def _document(
    inspection: Inspection,
    view: PairView | None,
    refused: RefusedView | None,
    written: Mapping[str, Mapping[str, object]],
) -> dict[str, object]:
    from medcutmix_cli.inspection.refused_view import as_plain

    pair = None if view is None else {n: v for n, v in asdict(view).items() if n not in ("picture", "warp")}
    return {
        "demonstration": inspection.demonstration,
        "pair": pair,
        "refused": as_plain(refused) if refused else None,
        "html": written.get("page"),
        "sheet": written.get("sheet"),
    }


def _refused(path: Path, chosen: _Chosen, places: RunPlaces) -> RefusedView | None:
    """Render the pair that was asked for once more, where it was not written."""
    from medcutmix_cli.inspection.pair_view import has_pair
    from medcutmix_cli.inspection.refused_view import RefusedPairs
    from medcutmix_cli.run.folder import RunFolder

    if chosen.pair is None or not RunFolder(path).is_run() or has_pair(path, chosen.pair):
        return None
    pairs = RefusedPairs(path, places)
    found = pairs.find(chosen.pair)
    return pairs.view(found) if found else None


def _view(path: Path, inspection: Inspection, chosen: _Chosen) -> PairView | None:
    from medcutmix_cli.inspection.pair_view import first_exchange, pair_view

    if not (chosen.any or inspection.rows):
        return None
    index = (chosen.index or 0) if chosen.any else first_exchange(path)
    return pair_view(path, pair_id=chosen.pair, index=index, picture=True)


def _write(
    path: Path, page: Mapping[str, Any], places: RunPlaces, session: Session
) -> dict[str, dict[str, object]]:
    """Write the page and the sheet that were asked for."""
    from medcutmix_cli.system.progress import meter

    written: dict[str, dict[str, object]] = {}
    pairs, rejected = page["pairs"], page["rejected"] or 0
    if page["html"]:
        from medcutmix_cli.gallery import write_gallery

        whole = bool(page["self_contained"])
        with meter(quiet=session.quiet) as progress:
            count = write_gallery(
                path,
                page["html"],
                pairs,
                **asdict(places),
                self_contained=whole,
                rejected=rejected,
                progress=progress,
            )
        written["page"] = {"file": str(page["html"]), "pairs": count}
    if page["sheet"]:
        from medcutmix_cli.gallery.sheet import PAIRS, write_sheet

        count = write_sheet(path, page["sheet"], pairs or PAIRS, rejected=rejected, **asdict(places))
        written["sheet"] = {"file": str(page["sheet"]), "pairs": count}
    return written


def _show(
    path: Path,
    inspection: Inspection,
    view: PairView | RefusedView | None,
    written: Mapping[str, Mapping[str, object]],
    chosen: _Chosen,
    places: RunPlaces,
) -> None:
    from medcutmix_cli.inspection.pair_record import PairView
    from medcutmix_cli.terminal import inspection_view, output, pair_panel, refused_panel

    console = output()
    for kind, told in written.items():
        console.print(f"pairs: {told['pairs']}, {kind}: {told['file']}", markup=False, soft_wrap=True)
    if not (written or chosen.any):
        console.print(inspection_view(inspection), "")
    if view is None:
        return
    panel = pair_panel(view, inspection.rows) if isinstance(view, PairView) else refused_panel(view)
    console.print(panel)
    _print_pictures(path, view, chosen.pictures, places)


def _print_pictures(path: Path, view: PairView | RefusedView, asked: str, places: RunPlaces) -> None:
    """Print a pair's pictures where the terminal can show them, or where it was said how."""
    from medcutmix_cli.terminal.pictures import HalfBlocks, picture_text, picture_way
    from medcutmix_cli.terminal.words import output

    way = picture_way(asked, sys.stdout)
    if way == "none":
        return
    strip, names = _strip(path, view, places)
    console = output()
    console.print("", f"Pictures: {names}", sep="\n")
    if way == "blocks":
        console.print(HalfBlocks(strip))
    else:
        sys.stdout.write(picture_text(strip, way) + "\n")


def _strip(path: Path, view: PairView | RefusedView, places: RunPlaces) -> tuple[Any, str]:
    from medcutmix_cli.inspection.pair_record import PairView
    from medcutmix_cli.inspection.parent_images import ParentImages
    from medcutmix_cli.inspection.strips import pair_strip, refused_strip
    from medcutmix_cli.run.contents import open_contents

    if isinstance(view, PairView):
        parents = ParentImages(open_contents(path).record, places)
        return pair_strip(view, parents, _STRIP), "recipient, donor, mix"
    return refused_strip(view, _STRIP), "recipient, donor"
