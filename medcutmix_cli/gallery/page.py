"""The page around the pairs: banners, counts, reasons, how it was made. All text is escaped here or in `markup`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import Template

from medcutmix_cli import __version__
from medcutmix_cli.gallery.markup import escape, resource, words
from medcutmix_cli.gallery.pairs import pair_html
from medcutmix_cli.gallery.parents import ParentImages
from medcutmix_cli.inspection.pair_record import PairView
from medcutmix_cli.inspection.summary import Inspection

_METHOD = (
    "The formulation follows the idea of arXiv 2509.16673: diagnostic sentences are exchanged between two reports, "
    "and the regions a frozen encoder attends to for these sentences are mixed in the pictures; which of it a pair "
    "does, its strategy and badges say. Maps show what an encoder attends to, not where a lesion is. "
    "No mixed picture is a medical picture of anybody."
)
_TERMS = (
    "Derived from the source data set and under its terms: do not share or upload it where they do not allow that. "
    "Credentialed data (MIMIC-CXR) stays credentialed."
)


def page_html(inspection: Inspection, views: Sequence[PairView], parents: ParentImages, *, name: str) -> str:
    """Return the whole page.

    Args:
        inspection: Of the same path.
        views: The pairs to show, with their pictures.
        parents: Reads the parents' pictures, or says why it cannot.
        name: What the page is called after: the last part of the path.
    """
    pairs = [pair_html(view, number, parents) for number, view in enumerate(views, 1)]
    return Template(resource("page.html")).substitute(
        title=escape(f"{name}: mixed pairs"),
        heading=f"Mixed image-report pairs in {escape(name)}",
        lead=_lead(inspection, len(views)),
        css=resource("page.css"),
        banners=_banners(inspection),
        tiles=_tiles(inspection),
        panels="".join(
            (_findings(inspection.findings), _reasons(inspection), _shape(inspection), _recipe(inspection))
        ),
        links="".join(_link(number, view) for number, view in enumerate(views, 1)),
        pairs="\n".join(pairs) or "<p>No shard is complete yet.</p>",
        method=_METHOD,
        made=_made(inspection),
    )


def _banners(inspection: Inspection) -> str:
    banners = []
    if not inspection.synthetic:
        banners.append(f'<p class="banner stop" role="note">{_TERMS}</p>')
    if inspection.demonstration:
        note = str(inspection.encoder.get("note") or "Its maps mean nothing outside synthetic phantoms.")
        banners.append(
            f'<p class="banner warn" role="note">Demonstration encoder "{escape(inspection.encoder["name"])}". '
            f"{escape(note)}</p>"
        )
    return "\n".join(banners)


def _lead(inspection: Inspection, shown: int) -> str:
    whose = "procedural phantoms, no patient" if inspection.synthetic else f"{inspection.patients:,} patients"
    shares = f"{shown} of {inspection.rows:,} pairs, the findings taking turns; {whose}."
    return f"{shares} Made by a documented offline formulation of MedCutMix."


def _tiles(inspection: Inspection) -> str:
    status = inspection.status
    if status is None:
        numbers = {"pairs": inspection.rows, "shards": inspection.shards, "patients": inspection.patients}
    else:
        numbers = {
            "studies in": status.studies["inputs"],
            "studies planned": status.studies["planned"],
            "studies left out": status.studies["dropped"],
            "pairs planned": status.planned,
            "pairs written": status.written,
            "rejected by a rule": sum(status.rejected.values()),
            "failed": sum(status.failed.values()),
        }
        if status.waiting:
            numbers["still to render"] = status.waiting
    return "".join(
        f'<div class="tile"><b>{count:,}</b><span>{name}</span></div>' for name, count in numbers.items()
    )


def _findings(findings: Mapping[str, int]) -> str:
    most = max(findings.values(), default=1)
    rows = (
        f'<tr><th scope="row">{words(finding) or "(none)"}</th><td class="count">{count:,}</td>'
        f'<td class="track"><i style="width:{100 * count / most:.1f}%"></i></td></tr>'
        for finding, count in findings.items()
    )
    return _panel("Findings that came in", f"<table><tbody>{''.join(rows)}</tbody></table>")


def _reasons(inspection: Inspection) -> str:
    status = inspection.status
    if status is None:
        return ""
    groups = {
        "studies left out": status.dropped,
        "pairs rejected by a rule": status.rejected,
        "pairs failed": status.failed,
    }
    rows = "".join(_reason_rows(kind, counts) for kind, counts in groups.items() if counts)
    return _panel(
        "Left out, by reason", f"<table><tbody>{rows or '<tr><td>nothing</td></tr>'}</tbody></table>"
    )


def _reason_rows(kind: str, counts: Mapping[str, int]) -> str:
    rows = (
        f'<tr><td>{escape(reason)}</td><td class="count">{count:,}</td></tr>'
        for reason, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    )
    return f'<tr class="kind"><th colspan="2" scope="rowgroup">{kind}</th></tr>{"".join(rows)}'


def _shape(inspection: Inspection) -> str:
    shape = inspection.status.shape if inspection.status else None
    if shape is None or not shape.rows:
        return ""
    shifted = shape.shifts()
    rows = "".join(
        f'<tr><th scope="row">{escape(trait)}</th><td class="count">{own:.1%}</td><td class="count">{now:.1%}</td>'
        f"<td>{'shifted' if trait in shifted else ''}</td></tr>"
        for trait, own, now in shape.shares()
    )
    head = '<tr class="kind"><th></th><th>originals</th><th>planned rows</th><th></th></tr>'
    return _panel("Originals against rows", f"<table><tbody>{head}{rows}</tbody></table>")


def _recipe(inspection: Inspection) -> str:
    encoder, settings = inspection.encoder, inspection.settings
    mixing, plan, image = (settings.get(table, {}) for table in ("mixing", "plan", "image"))
    entries = {
        "Encoder": f"{encoder.get('name', 'unknown')}, {encoder.get('map_kind', 'unknown')} maps",
        "Weights file": str(encoder.get("weights_sha256", "unknown"))[:16],
        "Pairing": _counted(inspection.strategies) or str(plan.get("pairing", "")),
        "Pictures mixed": _counted(inspection.image_modes) or "none",
        "Mask, region": f"{mixing.get('mask', '')}, {mixing.get('region', '')}",
        "Align, tone": f"{mixing.get('align', '')}, {mixing.get('tone', '')}",
        "Blend, lam": f"{mixing.get('blend', '')}, {mixing.get('weight', '')}",
        "Canvas": f"{image.get('canvas', '')} pixels, stored as {image.get('format', 'png')}, "
        f"DICOM as {image.get('dicom_mode', '')}",
        "Splits": _counted(inspection.splits) or "none",
        "Seed": str(plan.get("seed", "")),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in entries.items())
    return _panel("Recipe", f"<dl>{rows}</dl>")


def _counted(counts: Mapping[str, int]) -> str:
    """Return counts in a line; a name alone where there is but one."""
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _panel(title: str, body: str) -> str:
    return f'<section class="panel"><h3>{title}</h3>{body}</section>'


def _link(number: int, view: PairView) -> str:
    return f'<li><a href="#pair-{number}" title="{words(view.exchange)}">{number}</a></li>'


def _made(inspection: Inspection) -> str:
    said = escape(inspection.terms)
    return f"medcutmix {__version__}, schema {inspection.schema_version}, run {inspection.fingerprint[:16]}. {said}"
