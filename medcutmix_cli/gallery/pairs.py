"""One pair as HTML: three pictures with their overlays, the exchange, the report's diff, weights and labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template

import numpy as np

from medcutmix_cli.gallery.markup import escape, resource, words
from medcutmix_cli.gallery.parents import ParentImages
from medcutmix_cli.gallery.pictures import heat_uri, jpeg_uri, outline_path, picture_uri, weights_uri
from medcutmix_cli.gallery.report import diff_html, donor_html
from medcutmix_cli.inspection.pair_record import PairView, ParentView, shift_words
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.sides import side_adjective

_MEANINGS = {column.name: column.meaning for column in COLUMNS}
_SAID = {1.0: "present", 0.0: "absent", -1.0: "uncertain"}


NOT_ASKED = "No sentence of it leaves or comes: no map was asked for."


def pair_html(view: PairView, number: int, parents: ParentImages) -> str:
    """Return the article of one pair."""
    return Template(resource("pair.html")).substitute(
        number=number,
        exchange=exchange_html(view),
        badges="".join(f'<span class="badge">{escape(badge)}</span>' for badge in view.badges),
        facts=f"<code>{view.pair_id}</code>, {escape(view.split)}, {escape(view.strategy)}, {escape(view.shard)}",
        figures="".join(
            (
                _parent("Recipient", view.recipient, view, parents, "del"),
                _parent("Donor", view.donor, view, parents, "ins"),
                _mixed(view),
            )
        ),
        diff=diff_html(view.diff, view.entities),
        donor=donor_html(view.donor.report, view.swaps),
        weights="".join(_weight(name, share) for name, share in view.weights.items()),
        labels=_labels(view),
    )


def exchange_html(view: PairView) -> str:
    """Return what was exchanged: "pneumothorax -> mass" with a drawn arrow."""
    return words(view.exchange).replace("-&gt;", '<span class="to" aria-label="became">&rarr;</span>')


def _parent(role: str, parent: ParentView, view: PairView, parents: ParentImages, tag: str) -> str:
    picture = parents.read(parent.image_path)
    where = ", ".join(part for part in (parent.view, side_adjective(parent.side)) if part)
    alt = f"{role}: chest radiograph of study {parent.study_id}, {where}"
    base = (
        f'<p class="gone">{escape(picture)}</p>'
        if isinstance(picture, str)
        else f'<img src="{jpeg_uri(picture)}" alt="{escape(alt)}">'
    )
    masks = {"paste": view.mask} | ({"own": parent.mask} if parent.asked else {})
    outlines = _outlines(masks, view.grid, _taken_from(view) if parent is view.donor else (0.0, 0.0))
    heat = f'<img class="heat" src="{heat_uri(parent.map, view.grid)}" alt="">' if parent.asked else ""
    evidence = "" if parent.ground_p is None else f", ground_p {parent.ground_p:.3f}"
    who = f"{parent.study_id}, {parent.subject_id}, {where}{evidence}"
    asked = f"<{tag}>{escape(parent.sentence)}</{tag}>" if parent.asked else NOT_ASKED
    return _figure(
        base + heat + outlines,
        f'<b>{role}</b><span class="who">{escape(who)}</span><span class="sentence">{asked}</span>',
    )


def _taken_from(view: PairView) -> tuple[float, float]:
    """Return where the pasted region lies in the donor's own picture: (right, down) in cells, back by its shift."""
    side = view.donor.placement["canvas"]
    return -view.shift[1] * view.grid[1] / side, -view.shift[0] * view.grid[0] / side


def _mixed(view: PairView) -> str:
    base = f'<img src="{picture_uri(view.picture)}" alt="Mixed chest radiograph">' if view.picture else ""
    heat = f'<img class="share" src="{weights_uri(view.donor_weights, view.grid)}" alt="">'
    return _figure(
        base + heat + _outlines({"paste": view.mask}, view.grid),
        f'<b>Mix</b><span class="who">{escape(_mixed_how(view))}</span>'
        f'<span class="sentence">{escape(view.edited)}</span>',
    )


def _mixed_how(view: PairView) -> str:
    """Say how much came from the donor, and whether it was moved."""
    pasted = np.mean([bool(cell) for cell in view.mask])
    moved = (f"the donor moved {shift_words(view.shift)}",) if any(view.shift) else ()
    return ", ".join((f"{pasted:.0%} of the canvas pasted", *moved, f"lam {view.weights['lam']:.3f}"))


def _outlines(
    masks: Mapping[str, Sequence[int]], grid: tuple[int, int], paste_at: tuple[float, float] = (0.0, 0.0)
) -> str:
    paths = []
    for name, mask in masks.items():
        line = outline_path(mask, grid)
        place = (
            f' transform="translate({paste_at[0]:g} {paste_at[1]:g})"'
            if name == "paste" and any(paste_at)
            else ""
        )
        paths.append(
            f'<path class="shade" d="{line}"/>' * (name == "own")
            + f'<path class="{name}"{place} d="{line}"/>'
        )
    box = f"0 0 {grid[1]} {grid[0]}"
    return f'<svg viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{"".join(paths)}</svg>'


def _figure(layers: str, caption: str) -> str:
    return f'<figure><div class="picture">{layers}</div><figcaption>{caption}</figcaption></figure>'


def _weight(name: str, share: float) -> str:
    kind = ' class="named"' if name == "lam" else ""
    said = "-" if share != share else f"{share:.3f}"
    percent = 0.0 if share != share else 100 * min(1.0, max(0.0, share))
    return (
        f'<tr{kind}><th scope="row" title="{escape(_MEANINGS[name])}">{name}</th><td class="count">{said}</td>'
        f'<td class="track"><i style="--share:{percent:.1f}%"></i></td></tr>'
    )


def _labels(view: PairView) -> str:
    """Return a row for each observation that one of the three reports speaks of."""
    vectors = (view.recipient.labels, view.donor.labels, view.label_mixed)
    rows = []
    for position, name in enumerate(view.label_order):
        said = [_SAID.get(vector[position], "") for vector in vectors]
        if any(said):
            target = view.label_w[position]
            cells = "".join(f'<td class="{one or "unsaid"}">{one or "-"}</td>' for one in said)
            shown = "-" if target != target else f"{target:.2f}"
            rows.append(f'<tr><th scope="row">{escape(name)}</th>{cells}<td>{shown}</td></tr>')
    return "".join(rows)
