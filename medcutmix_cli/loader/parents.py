"""The two parents' pictures of a row, from the data set's files, as an encoder in training needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.loader.manifold import RECIPE
from medcutmix_cli.loader.pairs import picture_tensor
from medcutmix_cli.loader.rows import require
from medcutmix_cli.mixing.cut import paste
from medcutmix_cli.mixing.views import Pasteable, Pixels
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering.rows import row_cut, row_placement
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import UNMIXED, Row, is_unmixed

PARENTS = check_names("image_path_a", "image_path_b", *UNMIXED)
"""The columns that finding the parents' files needs, beside `RECIPE`."""

Where = str | Path | Callable[[str], Path]
"""The folder that the paths of a row are below, or what turns such a path into the file, as `parent_files(RUN)` does. A
run with an unpaired data set needs the latter."""


@dataclass(frozen=True, slots=True, eq=False)
class ParentPictures:
    """Both parents on their canvases.

    Attributes:
        recipient: (1, canvas, canvas) float32 in [0, 1] or uint8 (likewise donor).
    """

    recipient: torch.Tensor
    donor: torch.Tensor


def parent_files(
    run: str | Path,
    *,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
) -> Callable[[str], Path]:
    """Return what finds the file of an `image_path` of a run's rows, in the data sets that it was made from.

    Args:
        run: Run folder.
        dataset: Where the data set is now, if it has moved.
        reports: Likewise, of its reports.
        unpaired: Likewise, of the unpaired data set.

    Raises:
        RunError: There is no run.
        DatasetError: A data set is not there.
    """
    places = RunPlaces(dataset, reports, unpaired)
    return open_run_dataset(read_run(RunFolder(Path(run))), places).resolve


def read_parent(
    row: Row, letter: str, where: Where, dicom_mode: str = "mimic-jpg", corrupt_jpeg: str = "refuse"
) -> Pixels:
    """Read the canvas of one parent, (canvas, canvas) uint8, as it was mixed.

    Args:
        row: Read with `PARENTS` and the placements.
        letter: "a", the recipient, or "b", the donor.
        where: The pictures' folder, or a function from `image_path` to the file.
        dicom_mode: As the run had it (`image.dicom_mode` of its settings); only DICOM files need it.
        corrupt_jpeg: As the run had it (`image.corrupt_jpeg`).

    Raises:
        ImageError: It cannot be read, or has another size than when it was mixed.
    """
    require(row, (f"image_path_{letter}", f"placement_{letter}"), "reading a parent")
    name, placement = row[f"image_path_{letter}"], row_placement(row, letter)
    path = where(name) if callable(where) else Path(where) / name
    canvas = read_canvas(path, placement.canvas, PictureRules(dicom_mode, corrupt_jpeg))
    if canvas.placement != placement:
        raise ImageError("this picture has another size than when it was mixed", where=str(path))
    return canvas.pixels


def as_pasted(row: Row, recipient: Pixels, donor: Pixels) -> Pixels:
    """Return the donor as it went into the picture: moved, matched in intensity, rounded to 8 bits.

    Where the mixed picture is the donor's alone (weight 1), its pixels are these; where either parent has no
    picture, these are the recipient's.
    """
    cut = row_cut(row)
    everywhere = replace(cut, weights=np.ones_like(cut.weights), interpolation="nearest")
    own = Pasteable(recipient, row_placement(row, "a"))
    return paste(everywhere, own, Pasteable(donor, row_placement(row, "b")))


def parent_pictures(
    row: Row,
    where: Where,
    *,
    pasted: bool = True,
    dicom_mode: str = "mimic-jpg",
    corrupt_jpeg: str = "refuse",
    dtype: str = "float32",
) -> ParentPictures:
    """Read both parents of a row, for `manifold_mix(..., pasted=pasted)`; of a study as it is, the recipient twice.

    Args:
        row: Read with the columns `RECIPE` and `PARENTS`.
        where: The pictures' folder, or a function from `image_path` to the file.
        pasted: Give the donor as it was pasted (`as_pasted`); otherwise as its file has it.
        dicom_mode: As the run had it.
        corrupt_jpeg: As the run had it.
        dtype: "float32" in [0, 1], or "uint8".

    Raises:
        ImageError: One cannot be read, or has another size than when it was mixed.
    """
    require(row, (*RECIPE, *PARENTS), "reading the parents")
    letters = "aa" if is_unmixed(row) else "ab"
    own, given = (read_parent(row, letter, where, dicom_mode, corrupt_jpeg) for letter in letters)
    donor = as_pasted(row, own, given) if pasted else given
    return ParentPictures(picture_tensor(own, dtype), picture_tensor(donor, dtype))
