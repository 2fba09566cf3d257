"""Tissues made again from a sample's seed are those of the pictures on the disk."""

import json

import cv2
import pytest

from medcutmix_cli.datasets.base import SAMPLE_MARKER
from medcutmix_cli.datasets.phantoms import paint
from medcutmix_cli.datasets.phantoms.sampling.pictures import jpg_bytes
from medcutmix_cli.datasets.phantoms.sampling.study_files import draw_study
from medcutmix_cli.datasets.sample import write_sample
from medcutmix_cli.datasets.sample_tissues import SampleTissues
from medcutmix_cli.errors import DatasetError

TABLE = """
[prevalence]
pleural_effusion = 0.9
[site]
ap = 0.9
zoom = 1.1
"""
MADE = {
    "look 1": {},
    "look 2": {"look": 2},
    "look 2, a table of one's own": {"look": 2, "correlations": TABLE},
}


@pytest.fixture(scope="module", params=MADE)
def sample(tmp_path_factory, request):
    home, options = tmp_path_factory.mktemp("tissues"), dict(MADE[request.param])
    if "correlations" in options:
        (home / "table.toml").write_text(options["correlations"])
        options["correlations"] = home / "table.toml"
    return write_sample(home / "sample", 6, seed=4, height=128, workers=1, **options).directory


def test_the_phantoms_are_those_of_the_pictures(sample):
    """Painted again, every frontal picture has the bytes of its file, whatever the look and the table."""
    tissues = SampleTissues.of(sample)
    for path in sorted(sample.glob("files/*/*/*/*.jpg")):
        study = tissues.plans[path.parent.name.removeprefix("s")]
        if tissues.paint(path.parent.name, path.stem) is not None:
            painted = paint(draw_study(study, tissues.settings), tissues.settings.height)
            assert jpg_bytes(painted.image) == path.read_bytes()


def test_the_lungs_of_every_frontal_picture_lie_where_it_is_dark(sample):
    tissues, frontal = SampleTissues.of(sample), 0
    for path in sorted(sample.glob("files/*/*/*/*.jpg")):
        painted = tissues.paint(path.parent.name, path.stem)
        if painted is not None:
            frontal += 1
            pixels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            assert painted["lung"].shape == pixels.shape
            assert pixels[painted["aerated"]].mean() < pixels[painted["abdomen"]].mean()
    assert frontal == 6


def test_pictures_of_others_have_none(sample):
    tissues = SampleTissues.of(sample)
    study = next(iter(tissues.plans))
    assert tissues.paint(f"s{study}", "another-picture") is None
    assert tissues.paint("s1", "another-picture") is None


@pytest.mark.parametrize("marker", ["{}", json.dumps({"generator": 0, "settings": {}})])
def test_what_another_generator_made_is_refused(tmp_path, marker):
    (tmp_path / SAMPLE_MARKER).write_text(marker)
    with pytest.raises(DatasetError, match="no sample data set of this version"):
        SampleTissues.of(tmp_path)
