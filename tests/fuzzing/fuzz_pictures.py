"""Damaged pictures are read as an independent decoder reads them, or refused by name: by the thousand, by hand.

    python -m tests.fuzzing.fuzz_pictures --cases 2000 --seed 1

Prints a line of `FUZZING.md` for each format. A case that fails is kept below --keep.
"""

from __future__ import annotations

import argparse
import io
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import pydicom
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from medcutmix_cli.configuration.settings import CORRUPT_JPEG_CHOICES
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules
from tests.fuzzing.mutations import mutate
from tests.fuzzing.tallies import CaseTally, print_lines
from tests.pictures import make_shapes, write_dicom

LONGEST = 10.0  # seconds

SIDE = (64, 56)
RULES = PictureRules("minmax")
GREY = (make_shapes(*SIDE) >> 4).astype(np.uint8)


@dataclass
class Tally(CaseTally):
    """What became of the cases of one format."""

    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def line(self, kind: str, seed: int, minutes: float) -> str:
        """Return a line of the table."""
        reasons = ", ".join(f"{name} {count}" for name, count in self.refused.most_common())
        numbers = f"{self.cases} | {seed} | {minutes:.1f} | {self.read} | {sum(self.refused.values())}"
        return f"| {kind} | {numbers} | {self.wrongs} | {self.slowest:.1f} | {reasons} |"


def seeds_of(kind: str, folder: Path) -> list[bytes]:
    """Return whole files of a format, as different as it allows."""
    if kind == "dicom":
        return list(_dicoms(folder))
    suffix = {"png": ".png", "jpg": ".jpg"}[kind]
    planes: list[np.ndarray] = [GREY, cv2.merge([GREY, 255 - GREY, GREY])]
    options: list[list[int]] = [[]]
    if kind == "png":
        planes.append(make_shapes(*SIDE))
    else:
        options += [[cv2.IMWRITE_JPEG_PROGRESSIVE, 1], [cv2.IMWRITE_JPEG_RST_INTERVAL, 4]]
    found = [bytes(cv2.imencode(suffix, plane, how)[1]) for plane in planes for how in options]
    return found + ([_animated()] if kind == "png" else [])


def _animated() -> bytes:
    file = io.BytesIO()
    frames = [Image.fromarray(np.roll(GREY, step)) for step in (0, 3)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    return file.getvalue()


def _dicoms(folder: Path) -> Iterator[bytes]:
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    for name, how in {
        "explicit": {},
        "implicit": {"TransferSyntaxUID": ImplicitVRLittleEndian},
        "deflated": {"TransferSyntaxUID": DeflatedExplicitVRLittleEndian},
        "inverted": {"PhotometricInterpretation": "MONOCHROME1"},
    }.items():
        yield write_dicom(folder / name, make_shapes(*SIDE), **window, **how).read_bytes()
    for syntax in (RLELossless, "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"):
        header = pydicom.dcmread(write_dicom(folder / "packed", make_shapes(*SIDE), **window))
        header.compress(syntax, generate_instance_uid=False)
        header.save_as(folder / "packed")
        yield (folder / "packed").read_bytes()


def independent(kind: str, path: Path) -> np.ndarray:
    """Return the picture by a decoder of others, min to max for DICOM."""
    if kind != "dicom":
        with Image.open(path) as picture:
            if kind == "jpg":  # the stored luma, as here; colours would be cut to what a screen shows
                picture.draft("L", picture.size)
            deep = picture.mode.startswith("I")
            grey = np.asarray(picture if deep else picture.convert("L"))
        return _stretched(grey) if deep else grey
    header = pydicom.dcmread(path)
    stored = pydicom.pixels.apply_modality_lut(header.pixel_array, header)
    grey = _stretched(stored)
    return 255 - grey if header.PhotometricInterpretation == "MONOCHROME1" else grey


def _stretched(values: np.ndarray) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.rint((values.astype(np.float64) - low) / max(high - low, 1.0) * 255).astype(np.uint8)


def judge(kind: str, path: Path, tally: Tally, rules: PictureRules = RULES) -> str:
    """Read one file and say what is wrong with how that ended; "" where it is right."""
    tally.cases += 1
    started = time.monotonic()
    try:
        canvas = read_canvas(path, max(SIDE), rules, exact=True)
    except ImageError as error:
        tally.refused[error.reason] += 1
        return "unforeseen" if error.reason == "image-crashed-decoder" else ""
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"unforeseen {type(error).__name__}"
    finally:
        spent = time.monotonic() - started
        tally.slowest = max(tally.slowest, spent)
        tally.wrong.update(["too-slow"] if spent > LONGEST else [])
    tally.read += 1
    return _difference(kind, path, canvas)


def _difference(kind: str, path: Path, canvas) -> str:
    top, left, bottom, right = canvas.box
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = independent(kind, path)
    except Exception:  # noqa: BLE001 - whatever others raise, they refuse
        return "refused-by-others"
    if other.shape != (canvas.placement.source_height, canvas.placement.source_width):
        return "other-size"
    if other.shape != (bottom - top, right - left):
        return ""  # scaled: no pixel is to be compared
    apart = np.abs(canvas.pixels[top:bottom, left:right].astype(int) - other)
    return "other-pixels" if apart.max() > 2 else ""


def fuzz(kind: str, cases: int, seed: int, keep: Path | None = None, judged: Callable = judge) -> Tally:
    """Read `cases` damaged files of a format."""
    tally = Tally()
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole = seeds_of(kind, folder)
        for case in range(cases):
            rng = np.random.default_rng([seed, case])
            path = folder / "case"
            path.write_bytes(mutate(whole[case % len(whole)], rng))
            if wrong := judged(kind, path, tally):
                tally.wrong[wrong] += 1
                if keep is not None:
                    (keep / f"{kind}-{seed}-{case}-{wrong.split()[0]}").write_bytes(path.read_bytes())
    return tally


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=["png", "jpg", "dicom"])
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--corrupt-jpeg", choices=CORRUPT_JPEG_CHOICES, default=RULES.corrupt_jpeg)
    given = parser.parse_args()
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=True)
    judged = partial(judge, rules=replace(RULES, corrupt_jpeg=given.corrupt_jpeg))
    print_lines(given.kinds, given.seed, lambda kind: fuzz(kind, given.cases, given.seed, given.keep, judged))


if __name__ == "__main__":
    main()
