"""The contracts run over every registered part; a part that nobody can build here fails, and is not skipped."""

import numpy as np
import pytest

from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.registry import load, names
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.testing import SENTENCES, checks_of, made_pictures, made_studies
from tests.encoders.clip_folders import clip_folder
from tests.encoders.test_blip import make_config, write_checkpoint
from tests.encoders.test_precomputed import make_row, write_rows
from tests.mimic_trees import Tree
from tests.nih_trees import write_nih
from tests.own_trees import rows_of, write_pairs, write_saved, write_tar
from tests.reference.biomedclip import layout
from tests.reference.biovil import release
from tests.released_trees import WITHOUT_SPLIT, WITHOUT_VIEW, WRITERS
from tests.trees import write_manifest

PLAIN = ("alignment", "blend", "export", "gate", "mask", "region", "weight")
"""Kinds whose parts need nothing to be built."""


def blip_folder(folder):
    import torch
    from transformers import BlipForImageTextRetrieval

    torch.manual_seed(3)
    return write_checkpoint(folder, BlipForImageTextRetrieval(make_config()))


def maps_file(folder):
    rng = np.random.default_rng(0)
    asked = [(picture.image_id, sentence) for picture in made_pictures() for sentence in SENTENCES]
    rows = [make_row(image_id, sentence, rng.normal(size=(7, 7))) for image_id, sentence in asked]
    return write_rows(folder / "maps.parquet", rows)


ENCODERS = {
    "bundled": lambda folder: None,
    "biovil": lambda folder: release.write_release(folder / "r", "biovil"),
    "biovil-t": lambda folder: release.write_release(folder / "r", "biovil-t"),
    "biomedclip": lambda folder: layout.write_release(folder / "r", layout.REDUCED),
    "blip": blip_folder,
    "clip": lambda folder: clip_folder(folder / "r"),
    "precomputed": maps_file,
}
"""How the weights of each registered encoder are made small."""

DATASETS = {
    "mimic-cxr": lambda folder: Tree().write(folder),
    "manifest": lambda folder: write_manifest(folder, 3),
    "nih-chestxray14": lambda folder: write_nih(folder),
    "hugging-face": lambda folder: write_saved(
        folder, {"train": rows_of(folder.with_name(f"{folder.name}-rows"), 3)}
    ),
    "text-folder": lambda folder: write_pairs(
        folder, rows_of(folder.with_name(f"{folder.name}-rows"), 3), "train/{subject}-{n}"
    ),
    "webdataset": lambda folder: (
        write_tar(folder / "train-0.tar", rows_of(folder.with_name(f"{folder.name}-rows"), 3)).parent
    ),
    **WRITERS,
}
"""How a tree of each registered data set is made."""


def embeddings(folder):
    ids = [study.images[0].image_id for study in made_studies()]
    np.savez(folder / "e.npz", image_id=ids, embedding=np.random.default_rng(0).normal(size=(len(ids), 4)))
    return {"embeddings": str(folder / "e.npz")}


OPTIONS = {"nearest": embeddings}
"""What pairings cannot do without."""


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return a function that builds a registered part, once."""
    made = {}

    def part(kind, name):
        if (kind, name) not in made:
            made[kind, name] = MAKERS[kind](name, tmp_path_factory.mktemp(f"{kind}-{name}"))
        return made[kind, name]

    return part


def make_encoder(name, folder):
    weights = ENCODERS[name](folder)
    return build("encoder", name, {} if weights is None else {"weights": weights})


def make_pairing(name, folder):
    return build("pairing", name, OPTIONS[name](folder) if name in OPTIONS else {})


def make_dataset(name, folder):
    """Open a tree with what its publication does not say."""
    said = {
        "split": "train" if name in WITHOUT_SPLIT else None,
        "view": "PA" if name in WITHOUT_VIEW else None,
    }
    options = {key: value for key, value in said.items() if value}
    return open_dataset(DATASETS[name](folder / "data"), **options)


MAKERS = {
    "encoder": make_encoder,
    "dataset": make_dataset,
    "pairing": make_pairing,
    "weight": lambda name, folder: load("weight", name),
    **{kind: (lambda name, folder, kind=kind: build(kind, name, {})) for kind in PLAIN if kind != "weight"},
}

EVERY = [
    pytest.param(kind, name, check, id=f"{kind}-{name}-{check}")
    for kind in sorted(MAKERS)
    for name in names(kind)
    for check in checks_of(kind)
]


@pytest.mark.parametrize(("kind", "name", "check"), EVERY)
def test_every_registered_part_keeps_its_contract(parts, kind, name, check):
    checks_of(kind)[check](parts(kind, name))


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_no_registered_part_is_left_out(kind):
    tried = {param.values[1] for param in EVERY if param.values[0] == kind}
    assert tried == set(names(kind)) != set()
