"""A tree of the size and layout of MIMIC-CXR without its pictures: tables, lists, and reports of phantoms.

Counts of studies, images, patients, splits and views are those of the real data set, or in proportion to them. What
the reports say is coherent: each follows one phantom, sentence by sentence in the words of any phantom of which the
same is said; about a quarter of the sentences is given numbers of its own, so that as many are unique as in real
reports. The same seed gives the same bytes.

    python tests/benchmarks/mimic_at_scale.py OUT [--studies 227835] [--seed 0]
"""

import argparse
import csv
import gzip
import hashlib
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np

from medcutmix_cli.datasets.phantoms import PhantomReport, ReportSentence, draw_phantom, write_report
from medcutmix_cli.datasets.phantoms.sampling.tables import METADATA
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.lexicon import label_of

STUDIES = 227_835
PHANTOMS = 4000
VARIED = 0.28
"""Share of the sentences that are given numbers of their own."""

WIDTH = 79
# Studies, images and patients of each split, as the split table of MIMIC-CXR-JPG 2.0.0 has them.
SPLITS = {
    "train": (222_758, 368_960, 64_586),
    "validate": (1_808, 2_991, 500),
    "test": (3_269, 5_159, 293),
}
# Its ViewPosition column; the rest is empty.
VIEWS = {"AP": 147_169, "PA": 96_155, "LATERAL": 82_852, "LL": 35_129}
WITHOUT_FRONTAL = 10_000
"""Studies without a frontal view: a guess, the real number is not published."""


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study: its ids, and the views of its pictures."""

    subject: str
    study: str
    split: str
    views: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Its folder in both projects; the report lies beside it."""
        return f"files/p{self.subject[:2]}/p{self.subject}/s{self.study}"

    def images(self) -> list[tuple[str, str]]:
        """Return (dicom_id, view) of its pictures."""
        return [(dicom_id(self.study, number), view) for number, view in enumerate(self.views)]


def dicom_id(study: str, number: int) -> str:
    """Return 40 hex digits in groups of eight."""
    digits = hashlib.sha1(f"{study}/{number}".encode(), usedforsecurity=False).hexdigest()
    return "-".join(digits[i : i + 8] for i in range(0, 40, 8))


def scaled(count: int, studies: int) -> int:
    """Return a count of the real data set in proportion."""
    return max(1, round(count * studies / STUDIES))


def draw_studies(studies: int, seed: int) -> list[StudyRow]:
    """Draw patients, their studies and the views of each, sorted by patient."""
    rng = np.random.default_rng([seed, 1])
    sizes = {name: tuple(scaled(n, studies) for n in counts) for name, counts in SPLITS.items()}
    rest = studies - sum(s for s, _, _ in sizes.values())
    sizes["train"] = (sizes["train"][0] + rest, *sizes["train"][1:])
    subjects = rng.permutation(_ids(10_000_000, sum(p for _, _, p in sizes.values()), rng)).tolist()
    numbers = rng.permutation(_ids(50_000_000, studies, rng)).tolist()
    views = iter(_views([(s, i) for s, i, _ in sizes.values()], rng))
    rows: list[StudyRow] = []
    for split, (count, _, patients) in sizes.items():
        for owned in _shared_out(count, patients, rng):
            subject = str(subjects.pop())
            rows += [StudyRow(subject, str(numbers.pop()), split, next(views)) for _ in range(owned)]
    return sorted(rows, key=lambda row: (row.subject, row.study))


def _ids(first: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ids of eight digits, all different."""
    return first + np.sort(rng.choice(10_000_000, size=count, replace=False))


def _shared_out(studies: int, patients: int, rng: np.random.Generator) -> list[int]:
    """Give each patient a study, and the others more to few: most have one or two, some have dozens."""
    weights = rng.lognormal(0.0, 1.3, patients)
    return (1 + rng.multinomial(studies - patients, weights / weights.sum())).tolist()


def _views(sizes: Sequence[tuple[int, int]], rng: np.random.Generator) -> list[tuple[str, ...]]:
    """Return the views of each study, a frontal one first in all but a few; splits one after the other."""
    studies, images = sum(s for s, _ in sizes), sum(i for _, i in sizes)
    left = {view: round(count * studies / STUDIES) for view, count in VIEWS.items()}
    left[""] = images - sum(left.values())
    odd = scaled(WITHOUT_FRONTAL, studies)
    first = {"PA": left["PA"], "LATERAL": odd // 2, "": odd - odd // 2}
    first["AP"] = studies - sum(first.values())
    others = {view: count - first.get(view, 0) for view, count in left.items()}
    heads, tails = iter(_shuffled(first, rng)), iter(_shuffled(others, rng))
    rows: list[list[str]] = []
    for count, pictures in sizes:
        own = [[next(heads)] for _ in range(count)]
        # One more picture for most, a third for some: no study has more than the rest allows.
        order = [i for _ in range(1 + (pictures - count) // count) for i in rng.permutation(count).tolist()]
        for position in order[: pictures - count]:
            own[position].append(next(tails))
        rows += own
    return [tuple(row) for row in rows]


def _shuffled(counts: dict[str, int], rng: np.random.Generator) -> list[str]:
    return rng.permutation([view for view, count in counts.items() for _ in range(count)]).tolist()


class Writer:
    """Writes reports of phantoms, each sentence in the words of any phantom that says the same."""

    def __init__(self, seed: int, phantoms: int = PHANTOMS) -> None:
        self.random = Random(seed)
        first = 40_000_000 + seed * phantoms
        self.models = [write_report(draw_phantom(n)) for n in range(first, first + phantoms)]
        wordings: dict[tuple[object, ...], dict[str, None]] = defaultdict(dict)
        for model in self.models:
            for sentence in model.sentences:
                wordings[_meaning(sentence)][sentence.text] = None
        self.wordings = {meaning: list(texts) for meaning, texts in wordings.items()}

    def write(self) -> tuple[str, PhantomReport]:
        """Return one report, and the phantom's report that it follows."""
        model = self.random.choice(self.models)
        pieces, before = [], 0
        for sentence in model.sentences:
            pieces += [model.text[before : sentence.start].replace("___-year", f"{self._age()}-year")]
            pieces.append(self._worded(sentence))
            before = sentence.end
        return wrapped("".join([*pieces, model.text[before:]])), model

    def _age(self) -> str:
        return "___" if self.random.random() < 0.8 else str(self.random.randrange(18, 90))

    def _worded(self, sentence: ReportSentence) -> str:
        words = self.random.choice(self.wordings[_meaning(sentence)])
        return self._numbered(words, sentence) if self.random.random() < VARIED else words

    def _numbered(self, words: str, sentence: ReportSentence) -> str:
        """Add numbers that leave what is said as it is."""
        draw = self.random.randrange
        ways = [
            f"best seen on image {draw(1, 99)} of the {draw(1, 400)} shown",
            f"imaged at {draw(24)}:{draw(60):02d} on day {draw(1, 90)} of the stay",
        ]
        if any(m.assertion == "present" for m in sentence.mentions) and len(sentence.mentions) == 1:
            size = f"{draw(1, 9)}.{draw(10)}"
            ways += [
                f"measuring {size} x {draw(1, 9)}.{draw(10)} cm",
                f"measuring {draw(5, 99)} x {draw(4, 80)} mm",
            ]
        return f"{words.rstrip('.')}, {self.random.choice(ways)}."


def _meaning(sentence: ReportSentence) -> tuple[object, ...]:
    said = tuple((m.finding, m.side, m.assertion) for m in sentence.mentions)
    # What says nothing of a finding may speak of anything: it keeps its kind by its first word.
    return (sentence.section == "impression", sentence.prior, said, "" if said else sentence.text.split()[0])


def wrapped(text: str) -> str:
    """Break lines that have become too long."""
    return "\n".join(part for line in text.split("\n") for part in _broken(line))


def _broken(line: str) -> list[str]:
    parts = []
    while len(line) > WIDTH:
        cut = line.rfind(" ", 1, WIDTH + 1)
        if cut <= 0:
            break
        parts.append(line[:cut])
        line = line[cut:]
    return [*parts, line]


def labels(report: PhantomReport) -> list[str]:
    """Return the 14 cells of the label table that a report means."""
    name_of, values = label_of("chexpert"), {"present": "1.0", "uncertain": "-1.0", "absent": "0.0"}
    said = {name_of[f]: values[t] for f, t in report.truth.items() if t in values}
    if "1.0" not in said.values() and "-1.0" not in said.values():
        said["No Finding"] = "1.0"
    return [said.get(name, "") for name in CHEXPERT]


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a gzipped CSV table, the same bytes for the same rows."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        table = csv.writer(text, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


def write_tree(out: Path, studies: int = STUDIES, seed: int = 0) -> dict[str, float]:
    """Write both projects below `out`; return what is in them."""
    jpg, dicom = out / "mimic-cxr-jpg", out / "mimic-cxr"
    for folder in (jpg, dicom):
        folder.mkdir(parents=True, exist_ok=True)
    rows = draw_studies(studies, seed)
    texts = write_reports(dicom / "mimic-cxr-reports.zip", jpg, rows, Writer(seed))
    pictures = [(image, row, view) for row in rows for image, view in row.images()]
    write_table(jpg / "mimic-cxr-2.0.0-metadata.csv.gz", METADATA, (_metadata(*p) for p in pictures))
    write_table(
        jpg / "mimic-cxr-2.0.0-split.csv.gz",
        ("dicom_id", "study_id", "subject_id", "split"),
        ((image, row.study, row.subject, row.split) for image, row, _ in pictures),
    )
    write_table(
        dicom / "cxr-record-list.csv.gz",
        ("subject_id", "study_id", "dicom_id", "path"),
        ((row.subject, row.study, image, f"{row.folder}/{image}.dcm") for image, row, _ in pictures),
    )
    write_table(
        dicom / "cxr-study-list.csv.gz",
        ("subject_id", "study_id", "path"),
        ((row.subject, row.study, f"{row.folder}.txt") for row in rows),
    )
    names = "".join(f"{row.folder}/{image}.jpg\n" for image, row, _ in pictures)
    (jpg / "IMAGE_FILENAMES").write_text(names, encoding="utf-8")
    # One picture, so that it is seen which project's pictures are there.
    (jpg / rows[0].folder).mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(jpg / rows[0].folder / f"{pictures[0][0]}.jpg"), np.full((64, 64), 90, np.uint8))
    patients = len({row.subject for row in rows})
    return {"studies": len(rows), "images": len(pictures), "patients": patients, **texts}


def _metadata(image: str, row: StudyRow, view: str) -> tuple[object, ...]:
    words = {"PA": "postero-anterior", "AP": "antero-posterior", "LATERAL": "lateral", "LL": "left lateral"}
    date = 21_000_101 + int(row.study) % 28
    step, time, meaning = "CHEST (PA AND LAT)", f"{int(row.study) % 86_399}.25", words.get(view, "")
    return (image, row.subject, row.study, step, view, 3056, 2544, date, time, step, meaning, "Erect")


def write_reports(archive: Path, jpg: Path, rows: Sequence[StudyRow], writer: Writer) -> dict[str, float]:
    """Write every report and the label table; return how many sentences there are and the shares that are unique."""
    sentences: dict[str, int] = defaultdict(int)
    different: set[bytes] = set()
    table = []
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for row in rows:
            text, model = writer.write()
            zipped.writestr(_member(row), text)
            different.add(hashlib.sha256(text.encode()).digest())
            for sentence in rough_sentences(text):
                sentences[sentence] += 1
            table.append((row.subject, row.study, *labels(model)))
    write_table(jpg / "mimic-cxr-2.0.0-chexpert.csv.gz", ("subject_id", "study_id", *CHEXPERT), table)
    total = sum(sentences.values())
    return {
        "different reports": len(different),
        "sentences": total,
        "share of sentences that are unique": sum(n == 1 for n in sentences.values()) / total,
    }


def _member(row: StudyRow) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(f"{row.folder}.txt", (2000, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def rough_sentences(text: str) -> list[str]:
    """Cut a report's counting sections at full stops: near enough for a share."""
    headers = [at for name in ("FINDINGS", "IMPRESSION") if (at := text.find(f" {name}:")) >= 0]
    words = " ".join(text[min(headers, default=0) :].split())
    words = words.replace("FINDINGS:", "").replace("IMPRESSION:", "")
    return [part.strip() for part in words.split(". ") if part.strip()]


def main() -> None:
    """Write a tree and say what is in it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--studies", type=int, default=STUDIES)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for name, value in write_tree(chosen.out, chosen.studies, chosen.seed).items():
        print(f"{name}: {value:,.3f}" if isinstance(value, float) else f"{name}: {value:,}")


if __name__ == "__main__":
    main()
