"""Pairs a second and peak memory against the notebook loop, in one run; writes the table to RESULTS.md.

Inputs are full-size phantoms (2544 x 3056; JPG quality 95, DICOM 12 bits in 16) made here. `--unique` pictures are
painted for each format; further file names are hard links to them: every name is decoded and encoded anew, only
the disk is spared. The product's figure is whole: a process that renders a finished plan, started to ended.

    python tests/benchmarks/against_notebook.py [--pairs 500 2000] [--unique 48] [--notebook-pairs 60] [--work DIR]
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from medcutmix_cli.datasets.phantoms import draw_phantom, paint, write_report

HERE = Path(__file__).resolve().parent
HEIGHT, WIDTH = 3056, 2544
SHARD = 250
CHILD = """
import json, resource, sys, time
started = time.perf_counter()
import medcutmix_cli
status = getattr(medcutmix_cli, sys.argv[1])(*json.loads(sys.argv[2]), **json.loads(sys.argv[3]))
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"pairs": status.planned, "written": status.written, "seconds": seconds,
                  "render_seconds": status.seconds, "peak_mb": peak}))
"""


def full_size(seed: int) -> np.ndarray:
    """Paint one phantom and enlarge it to (HEIGHT, WIDTH) uint16, 12 bits, with noise of its own."""
    small = paint(draw_phantom(seed, ["pleural_effusion"]), 764).image
    picture = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(seed).normal(0, 0.012, picture.shape)
    return np.clip((picture + noise) * 4095, 0, 4095).astype(np.uint16)


def write_jpg(path: Path, picture: np.ndarray) -> None:
    """Write 8 bits at quality 95, as MIMIC-CXR-JPG does."""
    cv2.imwrite(str(path), (picture >> 4).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 95])


def write_dicom(path: Path, picture: np.ndarray) -> None:
    """Write 12 bits in 16, uncompressed, MONOCHROME2."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = f"2.25.{int(path.stem) + 1}"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dicom = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    dicom.SOPClassUID, dicom.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dicom.Rows, dicom.Columns = picture.shape
    dicom.SamplesPerPixel, dicom.PhotometricInterpretation, dicom.PixelRepresentation = 1, "MONOCHROME2", 0
    dicom.BitsAllocated, dicom.BitsStored, dicom.HighBit = 16, 12, 11
    dicom.WindowCenter, dicom.WindowWidth = 2048, 4096
    dicom.PixelData = picture.tobytes()
    pydicom.dcmwrite(path, dicom, enforce_file_format=True)


def make_inputs(folder: Path, studies: int, unique: int, suffix: str) -> Path:
    """Write a manifest with one picture a study, all of them effusions."""
    folder.mkdir(parents=True)
    rows = []
    for number in range(studies):
        path = folder / f"{number:05d}{suffix}"
        if number < unique:
            (write_jpg if suffix == ".jpg" else write_dicom)(path, full_size(number))
        else:
            os.link(folder / f"{number % unique:05d}{suffix}", path)
        phantom = draw_phantom(number % unique, ["pleural_effusion"])
        rows.append(
            {
                "image": path.name,
                "report": write_report(phantom).text,
                "subject": f"p{number}",
                "study": f"s{number}",
                "split": "train",
                "view": "PA",
            }
        )
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def child(command: list[str]) -> dict[str, float]:
    """Run one measured process and read the JSON line it prints."""
    done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def call(function: str, *arguments: str, **options: object) -> dict[str, float]:
    """Call one public function in a process of its own."""
    return child(["-c", CHILD, function, json.dumps(arguments), json.dumps(options)])


def measure(work: Path, suffix: str, pairs: list[int], unique: int, notebook: int) -> Iterator[list[str]]:
    """Yield the rows of the table for one format."""
    source = make_inputs(work / f"in{suffix}", round(1.35 * max(pairs)), unique, suffix)
    rates = []
    for wanted in pairs:
        run = str(work / f"run{suffix}-{wanted}")
        limited = work / f"limit-{wanted}.jsonl"
        planned = plan_of(source, run, wanted, limited)
        rendered = call("render", run)
        rates.append(planned / rendered["seconds"])
        yield row(suffix, "medcutmix", planned, rendered, rates[-1])
    loop = [
        child([str(HERE / "notebook_loop.py"), run, str(work / "notebook.parquet"), str(notebook)])
        for _ in range(3)
    ]
    middle = sorted(loop, key=lambda figures: figures["seconds"])[1]
    rate = middle["pairs"] / middle["seconds"]
    yield row(suffix, "notebook loop", int(middle["pairs"]), middle, rate)
    yield [suffix[1:], "ratio", "", "", f"{statistics.median(rates) / rate:.1f}x", ""]


def plan_of(source: Path, run: str, wanted: int, manifest: Path) -> int:
    """Plan about `wanted` pairs: as many studies of the manifest as that takes."""
    rows = (source / "manifest.jsonl").read_text().splitlines()
    manifest = source / manifest.name
    manifest.write_text("\n".join(rows[: round(1.3 * wanted)]) + "\n")
    options = {"encoder": "bundled", "gate": "none", "shard_size": SHARD, "max_uses_per_donor": 2}
    return int(call("plan", str(manifest), run, **options)["pairs"])


def row(suffix: str, who: str, pairs: int, figures: dict[str, float], rate: float) -> list[str]:
    """Lay one measurement out as a table row."""
    return [
        suffix[1:],
        who,
        str(pairs),
        f"{figures['seconds']:.1f}",
        f"{rate:.2f}",
        f"{figures['peak_mb']:.0f}",
    ]


def main() -> None:
    """Measure, print the table, and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--unique", type=int, default=48)
    parser.add_argument("--notebook-pairs", type=int, default=60)
    parser.add_argument("--work", type=Path, default=None)
    parser.add_argument("--results", type=Path, default=HERE / "RESULTS.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.work) as work:
        table = [
            row
            for suffix in (".jpg", ".dcm")
            for row in measure(Path(work), suffix, chosen.pairs, chosen.unique, chosen.notebook_pairs)
        ]
    write_results(chosen.results, table)


def write_results(path: Path, table: list[list[str]]) -> None:
    """Replace the table of this benchmark in RESULTS.md."""
    cpus = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    head = ["input", "who", "pairs", "seconds", "pairs/s", "peak MB"]
    lines = [
        "# Against the notebook loop",
        "",
        f"`python tests/benchmarks/against_notebook.py`, {time.strftime('%Y-%m-%d')}: {cpus} CPUs,",
        f"{memory:.0f} GiB, Python {platform.python_version()}. Inputs of 2544 x 3056, canvas 448, bundled encoder,",
        "PNG out. medcutmix: the whole `render` process, start-up included. Notebook loop: the median of three,",
        "start-up left out.",
        "",
        *("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *table]),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
