"""One pair as HTML: three pictures with their overlays, the exchange, the report's diff, weights and labels."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

import numpy as np

from medcutmix_cli.gallery.donor_region import donor_region_path
from medcutmix_cli.gallery.markup import resource, words
from medcutmix_cli.gallery.page_pictures import PagePictures
from medcutmix_cli.gallery.pictures import heat_uri, outline_path, weights_uri
from medcutmix_cli.gallery.report import diff_html, donor_html
from medcutmix_cli.inspection.pair_record import PairView, ParentView
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.sides import side_adjective
from medcutmix_cli.system.plain_text import escape_html as escape

_MEANINGS = {column.name: column.meaning for column in COLUMNS}
_SAID = {1.0: "present", 0.0: "absent", -1.0: "uncertain"}


NOT_ASKED = "No sentence of it leaves or comes: no map was asked for."


def pair_html(view: PairView, number: int, pictures: PagePictures) -> str:
    """Return the article of one pair; `number` is its place among all rows, from 1."""
    return Template(resource("pair.html")).substitute(
        number=number,
        exchange=exchange_html(view.exchange),
        badges="".join(f'<span class="badge">{escape(badge)}</span>' for badge in view.badges),
        facts=f"<code>{escape(view.pair_id)}</code>, "
        + escape(f"{view.split}, {view.strategy}, {view.shard}"),
        figures="".join(
            (
                _parent("Recipient", view.recipient, view, pictures, "del"),
                _NO_DONOR if view.unmixed else _parent("Donor", view.donor, view, pictures, "ins"),
                _mixed(view, pictures),
            )
        ),
        diff=diff_html(view.diff, view.entities),
        donor=escape(_GIVES_NOTHING) if view.unmixed else donor_html(view.donor.report, view.swaps),
        weights="".join(_weight(name, share) for name, share in view.weights.items()),
        labels=_labels(view),
    )


def exchange_html(exchange: str) -> str:
    """Return what was exchanged: "pneumothorax -> mass" with a drawn arrow."""
    return words(exchange).replace("-&gt;", '<span class="to" aria-label="became">&rarr;</span>')


def _parent(role: str, parent: ParentView, view: PairView, pictures: PagePictures, tag: str) -> str:
    where = ", ".join(part for part in (parent.view, side_adjective(parent.side)) if part)
    base = parent_layer(
        pictures, parent.image_path, f"{role}: chest radiograph of study {parent.study_id}, {where}"
    )
    taken = donor_region_path(view) if parent is view.donor else outline_path(view.mask, view.grid)
    own = {"own": outline_path(parent.mask, view.grid)} if parent.asked else {}
    outlines = outlines_svg({"paste": taken} | own, view.grid)
    heat = f'<img class="heat" src="{heat_uri(parent.map, view.grid)}" alt="">' if parent.asked else ""
    evidence = "" if parent.ground_p is None else f", ground_p {parent.ground_p:.3f}"
    who = f"{parent.study_id}, {parent.subject_id}, {where}{evidence}"
    asked = f"<{tag}>{escape(parent.sentence)}</{tag}>" if parent.asked else NOT_ASKED
    return figure_html(
        role.lower(),
        base + heat + outlines,
        f'<b>{role}</b><span class="who">{escape(who)}</span><span class="sentence">{asked}</span>',
    )


def parent_layer(pictures: PagePictures, image_path: str, alt: str) -> str:
    """Return a parent's picture, or the reason why it is not shown."""
    source, reason = pictures.parent(image_path)
    if reason:
        return f'<p class="gone">{escape(reason)}</p>'
    return f'<img class="base" src="{source}" alt="{escape(alt)}">'


def _mixed(view: PairView, pictures: PagePictures) -> str:
    source = pictures.mix(view)
    base = f'<img class="base" src="{source}" alt="Mixed chest radiograph">' if source else ""
    heat = f'<img class="share" src="{weights_uri(view.donor_weights, view.grid)}" alt="">'
    return figure_html(
        "mix",
        base + heat + outlines_svg(_brought_outlines(view), view.grid),
        f'<b>Mix</b><span class="who">{escape(_mixed_how(view))}</span>'
        f'<span class="sentence">{escape(view.edited)}</span>',
    )


def _mixed_how(view: PairView) -> str:
    """Say how much came from the donor, and how it was brought there."""
    pasted = np.mean([bool(cell) for cell in view.mask])
    brought = (f"the donor: {', '.join(view.brought)}",) if view.brought else ()
    return ", ".join((f"{pasted:.0%} of the canvas pasted", *brought, f"lam {view.weights['lam']:.3f}"))


def _brought_outlines(view: PairView) -> dict[str, str]:
    """Return the outlines over a mix: what is pasted, and the donor's evidence before and after it was brought."""
    outlines = {"paste": outline_path(view.mask, view.grid)}
    if not (view.donor.asked and view.brought):
        return outlines
    mask = np.array(view.donor.mask, bool).reshape(view.grid)
    after = view.movement.move_mask(mask)
    return outlines | {
        "before": outline_path(view.donor.mask, view.grid),
        "after": outline_path([int(cell) for cell in after.ravel()], view.grid),
    }


def outlines_svg(paths: Mapping[str, str], grid: tuple[int, int]) -> str:
    """Return lines over a picture, by the class that colours them."""
    drawn = [
        f'<path class="shade" d="{line}"/>' * (name in ("own", "after", "broken"))
        + f'<path class="{name}" d="{line}"/>'
        for name, line in paths.items()
    ]
    box = f"0 0 {grid[1]} {grid[0]}"
    return f'<svg viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'


def figure_html(role: str, layers: str, caption: str) -> str:
    """Return a picture with what lies over it, and its caption."""
    return f'<figure data-role="{role}"><div class="picture">{layers}</div><figcaption>{caption}</figcaption></figure>'


_GIVES_NOTHING = "Nobody gives anything: the study is as it is."
_NO_DONOR = figure_html("donor", f'<p class="gone">{_GIVES_NOTHING}</p>', "<b>Donor</b>")


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
    rows = []
    for position, name in enumerate(view.label_order):
        said = [_SAID.get(vector[position], "") for vector in view.label_vectors]
        if any(said):
            target = view.label_w[position]
            cells = "".join(f'<td class="{one or "unsaid"}">{one or "-"}</td>' for one in said)
            shown = "-" if target != target else f"{target:.2f}"
            state = escape(view.label_states[position])
            rows.append(
                f'<tr><th scope="row">{escape(name)}</th>{cells}<td>{shown}</td><td>{state}</td></tr>'
            )
    return "".join(rows)
