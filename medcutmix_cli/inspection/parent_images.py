"""The parents' pictures of a run's rows, read through the run record; where one cannot be had, the reason instead."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.relocation import HERE, RunPlaces
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.errors import MedcutmixError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.run.run_record import RunRecord

NO_RUN = "Not shown: this shard lies outside its run, so the data set is not known."
NO_DATASET = (
    "Not shown: the data set is not where the run found it (say where with --dataset, --reports, --unpaired)."
)
NO_PICTURE = "Not shown: the picture cannot be read from the data set."


class ParentImages:
    """Reads parents' pictures for as long as the data set can be reached.

    Args:
        record: run.json, None where the shards lie without their run.
        places: Where the parts of its data set are now.
    """

    def __init__(self, record: RunRecord | None, places: RunPlaces = HERE) -> None:
        self._record = record
        self._places = places

    def read(self, image_path: str) -> npt.NDArray[np.uint8] | str:
        """Return a canvas, (canvas, canvas) uint8, or one sentence that says why there is none."""
        if self._record is None:
            return NO_RUN
        if self._dataset is None:
            return NO_DATASET
        image = from_plain(self._record.settings).image
        try:
            found = self._dataset.resolve(image_path)
            return read_canvas(found, image.canvas, image.reading).pixels
        except (MedcutmixError, OSError):
            return NO_PICTURE

    @cached_property
    def _dataset(self) -> Dataset | None:
        if self._record is None:
            return None
        try:
            return open_run_dataset(self._record, self._places)
        except (MedcutmixError, OSError):
            return None
