"""What `--features` and `--image-format` put into a shard."""

from dataclasses import dataclass

import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.encoders.geometry import WHOLE_CANVAS, features_to_canvas, picture_window, to_canvas
from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images import LOSSLESS, decode_picture, encode_picture
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.rendering.rows import row_cut, row_pixels
from medcutmix_cli.run.shards import read_rows
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


@dataclass(frozen=True)
class FeaturedToy(ToyEncoder):
    """Its features of a cell are its brightness, and the same with the other sign."""

    def patch_features(self, image):
        return np.stack([image, -image], axis=-1).astype(np.float32)


@pytest.fixture(params=[FeaturedToy, ToyEncoder], ids=["featured", "plain"])
def encoder(request, monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: request.param())
    return request.param()


def rows_of(run):
    return [row for path in sorted((run / "data").glob("*.parquet")) for row in read_rows(path)]


def test_mixed_features_are_those_of_the_parents_by_the_weights_of_the_cut(encoder, tmp_path):
    arguments = {"encoder": "toy", "gate": "none", "features": True}
    if isinstance(encoder, FeaturedToy):
        medcutmix_cli.augment(write_manifest(tmp_path / "in"), tmp_path / "out", **arguments)
        rows = rows_of(tmp_path / "out")
        assert rows
        for row in rows:
            mixed = np.array(row["features"], np.float32).reshape(
                row["grid_h"], row["grid_w"], row["feature_dim"]
            )
            assert np.array_equal(mixed[..., 0], -mixed[..., 1])
            outside = row_cut(row).weights == 0
            bright = row_pixels(row).reshape(14, 32, 14, 32).mean(axis=(1, 3)) / 255
            assert np.abs(mixed[..., 0] - bright)[outside].max() < 0.05
        assert verify(tmp_path / "out", deep=True).ok
    else:
        with pytest.raises(UsageError, match="no patch features"):
            medcutmix_cli.augment(write_manifest(tmp_path / "in"), tmp_path / "out", **arguments)


def test_features_land_where_scores_land():
    place = letterbox(150, 97, 224)
    cells = np.random.default_rng(0).normal(size=(49, 3))
    for window in (WHOLE_CANVAS, picture_window(place)):
        spread = features_to_canvas(cells, window, place, (14, 14))
        for channel in range(3):
            scores = to_canvas(cells[:, channel].reshape(7, 7), window, place, (14, 14)).scores
            assert np.array_equal(np.nan_to_num(scores), spread[..., channel].astype(np.float16))


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_pictures_are_stored_as_asked_and_replay(tmp_path, monkeypatch, image_format):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    options = {"encoder": "toy", "gate": "none", "image_format": image_format}
    medcutmix_cli.augment(write_manifest(tmp_path / "in"), tmp_path / "out", **options)
    starts = {"png": b"\x89PNG", "jpeg": b"\xff\xd8", "webp": b"RIFF"}
    rows = rows_of(tmp_path / "out")
    assert rows
    assert all(row["image"]["bytes"].startswith(starts[image_format]) for row in rows)
    assert verify(tmp_path / "out", deep=True).ok


def test_lossless_formats_lose_nothing_and_jpeg_little():
    smooth = np.add.outer(np.arange(112), np.arange(112)).astype(np.uint8)
    for image_format in ("png", "jpeg", "webp"):
        back = decode_picture(encode_picture(smooth, image_format))
        worst = np.abs(back.astype(int) - smooth).max()
        assert worst == 0 if image_format in LOSSLESS else worst <= 3


def test_an_unknown_format_is_refused():
    with pytest.raises(ImageError, match="no image format 'gif'"):
        encode_picture(np.zeros((4, 4), np.uint8), "gif")


def test_guards_are_a_table_of_the_recipe(tmp_path, monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    source, recipe = write_manifest(tmp_path / "in"), tmp_path / "recipe.toml"
    recipe.write_text("[mixing.options.guards]\nborder = 0\nmarkers = false\n")
    medcutmix_cli.augment(source, tmp_path / "open", encoder="toy", gate="none", config=recipe)
    medcutmix_cli.augment(source, tmp_path / "guarded", encoder="toy", gate="none")
    opened, guarded = (
        sum(float(np.sum(row_cut(row).weights)) for row in rows_of(tmp_path / run))
        for run in ("open", "guarded")
    )
    assert opened > guarded > 0
    recipe.write_text("[mixing.options.guards]\nboarder = 0\n")
    with pytest.raises(UsageError, match=r"has no option 'boarder'.*did you mean 'border'"):
        medcutmix_cli.plan(source, tmp_path / "wrong", encoder="toy", gate="none", config=recipe)
