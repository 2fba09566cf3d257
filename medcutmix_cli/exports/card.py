"""`README.md` of an export: what it is, who reads it, what was left out, and what must not be flipped."""

from __future__ import annotations

from collections.abc import Mapping

from medcutmix_cli.exports.manifest import ExportManifest

_FLIPS = """Reports name sides. A picture that is flipped left to right contradicts such a report, and several trainers
flip by default: leave that transform out, or leave out the rows whose `no_hflip` is true. `laterality` says which
sides a report names."""


def card_text(manifest: ExportManifest) -> str:
    """Return the card as Markdown; it depends on the export alone."""
    request = manifest.request
    counts = {
        f"{split}: {source}": number
        for split, by_source in manifest.rows.items()
        for source, number in by_source.items()
    }
    blocks = [
        f"# Export as `{request['profile']}`",
        f"**{manifest.terms}**",
        "Read by, where `OUT` is this folder:",
        "\n".join(f"- {_named(tree)}{line}" for tree, line in manifest.readers.items()),
        f"Profile `{request['profile']}`, caption `{request['caption']}`, originals `{request['originals']}`; run "
        f"`{request['fingerprint']}`.",
        "## Rows",
        _table(counts),
        "Left out, by reason:",
        _table(manifest.dropped),
        "## Flips",
        _FLIPS,
        f"Rows with `no_hflip`: {manifest.no_hflip} of {manifest.total}.",
        "## Reports made from labels",
        "Rows whose report, or the sentence that came in, was made from labels (`prompted`): "
        f"{manifest.prompted} of {manifest.total}.",
        "## Spreadsheets",
        "Texts stand as the reports have them. "
        f"Texts in tables that begin with =, +, - or @, which a spreadsheet would run: {manifest.formulas}.",
        "## Check",
        "`medcutmix verify` reads `export.json` and `SHA256SUMS`; so does `sha256sum -c SHA256SUMS`.",
    ]
    return "\n\n".join(blocks) + "\n"


def _named(tree: str) -> str:
    return f"`{tree}`: " if tree else ""


def _table(rows: Mapping[str, int]) -> str:
    if not rows:
        return "None."
    return "\n".join(["| what | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])
