"""What an encoder is: a frozen model that says where in a picture a sentence is. Knows no file and no report.

Two steps are kept apart so that each unique picture and sentence is encoded once: `encode_images` and
`encode_sentences` do the heavy work, `attend` combines one of each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeGuard, runtime_checkable

import numpy as np
import numpy.typing as npt

from medcutmix_cli.encoders.work_time import asking
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.records import Placement

MAP_KINDS = ("trained-local", "cross-attention", "untrained-local", "precomputed")


@dataclass(frozen=True, slots=True)
class EncoderCard:
    """Who the encoder is; written to run.json, the data card and every shard's metadata.

    Attributes:
        name: Registered name.
        weights_sha256: Hash of the weight file(s), 64 hex digits.
        grid: (grid_h, grid_w) of the maps over the whole canvas.
        map_kind: One of `MAP_KINDS`: "trained-local" (its patch-sentence score was trained), "cross-attention",
            "untrained-local" (it was not: a published reading of a model that was trained on whole pictures).
        demonstration: True where the maps mean nothing outside synthetic phantoms.
        licence: SPDX id of the weights, or the name of their terms.
        note: One sentence for the user, "" where there is nothing to say.
        text_limit: Longest sentence in tokens, marks of start and end included; 0 where there is none.
        reads: Side in pixels of the canvas it wants to see, a multiple of 112; 0 takes the run's own canvas.
        precision: "fp32", "tf32", "bf16" or "fp16".
    """

    name: str
    weights_sha256: str
    grid: tuple[int, int]
    map_kind: str
    demonstration: bool
    licence: str
    note: str
    text_limit: int = 0
    reads: int = 0
    precision: str = "fp32"


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What an encoder is given to look at.

    Attributes:
        image_id: The picture's id in its data set (MIMIC-CXR: dicom_id).
        pixels: (side, side) uint8 canvas, bright = radio-opaque, 0 outside the picture.
        placement: Where the original lies on that canvas.
    """

    image_id: str
    pixels: npt.NDArray[np.uint8]
    placement: Placement


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What an encoder makes of one sentence.

    Attributes:
        features: Opaque; only the encoder's own `attend` reads it.
        cut_tokens: How many tokens were cut off at the text limit; counted, never silent.
        refused: "" or the name under which pairs with this sentence are counted ("sentence-too-long").
    """

    features: Any
    cut_tokens: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Attention:
    """One sentence over one picture.

    Attributes:
        scores: (grid_h, grid_w) float16 raw score of each cell, a logit (its temperature is already in it);
            NaN outside the encoder's field of view. The grid covers the whole canvas, row 0 at its top.
        missing: "" or the name under which the pair is counted: there is no map ("map-missing").
    """

    scores: npt.NDArray[np.float16]
    missing: str = ""


class Encoder(Protocol):
    """A plugin of the group `medcutmix.encoders`.

    A frozen dataclass whose fields are its settings. Results may not depend on which pictures or sentences
    are encoded together: otherwise another shard size would give other samples. Those with the fields
    `weights`, `device`, `precision` and `batch_size` are given what `--weights`, `--device`, `--precision` and
    `--batch-size` say. All methods may be called from several threads at once.
    """

    @property
    def card(self) -> EncoderCard:
        """Say who the encoder is (loads the weights)."""

    @property
    def device(self) -> str:
        """Say where it was asked to run: "auto", "cpu", "cuda" or "cuda:1"."""

    @property
    def batch(self) -> int:
        """Say how many pictures it wants to be given at once; 1 on a CPU."""

    def encode_images(self, pictures: Sequence[Picture]) -> list[Any]:
        """Encode pictures, in order; each result is opaque, only `attend` reads it."""

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        """Encode sentences, white space folded, in order."""

    def attend(self, image: Any, sentence: Any) -> Attention:
        """Combine one encoded picture and the `features` of one query into a map."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPicture:
    """One picture that was encoded.

    Attributes:
        image: What `attend` and `patch_features` take.
        maps: By sentence, those that were asked for; empty where the encoder is asked for one map after the other.
    """

    image: Any
    maps: Mapping[str, Attention] = field(default_factory=dict)


@runtime_checkable
class GroupEncoder(Protocol):
    """An encoder that answers for a group of pictures at once, on a device that should not wait for the host."""

    @property
    def in_groups(self) -> bool:
        """Say whether it does, where it runs now."""

    def look(self, picture: Picture) -> Any:
        """Bring one picture to what the network takes: the work of a CPU; called in several threads."""

    def see_group(
        self, looks: Sequence[Any], asked: Sequence[Sequence[Any]], *, keep: bool
    ) -> list[tuple[Any, list[Attention]]]:
        """Encode what `look` made of pictures, and map each for the `features` of its own queries.

        Args:
            looks: At least one.
            asked: For each its queries' features; may be empty.
            keep: Whether the encoded pictures will be given to `attend` or `patch_features`.
        """


@runtime_checkable
class FeatureEncoder(Protocol):
    """An encoder that can say what it made of each patch: needed for `--features`."""

    def patch_features(self, image: Any) -> npt.NDArray[np.float32]:
        """Return (grid_h, grid_w, d) float32 on the grid of the canvas, 0 outside the field of view."""


def no_features(encoder: str) -> EncoderError:
    """Return the error of a reading of maps that keeps no patch features."""
    return EncoderError(
        "gradient-weighted maps keep no patch features",
        where=encoder,
        hint="--encoder-option method=value-path, or leave out --features",
    )


def side_seen(encoder: Encoder, canvas: int) -> int:
    """Return the side in pixels of the canvas an encoder sees: the one it wants, else the run's own."""
    return encoder.card.reads or canvas


def look(encoder: Encoder, picture: Picture) -> Any:
    """Do what the CPU has to do with a picture before it is encoded; only `see_pictures` reads the result."""
    if not in_groups(encoder):
        return picture
    with asking():
        return encoder.look(picture)


def see_pictures(
    encoder: Encoder, looks: Sequence[Any], asked: Sequence[Mapping[str, Query]], *, keep: bool = True
) -> list[EncodedPicture]:
    """Encode pictures, none to any number, with the maps that each is asked for where that is quicker together.

    Args:
        encoder: Who sees.
        looks: What `look` made of each.
        asked: For each its sentences with their queries, none of them refused.
        keep: Whether `patch_features` will be asked for, or maps that are not in `asked`.

    Raises:
        EncoderError: The encoder gave another number of results.
    """
    if not looks or not in_groups(encoder):
        return [EncodedPicture(image) for image in encode_pictures(encoder, looks)]
    with asking():
        features = [[query.features for query in own.values()] for own in asked]
        found = encoder.see_group(looks, features, keep=keep)
    return [
        EncodedPicture(image, dict(zip(own, maps, strict=True)))
        for (image, maps), own in zip(found, asked, strict=True)
    ]


def map_of(encoder: Encoder, seen: EncodedPicture, sentence: str, query: Query) -> Attention:
    """Return the map of a sentence over a picture: the one that came with it, or else ask now."""
    found = seen.maps.get(sentence)
    if found is not None:
        return found
    with asking():
        return encoder.attend(seen.image, query.features)


def encode_sentences(encoder: Encoder, sentences: Sequence[str]) -> dict[str, Query]:
    """Encode sentences, none to any number; by sentence."""
    if not sentences:
        return {}
    with asking():
        return dict(zip(sentences, encoder.encode_sentences(sentences), strict=True))


def in_groups(encoder: Encoder) -> TypeGuard[GroupEncoder]:
    """Say whether an encoder answers for groups of pictures where it runs now."""
    return isinstance(encoder, GroupEncoder) and encoder.in_groups


def encode_pictures(encoder: Encoder, pictures: Sequence[Picture]) -> list[Any]:
    """Encode pictures, none to any number, and check that there is one result for each.

    Raises:
        EncoderError: The encoder gave another number of results.
    """
    with asking():
        found = encoder.encode_images(pictures) if pictures else []
    if len(found) != len(pictures):
        raise EncoderError(
            f"the encoder gave {len(found)} results for {len(pictures)} pictures",
            where=encoder.card.name,
            hint="this is a mistake in the encoder's plugin",
        )
    return found
