"""One frozen global embedding for each picture that stands for a study: what `--pairing nearest` ranks donors by.

Reads pictures and no report; returns counts and prints nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Unpack, runtime_checkable

import numpy as np

from medcutmix_cli.assembly.parts import (
    build_encoder,
    complete_settings,
    open_source,
    resolve_options,
)
from medcutmix_cli.configuration.keywords import EmbedKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.settings import SPLITS, PlanSettings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.encoders.base import Encoder, EncoderCard, FeatureEncoder, Picture, encode_pictures
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import EncoderError, ImageError, UsageError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.pairing.embeddings_file import Vectors, write_embeddings
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.reading import sorted_studies, studies_to_read
from medcutmix_cli.records import Drop, Image
from medcutmix_cli.rendering.calibration import PictureSource
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors


@runtime_checkable
class EmbeddingEncoder(Protocol):
    """An encoder with a global embedding of its own; others are asked for their patch features."""

    def embed(self, image: Any) -> Vectors:
        """Return (d,) float32 of one encoded picture."""


@dataclass(frozen=True, slots=True)
class EmbeddingSummary:
    """What became of the pictures of a data set.

    Attributes:
        out: The file that was written.
        encoder: Who made the embeddings.
        pictures: Embeddings written.
        dimensions: Numbers in each.
        dropped: Studies and pictures without one, by reason.
    """

    out: Path
    encoder: EncoderCard
    device: str
    pictures: int
    dimensions: int
    dropped: dict[str, int]


@describe_options("embed")
@show_progress
def embed(
    dataset: str | Path,
    out: str | Path,
    *,
    config: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    **options: Unpack[EmbedKeywords],
) -> EmbeddingSummary:
    """Embed the picture that a plan would choose of each study, of all splits unless some are named.

    Args:
        dataset: Folder (or manifest file) of the data set.
        out: Parquet file to write.
        config: TOML recipe; options win over it.
        force: Write over such a file.
        progress: Called with ("embedding", done, total).
        **options: Settings of a plan that are about data set, pictures and encoder.

    Raises:
        UsageError: `out` is there already, or an option does not fit.
        EncoderError: No encoder was named, it cannot be loaded, or it has no embedding.
        DatasetError: The data set cannot be read, or none of its pictures.
    """
    target = Path(out)
    _check_free(target, force=force)
    resolved = resolve_options(dataset, config, options, command="embed")
    source = open_source(resolved.settings)
    resolved = complete_settings(resolved, source)
    settings = resolved.settings
    encoder = build_encoder(settings)
    _check_able(encoder)
    plan = replace(settings.plan, labels="rules")
    if resolved.origins["plan.splits"] == "default":
        plan = replace(plan, splits=SPLITS)
    images, dropped = _chosen(source, plan)
    sight = PictureSource(source.resolve, settings.image.canvas, settings.image.reading, encoder)
    with single_threaded_opencv():
        found = list(_all(images, sight, settings.run.workers or usable_cpus(), progress))
    dropped.update(vector for _, vector in found if isinstance(vector, str))
    kept = [(image_id, vector) for image_id, vector in found if not isinstance(vector, str)]
    vectors = np.stack([vector for _, vector in kept]) if kept else np.zeros((0, 1), np.float32)
    with explain_storage_errors(target):
        write_embeddings(target, [image_id for image_id, _ in kept], vectors, _metadata(encoder.card))
    return EmbeddingSummary(
        target, encoder.card, encoder.device, len(kept), vectors.shape[1], dict(sorted(dropped.items()))
    )


def _check_free(out: Path, *, force: bool) -> None:
    if out.suffix != ".parquet":
        raise UsageError(
            "embeddings are written to Parquet", where=str(out), hint="a name that ends in .parquet"
        )
    if out.exists() and not force:
        raise UsageError("the file is there already", where=str(out), hint="--force writes over it")


def _check_able(encoder: Encoder) -> None:
    if not isinstance(encoder, EmbeddingEncoder | FeatureEncoder):
        raise EncoderError(
            "the encoder has no embedding of a whole picture",
            where=encoder.card.name,
            hint="another one, or a file with image_id and embedding made elsewhere (Parquet or NPZ)",
        )


def _chosen(source: Dataset, plan: PlanSettings) -> tuple[list[Image], Counter[str]]:
    """Return the picture that stands for each study, and the studies that have none by reason."""
    dropped: list[Drop] = []
    excluded = read_excluded(plan.exclude_ids)
    images = [
        image for _, image in studies_to_read(sorted_studies(source.studies()), plan, excluded, dropped)
    ]
    return images, Counter(drop.reason for drop in dropped)


_Found = tuple[str, "Vectors | str"]
"""(image_id, embedding or the reason why there is none)"""


def _all(
    images: Sequence[Image], sight: PictureSource, workers: int, progress: Progress | None
) -> Iterator[_Found]:
    size = max(1, sight.encoder.batch)
    groups = [images[start : start + size] for start in range(0, len(images), size)]
    pool = ThreadPoolExecutor(workers, thread_name_prefix="embed")
    try:
        done = 0
        for group in pool.map(lambda g: _embed(g, sight), groups):
            yield from group
            done += len(group)
            if progress:
                progress("embedding", done, len(images))
    finally:
        # Also on an interruption: what has not started never starts.
        pool.shutdown(wait=True, cancel_futures=True)


def _embed(group: Sequence[Image], sight: PictureSource) -> list[_Found]:
    """Embed a few pictures that are encoded at once; one that cannot be read does not stop the others."""
    pictures: list[Picture] = []
    found: list[_Found] = []
    for image in group:
        try:
            pictures.append(sight.read(image.image_id, image.path))
        except ImageError as error:
            found.append((image.image_id, error.reason))
    encoded = encode_pictures(sight.encoder, pictures)
    for picture, own in zip(pictures, encoded, strict=True):
        found.append((picture.image_id, embedding_of(sight.encoder, own)))
    return found


def embedding_of(encoder: Encoder, encoded: Any) -> Vectors | str:
    """Return the embedding of one encoded picture, (d,) float32 of length 1, or why there is none.

    The encoder's own where it has one, else the mean of its patch features over the cells of the picture.
    """
    if isinstance(encoder, EmbeddingEncoder):
        vector = np.asarray(encoder.embed(encoded), np.float32)
    elif isinstance(encoder, FeatureEncoder):
        features = encoder.patch_features(encoded)
        inside = features.any(axis=-1)
        vector = features[inside].sum(axis=0)
    else:
        raise EncoderError(
            "the encoder has no embedding of a whole picture",
            where=encoder.card.name,
            hint="another encoder: docs/encoders.md says which have one",
        )
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if 0 < length < np.inf else "embedding-empty"


def _metadata(card: EncoderCard) -> dict[str, str]:
    return {
        "medcutmix.encoder": card.name,
        "medcutmix.weights_sha256": card.weights_sha256,
        "medcutmix.precision": card.precision,
    }
