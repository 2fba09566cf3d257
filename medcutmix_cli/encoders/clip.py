"""The encoder `clip`: folders of transformers' CLIP and SigLIP families. Knows no report and no image file.

Their patch-sentence score was never trained, only that of whole pictures; a map is a reading of such a model, in
one of three published ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import normalize

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query, no_features
from medcutmix_cli.encoders.clip_folder import load_model, open_folder
from medcutmix_cli.encoders.clip_look import ClipPreprocessing, read_look
from medcutmix_cli.encoders.clip_pooling import Pooling
from medcutmix_cli.encoders.clip_text import Sentences, load_sentences
from medcutmix_cli.encoders.clip_towers import METHODS, SiglipTower, Tower, relevance, tower_of
from medcutmix_cli.encoders.geometry import FITS, Window, canvas_grid, features_to_canvas, to_canvas
from medcutmix_cli.encoders.groups import Look, Questions, Readout, Scoring, as_cells, products
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.encoders.texts import LONG_TEXT, encode_texts
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.records import Placement

_NOTE = (
    "It was trained on whole pictures: its maps are read out of it, not learned. Keep the evidence gate on."
)
_FAINTEST = 1e-6  # of the strongest cell: relu leaves zeros, whose logarithm no float16 holds


@dataclass(frozen=True, slots=True, eq=False)
class ClipImage:
    """One picture as the network sees it.

    Attributes:
        features: (cells, dim) float32 unit vectors, row by row from the top of the window; for "gradient" the
            packed `Pooling`, (tokens + 1, width + heads) float32.
        window: The part of the canvas that the network saw.
        placement: Where the picture lies on the canvas.
    """

    features: npt.NDArray[np.float32]
    window: Window
    placement: Placement


@dataclass(frozen=True, slots=True)
class Clip(OnDevice[ClipImage]):
    """A CLIP or SigLIP model from a local folder.

    A score is the model's own logit, scale * cosine + bias, of a cell and the sentence. For "gradient" it is the
    logarithm of the relevance, so that softmax over the cells gives the relevance back.

    Attributes:
        weights: Folder as `hf download` makes it; None looks for `repo` in the hub cache.
        device, precision, batch_size: See `Runtime`.
        repo: Id on the Hugging Face hub, such as "google/medsiglip-448"; only the cache is looked at.
        method: "value-path" (each patch by its own value in the last attention; MaskCLIP, arXiv 2112.01071),
            "projected-patch" (the patch tokens, projected as the pooled one is), or "gradient" (gradient-weighted
            attention of the last layer; Chefer et al., arXiv 2103.15679).
        fit: "published" (resize and crop of the folder's processor), or "letterbox" (the whole canvas).
        long_text: "refuse" or "truncate" sentences beyond the text limit.
        trust_remote_code: Run code that lies in the folder.
    """

    repo: str = ""
    method: str = "value-path"
    fit: str = "published"
    long_text: str = "refuse"
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        """Refuse options that have no meaning."""
        OnDevice.__post_init__(self)
        self._check_choices(method=METHODS, fit=FITS, long_text=LONG_TEXT)

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""
        loaded = self._loaded
        side = canvas_grid(loaded.grid, self.fit)
        return EncoderCard(
            name="clip",
            weights_sha256=loaded.sha256,
            grid=(side, side),
            map_kind="untrained-local",
            demonstration=False,
            licence=loaded.licence,
            note=_NOTE,
            text_limit=loaded.sentences.limit,
            reads=loaded.look.canvas(self.fit),
            precision=self.precision,
        )

    @property
    def _loaded(self) -> _LoadedClip:
        return _loaded(self.weights, self.repo, self.trust_remote_code, self._runtime)

    def look(self, picture: Picture) -> Look:
        """Show a canvas of any side as the folder's processor does."""
        preprocessing = self._loaded.look
        seen = preprocessing.see(picture, self.fit)
        return Look(torch.from_numpy(preprocessing.values(seen)), seen.window, seen.placement)

    def _readout(self) -> Readout:
        gradients = self.method == "gradient"
        return Readout(self._read, self._relevances if gradients else products, gradients)

    def _image(self, seen: Tensor | None, look: Look) -> ClipImage:
        return ClipImage(as_cells(seen), look.window, look.placement)

    def _read(self, pixels: Tensor) -> Tensor:
        tower = self._loaded.tower
        if self.method == "gradient":
            return tower.pooling(pixels)
        read = tower.value_paths if self.method == "value-path" else tower.project_patches
        return normalize(read(pixels).float(), dim=-1)

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode sentences, in order; `features` is a (dim,) float32 unit vector."""
        loaded, texts = self._loaded, self._loaded.sentences
        return encode_texts(
            texts.tokens(sentences),
            lambda ids, _mask: normalize(loaded.tower.sentences(ids).float(), dim=-1),
            self._runtime,
            limit=texts.limit,
            long_text=self.long_text,
            padding=texts.padding,
            pad_to=texts.pad_to,
        )

    def attend(self, image: ClipImage, sentence: npt.NDArray[np.float32]) -> Attention:
        """Score every cell of the canvas; NaN where the network saw nothing, or on the letterbox bars."""
        if self.method == "gradient":
            return self._map(self._relevance(image, sentence), image)
        # einsum, not @: BLAS would wake threads of its own for short products, and they spin between calls.
        return self._map(np.einsum("cd,d->c", image.features, sentence), image)

    def _map(self, scores: npt.NDArray[np.float32], image: ClipImage) -> Attention:
        loaded = self._loaded
        grid = (canvas_grid(loaded.grid, self.fit),) * 2
        if self.method != "gradient":
            logits = loaded.scale * scores + loaded.bias
        elif scores.max() > 0:
            logits = np.log(np.maximum(scores, _FAINTEST * scores.max()))
        else:
            return Attention(np.full(grid, np.nan, dtype=np.float16), missing="map-empty")
        return to_canvas(logits.reshape(loaded.grid, loaded.grid), image.window, image.placement, grid)

    def patch_features(self, image: ClipImage) -> npt.NDArray[np.float32]:
        """Return the unit vector of each cell of the canvas, (grid_h, grid_w, d) float32, 0 outside."""
        if self.method == "gradient":
            raise no_features("clip")
        side = canvas_grid(self._loaded.grid, self.fit)
        return features_to_canvas(image.features, image.window, image.placement, (side, side))

    def _relevances(self, questions: Questions) -> Scoring:
        """Read one pair after the other: no pair's shape depends on another, and nobody waits in between."""
        tower, scale = self._loaded.tower, self._loaded.scale

        def score(packed: Tensor, sentences: Tensor) -> Tensor:
            own = [(Pooling.unpack(packed[p], tower.heads), sentences[s]) for p, s in questions.pairs]
            return torch.stack([relevance(tower, pooling, sentence, scale) for pooling, sentence in own])

        return Scoring([torch.from_numpy(np.stack(questions.features))], score)

    def _relevance(self, image: ClipImage, sentence: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        tower, scale = self._loaded.tower, self._loaded.scale
        # The products are short, so they stay in float32 at every precision: gradients of rounded ones are noise.
        with self._runtime.scope(gradients=True) as device, torch.autocast(device.type, enabled=False):
            # Copies: what comes out of inference mode cannot take part in a gradient.
            packed, vector = (torch.tensor(own, device=device) for own in (image.features, sentence))
            strength = relevance(tower, Pooling.unpack(packed, tower.heads), vector, scale)
            return np.asarray(strength.cpu().numpy(), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _LoadedClip:
    """A folder in memory; `grid` is the side of the native map, in cells."""

    tower: Tower
    sentences: Sentences
    look: ClipPreprocessing
    grid: int
    scale: float
    bias: float
    sha256: str
    licence: str


_LOADED: OnceTable[tuple[Path | None, str, bool, str], _LoadedClip] = OnceTable()


def _loaded(weights: Path | None, repo: str, remote_code: bool, runtime: Runtime) -> _LoadedClip:
    """Load a folder once per process and device; several threads may ask at the same time."""
    key = (weights, repo, remote_code, str(runtime.torch_device))
    return _LOADED.get(key, lambda: _load(weights, repo, remote_code, runtime))


def _load(weights: Path | None, repo: str, remote_code: bool, runtime: Runtime) -> _LoadedClip:
    folder = open_folder(weights, repo, remote_code=remote_code)
    look = read_look(folder.preprocessor, str(folder.files["preprocessor"]))
    model: Any = load_model(folder)
    tower = tower_of(model, str(folder.path))
    vision = model.config.vision_config
    if vision.image_size != look.side:
        raise EncoderError(
            f"the preprocessor makes pictures of {look.side} pixels, the network takes {vision.image_size}",
            where=str(folder.files["preprocessor"]),
            hint="give the folder of the released model, unchanged",
        )
    sentences = load_sentences(folder, model, fixed_length=isinstance(tower, SiglipTower))
    runtime.place(model)
    return _LoadedClip(
        tower=tower,
        sentences=sentences,
        look=look,
        grid=vision.image_size // vision.patch_size,
        scale=float(model.logit_scale.exp()),
        bias=tower.bias,
        sha256=folder.sha256,
        licence=folder.licence,
    )
