"""One pair that was not written as HTML: its pictures with the rule drawn over them, and the rule in words."""

from __future__ import annotations

from string import Template

import numpy as np

from medcutmix_cli.gallery.markup import resource
from medcutmix_cli.gallery.pairs import exchange_html, figure_html, outlines_svg
from medcutmix_cli.gallery.picture_stores import PictureStore
from medcutmix_cli.gallery.pictures import cells_path, heat_uri, jpeg_bytes, outline_path
from medcutmix_cli.gallery.report import diff_html
from medcutmix_cli.inspection.refused_view import Cells, RefusedParentView, RefusedView
from medcutmix_cli.sides import side_adjective
from medcutmix_cli.system.plain_text import escape_html as escape


def refused_html(view: RefusedView, store: PictureStore) -> str:
    """Return the article of one pair."""
    return Template(resource("refused.html")).substitute(
        exchange=exchange_html(view.exchange),
        facts=f"<code>{escape(view.pair_id)}</code>, {escape(view.split)}, {escape(view.strategy)}",
        state=escape(view.outcome),
        rule=escape(view.rule),
        reason="".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in _reason(view).items()),
        figures=_figure("Recipient", view.recipient, view, store) + _figure("Donor", view.donor, view, store),
        diff=diff_html(view.diff),
    )


def _reason(view: RefusedView) -> dict[str, str]:
    told = {"what happened": view.reason.what, "why": view.reason.why} if view.reason else {}
    told |= {"measured": "; ".join(view.details), "today": view.now}
    told |= {"what to do": view.reason.advice} if view.reason else {}
    return {name: said for name, said in told.items() if said}


def _figure(role: str, parent: RefusedParentView, view: RefusedView, store: PictureStore) -> str:
    where = ", ".join(part for part in (parent.view, side_adjective(parent.side)) if part)
    evidence = "" if parent.ground_p is None else f", ground_p {parent.ground_p:.3f}"
    who = f"{parent.study_id}, {parent.subject_id}, {where}{evidence}"
    sentence = f'<span class="sentence">{escape(parent.sentence)}</span>' if parent.sentence else ""
    return figure_html(
        role.lower(),
        _layers(role, parent, view, store),
        f'<b>{role}</b><span class="who">{escape(who)}</span>{sentence}',
    )


def _layers(role: str, parent: RefusedParentView, view: RefusedView, store: PictureStore) -> str:
    if parent.pixels is None:
        return f'<p class="gone">Not shown: {escape(parent.missing)}</p>'
    alt = escape(f"{role}: chest radiograph of study {parent.study_id}")
    source = store.put(f"parent {parent.image_path}", jpeg_bytes(parent.pixels))
    layers = f'<img class="base" src="{source}" alt="{alt}">'
    grid = _grid(parent)
    if grid is None:
        return layers
    if parent.map is not None:
        layers += f'<img class="heat" src="{heat_uri(parent.map.ravel().tolist(), grid)}" alt="">'
    region = view.region if parent is view.recipient else None
    return layers + outlines_svg(_marks(parent, region, grid), grid)


def _marks(parent: RefusedParentView, region: Cells | None, grid: tuple[int, int]) -> dict[str, str]:
    """Return lines and cells, the last on top: what is guarded is seen whole, also where it broke the rule."""
    lines = {"paste": region, "own": parent.mask, "broken": parent.broken, "neighbour": parent.neighbour}
    drawn = {name: _path(cells) for name, cells in lines.items() if cells is not None}
    if parent.broken is None:
        return drawn
    return {"cells": cells_path([int(cell) for cell in parent.broken.ravel()], grid), **drawn}


def _grid(parent: RefusedParentView) -> tuple[int, int] | None:
    grids = (parent.map, parent.mask, parent.neighbour, parent.broken)
    return next(((grid.shape[0], grid.shape[1]) for grid in grids if grid is not None), None)


def _path(cells: Cells) -> str:
    return outline_path([int(cell) for cell in np.asarray(cells).ravel()], (cells.shape[0], cells.shape[1]))
