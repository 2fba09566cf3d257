"""BioViL-T and BioViL: dual encoders of chest X-rays whose patch-sentence cosine is a published grounding map.

A thin loader of the released checkpoints; what the networks are is in `biovil_image` and `cxr_bert`. Facts are
from the papers (arXiv:2301.04558, arXiv:2204.09817), the model cards and hi-ml-multimodal 0.2.2 (MIT), which the
tests compare with. Knows no report and no image file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from medcutmix_cli.encoders import biovil_image, cxr_bert
from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.encoders.checkpoints import (
    Release,
    files_sha256,
    fill,
    how_to_fetch,
    locate,
    read_json,
    read_tensors,
)
from medcutmix_cli.encoders.geometry import (
    FITS,
    FieldOfView,
    Window,
    canvas_grid,
    features_to_canvas,
    see_canvas,
    see_centre,
    to_canvas,
)
from medcutmix_cli.encoders.groups import Look, Readout, as_cells, products
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.encoders.texts import LONG_TEXT, encode_texts
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.records import Placement

_EDGE = 512  # the shorter side before the crop
_READS = 672  # a canvas on which the shorter side of most chest X-rays has 512 pixels: nothing is upsampled
_TEXT = "model.safetensors|pytorch_model.bin"


@dataclass(frozen=True, slots=True)
class Variant:
    """What differs between the two models.

    Attributes:
        name: Registered name.
        repo: On the Hugging Face hub.
        image_file: Weights of the image tower.
        side: Pixels of the square that the network sees, cut from the centre.
        multi_image: See `ImageTower`.
        note: For the user.
    """

    name: str
    repo: str
    image_file: str
    side: int
    multi_image: bool
    note: str

    @property
    def release(self) -> Release:
        """Return the files it needs."""
        return Release(self.repo, (self.image_file, _TEXT, "config.json", "vocab.txt"))

    @property
    def native(self) -> int:
        """Return the side of its own grid, in cells."""
        return self.side // biovil_image.STRIDE


@dataclass(frozen=True, slots=True, eq=False)
class BioVilImage:
    """One picture as the network sees it.

    Attributes:
        cells: (native * native, 128) float32 unit vectors, row by row from the top of the window.
        window: The part of the canvas they show.
        placement: Where the picture lies on it.
    """

    cells: npt.NDArray[np.float32]
    window: Window
    placement: Placement


@dataclass(frozen=True, slots=True)
class _TwoTowers(OnDevice[BioVilImage]):
    """An image and a text tower of one joint space; a score is cosine / temperature.

    Attributes:
        weights: Folder of the release; None looks into the Hugging Face cache.
        device, precision, batch_size: See `Runtime`.
        fit: "published" cuts a square out of the centre, as the authors do: what lies outside has no score
            (an eighth of the shorter side in BioViL-T). "letterbox" shows the whole picture, smaller.
        temperature: What the cosine is divided by. The authors publish none for maps: 0.07 is where CLIP's
            training starts (Radford et al. 2021, arXiv:2103.00020, section 2.5). It changes no order of cells.
        long_text: What becomes of a sentence over the text limit: "refuse" or "truncate".
    """

    VARIANT: ClassVar[Variant]

    fit: str = "published"
    temperature: float = 0.07
    long_text: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        OnDevice.__post_init__(self)
        self._check_choices(fit=FITS, long_text=LONG_TEXT)
        if not 0 < self.temperature < float("inf"):
            raise ValueError(f"temperature must be above 0, not {self.temperature}")

    @property
    def _loaded(self) -> _LoadedBioVil:
        return _loaded(self.VARIANT, self.weights, self._runtime)

    @property
    def _grid(self) -> tuple[int, int]:
        side = canvas_grid(self.VARIANT.native, self.fit)
        return side, side

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""
        whole = self.fit == "letterbox" and self.VARIANT.side % 112 == 0
        return EncoderCard(
            name=self.VARIANT.name,
            weights_sha256=self._loaded.sha256,
            grid=self._grid,
            map_kind="trained-local",
            demonstration=False,
            licence="MIT",
            note=self.VARIANT.note,
            text_limit=self._loaded.text_limit,
            reads=self.VARIANT.side if whole else _READS,
            precision=self.precision,
        )

    def see(self, picture: Picture) -> FieldOfView:
        """Show a picture as the network sees it: stretched to the full range, resized, cropped or letterboxed."""
        from PIL.Image import Resampling

        full = stretch_grey(picture)
        if self.fit == "letterbox":
            return see_canvas(full, self.VARIANT.side, Resampling.BILINEAR)
        return see_centre(full, _EDGE, self.VARIANT.side, Resampling.BILINEAR)

    def look(self, picture: Picture) -> Look:
        """Show a canvas of any side."""
        seen = self.see(picture)
        return Look(torch.tensor(seen.pixels), seen.window, seen.placement)

    def _readout(self) -> Readout:
        return Readout(self._loaded.image, products)

    def _image(self, seen: torch.Tensor | None, look: Look) -> BioVilImage:
        return BioVilImage(as_cells(seen), look.window, look.placement)

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode sentences, in order; `features` is a (128,) float32 unit vector.

        Raises:
            EncoderError: There is no word in one of them.
        """
        loaded = self._loaded
        return encode_texts(
            [cxr_bert.tokens_of(loaded.tokenizer, sentence) for sentence in sentences],
            loaded.text,
            self._runtime,
            limit=loaded.text_limit,
            long_text=self.long_text,
            padding=loaded.padding,
        )

    def attend(self, image: BioVilImage, sentence: npt.NDArray[np.float32]) -> Attention:
        """Score the cells of the canvas, NaN where the network does not look."""
        # einsum, not @: BLAS would wake threads of its own for a few short products, and they spin between calls.
        return self._map(np.einsum("cd,d->c", image.cells, sentence), image)

    def _map(self, scores: npt.NDArray[np.float32], image: BioVilImage) -> Attention:
        logits = scores.reshape(self.VARIANT.native, -1) / self.temperature
        return to_canvas(logits, image.window, image.placement, self._grid)

    def patch_features(self, image: BioVilImage) -> npt.NDArray[np.float32]:
        """Return the unit vector of each cell of the canvas, (grid_h, grid_w, d) float32, 0 outside."""
        return features_to_canvas(image.cells, image.window, image.placement, self._grid)


@dataclass(frozen=True, slots=True)
class BioVilT(_TwoTowers):
    """BioViL-T (Bannur et al. 2023), its single-picture path: 448 pixels, 14 x 14 cells."""

    VARIANT = Variant(
        name="biovil-t",
        repo="microsoft/BiomedVLP-BioViL-T",
        image_file="biovil_t_image_model_proj_size_128.pt",
        side=448,
        multi_image=True,
        note="Trained on MIMIC-CXR; for research, not for clinical use. Earlier pictures are not shown to it.",
    )


@dataclass(frozen=True, slots=True)
class BioVil(_TwoTowers):
    """BioViL (Boecking et al. 2022): 480 pixels, 15 x 15 cells."""

    VARIANT = Variant(
        name="biovil",
        repo="microsoft/BiomedVLP-CXR-BERT-specialized",
        image_file="biovil_image_resnet50_proj_size_128.pt",
        side=480,
        multi_image=False,
        note="Trained on MIMIC-CXR; for research, not for clinical use.",
    )


def stretch_grey(picture: Picture) -> Picture:
    """Spread the grey values of the picture proper over 0-255, rounded down as the authors do; bars stay black."""
    at = picture.placement
    inside = (slice(at.top, at.top + at.height), slice(at.left, at.left + at.width))
    proper = picture.pixels[inside]
    low, high = int(proper.min()), int(proper.max())
    if (low, high) == (0, 255) or low == high:
        return picture
    ramp = ((np.arange(256) - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    pixels = np.zeros_like(picture.pixels)
    pixels[inside] = ramp[proper]
    return replace(picture, pixels=pixels)


@dataclass(frozen=True, slots=True, eq=False)
class _LoadedBioVil:
    image: torch.nn.Module
    text: torch.nn.Module
    tokenizer: Tokenizer
    text_limit: int
    padding: int
    sha256: str


_LOADED: OnceTable[tuple[str, Path | None, str], _LoadedBioVil] = OnceTable()


def _loaded(variant: Variant, weights: Path | None, runtime: Runtime) -> _LoadedBioVil:
    """Load a release once per process and device; several threads may ask at the same time."""
    key = (variant.name, weights, str(runtime.torch_device))
    return _LOADED.get(key, lambda: _load(variant, weights, runtime))


def _load(variant: Variant, weights: Path | None, runtime: Runtime) -> _LoadedBioVil:
    files = locate(weights, variant.release, variant.name)
    try:
        return _read(variant, files, runtime)
    except EncoderError as error:
        hint = how_to_fetch(variant.release, variant.name)
        raise EncoderError(error.what, where=error.where, hint=hint) from error


def _read(variant: Variant, files: dict[str, Path], runtime: Runtime) -> _LoadedBioVil:
    config = read_json(files["config.json"])
    text = cxr_bert.build(config, biovil_image.JOINT, files["config.json"])
    tokenizer = cxr_bert.read_tokenizer(files["vocab.txt"], config["vocab_size"])
    fill(text, cxr_bert.drop_unused(read_tensors(files[_TEXT])), str(files[_TEXT]))
    image, image_file = (
        biovil_image.BioVilImageTower(multi_image=variant.multi_image),
        files[variant.image_file],
    )
    fill(image, biovil_image.drop_unused(read_tensors(image_file)), str(image_file))
    return _LoadedBioVil(
        image=runtime.place(image),
        text=runtime.place(text),
        tokenizer=tokenizer,
        text_limit=config["max_position_embeddings"],
        padding=config["pad_token_id"],
        sha256=files_sha256(files),
    )
