from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn
from transformers import ViTConfig, ViTModel

from medcutmix_cli.errors import ImageError, UsageError
from medcutmix_cli.loader import (
    RECIPE,
    as_pasted,
    layer_mix,
    layer_weights,
    manifold_mix,
    parent_pictures,
    picture_tensor,
    read_parent,
    to_pair,
)
from medcutmix_cli.loader.manifold import area_average
from medcutmix_cli.mixing.cut import Cut, pixel_weights
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.records import Warp
from medcutmix_cli.rendering import pair as rendering_pair
from medcutmix_cli.rendering.rows import replay_pixels, row_cut, row_pixels, row_placement
from medcutmix_cli.run.shards import UNMIXED
from tests.builders import make_placement
from tests.loader.mixes import CANVAS, GRID, make_mix, make_pixels

seeds = st.integers(0, 10_000)


@pytest.fixture(scope="module")
def vit():
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=32,
        image_size=CANVAS,
        patch_size=CANVAS // GRID,
        num_channels=1,
    )
    return ViTModel(config, add_pooling_layer=False).eval()


def embedded(vit, pixels):
    """Return the tokens at the input of the first block, (1, 1 + 49, 24), class token first."""
    with torch.no_grad():
        return vit.embeddings(picture_tensor(pixels)[None])


@given(seeds)
@settings(max_examples=20)
def test_a_hard_pixel_mix_is_the_token_mix_at_the_patch_embedding_of_a_vit(vit, seed):
    row, own, given_ = make_mix(seed)
    h_a, h_b, h = (embedded(vit, pixels) for pixels in (own, given_, row_pixels(row)))
    mixed = manifold_mix(h_a, h_b, [row], class_tokens=1)
    assert (mixed - h).abs().max() == 0.0
    assert (h_a - h).abs().max() > 0
    with torch.no_grad():
        assert torch.equal(vit.layers[0](mixed), vit.layers[0](h))


def test_with_gain_and_offset_it_is_equal_for_the_donor_as_it_was_pasted_only(vit):
    row, own, given_ = make_mix(1, gain=1.25, offset=-7.5)
    pasted = as_pasted(row, own, given_)
    h_a, h = embedded(vit, own), embedded(vit, row_pixels(row))
    assert torch.equal(manifold_mix(h_a, embedded(vit, pasted), [row], class_tokens=1, pasted=True), h)
    assert (manifold_mix(h_a, embedded(vit, given_), [row], class_tokens=1) - h).abs().max() > 0.01


@pytest.mark.parametrize("shift", [(16, 0), (-32, 16), (0, -48), (128, 0)])
def test_a_donor_that_was_moved_by_whole_cells_is_moved_here_too(shift):
    row, own, given_ = make_mix(2, shift_y=shift[0], shift_x=shift[1])
    h_a, h_b, h = (patches(pixels) for pixels in (own, given_, row_pixels(row)))
    assert torch.equal(manifold_mix(h_a, h_b, row), h)
    assert torch.equal(manifold_mix(tokens(h_a), tokens(h_b), row), tokens(h))
    pasted = patches(as_pasted(row, own, given_))
    assert torch.equal(manifold_mix(h_a, pasted, row, pasted=True), h)


def patches(pixels, side=CANVAS // GRID):
    """Return a map that keeps every pixel: (1, 256, 7, 7)."""
    return nn.functional.pixel_unshuffle(picture_tensor(pixels)[None], side)


def tokens(maps):
    return maps.flatten(2).transpose(1, 2)


def test_a_shift_that_is_no_whole_number_of_cells_is_refused_by_id():
    weights = np.zeros((GRID, GRID), np.float16)
    weights[1:, 2:5] = 1  # not the first row: half of it has no donor
    row, own, given_ = make_mix(3, shift_y=8, weights=weights)
    with pytest.raises(UsageError, match=row["pair_id"]):
        manifold_mix(patches(own), patches(given_), row)
    finer = [
        nn.functional.pixel_unshuffle(picture_tensor(p)[None], 8) for p in (own, given_, row_pixels(row))
    ]
    assert torch.equal(manifold_mix(finer[0], finer[1], row), finer[2])
    pasted = patches(as_pasted(row, own, given_))
    assert torch.equal(manifold_mix(patches(own), pasted, row, pasted=True), patches(row_pixels(row)))


@given(seeds, st.booleans(), st.sampled_from([1, 2, 4, 8, 16]), st.integers(0, 60))
@settings(max_examples=30)
def test_on_a_grid_of_pixels_the_weights_are_those_of_the_picture(seed, hard, size, top):
    at = make_placement(CANVAS, top=top, height=CANVAS - top, source_height=CANVAS - top)
    row, *_ = make_mix(seed, hard=hard, placement_b=at)
    weights = pixel_weights(row_cut(row), row_placement(row, "a"), at)
    cells = CANVAS // size
    blocks = weights.reshape(cells, size, cells, size).mean((1, 3), dtype=np.float64)
    exact = cells != GRID or hard
    assert not exact or np.allclose(layer_weights(row, (cells, cells)), blocks, rtol=0, atol=1e-6)
    assert layer_weights(row, (cells, cells)).dtype == np.float32


@given(seeds, st.booleans())
@settings(max_examples=20)
def test_on_the_recipes_own_grid_the_weights_are_the_stored_ones(seed, hard):
    row, *_ = make_mix(seed, hard=hard)
    assert np.array_equal(layer_weights(row, (GRID, GRID)), row_cut(row).weights.astype(np.float32))


def test_where_a_parent_has_no_picture_nothing_is_mixed():
    at = make_placement(CANVAS, top=24, height=64, source_height=64)
    row, own, given_ = make_mix(4, placement_b=at, weights=np.ones((GRID, GRID), np.float16))
    weights = layer_weights(row, (GRID, GRID))
    assert weights[:, 0].tolist() == [0, 0.5, 1, 1, 1, 0.5, 0]
    assert torch.equal(manifold_mix(patches(own), patches(given_), row)[:, :, 0], patches(own)[:, :, 0])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), seeds)
@settings(max_examples=60)
def test_averages_keep_the_mean_and_the_limits(height, width, rows, columns, seed):
    values = np.random.default_rng(seed).random((height, width))
    averaged = area_average(values, (rows, columns))
    assert averaged.mean() == pytest.approx(values.mean())
    assert values.min() - 1e-12 <= averaged.min()
    assert averaged.max() <= values.max() + 1e-12
    assert np.array_equal(area_average(np.ones((height, width)), (rows, columns)), np.ones((rows, columns)))
    assert np.allclose(area_average(values, values.shape), values, rtol=0, atol=1e-15)


@given(
    seeds,
    st.sampled_from([(7, 7), (14, 14), (3, 5), (1, 1), (37, 37)]),
    st.sampled_from(["float32", "bfloat16"]),
)
@settings(max_examples=20)
def test_tokens_and_maps_are_mixed_alike_at_any_grid(seed, grid, dtype):
    rows = [make_mix(seed + k, hard=k == 0)[0] for k in range(2)]
    h_a, h_b = (torch.randn(2, 5, *grid, generator=torch.Generator().manual_seed(seed + k)) for k in (0, 1))
    h_a, h_b = h_a.to(getattr(torch, dtype)), h_b.to(getattr(torch, dtype))
    mixed = manifold_mix(h_a, h_b, rows)
    assert (mixed.shape, mixed.dtype) == (h_a.shape, h_a.dtype)
    assert torch.equal(manifold_mix(tokens(h_a), tokens(h_b), rows, grid), tokens(mixed))
    low, high = torch.minimum(h_a, h_b), torch.maximum(h_a, h_b)
    assert ((low - 0.05 <= mixed) & (mixed <= high + 0.05)).all()
    assert torch.equal(manifold_mix(h_a, h_a, rows), h_a)


def test_a_batch_is_its_rows_one_by_one_and_a_layer_mix_is_its_rows():
    rows = [make_mix(k, hard=False)[0] for k in range(3)]
    h_a, h_b = torch.randn(3, 50, 4), torch.randn(3, 50, 4)
    mixed = manifold_mix(h_a, h_b, rows, class_tokens=1)
    for k, row in enumerate(rows):
        assert torch.equal(manifold_mix(h_a[k : k + 1], h_b[k : k + 1], row, class_tokens=1)[0], mixed[k])
    assert torch.equal(manifold_mix(h_a, h_b, layer_mix(rows, (7, 7)), class_tokens=1), mixed)
    alike = manifold_mix(h_a, h_b, rows[1], class_tokens=1)
    assert torch.equal(alike[1], mixed[1])


def test_class_tokens_are_mixed_by_area_by_lam_or_kept():
    """A default run's `lam` is near 0: by it, the class token of a picture with a small paste is the donor's."""
    row, *_ = make_mix(5)
    h_a, h_b = torch.randn(1, 51, 4), torch.randn(1, 51, 4)
    area = float(layer_weights(row, (7, 7)).mean())
    mixed = manifold_mix(h_a, h_b, row | {"lam": 0.01}, class_tokens=2)
    assert torch.allclose(mixed[:, :2], (1 - area) * h_a[:, :2] + area * h_b[:, :2])
    by_lam = manifold_mix(h_a, h_b, row, class_tokens=2, class_mix="lam")
    assert torch.allclose(by_lam[:, :2], 0.75 * h_a[:, :2] + 0.25 * h_b[:, :2])
    kept = manifold_mix(h_a, h_b, row, class_tokens=2, class_mix="a")
    assert torch.equal(kept[:, :2], h_a[:, :2])
    assert torch.equal(kept[:, 2:], mixed[:, 2:])


def test_gradients_go_to_both_parents_by_their_shares():
    row, *_ = make_mix(6, hard=False)
    h_a, h_b = (torch.randn(1, 49, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    manifold_mix(h_a, h_b, row).sum().backward()
    share = torch.from_numpy(layer_weights(row, (7, 7)).astype(np.float64)).flatten()
    assert torch.allclose(h_b.grad[0, :, 0], share)
    assert torch.allclose(h_a.grad[0, :, 0], 1 - share)
    assert torch.autograd.gradcheck(lambda a, b: manifold_mix(a, b, row), (h_a, h_b))


def bent_warp(seed, size=0.04):
    """Return a warp as that of two thoraxes: scaled, moved and bent a little about the middle."""
    rng = np.random.default_rng(seed)
    linear = np.eye(2) + rng.uniform(-0.1, 0.1, (2, 2))
    offset = 0.5 - linear @ [0.5, 0.5] + rng.uniform(-size, size, 2)
    waves = np.sin(np.linspace(0, 5, 32) + rng.uniform(0, 6))
    field = np.stack([np.add.outer(waves, 0 * waves), np.add.outer(0 * waves, waves)], axis=-1) * size / 2
    return Warp(np.column_stack([linear, offset]).astype(np.float32), field.astype(np.float16))


def inner_weights(seed, hard=True):
    """Return weights that are 0 at the edge, where a warped donor may have no picture."""
    weights = np.random.default_rng(seed).random((GRID, GRID))
    weights[[0, -1]] = weights[:, [0, -1]] = 0
    return ((weights > 0.5) if hard else weights).astype(np.float16)


def warped_mix(seed, *, hard=True, shift=(0, 0), **changes):
    given = {"warp": bent_warp(seed), "align_quality": 0.8, "weights": inner_weights(seed, hard)}
    return make_mix(seed, hard=hard, shift_y=shift[0], shift_x=shift[1], **(given | changes))


@given(seeds, st.booleans(), st.sampled_from([(0, 0), (16, -16)]))
@settings(max_examples=25, deadline=None)
def test_a_donor_that_was_aligned_is_warped_here_as_rendering_warps_its_features(seed, hard, shift):
    row, *_ = warped_mix(seed, hard=hard, shift=shift)
    rng, cut = np.random.default_rng(seed), row_cut(row)
    own, donor = (rng.normal(size=(GRID, GRID, 5)).astype(np.float32) for _ in range(2))
    moved = movement_of(cut, CANVAS).move_values(donor)
    weights = layer_weights(row, (GRID, GRID))[..., None]
    expected = (1 - weights) * own + weights * moved
    h_a, h_b = (torch.from_numpy(states.transpose(2, 0, 1).copy())[None] for states in (own, donor))
    mixed = manifold_mix(h_a, h_b, row)[0].numpy().transpose(1, 2, 0)
    assert np.abs(mixed - expected).max() < 1e-5
    as_tokens = manifold_mix(tokens(h_a), tokens(h_b), row)
    assert torch.equal(as_tokens, tokens(manifold_mix(h_a, h_b, row)))


class Bundle:
    """An encoder whose features of a picture are the picture's own."""

    def patch_features(self, features):
        return features


def test_rendering_and_loader_mix_the_same_features():
    """What `--features` stores is what manifold mix gives at the frozen encoder's output, rounded as it is stored."""
    for seed in range(10):
        row, *_ = warped_mix(seed, hard=seed % 2 == 0, shift=(0, 16 * (seed % 3)))
        rng = np.random.default_rng(seed)
        seen = [rng.normal(size=(GRID, GRID, 4)).astype(np.float32) for _ in range(2)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rendering_pair, "FeatureEncoder", Bundle)
            stored = rendering_pair._mixed_features(Bundle(), row_cut(row), seen, CANVAS)
        h_a, h_b = (torch.from_numpy(each.transpose(2, 0, 1).copy())[None] for each in seen)
        mixed = manifold_mix(h_a, h_b, row)[0].numpy().transpose(1, 2, 0)
        whole = layer_weights(row, (GRID, GRID)) == row_cut(row).weights
        assert whole.mean() > 0.6  # the rest lies partly where the warped donor has no picture
        assert np.abs(mixed - stored)[whole].max() < 1e-5 + 4 * 2**-11  # float16, of values up to 4


@pytest.mark.parametrize("cells", [4, 7, 14, 28])
def test_other_grids_agree_with_warping_the_picture_and_averaging(cells):
    """Loosely: a cell is looked up at its centre, a picture at every pixel."""
    with_warp, without = [], []
    for seed in range(6):
        row, *_ = warped_mix(seed, weights=np.ones((GRID, GRID), np.float16))
        y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS
        smooth = (120 + 60 * np.sin(5 * x + seed) * np.cos(4 * y)).astype(np.uint8)
        pixels = movement_of(row_cut(row), CANVAS).move_pixels(smooth)
        donor, known = (area_average(each, (cells, cells)) for each in (smooth, pixels))
        states = torch.from_numpy(donor.astype(np.float32))[None, None]
        mixed = manifold_mix(torch.zeros_like(states), states, row)[0, 0].numpy()
        inner = layer_weights(row, (cells, cells)) == 1
        assert inner.mean() > 0.3
        with_warp.append(np.abs(mixed - known)[inner].mean())
        without.append(np.abs(donor - known)[inner].mean())
    assert np.mean(with_warp) < 3  # grey levels
    assert np.mean(with_warp) < 0.6 * np.mean(without)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_places_are_looked_up_exactly_whatever_the_states_are_kept_in(dtype):
    row, *_ = warped_mix(11)
    h_a, h_b = (torch.randn(1, 6, 28, 28, generator=torch.Generator().manual_seed(k)) for k in (0, 1))
    exact = manifold_mix(h_a, h_b, row)
    found = manifold_mix(h_a.to(getattr(torch, dtype)), h_b.to(getattr(torch, dtype)), row)
    assert found.dtype == getattr(torch, dtype)
    assert (found.float() - exact).abs().max() < 0.04


@pytest.mark.parametrize("shift", [(0, 0), (16, -32)])
def test_a_row_with_warp_and_tone_replays_bit_for_bit(shift):
    tone = np.random.default_rng(3).normal(0, 8, (GRID, GRID)).astype(np.float16)
    for seed in range(6):
        row, own, given_ = warped_mix(
            seed, hard=False, shift=shift, tone=tone, gain=float(np.float32(1.1)), offset=-4.5
        )
        assert row_cut(row).tone is not None
        assert np.array_equal(replay_pixels(row, own, given_), row_pixels(row))
        without = {**row, "align_field": None, "align_affine": None}
        assert not np.array_equal(replay_pixels(without, own, given_), row_pixels(row))


def test_a_donor_with_warp_and_tone_is_equal_as_it_was_pasted(vit):
    tone = np.random.default_rng(4).normal(0, 8, (GRID, GRID)).astype(np.float16)
    row, own, given_ = warped_mix(12, tone=tone, gain=1.25, offset=-7.5)
    pasted = as_pasted(row, own, given_)
    inside = pixel_weights(row_cut(row), row_placement(row, "a"), row_placement(row, "b")) == 1
    assert np.array_equal(pasted[inside], row_pixels(row)[inside])
    mixed = manifold_mix(embedded(vit, own), embedded(vit, pasted), [row], class_tokens=1, pasted=True)
    whole = layer_weights(row, (GRID, GRID)) == row_cut(row).weights
    off = (mixed - embedded(vit, row_pixels(row))).abs().amax(dim=-1)[0, 1:].reshape(GRID, GRID).numpy()
    assert off[whole].max() == 0


def test_gradients_go_through_the_warp():
    row, *_ = warped_mix(13, hard=False)
    h_a, h_b = (torch.randn(1, 2, 7, 7, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(lambda a, b: manifold_mix(a, b, row), (h_a, h_b))


MISFITS = {
    "2 rows for a batch of 3": (torch.zeros(3, 49, 2), torch.zeros(3, 49, 2), {}),
    "49, 2. torch.float32 and .2, 49, 3": (torch.zeros(2, 49, 2), torch.zeros(2, 49, 3), {}),
    "torch.float32 and .* torch.float64": (torch.zeros(2, 49, 2), torch.zeros(2, 49, 2).double(), {}),
    "cannot be mixed: .2, 49. ": (torch.zeros(2, 49), torch.zeros(2, 49), {}),
    "50 tokens are no grid of 7 x 7": (torch.zeros(2, 50, 2), torch.zeros(2, 50, 2), {}),
    "49 tokens are no grid of 6 x 8": (torch.zeros(2, 49, 2), torch.zeros(2, 49, 2), {"grid": (6, 8)}),
    "that grid and no class": (torch.zeros(2, 3, 7, 7), torch.zeros(2, 3, 7, 7), {"class_tokens": 1}),
    "a map of 7 x 7 has that": (torch.zeros(2, 3, 7, 7), torch.zeros(2, 3, 7, 7), {"grid": (14, 14)}),
    "no class_mix 'b'": (torch.zeros(2, 49, 2), torch.zeros(2, 49, 2), {"class_mix": "b"}),
}
"""What is told, as a pattern, of states that do not fit."""


@pytest.mark.parametrize("told", MISFITS)
def test_what_does_not_fit_together_is_refused(told):
    h_a, h_b, options = MISFITS[told]
    with pytest.raises(UsageError, match=told):
        manifold_mix(h_a, h_b, [make_mix(k)[0] for k in range(2)], **options)


def test_a_layer_mix_of_another_grid_is_refused():
    with pytest.raises(UsageError, match="grid"):
        manifold_mix(torch.zeros(1, 49, 2), torch.zeros(1, 49, 2), layer_mix(make_mix()[0], (14, 14)), (7, 7))


def test_a_row_read_without_its_recipe_is_an_error_with_the_columns():
    row, *_ = make_mix()
    short = {name: row[name] for name in RECIPE if name != "gain"}
    with pytest.raises(UsageError, match="'gain'"):
        manifold_mix(torch.zeros(1, 49, 2), torch.zeros(1, 49, 2), short)
    assert set(RECIPE) >= {*Cut.__dataclass_fields__, "align_affine", "align_field"} - {"warp"}


@given(seeds, st.sampled_from([0.75, 1.0, 1.125, 1.375]), st.floats(-40, 40, width=32))
@settings(max_examples=20)
def test_where_the_mix_is_the_donors_alone_its_pixels_are_the_donor_as_pasted(seed, gain, offset):
    row, own, given_ = make_mix(seed, gain=gain, offset=offset)
    alone = pixel_weights(row_cut(row), row_placement(row, "a"), row_placement(row, "b")) == 1
    assert np.array_equal(as_pasted(row, own, given_)[alone], row_pixels(row)[alone])


def test_parents_are_read_from_their_files(tmp_path):
    row, own, given_ = make_mix(7, gain=1.1, offset=3.0)
    row |= {"image_path_a": "deep/a.png", "image_path_b": "b.png"}
    (tmp_path / "deep").mkdir()
    for name, pixels in (("deep/a.png", own), ("b.png", given_)):
        Image.fromarray(pixels).save(tmp_path / name)
    for where in (tmp_path, str(tmp_path), lambda name: tmp_path / name):
        assert np.array_equal(read_parent(row, "b", where), given_)
    found = parent_pictures(row, tmp_path)
    assert torch.equal(found.recipient, picture_tensor(own))
    assert torch.equal(found.donor, picture_tensor(as_pasted(row, own, given_)))
    assert torch.equal(
        parent_pictures(row, tmp_path, pasted=False, dtype="uint8").donor[0], torch.tensor(given_)
    )


def test_a_study_as_it_is_needs_no_file_of_a_donor(tmp_path):
    row, own, _ = make_mix(7)
    row |= {"image_path_a": "a.png", "image_path_b": "gone.png", **UNMIXED}
    Image.fromarray(own).save(tmp_path / "a.png")
    found = parent_pictures(row, tmp_path, pasted=False)
    assert torch.equal(found.recipient, picture_tensor(own))
    assert torch.equal(found.donor, found.recipient)
    with pytest.raises(ImageError):
        parent_pictures({**row, "finding": "edema"}, tmp_path)


def test_a_parent_of_another_size_is_refused(tmp_path):
    row, *_ = make_mix(8)
    Image.fromarray(make_pixels(1)[:100]).save(tmp_path / "8.jpg", format="PNG")
    with pytest.raises(ImageError, match="another size"):
        read_parent(row, "a", tmp_path)
    with pytest.raises(UsageError, match="image_path_b"):
        parent_pictures({name: row[name] for name in (*RECIPE, "image_path_a")}, tmp_path)


def test_the_recipe_of_a_pair_serves_as_it_comes_from_the_data_set():
    row, own, given_ = make_mix(9)
    pair = to_pair({name: row[name] for name in ("image", *RECIPE)})
    assert torch.equal(
        manifold_mix(patches(own), patches(given_), pair["row"]),
        nn.functional.pixel_unshuffle(pair["image"][None], 16),
    )


def test_moving_a_layer_mix_keeps_it():
    mix = layer_mix([make_mix(k)[0] for k in range(2)], (7, 7))
    assert replace(mix.to("cpu"), weights=mix.weights, lam=mix.lam).names == mix.names


def test_no_row_is_an_error():
    with pytest.raises(UsageError, match="no row"):
        manifold_mix(torch.zeros(0, 49, 2), torch.zeros(0, 49, 2), [], grid=(7, 7))
