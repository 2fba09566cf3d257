"""A run of the toy encoder in which pairs are rejected and fail: for tests of what looks at those."""

from contextlib import contextmanager

import pytest

import medcutmix_cli
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

SMALL = "[mixing.options.topk]\nmin_area = 0.39\nmax_area = 0.4\n"


@contextmanager
def toy_encoders():
    """Let every run have the toy encoder, those that are opened again too."""
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        yield


def refused_run(folder, recipe=SMALL, **settings):
    """Plan pairs whose masks are too small by a recipe, take a picture away, render."""
    config = folder / "recipe.toml"
    config.write_text(recipe)
    data = write_manifest(folder / "in", 16)
    given = {"encoder": "toy", "gate": "none", "align": "none", "mask": "topk"} | settings
    medcutmix_cli.plan(data, folder / "run", config=config, **given)
    (data / "0.jpg").unlink()
    medcutmix_cli.render(folder / "run")
    return folder / "run"
