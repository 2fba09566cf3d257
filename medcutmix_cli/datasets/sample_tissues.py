"""The tissues of a sample data set's pictures, made again from its seed and the ids: none is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from medcutmix_cli.datasets.phantoms.sampling.studies import StudyPlan, draw_studies, with_pictures
from medcutmix_cli.datasets.phantoms.sampling.study_files import SampleSettings, draw_study
from medcutmix_cli.datasets.phantoms.tissues import Mask, paint_tissues
from medcutmix_cli.datasets.sample import GENERATOR_VERSION, read_marker
from medcutmix_cli.errors import DatasetError


@dataclass(frozen=True, slots=True)
class SampleTissues:
    """Paints the tissues of any frontal picture of one sample.

    Attributes:
        settings: How the sample was made.
        plans: Study id (digits) -> what the study was drawn from.
    """

    settings: SampleSettings
    plans: Mapping[str, StudyPlan] = field(repr=False)

    @classmethod
    def of(cls, root: Path) -> Self:
        """Read how a sample was made.

        Raises:
            DatasetError: It is no sample, or one that another version of the generator made.
        """
        marker = read_marker(root)
        if marker.get("generator") != GENERATOR_VERSION or "settings" not in marker:
            hint = "only a folder that this version's `medcutmix sample` wrote can be drawn again"
            raise DatasetError("this is no sample data set of this version", where=str(root), hint=hint)
        settings = SampleSettings.from_plain(marker["settings"])
        plans = draw_studies(settings.studies, settings.seed)
        return cls(settings, {str(plan.study_id): plan for plan in plans})

    def paint(self, study_id: str, image_id: str) -> Mapping[str, Mask] | None:
        """Return the tissues of a picture, each (height, width) bool; None where it is no frontal one of the sample."""
        plan = self.plans.get(study_id.removeprefix("s"))
        if plan is None:
            return None
        phantom = draw_study(plan, self.settings)
        pictures = with_pictures(plan, phantom.view, self.settings.seed).pictures
        frontal = next(picture for picture in pictures if not picture.lateral)
        return paint_tissues(phantom, self.settings.height) if frontal.dicom_id == image_id else None
