"""Let open_clip itself run a random checkpoint in the released layout, and keep small outputs of it.

    python -m tests.reference.biomedclip.recipe [--full FILE]

Needs open_clip, timm and transformers, and not this package; see README.md beside it.
"""

from __future__ import annotations

import sys
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

GOLDEN = Path(__file__).with_name("golden.npz")
PICTURES = ((301, 257), (241, 333))
"""(height, width) of the pictures, odd ones, portrait and landscape."""


def outputs(size: layout.Size, every: int) -> dict[str, np.ndarray]:
    """Run both towers.

    Returns:
        pixels (n, 3, h, w) uint8-exact values / 255 are not kept: `pixels` is the normalised (h, w) of channel 0;
        image (n, embed), patches (n, cells / every, embed), text (m, embed), ids (m, 256), logits (n, m).
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        bert = folder / "bert"
        layout.write_tokenizer(bert, size)
        (bert / "config.json").write_text(layout.json.dumps(layout.bert_configuration(size)))
        layout.write_release(folder / "release", size, text_folder=str(bert))
        model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder / 'release'}")
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder / 'release'}")
    model.eval()
    print(preprocess)
    with torch.inference_mode():
        seen = torch.stack([preprocess(Image.fromarray(layout.picture(*shape))) for shape in PICTURES])
        ids = tokenizer(list(layout.SENTENCES))
        tokens = model.visual.head(model.visual.trunk.forward_features(seen))
        image, text = model.encode_image(seen), model.encode_text(ids)
        both = model(seen, ids)
    return {
        "pixels": np.round((seen[:, 0] * layout.STD[0] + layout.MEAN[0]).numpy() * 255).astype(np.uint8),
        "normalised": seen[:, :, ::37, ::41].numpy(),
        "image": image.numpy(),
        "patches": tokens[:, 1:][:, ::every].numpy(),
        "text": text.numpy(),
        "ids": ids.numpy().astype(np.int32),
        "logits": (both[2] * both[0] @ both[1].T).numpy(),
    }


def main(arguments: list[str]) -> None:
    """Write the golden file of the reduced size, or of the released size to the file that is named."""
    torch.set_num_threads(1)
    full = arguments[:1] == ["--full"]
    target = Path(arguments[1]) if full else GOLDEN
    np.savez_compressed(target, **outputs(layout.RELEASED if full else layout.REDUCED, 7 if full else 2))
    print(f"wrote {target}: {target.stat().st_size} bytes, open_clip {open_clip.__version__}")


if __name__ == "__main__":
    main(sys.argv[1:])
