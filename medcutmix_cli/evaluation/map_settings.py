"""How maps are measured: each choice declared once. Loads nothing heavy, so that help pages can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.configuration.declaration import name_below_least, setting
from medcutmix_cli.errors import UsageError
from medcutmix_cli.evaluation.interval_settings import check_level

COMPARED, MEASURED = "What is compared", "How it is measured"


@dataclass(frozen=True, slots=True)
class MapSettings:
    """How maps are measured.

    Attributes:
        smoothing: Sigma of a Gaussian over the map, in fourteenths of the canvas, whatever grid an encoder has. 1.5 is
            the default of the published inference code of BioViL (hi-ml-multimodal), whose grid has 14 cells a side.
        temperature: What mIoU multiplies scores by before its thresholds.
        dicom_mode: How DICOM becomes grey.
        corrupt_jpeg: What becomes of a JPEG that libjpeg calls corrupt: "refuse" or "keep".
    """

    smoothing: float = setting(
        1.5,
        "Sigma of a Gaussian over the map, in fourteenths of the canvas; 0 is none.",
        keyword="smoothing",
        panel=MEASURED,
        metavar="SIGMA",
        least=0,
    )
    tolerance: float = setting(
        0.0,
        "Pixels of the picture that a point may lie beside a box. The pointing game was published with 15.",
        keyword="tolerance",
        panel=MEASURED,
        metavar="N",
        least=0,
    )
    temperature: float = setting(
        0.0,
        "mIoU: what the encoder divides its cosines by, so that thresholds are of cosines, as published; 0 brings each "
        "map to 0..1 instead.",
        keyword="temperature",
        panel=MEASURED,
        metavar="T",
        least=0,
    )
    interval: float = setting(
        0.95, "Level of the bootstrap intervals.", keyword="interval", panel=MEASURED, metavar="X"
    )
    resamples: int = setting(
        1000,
        "How often pictures are drawn again; 0 gives no intervals.",
        keyword="resamples",
        panel=MEASURED,
        metavar="N",
        least=0,
    )
    seed: int = setting(0, "Of these draws.", keyword="seed", panel=MEASURED, metavar="N")
    max_images: int = setting(
        0,
        "How many pictures are looked at, chosen by the seed; 0 means all.",
        keyword="max_images",
        panel=COMPARED,
        metavar="N",
        least=0,
    )
    dicom_mode: str = "mimic-jpg"
    corrupt_jpeg: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        below = name_below_least(self)
        if below:
            raise UsageError(below, hint="0 switches it off")
        check_level(self.interval)
