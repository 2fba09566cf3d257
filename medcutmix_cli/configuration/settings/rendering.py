"""What can be set of a mix: who draws the maps, what each step does with them, and the canvas it is done on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medcutmix_cli.configuration.declaration import (
    ATTEND,
    CANVASES,
    CHECK,
    DATA,
    DOCTOR,
    EMBED,
    ENCODER,
    EVALUATE_MAPS,
    LOOK,
    METHOD,
    NEW_RUN,
    PLANNED_RUN,
    REMADE,
    setting,
)

if TYPE_CHECKING:
    from medcutmix_cli.records import PictureRules

PRECISIONS = ("fp32", "tf32", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """`[encoder]`: who draws the maps."""

    name: str = setting(
        "",
        "Frozen encoder that draws the maps. Only on the sample may it be left unsaid (bundled).",
        keyword="encoder",
        panel=ENCODER,
        metavar="NAME",
        kind="encoder",
        commands=NEW_RUN | CANVASES | ATTEND | DOCTOR,
    )
    weights: str = setting(
        "",
        "File or folder of its weights, if not its own.",
        keyword="weights",
        panel=ENCODER,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | CANVASES | LOOK | REMADE,
    )
    device: str = setting(
        "auto",
        "Where the encoder runs: auto (a GPU where there is one), cpu, cuda or cuda:1.",
        keyword="device",
        panel=ENCODER,
        metavar="NAME",
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | CANVASES | LOOK,
    )
    precision: str = setting(
        "fp32",
        "How the encoder computes: fp32, tf32, bf16 or fp16.",
        keyword="precision",
        panel=ENCODER,
        metavar="NAME",
        choices=PRECISIONS,
        commands=NEW_RUN | EMBED | LOOK,
    )
    batch_size: int = setting(
        0,
        "Pictures encoded at once; halved when memory runs out.",
        keyword="batch_size",
        panel=ENCODER,
        metavar="N",
        spoken_default="1 on a CPU, 32 on a GPU",
        least=0,
        semantic=False,
        commands=NEW_RUN | EMBED | EVALUATE_MAPS,
    )
    options: Mapping[str, Any] = setting(
        {},
        "An option of the encoder's own, for example method=gradient. Repeat it.",
        keyword="encoder_options",
        flag="--encoder-option",
        panel=ENCODER,
        metavar="KEY=VALUE",
        example="method=gradient",
        opens=True,
        commands=NEW_RUN | CANVASES | LOOK,
    )


ENERGIES = ("softmax", "relu", "decoder")
TONES = ("local", "global")


@dataclass(frozen=True, slots=True)
class MixingSettings:
    """`[mixing]`: named strategies; `[mixing.options.<strategy>]` holds their constructor arguments."""

    mask: str = setting(
        "region-growing",
        "Map to mask.",
        keyword="mask",
        panel=METHOD,
        metavar="NAME",
        kind="mask",
        commands=NEW_RUN | ATTEND,
    )
    energy: str = setting(
        "softmax",
        "How weights, and masks that need it, read a map: softmax, relu or decoder.",
        keyword="energy",
        panel=METHOD,
        metavar="NAME",
        choices=ENERGIES,
        commands=NEW_RUN | ATTEND,
    )
    gate: str = setting(
        "null-max",
        "Evidence gate: null-max compares each map with those of pictures without the finding; none.",
        keyword="gate",
        panel=METHOD,
        metavar="NAME",
        kind="gate",
    )
    align: str = setting(
        "elastic",
        "How the donor's thorax is brought onto the recipient's: none, affine, elastic.",
        keyword="align",
        panel=METHOD,
        metavar="NAME",
        kind="alignment",
    )
    region: str = setting(
        "in-place-union",
        "Masks to the region that is pasted.",
        keyword="region",
        panel=METHOD,
        metavar="NAME",
        kind="region",
    )
    blend: str = setting(
        "feather",
        "How the region is pasted.",
        keyword="blend",
        panel=METHOD,
        metavar="NAME",
        kind="blend",
    )
    tone: str = setting(
        "local",
        "How the donor's grey levels are matched: global (once a region), local (along its edge as well).",
        keyword="tone",
        panel=METHOD,
        metavar="NAME",
        choices=TONES,
    )
    weight: str = setting(
        "img-mass",
        "Which weight is lam; all are stored.",
        keyword="weight",
        panel=METHOD,
        metavar="NAME",
        kind="weight",
    )
    options: Mapping[str, Mapping[str, Any]] = setting(
        {}, "Constructor arguments of strategies, a table each, and of the guards: `[mixing.options.topk]`."
    )


IMAGE_FORMATS = ("png", "jpeg", "webp")
"""How mixed pictures are stored: PNG and WebP without loss, JPEG at quality 95."""

DICOM_MODES = ("mimic-jpg", "voi", "minmax")
CORRUPT_JPEG_CHOICES = ("refuse", "keep")
"""What becomes of a JPEG that libjpeg calls corrupt, and decodes whole."""


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """`[image]`: the canonical canvas."""

    canvas: int = setting(
        448,
        "Side of the canvas, and so of the mixed pictures, in pixels: a multiple of 112, so that patches of 14 and "
        "of 16 both align.",
        keyword="canvas",
        panel=METHOD,
        metavar="N",
        least=112,
        multiple=112,
        example="448, 672 or 1008",
        commands=NEW_RUN | CANVASES | ATTEND,
    )
    dicom_mode: str = setting(
        "mimic-jpg",
        "How DICOM becomes grey: mimic-jpg, voi or minmax.",
        keyword="dicom_mode",
        panel=DATA,
        metavar="NAME",
        choices=DICOM_MODES,
        commands=NEW_RUN | CANVASES | LOOK | CHECK,
    )
    corrupt_jpeg: str = setting(
        "refuse",
        "JPEGs that libjpeg calls corrupt: refuse them by name, or keep and count those that it decodes whole.",
        keyword="corrupt_jpeg",
        panel=DATA,
        metavar="NAME",
        choices=CORRUPT_JPEG_CHOICES,
        commands=NEW_RUN | CANVASES | LOOK | CHECK,
    )
    format: str = setting(
        "png",
        "How mixed pictures are stored: png or webp, without loss, or jpeg.",
        keyword="image_format",
        panel=METHOD,
        metavar="NAME",
        choices=IMAGE_FORMATS,
    )
    features: bool = setting(
        False,
        "Also store the encoder's mixed patch features (float16).",
        keyword="features",
        panel=METHOD,
    )

    @property
    def reading(self) -> PictureRules:
        """How picture files become grey."""
        from medcutmix_cli.records import PictureRules  # help needs none

        return PictureRules(self.dicom_mode, self.corrupt_jpeg)
