"""Compute what hi-ml-multimodal makes of the random releases, and write golden.npz and the layouts (README.md)."""

from __future__ import annotations

import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from tests.reference.biovil import release


def load_reference():
    """Import the reference; the wheel of torchvision on PyPI is built for CUDA and lacks its operators here."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    places = {
        "ImageModel": "image.model.model",
        "ImageInferenceEngine": "image",
        "create_chest_xray_transform_for_inference": "image.data.transforms",
        "CXRBertConfig": "text",
        "CXRBertModel": "text",
        "CXRBertTokenizer": "text",
        "TextInferenceEngine": "text",
        "ImageTextInferenceEngine": "vlp",
    }
    modules = {name: import_module(f"health_multimodal.{place}") for name, place in places.items()}
    reference = SimpleNamespace(**{name: getattr(module, name) for name, module in modules.items()})
    if not hasattr(reference.CXRBertTokenizer, "batch_encode_plus"):  # transformers 5 dropped the longer name
        reference.CXRBertTokenizer.batch_encode_plus = _batch_encode_plus
    return reference


def _batch_encode_plus(tokenizer, batch_text_or_text_pairs: list[str], **options):
    return tokenizer(batch_text_or_text_pairs, **options)


def image_model(reference: SimpleNamespace, name: str, path: Path | None):
    """Build the reference's image model as its `pretrained.py` does, from a file instead of a download."""
    kind = "resnet50_multi_image" if name == "biovil-t" else "resnet50"
    return reference.ImageModel(img_encoder_type=kind, joint_feature_size=128, pretrained_model_path=path)


def write_layouts(reference: SimpleNamespace) -> None:
    """Write name, dtype and shape of each tensor: the reference loads a release strictly, so this is its layout."""
    for name in release.IMAGE_FILES:
        _write_layout(f"layout_{name}.tsv", image_model(reference, name, None))
    config = reference.CXRBertConfig(**{k: v for k, v in release.CONFIG.items() if k != "model_type"})
    _write_layout("layout_text.tsv", reference.CXRBertModel(config))


def _write_layout(file: str, model: torch.nn.Module) -> None:
    lines = (
        f"{name}\t{str(tensor.dtype).removeprefix('torch.')}\t{list(tensor.shape)}\n"
        for name, tensor in model.state_dict().items()
    )
    (release.HERE / file).write_text("".join(lines))


def reference_outputs(reference: SimpleNamespace, folder: Path, name: str) -> dict[str, np.ndarray]:
    """Return the reference's own pixels, patches, sentences, cosines and field of view for one release."""
    crop = 448 if name == "biovil-t" else 480  # as in its image/utils.py
    transform = reference.create_chest_xray_transform_for_inference(512, crop)
    model = image_model(reference, name, folder / release.IMAGE_FILES[name])
    images = reference.ImageInferenceEngine(model, transform)
    tokenizer = reference.CXRBertTokenizer.from_pretrained(folder)
    texts = reference.TextInferenceEngine(tokenizer, reference.CXRBertModel.from_pretrained(folder).eval())
    both = reference.ImageTextInferenceEngine(images, texts)
    outputs = {"text": texts.get_embeddings_from_prompt(list(release.SENTENCES), verbose=False).numpy()}
    for shape in release.PICTURES:
        path = folder / f"{shape}.png"
        Image.fromarray(release.make_picture(shape)).save(path)
        pixels, _ = images.load_and_transform_input_image(path, transform)
        patches, _ = images.get_projected_patch_embeddings(path)
        outputs[f"{shape}/pixels"] = pixels[0].numpy()
        outputs[f"{shape}/patches"] = patches.numpy()
        # One sentence at a time, and a Gaussian too narrow to smooth: the similarity itself.
        singles = (torch.from_numpy(one)[None] for one in outputs["text"])
        maps = [both._get_similarity_map_from_embeddings(patches, one, sigma=1e-3) for one in singles]
        outputs[f"{shape}/similarity"] = torch.stack(maps).numpy()
        outputs[f"{shape}/seen"] = _extent(both.get_similarity_map_from_raw_data(path, release.SENTENCES[0]))
    return outputs


def _extent(over_picture: np.ndarray) -> np.ndarray:
    """Return top, bottom, left and right of what is not NaN, in pixels of the picture, ends exclusive."""
    rows, columns = (
        np.nonzero(np.isfinite(over_picture).any(1))[0],
        np.nonzero(np.isfinite(over_picture).any(0))[0],
    )
    return np.array([rows[0], rows[-1] + 1, columns[0], columns[-1] + 1])


def thinned(outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep what fits into a repository: of patches every second row and column, of pixels every ninth."""
    kept = {}
    for key, values in outputs.items():
        if key.endswith("patches"):
            values = values[::2, ::2]
        if key.endswith("pixels"):
            kept[key + "-sum"] = np.array([channel.astype(np.float64).sum() for channel in values])
            values = values[:, ::9, ::9]
        kept[key] = values
    return kept


def main() -> None:
    """Write layouts and golden outputs beside this file."""
    reference = load_reference()
    write_layouts(reference)
    golden = {}
    for name in release.IMAGE_FILES:
        with tempfile.TemporaryDirectory() as folder:
            release.write_release(Path(folder), name)
            outputs = reference_outputs(reference, Path(folder), name)
        golden |= {f"{name}/{key}": values for key, values in thinned(outputs).items()}
    np.savez_compressed(release.HERE / "golden.npz", **golden)
    sys.stdout.write("".join(f"{key} {values.shape} {values.dtype}\n" for key, values in golden.items()))


if __name__ == "__main__":
    main()
