"""BiomedCLIP from its released open_clip files, without open_clip, timm or torchvision. Knows no report.

Zhang et al. 2023, arXiv:2303.00915; huggingface.co/microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224 (MIT).
It was trained on whole figures and captions: where a sentence lies in a picture is read from it, never learnt by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query, no_features
from medcutmix_cli.encoders.biomedclip_release import LoadedRelease, load_release, tokens_of
from medcutmix_cli.encoders.biomedclip_towers import BiomedClipTowers
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
from medcutmix_cli.encoders.groups import Look, Questions, Readout, Scoring, as_cells, products
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.encoders.texts import LONG_TEXT, encode_texts
from medcutmix_cli.records import Placement

METHODS = ("value-path", "projected-patch", "gradient")
"""How a map is read; see `BiomedClip`."""

_NOTE = "Its patch-sentence score was never trained: read its maps with care, and gate them."
_FAINTEST = 1e-6  # share of the whole relevance; its logarithm stands where the gradient map is empty
_CANVAS_STEP = 112


@dataclass(frozen=True, slots=True, eq=False)
class BiomedClipImage:
    """One picture as the network sees it.

    Attributes:
        tokens: (cells, embed) float32 unit vectors, row by row from the top of the window; for "gradient" the
            (1 + cells, width) float32 tokens that go into the last block.
        window: The part of the canvas that was seen.
        placement: Where the picture lies on the canvas.
    """

    tokens: npt.NDArray[np.float32]
    window: Window
    placement: Placement


@dataclass(frozen=True, slots=True)
class BiomedClip(OnDevice[BiomedClipImage]):
    """Maps of BiomedCLIP, as logits: learned scale times cosine, or the logarithm of a relevance.

    Attributes:
        weights: Folder of the release; None looks into the hub cache.
        device, precision, batch_size: See `Runtime`.
        method: "value-path" (in the last block each patch sees its own value instead of the attention's mixture,
            arXiv:2112.01071), "projected-patch" (patch tokens as they leave the tower) or "gradient" (class-token
            attention of the last block, weighted by its gradient, arXiv:2103.15679).
        fit: "published" (shortest edge to 224, bicubic, centre crop, as open_clip's transform) or "letterbox" (the
            whole canvas, nothing cut off).
        long_text: What becomes of a sentence of more than 256 tokens, one of `LONG_TEXT`.
    """

    method: str = METHODS[0]
    fit: str = FITS[0]
    long_text: str = LONG_TEXT[0]

    def __post_init__(self) -> None:
        """Refuse options there are not."""
        OnDevice.__post_init__(self)
        self._check_choices(method=METHODS, fit=FITS, long_text=LONG_TEXT)

    @property
    def _loaded(self) -> LoadedRelease:
        return load_release(self.weights, self._runtime)

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""
        loaded = self._loaded
        return EncoderCard(
            name="biomedclip",
            weights_sha256=loaded.sha256,
            grid=self._grid(loaded),
            map_kind="untrained-local",
            demonstration=False,
            licence="MIT",
            note=_NOTE,
            text_limit=loaded.text_limit,
            reads=self._reads(loaded),
            precision=self.precision,
        )

    def _grid(self, loaded: LoadedRelease) -> tuple[int, int]:
        side = canvas_grid(loaded.grid, self.fit)
        return side, side

    def _reads(self, loaded: LoadedRelease) -> int:
        """Return a canvas on which the shorter edge of a picture of up to 3:2 is not enlarged."""
        needed = loaded.side if self.fit == "letterbox" else -(-loaded.side * 3 // 2)
        return -(-needed // _CANVAS_STEP) * _CANVAS_STEP

    def look(self, picture: Picture) -> Look:
        """Show a canvas of any side."""
        seen = self._look(picture, self._loaded.side)
        return Look(torch.tensor(seen.pixels), seen.window, seen.placement)

    def _look(self, picture: Picture, side: int) -> FieldOfView:
        return see_canvas(picture, side) if self.fit == "letterbox" else see_centre(picture, side, side)

    def _readout(self) -> Readout:
        gradients = self.method == "gradient"
        forward = self._forward(self._loaded.towers)
        return Readout(forward, self._relevances if gradients else products, gradients)

    def _image(self, seen: torch.Tensor | None, look: Look) -> BiomedClipImage:
        return BiomedClipImage(as_cells(seen), look.window, look.placement)

    def _forward(self, towers: BiomedClipTowers) -> Callable[[torch.Tensor], torch.Tensor]:
        image = towers.visual
        ways = {
            "value-path": image.value_path,
            "projected-patch": image.patches,
            "gradient": image.before_last,
        }
        return ways[self.method]

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode sentences; `features` is the (embed,) float32 unit vector times the learned scale.

        open_clip mends broken characters and HTML entities first; sentences are taken as they are here.

        Raises:
            EncoderError: A sentence holds no token.
        """
        loaded = self._loaded
        return encode_texts(
            [tokens_of(loaded.tokenizer, sentence) for sentence in sentences],
            lambda ids, mask: loaded.towers.text(ids, mask) * loaded.towers.logit_scale.exp(),
            self._runtime,
            limit=loaded.text_limit,
            long_text=self.long_text,
            padding=loaded.padding,
        )

    def attend(self, image: BiomedClipImage, sentence: npt.NDArray[np.float32]) -> Attention:
        """Score every cell of the canvas: (grid, grid) float16, NaN outside what was seen."""
        if self.method == "gradient":
            return self._map(self._relevance(image.tokens, sentence), image)
        # einsum, not @: BLAS would wake threads of its own for 196 short products, and they spin between calls.
        return self._map(np.einsum("cd,d->c", image.tokens, sentence), image)

    def _map(self, scores: npt.NDArray[np.float32], image: BiomedClipImage) -> Attention:
        loaded = self._loaded
        logits = _log_shares(scores) if self.method == "gradient" else scores
        native = logits.reshape(loaded.grid, loaded.grid)
        return to_canvas(native, image.window, image.placement, self._grid(loaded))

    def patch_features(self, image: BiomedClipImage) -> npt.NDArray[np.float32]:
        """Return the unit vector of each cell of the canvas, (grid_h, grid_w, d) float32, 0 outside."""
        if self.method == "gradient":
            raise no_features("biomedclip")
        return features_to_canvas(image.tokens, image.window, image.placement, self._grid(self._loaded))

    def _relevance(
        self, tokens: npt.NDArray[np.float32], query: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Run the last block with its gradient; always in float32, for halves round small slopes to zero."""
        visual = self._loaded.towers.visual
        with self._runtime.scope(gradients=True) as device, torch.autocast(device.type, enabled=False):
            sent = torch.from_numpy(tokens)[None].to(device), torch.from_numpy(query).to(device)
            return np.asarray(visual.relevance(*sent).cpu().numpy(), dtype=np.float32)

    def _relevances(self, questions: Questions) -> Scoring:
        """Read one pair after the other: no pair's shape depends on another, and nobody waits in between."""
        visual = self._loaded.towers.visual

        def score(tokens: torch.Tensor, sentences: torch.Tensor) -> torch.Tensor:
            return torch.stack([visual.relevance(tokens[p][None], sentences[s]) for p, s in questions.pairs])

        return Scoring([torch.from_numpy(np.stack(questions.features))], score)


def _log_shares(relevance: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    total = float(relevance.sum())
    shares = relevance / total if total > 0 else np.zeros_like(relevance)
    logits: npt.NDArray[np.float32] = np.log(np.maximum(shares, np.float32(_FAINTEST)))
    return logits
