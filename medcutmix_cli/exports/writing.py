"""An export under way: parts, then tables, then what says that all is there. Opens no run and no data set."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from medcutmix_cli.assembly.opening import CREDENTIALED_TERMS, SYNTHETIC_TERMS
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.settings import SPLITS, Settings
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import NoPairsError
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
from medcutmix_cli.exports.sentences import SentenceReader
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.contents import Contents, read_table
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_shard
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.system.atomic_files import write_text
from medcutmix_cli.system.temporary_files import remove_abandoned

_MIXES, _ORIGINALS = "mixes", "originals"
"""Folders of an export that keeps the two apart."""


@dataclass(slots=True)
class ExportWork:
    """One export under way.

    Attributes:
        folder: Where it is written.
        request: What was asked for.
        profile: Says how a trainer reads it.
        contents: The shards of the run.
        record: What its run.json says.
        originals: The data set's own studies, None where they are not asked for.
        states: What each part left, in order.
        names: Of the parts, by folder.
        rows: By split, how many of each kind.
        parts: Those with a row, by folder and split.
        formulas: Texts that got an apostrophe before them.
    """

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
