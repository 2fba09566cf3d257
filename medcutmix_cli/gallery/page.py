"""The page around the pairs: banners, counts, reasons, how it was made. All text is escaped here or in `markup`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from string import Template
from typing import Any

from medcutmix_cli import __version__
from medcutmix_cli.configuration.resolution import check_type
from medcutmix_cli.errors import UsageError
from medcutmix_cli.gallery.catalogue import CataloguePair
from medcutmix_cli.gallery.markup import resource, words
from medcutmix_cli.gallery.script_data import data_json
from medcutmix_cli.inspection.summary import Inspection
from medcutmix_cli.run.reasons import find_reason
from medcutmix_cli.system.counts import most_frequent
from medcutmix_cli.system.plain_text import escape_html as escape

_METHOD = (
    "The formulation follows the idea of arXiv 2509.16673: diagnostic sentences are exchanged between two reports, "
    "and the regions a frozen encoder attends to for these sentences are mixed in the pictures; which of it a pair "
    "does, its strategy and badges say. Maps show what an encoder attends to, not where a lesion is. "
    "No mixed picture is a medical picture of anybody."
)
_TERMS = (
    "Derived from the source data set and under its terms: do not share or upload it where they do not allow that. "
    "What is made of credentialed data (MIMIC-CXR) is credentialed."
)


def page_html(
    inspection: Inspection, catalogue: Sequence[CataloguePair], data: PageData, *, name: str
) -> str:
    """Return the whole page, but for what lies in the folder beside it.

    Args:
        inspection: Of the same path.
        catalogue: What the list of pairs holds.
        data: What its script is given.
        name: What the page is called after: the last part of the path.
    """
    script = resource("page.js")
    beside = " 'self' file:" if data.folder else ""
    return Template(resource("page.html")).substitute(
        title=escape(f"{name}: mixed pairs"),
        heading=f"Mixed image-report pairs in {escape(name)}",
        lead=_lead(inspection, catalogue),
        css=resource("page.css"),
        script=script,
        script_sources=f"'{_script_hash(script)}'{beside}",
        image_sources=f"data:{beside}",
        setup=data_json(data.setup(_rules(catalogue))),
        data="".join(data.blocks),
        banners=_banners(inspection),
        tiles=_tiles(inspection),
        panels="".join(
            (_findings(inspection.came_in), _reasons(inspection), _shape(inspection), _recipe(inspection))
        ),
        method=_METHOD,
        made=_made(inspection),
    )


@dataclass(frozen=True, slots=True)
class PageData:
    """What the script of a page is given.

    Attributes:
        folder: The folder beside the page that it loads from, as a URL; "" where all is inside.
        index_parts: Pieces of the list.
        blocks: Elements that hold data inside the page.
    """

    folder: str
    index_parts: int
    blocks: tuple[str, ...] = ()

    def setup(self, rules: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
        """Return what it is told first."""
        return {"folder": self.folder, "index_parts": self.index_parts, "reasons": rules}


def _script_hash(script: str) -> str:
    """Return the one script that the page lets run, as its Content-Security-Policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _rules(catalogue: Sequence[CataloguePair]) -> dict[str, dict[str, str]]:
    found = {}
    for rule in sorted({pair.rule for pair in catalogue if pair.rule}):
        with suppress(UsageError):
            reason = find_reason(rule)
            found[rule] = {"what": reason.what, "why": reason.why, "advice": reason.advice}
    return found


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


def _lead(inspection: Inspection, catalogue: Sequence[CataloguePair]) -> str:
    whose = "procedural phantoms, no patient" if inspection.synthetic else f"{inspection.patients:,} patients"
    shown = sum(pair.state == "written" for pair in catalogue)
    others = len(catalogue) - shown
    all_of_them = "All" if shown == inspection.rows else f"{shown:,} of"
    more = f", and {others:,} that were rejected or failed" if others else ""
    return (
        f"{all_of_them} {inspection.rows:,} pairs{more}; {whose}. "
        "Made by a documented offline formulation of MedCutMix."
    )


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
        f'<tr><th scope="row">{words(finding)}</th><td class="count">{count:,}</td>'
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
        for reason, count in most_frequent(counts).items()
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
    head = f'<tr class="kind"><th></th><th>originals</th><th>{shape.rows_are} rows</th><th></th></tr>'
    return _panel("Originals against rows", f"<table><tbody>{head}{rows}</tbody></table>")


def _recipe(inspection: Inspection) -> str:
    encoder, settings = inspection.encoder, inspection.settings
    mixing, plan, image = (settings.get(table, {}) for table in ("mixing", "plan", "image"))
    entries = {
        "Encoder": f"{encoder.get('name', 'unknown')}, {encoder.get('map_kind', 'unknown')} maps",
        "Weights file": str(encoder.get("weights_sha256", "unknown"))[:16],
        "Pairing": _counted(inspection.strategies)
        or ", ".join(check_type("plan.pairing", plan.get("pairing", ()), ())),
        "Pictures mixed": _counted(inspection.image_modes) or "none",
        "Mask, region": f"{mixing.get('mask', '')}, {mixing.get('region', '')}",
        "Align, tone": f"{mixing.get('align', '')}, {mixing.get('tone', '')}",
        "Blend, lam": f"{mixing.get('blend', '')}, {mixing.get('weight', '')}",
        "Canvas": f"{image.get('canvas', '')} pixels, stored as {image.get('format', 'png')}, "
        f"DICOM as {image.get('dicom_mode', '')}, corrupt JPEGs: {image.get('corrupt_jpeg', 'refuse')}",
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


def _made(inspection: Inspection) -> str:
    said = f"schema {inspection.schema_version}, run {inspection.fingerprint[:16]}. {inspection.terms}"
    return escape(f"medcutmix {__version__}, {said}")
