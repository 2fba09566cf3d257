"""What every export profile keeps: no empty caption, no flip that nobody was warned of, the same bytes each time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from medcutmix_cli.exports.files import FileRecord, PartFiles
from medcutmix_cli.exports.parts import ExportPart, PartLedger, write_part
from medcutmix_cli.exports.profile import SPLITS, ExportProfile
from medcutmix_cli.exports.row import ExportRow, LabelledSentence, RowTexts
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import encode_png
from medcutmix_cli.system.file_hash import file_sha256
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name
from medcutmix_cli.testing.inputs import made_pictures

_NAN = float("nan")


def made_rows() -> tuple[ExportRow, ...]:
    """Return three mixes and an original of two splits; of no patient, the same each time."""
    return tuple(_made_row(number) for number in range(4))


def _made_row(number: int) -> ExportRow:
    findings = ("There is a small left effusion.", 'A "large" mass, 2.3 cm.\tNo edema.')[number % 2]
    labels = tuple(1.0 if k == 9 else 0.0 if k == 3 else _NAN for k in range(len(CHEXPERT)))
    mix = number < 3
    return ExportRow(
        key=f"mix-{number:016x}" if mix else "study-3",
        source="mix" if mix else "original",
        split=SPLITS[number % 2],
        subject_id=f"p{number}",
        study_id=f"s{number}",
        donor_subject_id=f"p{number + 10}" if mix else "",
        donor_study_id=f"s{number + 10}" if mix else "",
        finding="pleural_effusion" if mix else "",
        strategy="same-finding" if mix else "",
        lam=0.25 if mix else 1.0,
        view=("PA", "AP")[number % 2],
        texts=RowTexts(f" FINDINGS:  {findings}\n", findings, "" if number == 2 else "Effusion."),
        caption=findings,
        labels=labels,
        sentences=(LabelledSentence(findings, labels),),
        laterality=("left", "none")[number % 2],
        no_hflip=number % 2 == 0,
        picture=encode_png(made_pictures(64)[number % 3].pixels),
        picture_format="png",
        prompted=number == 1,
    )


class _Given:
    """Rows in memory as the source of a part."""

    def __init__(self, rows: tuple[ExportRow, ...]) -> None:
        self._rows = rows

    def rows(self) -> Iterator[ExportRow]:
        yield from self._rows


def write_rows(profile: ExportProfile, rows: tuple[ExportRow, ...], root: Path) -> list[FileRecord]:
    """Write rows as an export does, a part a split; what is known of parts under way is removed again.

    Args:
        profile: Built.
        rows: In any order of splits.
        root: An empty folder.
    """
    ledger, records, names = PartLedger(root / ".export"), list[FileRecord](), list[str]()
    ledger.work.mkdir(parents=True)
    for split in SPLITS:
        own = tuple(row for row in rows if row.split == split)
        if own:
            part = ExportPart("", split, 0, 0, _Given(own))
            records += write_part(root, ledger, part, profile).files
            names.append(part.name)
    files = PartFiles(root, "", "")
    profile.finish(ledger.entries("", names), files)
    shutil.rmtree(ledger.work)
    return [*records, *files.records]


def says_who_reads_it(profile: ExportProfile) -> None:
    """It has the methods of a profile, and a line on its reader."""
    expect(
        isinstance(profile, ExportProfile),
        "a method or attribute of exports.profile.ExportProfile is missing",
    )
    expect(profile.reader and "\n" not in profile.reader, "reader: one line")
    expect(isinstance(profile.needs_sentences, bool), "needs_sentences: True or False")


def refuses_by_name_what_has_no_text(profile: ExportProfile) -> None:
    """A row without any text is refused, by a name that is counted; a whole one of train is taken."""
    whole = made_rows()[0]
    empty = replace(whole, texts=RowTexts(""), caption="", sentences=())
    expect(not profile.refuse(whole), "a row with everything was refused")
    expect(profile.refuse(empty), "a row without text was taken: its reader trains on the word nan")
    expect_name(profile.refuse(empty))


def writes_the_same_bytes_for_the_same_rows(profile: ExportProfile) -> None:
    """Time and chance reach no file."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "out"
        contents = []
        for _ in range(2):
            write_rows(profile, made_rows(), root)
            contents.append({path: path.read_bytes() for path in _files(root)})
            shutil.rmtree(root)
    expect(contents[0], "nothing was written")
    expect(contents[0] == contents[1], "the same rows gave other bytes")


def tells_every_file_that_it_writes(profile: ExportProfile) -> None:
    """Each file is told with its hash and size, once; none lies outside the folder."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "out"
        records = {record.path: record for record in write_rows(profile, made_rows(), root)}
        found = {path.relative_to(root).as_posix(): path for path in _files(root)}
        expect(set(found) == set(records), "files that were written and files that were told differ")
        same = all(file_sha256(path) == records[name].sha256 for name, path in found.items())
        expect(same, "a file has another hash than was told")
        expect({path.name for path in Path(folder).iterdir()} == {"out"}, "a file lies outside the folder")


def warns_of_flips_wherever_there_are_pictures(profile: ExportProfile) -> None:
    """What holds pictures also holds `laterality` and `no_hflip`."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "out"
        write_rows(profile, made_rows(), root)
        contents = [path.read_bytes() for path in _files(root)]
    pictures = any(b"PNG\r\n" in content for content in contents)
    warned = all(any(name in content for content in contents) for name in (b"no_hflip", b"laterality"))
    expect(warned or not pictures, "nothing says which rows must not be flipped")


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


CHECKS: tuple[Check, ...] = (
    says_who_reads_it,
    refuses_by_name_what_has_no_text,
    writes_the_same_bytes_for_the_same_rows,
    tells_every_file_that_it_writes,
    warns_of_flips_wherever_there_are_pictures,
)
