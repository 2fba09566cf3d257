"""Let open_clip itself run random checkpoints in the released layout, and keep small outputs of it.

    python -m tests.reference.biomedclip.recipe

Needs open_clip, timm and transformers, and not this package; see README.md beside it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from tests.reference.biomedclip import layout

# torchvision built for another torch cannot load its operators, and fails when it registers their fake kernels.
# None of them is used here.
for _name in ("nms", "qnms"):
    torch.library.define(
        f"torchvision::{_name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    )

import open_clip  # noqa: E402


def outputs(size: layout.Size, every: int) -> dict[str, np.ndarray]:
    """Run preprocessing, tokenizer and both towers.

    Args:
        size: Of the checkpoint.
        every: Keep each so many-th patch, from the first.

    Returns:
        pixels (n, side, side) uint8 as they are before ToTensor, normalised (n, 3, ., .) some of the values that go
        in, image (n, embed), patches (n, ., embed), text (m, embed), ids (m, 256), logits (n, m).
    """
    with tempfile.TemporaryDirectory() as place:
        model, preprocess, tokenizer = load(Path(place), size)
    with torch.inference_mode():
        seen = torch.stack([preprocess(Image.fromarray(layout.picture(*shape))) for shape in layout.PICTURES])
        ids = tokenizer(list(layout.SENTENCES))
        tokens = model.visual.head(model.visual.trunk.forward_features(seen))
        image, text, scale = model.encode_image(seen), model.encode_text(ids), model(seen, ids)[2]
        logits = scale * model.encode_image(seen, normalize=True) @ model.encode_text(ids, normalize=True).T
    grey = (seen[:, 0] * layout.STD[0] + layout.MEAN[0]) * 255
    return {
        "pixels": grey.round().to(torch.uint8).numpy(),
        "normalised": seen[:, :, ::37, ::41].numpy(),
        "image": image.numpy(),
        "patches": tokens[:, 1:][:, ::every].numpy(),
        "text": text.numpy(),
        "ids": ids.numpy().astype(np.int32),
        "logits": logits.numpy(),
    }


def load(place: Path, size: layout.Size) -> tuple:
    """Write a release and let open_clip build the model, its transform and its tokenizer from it."""
    bert = place / "bert"
    layout.write_tokenizer(bert, size)
    (bert / "config.json").write_text(json.dumps(layout.bert_configuration(size)))
    layout.write_release(place / "release", size, text_folder=str(bert))
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{place / 'release'}")
    return model.eval(), preprocess, open_clip.get_tokenizer(f"local-dir:{place / 'release'}")


def main() -> None:
    """Write both golden files."""
    torch.set_num_threads(1)
    for name, size, every, left_out in (
        ("reduced", layout.REDUCED, 2, ()),
        ("released", layout.RELEASED, 28, ("pixels",)),  # the same pixels as of the reduced size
    ):
        kept = {key: value for key, value in outputs(size, every).items() if key not in left_out}
        target = Path(__file__).with_name(f"{name}.npz")
        np.savez_compressed(target, **kept)
        print(f"{target.name}: {target.stat().st_size} bytes, open_clip {open_clip.__version__}")


if __name__ == "__main__":
    main()
