"""Cross-attention of BLIP image-text matching models: where each word of a sentence looks in a picture.

Reads folders of transformers' `BlipForImageTextRetrieval` (BLIP, arXiv 2201.12086; hub: Salesforce/blip-itm-base-coco)
and any fine-tune of that layout. Picture and sentence meet in the text encoder, so each pair costs a run of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from medcutmix_cli.encoders.base import Attention, EncoderCard, Picture, Query
from medcutmix_cli.encoders.blip_model import FILES, HEAD_WORDS, LAYER_WORDS, BlipModel, load, numbers
from medcutmix_cli.encoders.checkpoints import Release, locate
from medcutmix_cli.encoders.geometry import (
    FITS,
    FieldOfView,
    Window,
    canvas_grid,
    features_to_canvas,
    see_canvas,
    see_squashed,
    to_canvas,
)
from medcutmix_cli.encoders.groups import Look, Questions, Readout, Scoring
from medcutmix_cli.encoders.on_device import OnDevice
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.encoders.runtime import Runtime, fill_up
from medcutmix_cli.encoders.texts import LONG_TEXT
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.records import Placement

BEGINNINGS = ("cls", "enc")
"""The token that a sentence begins with."""

_PAIRS = 16  # at once, of those whose sentences have as many tokens
_TINY = np.finfo(np.float32).tiny
_LICENCE = "BSD-3-Clause (the released weights; a fine-tune has its own)"
_NOTE = "The released BLIP weights saw everyday photographs: bring a fine-tune on radiology."


@dataclass(frozen=True, slots=True, eq=False)
class BlipImage:
    """One picture as the image tower sees it.

    Attributes:
        states: (1 + cells, width) float32 on the CPU; the first is the image's [CLS], the cells go row by row.
        window: The part of the canvas that the cells cover.
        placement: Where the picture lies on it.
    """

    states: torch.Tensor
    window: Window
    placement: Placement


@dataclass(frozen=True, slots=True)
class Blip(OnDevice[BlipImage]):
    """A matching model whose cross-attention from the words of a sentence to the patches of a picture is the map.

    A score is log(attention * number of cells): softmax over the cells gives the attention back, 0 is an even
    spread. Attention is averaged over the sentence's own tokens ([CLS], [SEP] left out) and the chosen layers and
    heads; what goes to the image's [CLS] is no cell and is left out.

    Attributes:
        weights: Folder of the checkpoint; None looks for `repo` in the hub cache.
        device, precision, batch_size: See `Runtime`.
        fit: "published" squashes the picture to the square that the checkpoint's processor asks for; "letterbox"
            shows the whole canvas.
        layers: "last", "all", or numbers from 0 with commas ("7,8"). "7", the eighth of twelve, is the one that the
            authors of BLIP locate by, there weighted by gradients (LAVIS, `PNPVQA.forward_itm(block_num=7)`,
            arXiv 2210.08773); ALBEF, its forerunner, took 8 (`Grounding.py`, `--block_num`).
        heads: "mean", "max", or numbers from 0 with commas, averaged.
        begins_with: "cls" begins a sentence with [CLS] as transformers does; "enc" with [ENC], as the paper says
            (section 3.1) and LAVIS does (`BlipITM.forward`).
        long_text: "refuse" or "truncate" sentences beyond the text limit.
        repo: Hub id of the checkpoint.
    """

    fit: str = "published"
    layers: str = "7"
    heads: str = "mean"
    begins_with: str = "cls"
    long_text: str = "refuse"
    repo: str = "Salesforce/blip-itm-base-coco"

    def __post_init__(self) -> None:
        """Refuse options that have no meaning; whether the model has such a layer or head is asked on loading."""
        OnDevice.__post_init__(self)
        numbers("layers", self.layers, LAYER_WORDS)
        numbers("heads", self.heads, HEAD_WORDS)
        self._check_choices(fit=FITS, begins_with=BEGINNINGS, long_text=LONG_TEXT)

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""
        loaded = self._loaded
        side = canvas_grid(loaded.grid, self.fit)
        return EncoderCard(
            name="blip",
            weights_sha256=loaded.sha256,
            grid=(side, side),
            map_kind="cross-attention",
            demonstration=False,
            licence=_LICENCE,
            note=_NOTE,
            text_limit=loaded.text_limit,
            reads=_canvas_for(loaded.look.side),
            precision=self.precision,
        )

    @property
    def _loaded(self) -> BlipModel:
        return _loaded(self)

    def look(self, picture: Picture) -> Look:
        """Show a canvas of any side."""
        preprocessing = self._loaded.look
        seen = self._see(picture, preprocessing.side)
        return Look(preprocessing.normalise(seen), seen.window, seen.placement)

    def _readout(self) -> Readout:
        loaded = self._loaded
        return Readout(loaded.states, partial(_attentions, loaded), rounded=True)

    def _image(self, seen: torch.Tensor | None, look: Look) -> BlipImage:
        return BlipImage(torch.empty(0, 0) if seen is None else seen, look.window, look.placement)

    def _see(self, picture: Picture, side: int) -> FieldOfView:
        return see_squashed(picture, side) if self.fit == "published" else see_canvas(picture, side)

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Turn sentences into token ids; what they attend to depends on the picture."""
        loaded = self._loaded
        return [self._query(loaded, sentence) for sentence in sentences]

    def _query(self, loaded: BlipModel, sentence: str) -> Query:
        tokens = list(loaded.tokenizer(sentence, verbose=False)["input_ids"])
        if len(tokens) < 3:
            raise EncoderError(
                "a sentence holds no word that can be encoded",
                hint="the sentence of a map needs at least one letter or digit",
            )
        cut = max(0, len(tokens) - loaded.text_limit)
        if cut and self.long_text == "refuse":
            return Query(None, refused="sentence-too-long")
        kept = [*tokens[: loaded.text_limit - 1], tokens[-1]] if cut else tokens
        if self.begins_with == "enc":
            kept[0] = _enc_token(loaded)
        return Query(tuple(kept), cut_tokens=cut)

    def attend(self, image: BlipImage, sentence: tuple[int, ...]) -> Attention:
        """Return log(attention * cells) of one sentence over one picture, NaN outside what the tower saw."""
        return self._map(self.attention(image, sentence), image)

    def _map(self, scores: npt.NDArray[np.float32], image: BlipImage) -> Attention:
        native = self._loaded.grid
        logits = np.log(np.maximum(scores, _TINY) * scores.size).reshape(native, native)
        side = canvas_grid(native, self.fit)
        return to_canvas(logits, image.window, image.placement, (side, side))

    def patch_features(self, image: BlipImage) -> npt.NDArray[np.float32]:
        """Return the image tower's last state of each cell of the canvas, (grid_h, grid_w, d) float32, 0 outside."""
        cells = image.states[1:].numpy()
        side = canvas_grid(round(len(cells) ** 0.5), self.fit)
        return features_to_canvas(cells, image.window, image.placement, (side, side))

    def attention(self, image: BlipImage, sentence: tuple[int, ...]) -> npt.NDArray[np.float32]:
        """Return the attention of a sentence's words, (grid, grid) float32 over `image.window`; sums to at most 1.

        One pair at a time and never padded, so that nothing else can change a bit of it.
        """
        loaded = self._loaded
        one = Runtime(self.device, self.precision, 1)
        share = one.run(loaded.attention, torch.tensor([sentence]), image.states[None])
        return share.reshape(loaded.grid, loaded.grid).numpy()


def _attentions(loaded: BlipModel, questions: Questions) -> Scoring:
    """Attend in batches of sentences of one length: never padded, and the last batch of a length is filled up."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for pair, (_, sentence) in enumerate(questions.pairs):
        by_length[len(questions.features[sentence])].append(pair)
    longest = max(by_length)
    ids = torch.tensor([own + (0,) * (longest - len(own)) for own in questions.features])
    runs = [
        (length, pairs[start : start + _PAIRS])
        for length, pairs in sorted(by_length.items())
        for start in range(0, len(pairs), _PAIRS)
    ]
    order = torch.tensor([pair for _, pairs in runs for pair in pairs]).argsort()
    rows = torch.stack([fill_up(torch.tensor([questions.pairs[p] for p in own]), _PAIRS) for _, own in runs])

    def score(
        states: torch.Tensor, ids: torch.Tensor, rows: torch.Tensor, order: torch.Tensor
    ) -> torch.Tensor:
        shares = [
            loaded.attention(ids[own[:, 1], :length], states[own[:, 0]])[: len(pairs)]
            for (length, pairs), own in zip(runs, rows, strict=True)
        ]
        return torch.cat(shares)[order]

    return Scoring([ids, rows, order], score)


def _enc_token(loaded: BlipModel) -> int:
    if loaded.enc_token < 0:
        raise EncoderError(
            "the model's words hold no [ENC]", hint='begins_with = "cls" in [encoder], as transformers does'
        )
    return loaded.enc_token


def _canvas_for(side: int) -> int:
    """Return the canvas to read: 1.5 times the square, so that squashing shrinks the shorter edge as well."""
    return 112 * -(-3 * side // 224)


_LOADED: OnceTable[tuple[object, ...], BlipModel] = OnceTable()


def _loaded(encoder: Blip) -> BlipModel:
    """Load a checkpoint once per process, device and choice; several threads may ask at the same time."""
    device = str(encoder._runtime.torch_device)
    key = (encoder.weights, encoder.repo, device, encoder.layers, encoder.heads)
    return _LOADED.get(key, lambda: _load(encoder))


def _load(encoder: Blip) -> BlipModel:
    files = locate(encoder.weights, Release(encoder.repo, FILES), "blip")
    return load(files, encoder.layers, encoder.heads, encoder._runtime)
