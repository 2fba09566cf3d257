"""Write a run as one trainer reads it, part by part; the same call goes on where it was stopped, to the same bytes."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medcutmix_cli import __version__
from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import CREDENTIALED_TERMS, SYNTHETIC_TERMS, open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.settings import SPLITS, Settings
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import NoPairsError, RunError, UsageError, suggest
from medcutmix_cli.exports.beginning import begin_export, complete_export
from medcutmix_cli.exports.card import card_text
from medcutmix_cli.exports.files import FileRecord, PartFiles
from medcutmix_cli.exports.manifest import (
    ExportFolder,
    ExportManifest,
    ExportRequest,
    sizes_of,
    write_manifest,
    write_sums,
)
from medcutmix_cli.exports.mixes import ShardMixes
from medcutmix_cli.exports.originals import Originals
from medcutmix_cli.exports.parts import ExportPart, ExportSource, PartLedger, PartState, write_part
from medcutmix_cli.exports.profile import ExportProfile
from medcutmix_cli.exports.reader_line import reader_line
from medcutmix_cli.exports.row import CAPTIONS
from medcutmix_cli.exports.sentences import SentenceReader
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import use_lexicon
from medcutmix_cli.run.contents import Contents, open_contents, read_table
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_shard
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.system.atomic_files import write_text
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors
from medcutmix_cli.system.temporary_files import remove_abandoned

ORIGINALS = ("none", "together", "apart")
"""Whether the data set's own studies are exported: not at all, among the mixes, or in a folder beside theirs."""

_MIXES, _ORIGINALS = "mixes", "originals"


@show_progress
def export(
    run: str | Path,
    out: str | Path,
    *,
    to: str,
    options: Mapping[str, Any] | None = None,
    originals: str = "none",
    splits: Sequence[str] = (),
    caption: str = "sections",
    escape_formulas: bool = False,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    progress: Progress | None = None,
) -> ExportManifest:
    """Write a run as one trainer reads it.

    Args:
        run: Run folder, complete.
        out: Folder to make, or to go on with.
        to: Name of an export profile.
        options: Of the profile.
        originals: One of `ORIGINALS`.
        splits: Of mixes and originals; by default all mixes, and originals of the splits that the run mixed.
        caption: One of `row.CAPTIONS`.
        escape_formulas: Whether texts in tables that a spreadsheet would run get an apostrophe before them.
        dataset: Where the data set is now, if it has moved; only originals need it.
        reports: Where its reports are now, likewise.
        unpaired: Likewise, the unpaired data set.
        progress: Called with ("exporting", rows, 0).

    Raises:
        UsageError: No such profile, option, split or caption.
        RunError: There is no complete run, or something else lies in the folder.
        RunConflictError: Another export lies there.
        NoPairsError: No row is left.
    """
    _check_choices(originals, splits, caption)
    profile: ExportProfile = build("export", to, options or {})
    contents = _complete_run(run)
    record = _record_of(contents)
    request = ExportRequest(
        profile=to,
        options=dict(sorted(asdict(profile).items())),  # type: ignore[call-overload]
        originals=originals,
        splits=tuple(split for split in SPLITS if split in splits),
        caption=caption,
        fingerprint=record.fingerprint,
        shards=tuple(head.rows for head in contents.heads),
        version=__version__,
        escape_formulas=escape_formulas,
    )
    folder = ExportFolder(Path(out))
    found = begin_export(folder, request)
    if found is not None:
        return found
    source = None
    if originals != "none":
        studies = open_run_dataset(record, RunPlaces(dataset, reports, unpaired))
        source = _open_originals(record, profile, caption, studies)
    work = _Export(folder, request, profile, contents, record, source)
    with explain_storage_errors(folder.root), use_lexicon(lexicon_of_run(RunFolder(contents.path), record)):
        try:
            return work.write(progress)
        except FileNotFoundError:  # another process with the same request may have been faster
            found = complete_export(folder, request)
            if found is None:
                raise
            return found


def _check_choices(originals: str, splits: Sequence[str], caption: str) -> None:
    for what, value, known in (
        ("originals", originals, ORIGINALS),
        ("caption", caption, CAPTIONS),
        *(("split", split, SPLITS) for split in splits),
    ):
        if value not in known:
            raise UsageError(f"there is no {what} {value!r}", hint=suggest(value, known))


def _complete_run(run: str | Path) -> Contents:
    contents = open_contents(run)
    record = _record_of(contents)
    missing = len(record.shards) - len(contents.heads)
    if missing:
        raise RunError(
            f"{missing} shards of this run are not rendered yet",
            where=str(run),
            hint=f"medcutmix render {run}",
        )
    return contents


def _record_of(contents: Contents) -> RunRecord:
    if contents.kind != "run" or contents.record is None:
        raise RunError("an export takes a whole run", where=str(contents.path), hint="give its folder")
    return contents.record


def _open_originals(record: RunRecord, profile: ExportProfile, caption: str, dataset: Any) -> Originals:
    settings: Settings = from_plain(record.settings)
    return Originals(dataset, settings, caption, profile.needs_sentences, usable_cpus())


@dataclass(slots=True)
class _Export:
    """One export under way."""

    folder: ExportFolder
    request: ExportRequest
    profile: ExportProfile
    contents: Contents
    record: RunRecord
    originals: Originals | None
    states: list[PartState] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, Counter[str]] = field(default_factory=dict)
    parts: Counter[tuple[str, str]] = field(default_factory=Counter)
    formulas: int = 0

    def write(self, progress: Progress | None) -> ExportManifest:
        """Write all parts, then the tables, then what says that all is there."""
        ledger = PartLedger(self.folder.work)
        for part in self._parts():
            self._take(part, self._state(ledger, part))
            if progress:
                progress("exporting", sum(count.total() for count in self.rows.values()), 0)
        if not any(count.total() for count in self.rows.values()):
            raise NoPairsError("no row is left to export", where=str(self.folder.root), hint=self._why())
        manifest = self._finish(ledger)
        shutil.rmtree(self.folder.work)
        return manifest

    def _state(self, ledger: PartLedger, part: ExportPart) -> PartState:
        """Return what a part left; write it where that is still to be done."""
        ledger.begin(part)
        found = ledger.read(self.folder.root, part)
        return found or write_part(self.folder.root, ledger, part, self.profile)

    def _take(self, part: ExportPart, state: PartState) -> None:
        self.states.append(state)
        self.names.setdefault(part.tree, []).append(part.name)
        if state.rows:
            self.rows.setdefault(part.split, Counter()).update(state.rows)
            self.parts[part.tree, part.split] += 1

    def _why(self) -> str:
        dropped = self._dropped()
        told = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        return told or "is there a row of these splits?"

    def _dropped(self) -> dict[str, int]:
        dropped = Counter[str]()
        for state in self.states:
            dropped.update(state.dropped)
        if self.originals:
            dropped.update(self.originals.dropped)
        return dict(sorted(dropped.items()))

    def _parts(self) -> Iterator[ExportPart]:
        """Yield the parts, mixes first; numbers of those with rows have no gap within a tree and split."""
        places: Counter[tuple[str, str]] = Counter()
        for tree, split, source in self._sources():
            yield ExportPart(tree, split, places[tree, split], self.parts[tree, split], source)
            places[tree, split] += 1

    def _sources(self) -> Iterator[tuple[str, str, ExportSource]]:
        apart = self.request.originals == "apart"
        for split, mixes in self._mixes():
            yield (_MIXES if apart else ""), split, mixes
        if self.originals:
            splits = self.request.splits or tuple(self.originals.settings.plan.splits)
            for split, block in self.originals.blocks(splits):
                yield (_ORIGINALS if apart else ""), split, block

    def _mixes(self) -> Iterator[tuple[str, ExportSource]]:
        settings: Settings = from_plain(self.record.settings)
        reader = None
        if self.profile.needs_sentences:
            reader = SentenceReader(ReportReader(settings.reports.section_rules))
        for shard, head in enumerate(self.contents.heads):
            wanted = self._wanted(shard)
            there = set(read_table((head,), ("split",)).column("split").to_pylist())
            for split in self.request.splits or SPLITS:
                if split in there:
                    how = (self.request.caption, settings.image.format, reader)
                    beside = self.originals is not None
                    yield split, ShardMixes(head.path, split, *how, mixed_only=beside, wanted=wanted)

    def _wanted(self, shard: int) -> frozenset[str]:
        """Return the ids of rows that lie in a target's cell, which the plan alone says; none where nobody asks."""
        if self.originals is None or not self.record.counts.get("goals"):
            return frozenset()
        rows = read_shard(RunFolder(self.contents.path).plan_file, shard, ("pair_id", "cells")).to_pylist()
        return frozenset(row["pair_id"] for row in rows if row["cells"])

    def _finish(self, ledger: PartLedger) -> ExportManifest:
        records = [record for state in self.states for record in state.files]
        for tree in self._trees():
            files = PartFiles(self.folder.root, tree, "", self.request.escape_formulas)
            self.profile.finish(ledger.entries(tree, self.names[tree]), files)
            self.formulas += files.formulas
            records += files.records
            records.append(self._note(tree, "sizes.json", sizes_of(records, tree)))
        for path in (self.folder.root, *self.folder.root.rglob("*/")):
            remove_abandoned(path)
        write_sums(self.folder, records)
        manifest = self._manifest(records)
        write_text(self.folder.card_file, card_text(manifest))
        write_manifest(self.folder, manifest)
        return manifest

    def _trees(self) -> tuple[str, ...]:
        """Return the folders that have a row."""
        return tuple(tree for tree in (_MIXES, _ORIGINALS, "") if any(tree == own for own, _ in self.parts))

    def _note(self, tree: str, name: str, value: Mapping[str, int]) -> FileRecord:
        write_json(self.folder.root / tree / name, value)
        files = PartFiles(self.folder.root, tree, "")
        return files.record_of(name)

    def _reader(self, tree: str, paths: Sequence[str]) -> str:
        parts = {split: self.parts[tree, split] for split in SPLITS if (tree, split) in self.parts}
        return reader_line(self.profile.reader, tree, parts, paths)

    def _manifest(self, records: Iterable[FileRecord]) -> ExportManifest:
        listed = list(records)
        return ExportManifest(
            request=self.request.plain(),
            reader=self.profile.reader,
            readers={tree: self._reader(tree, [record.path for record in listed]) for tree in self._trees()},
            terms=SYNTHETIC_TERMS if self.record.synthetic else CREDENTIALED_TERMS,
            synthetic=self.record.synthetic,
            rows={split: dict(self.rows[split]) for split in SPLITS if split in self.rows},
            no_hflip=sum(state.no_hflip for state in self.states),
            prompted=sum(state.prompted for state in self.states),
            dropped=self._dropped(),
            files=len(listed),
            bytes=sum(record.bytes for record in listed),
            formulas=self.formulas,
            sums=PartFiles(self.folder.root, "", "").record_of(self.folder.sums_file.name).sha256,
        )
