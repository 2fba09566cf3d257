"""The data card, `README.md` of a run folder: what the shards are, where they come from, what they are not."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.records import Guarantee
from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.guarantees import promise
from medcutmix_cli.run.hub_card import front_matter
from medcutmix_cli.run.row_schema import row_schema
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import indented_json, seal_page
from medcutmix_cli.run.shape import SetShape
from medcutmix_cli.run.shard_state import CORRUPT_JPEG_KEPT, NEIGHBOUR_UNMAPPED
from medcutmix_cli.run.status import RunStatus
from medcutmix_cli.system.atomic_files import write_text

_METHOD = """Each row is one mixed image-report pair, made by a documented offline formulation of MedCutMix (arXiv
2509.16673): a diagnostic sentence of a donor report replaces the recipient's on the same finding, and the
region to which a frozen encoder attends for the two sentences is replaced in the picture. The row holds the
mixed picture and report and the recipe: both parents' ids and reports, maps, masks, weights and edits."""

_LIMITS = """- The weights `lam_*` are not interchangeable; in same-finding swaps they say how much of the recipient's
  identity remains, and the disease label does not soften.
- Maps are evidence of what an encoder attends to, not of where a lesion is.
- Labels are read from the reports by rules. Hedged, negated and resolved sentences give nothing; of a sentence that
  refers to a prior study only a stretch without that reference does.
- No mixed picture is a medical picture of anybody. Do not use it to train a person."""


_OF_WHAT = """The promise is about pictures drawn like those compared, and assumes labels that are right. Each row of
the shards has it for both parents: `gate_nulls`, `gate_confidence`."""


def write_card(folder: RunFolder, record: RunRecord, status: RunStatus) -> None:
    """Write the data card and the schema of its rows; both depend on the run alone, not on when it was rendered."""
    write_schema(folder)
    write_text(folder.card_file, seal_page(card_text(record, status)))


def write_schema(folder: RunFolder) -> None:
    """Write the JSON Schema of a row: the same for all runs of a version."""
    write_text(folder.schema_file, _schema_text())


@cache
def _schema_text() -> str:
    return indented_json(row_schema())


def card_text(record: RunRecord, status: RunStatus) -> str:
    """Return the data card as Markdown; of the settings it tells those that decide what the shards hold."""
    blocks = [
        front_matter(status.written, synthetic=record.synthetic),
        "# Mixed image-report pairs",
        _terms(record),
        _encoder(record.encoder),
        _METHOD,
        "## Counts",
        _table({f"studies: {k}": v for k, v in status.studies.items()} | _pairs(status)),
        "Studies left out, by reason:",
        _table(status.dropped),
        "Pairs refused while rendering, by reason:",
        _table({**status.rejected, **status.failed}),
        "Pairs held in reserve, by reason:",
        _table(status.reserve),
        "## Originals against rows",
        _shape(status.shape),
        *_targets(status),
        *_refills(status),
        "## What the evidence gate guarantees",
        _guarantees(status),
        "## Sources",
        _table(record.sources),
        "## Recipe",
        "\n".join(f"- `{key}` = {value!r}" for key, value in _leaves(semantic(from_plain(record.settings)))),
        f"Fingerprint `{record.fingerprint}`.",
        "## Made with",
        _table(record.libraries),
        "## Limits",
        _LIMITS,
        f"## Schema, version {SCHEMA_VERSION}",
        "As JSON Schema in `row.schema.json`: bytes are base64 there, and NaN is null.",
        "\n".join(f"- `{c.name}` ({c.type}): {c.meaning}" for c in COLUMNS),
    ]
    return "\n\n".join(blocks) + "\n"


def _terms(record: RunRecord) -> str:
    if record.synthetic:
        return "Made from procedural chest radiograph phantoms: there is no patient in it."
    return (
        "**Derived from the source data set and under its terms.** If that is credentialed (MIMIC-CXR), so is "
        "this folder, `plan.parquet` and the gallery included: do not upload or share it."
    )


def _encoder(card: Mapping[str, object]) -> str:
    line = f"Maps by the encoder `{card['name']}` ({card['map_kind']}, weights sha256 `{card['weights_sha256']}`)."
    if card["demonstration"]:
        line += f" **For demonstration only.** {card['note']}"
    return line


def _pairs(status: RunStatus) -> dict[str, int]:
    unmapped, corrupt = (status.notes.get(name, 0) for name in (NEIGHBOUR_UNMAPPED, CORRUPT_JPEG_KEPT))
    return {
        "pairs: planned": status.planned,
        "pairs: written": status.written,
        **({"pairs: written, as the study is": status.unmixed} if status.unmixed else {}),
        **({"pairs: written without the map of a neighbour": unmapped} if unmapped else {}),
        **({"parents of these pairs: JPEGs that libjpeg calls corrupt": corrupt} if corrupt else {}),
        "pairs: rejected": sum(status.rejected.values()),
        "pairs: failed": sum(status.failed.values()),
        "pairs: waiting": status.waiting,
    }


def _shape(shape: SetShape | None) -> str:
    """Return a row a trait, who gives, and by name what has shifted."""
    if shape is None:
        return "Not counted: an earlier version made the plan."
    shifted = shape.shifts()
    rows = [
        f"| {trait} | {own:.1%} | {now:.1%} | {'shifted' if trait in shifted else ''} |"
        for trait, own, now in shape.shares()
    ]
    given = [
        f"| {finding} | {count.rows} | {count.donors} | {count.effective:.1f} | {count.most} |"
        for finding, count in shape.donors.items()
    ]
    return "\n".join(
        [
            f"Shares of {shape.originals} originals and of {shape.rows} {shape.rows_are} rows, {shape.kept} of them as",
            f"they are. Shifted: by more than {shape.tolerance:.0%} and by a row or more.",
            "",
            *(f"| what | originals | {shape.rows_are} rows | |", "|---|---|---|---|"),
            *rows,
            "",
            *(
                f"| finding that comes | {shape.rows_are} rows | donors | effective | most rows of one |",
                "|---|---|---|---|---|",
            ),
            *given,
            "",
            f"Effective recipients {shape.recipients:.1f}; different sentences: {shape.row_sentences} in planned rows"
            f"{shape.sentences_note}, {shape.sentences} in originals.",
        ]
    )


def _targets(status: RunStatus) -> tuple[str, ...]:
    """Return a row a cell of a targeted plan; nothing where the plan has none."""
    if not status.targets:
        return ()
    rows = [
        f"| `{t.target}` | {t.split} | {t.have} | {t.wanted} | {t.planned} | {t.short or '-'} |"
        for t in status.targets
    ]
    head = "| target | split | there | wanted | planned | short |"
    return ("## Targets", "\n".join([head, "|---|---|---|---|---|---|", *rows]))


def _refills(status: RunStatus) -> tuple[str, ...]:
    """Return a row a refill, and what cells lack in the end; nothing where the plan has no reserve."""
    if not status.reserved:
        return ()
    rows = [
        f"| {number} | {sum(each.lacking.values())} | {each.pairs} | {each.short or '-'} |"
        for number, each in enumerate(status.refills, start=1)
    ]
    lacking = status.refills[-1].lacking if status.refills and not status.refill_due else {}
    head = f"{status.reserved} pairs were held in reserve for those that rendering rejects."
    table = "\n".join(["| refill | pairs lacking before | taken | short |", "|---|---|---|---|", *rows])
    return ("## Refills", head, table, "Still lacking, by cell:", _table(lacking))


def _guarantees(status: RunStatus) -> str:
    """Return a row a finding: how many pictures stand behind the promise, and what it is."""
    if not status.guarantees:
        return f"Nothing (`{status.gate or 'unknown'}`)."
    rows = [f"| {key} | {_figures(each)} | {promise(each)} |" for key, each in status.guarantees.items()]
    head = "| split/finding | pictures without it | may reach a kept peak | alpha | confidence | so |"
    return "\n".join([head, "|---|---|---|---|---|---|", *rows, "", _OF_WHAT])


def _figures(guarantee: Guarantee) -> str:
    reaching = "-" if guarantee.refused else guarantee.reaching
    return f"{guarantee.nulls} | {reaching} | {guarantee.alpha:g} | {guarantee.confidence:.4f}"


def _table(rows: Mapping[str, object]) -> str:
    if not rows:
        return "None."
    return "\n".join(["| what | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def _leaves(tree: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            rows += _leaves(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", value))
    return rows
