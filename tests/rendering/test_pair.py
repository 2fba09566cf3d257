"""What `--features`, `--image-format` and `[mixing.options.guards]` make of a shard."""

import json
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import ndimage

import medcutmix_cli
from medcutmix_cli.encoders.base import Query
from medcutmix_cli.encoders.geometry import WHOLE_CANVAS, features_to_canvas, picture_window, to_canvas
from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.images import LOSSLESS, decode_picture, encode_picture
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.rendering.rows import row_cut, row_pixels
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.shards import read_rows
from tests.builders import make_report
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
    arguments = {"encoder": "toy", "gate": "none", "align": "none", "features": True}
    if isinstance(encoder, FeaturedToy):
        medcutmix_cli.augment(write_manifest(tmp_path / "in"), tmp_path / "out", **arguments)
        rows = rows_of(tmp_path / "out")
        assert rows
        for row in rows:
            mixed = np.array(row["features"], np.float32).reshape(
                row["grid_h"], row["grid_w"], row["feature_dim"]
            )
            assert np.array_equal(mixed[..., 0], -mixed[..., 1])
            # Bilinear weights reach half a cell into the next one.
            outside = ndimage.maximum_filter(row_cut(row).weights.astype(np.float32), 3) == 0
            bright = row_pixels(row).reshape(14, 32, 14, 32).mean(axis=(1, 3)) / 255
            assert outside.any()
            assert np.abs(mixed[..., 0] - bright)[outside].max() < 0.01
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
    options = {"encoder": "toy", "gate": "none", "align": "none", "image_format": image_format}
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
    medcutmix_cli.augment(source, tmp_path / "open", encoder="toy", gate="none", align="none", config=recipe)
    medcutmix_cli.augment(source, tmp_path / "guarded", encoder="toy", gate="none", align="none")
    opened, guarded = (
        sum(float(np.sum(row_cut(row).weights)) for row in rows_of(tmp_path / run))
        for run in ("open", "guarded")
    )
    assert opened > guarded > 0
    recipe.write_text("[mixing.options.guards]\nboarder = 0\n")
    with pytest.raises(UsageError, match=r"has no option 'boarder'.*did you mean 'border'"):
        medcutmix_cli.plan(
            source, tmp_path / "wrong", encoder="toy", gate="none", align="none", config=recipe
        )


NEIGHBOURS = {
    "recipient": "There is an acute left rib fracture.",
    "donor": "A left-sided pacemaker is in place.",
}


@dataclass(frozen=True)
class PartlyBlind(ToyEncoder):
    """Has no map of some sentences: it refuses them, has none in store, or sees no cell of the picture.

    Attributes:
        blind: Sentences.
        how: "refused", "missing" or "nowhere".
    """

    blind: tuple[str, ...] = ()
    how: str = "refused"

    def encode_sentences(self, sentences):
        queries = super().encode_sentences(sentences)
        return [self._query(*one) for one in zip(sentences, queries, strict=True)]

    def _query(self, sentence, query):
        if sentence not in self.blind:
            return query
        return Query(None, refused="sentence-too-long") if self.how == "refused" else Query(None)

    def attend(self, image, sentence):
        if sentence is not None:
            return super().attend(image, sentence)
        nothing = replace(
            super().attend(image, (0, 0)), scores=np.full((self.grid, self.grid), np.nan, np.float16)
        )
        return replace(nothing, missing="map-missing") if self.how == "missing" else nothing


def write_neighbours(folder):
    """Write studies with an effusion: the even ones beside a fracture, the odd ones beside a pacemaker."""
    source = write_manifest(folder)
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        beside = NEIGHBOURS["donor" if number % 2 else "recipient"]
        row["report"] = make_report("There is a small right pleural effusion.", beside)
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return source


def render_blind(tmp_path, monkeypatch, encoder, guards=""):
    """Return the status of a run, and its pairs that have a neighbour whose sentence the encoder is blind to."""
    use_encoder(monkeypatch.setattr, lambda _settings: encoder)
    source, recipe = write_neighbours(tmp_path / "in"), tmp_path / "recipe.toml"
    recipe.write_text(f"[mixing.options.guards]\n{guards}\n")
    status = medcutmix_cli.augment(
        source, tmp_path / "out", encoder="toy", gate="none", align="none", config=recipe
    )
    pairs = read_plan(tmp_path / "out" / "plan.parquet", 0)
    return status, [pair for pair in pairs if unmapped_sides(pair, encoder.blind)]


def unmapped_sides(pair, blind):
    sides = (("recipient", pair.recipient), ("donor", pair.donor))
    return [who for who, parent in sides if any(n.sentence in blind for n in parent.neighbours)]


HOW = pytest.mark.parametrize("how", ["refused", "missing", "nowhere"])


@HOW
def test_a_pair_whose_neighbour_has_no_map_is_refused_by_name(tmp_path, monkeypatch, how):
    encoder = PartlyBlind(blind=tuple(NEIGHBOURS.values()), how=how)
    status, unguarded = render_blind(tmp_path, monkeypatch, encoder)
    named = Counter(f"{unmapped_sides(pair, encoder.blind)[0]}-neighbour-unmapped" for pair in unguarded)
    assert named
    assert {name: n for name, n in status.rejected.items() if "neighbour" in name} == named
    assert {o.pair_id for o in read_outcomes(tmp_path / "out" / "failures" / "part-00000.jsonl")} >= {
        pair.pair_id for pair in unguarded
    }


@HOW
def test_a_pair_whose_neighbour_has_no_map_is_written_and_counted_where_the_user_says_so(
    tmp_path, monkeypatch, how
):
    encoder = PartlyBlind(blind=tuple(NEIGHBOURS.values()), how=how)
    status, unguarded = render_blind(tmp_path, monkeypatch, encoder, 'unmapped = "count"')
    written = {row["pair_id"] for row in rows_of(tmp_path / "out")}
    assert status.notes.get("neighbour-unmapped") == len(written & {pair.pair_id for pair in unguarded}) > 0
    assert not [name for name in status.rejected if "neighbour" in name]
    assert verify(tmp_path / "out", deep=True).ok
    assert f"| pairs: written without the map of a neighbour | {status.notes['neighbour-unmapped']} |" in (
        tmp_path / "out" / "README.md"
    ).read_text(encoding="utf-8")


def test_a_neighbour_that_no_guard_asks_for_needs_no_map(tmp_path, monkeypatch):
    encoder = PartlyBlind(blind=(NEIGHBOURS["donor"],))
    status, unguarded = render_blind(tmp_path, monkeypatch, encoder, "device_share = 1.0")
    assert unguarded
    assert not [name for name in status.rejected if "unmapped" in name]
    assert "neighbour-unmapped" not in status.notes
