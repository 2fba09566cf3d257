"""What the docs promise of hard cuts: mixing pixels is mixing tokens at the patch embedding of a ViT, exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from medcutmix_cli.attention import TopK
from medcutmix_cli.mixing.blends.hard import Hard
from medcutmix_cli.mixing.cut import Cut, Strategies, draw_cut, paste
from medcutmix_cli.mixing.guards import Guards
from medcutmix_cli.mixing.regions.in_place_donor import InPlaceDonor
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.regions.paste_to_target import PasteToTarget
from medcutmix_cli.mixing.shifts import cells_of, shift_array
from tests.builders import make_view

REGIONS = [InPlaceUnion(), InPlaceDonor(), PasteToTarget()]
GRIDS = [pytest.param(16, 28, id="16-pixel-patches"), pytest.param(14, 32, id="14-pixel-patches")]


def embedding(patch):
    """Return the patch embedding of ViT-S: one convolution, its stride its size."""
    torch.manual_seed(patch)
    return torch.nn.Conv2d(3, 384, patch, stride=patch)


@torch.inference_mode()
def tokens(embed, pixels):
    """Embed a canvas as models do: three equal channels, brought to mean 0; (dim, grid, grid)."""
    grey = torch.from_numpy(np.ascontiguousarray(pixels)).float().div(255).sub(0.5).div(0.25)
    return embed(grey.expand(1, 3, -1, -1))[0]


@pytest.mark.parametrize(("patch", "grid"), GRIDS)
@pytest.mark.parametrize("region", REGIONS, ids=["union", "donor", "target"])
@pytest.mark.parametrize("mode", ["attended", "box"])
def test_a_hard_pixel_mix_is_a_token_mix_at_the_patch_embedding(patch, grid, region, mode):
    a, b = (smooth_scores(make_view(n, 448, grid), n) for n in (5, 6))
    strategies = Strategies(TopK(), region, Hard(), guards=Guards(markers=False))  # noise is lines everywhere
    cut = draw_cut(a, b, strategies, mode, np.random.default_rng(1))
    assert isinstance(cut, Cut)
    assert cut.mask.any()
    plain = replace(cut, gain=1.0, offset=0.0)
    embed = embedding(patch)
    mixed = tokens(embed, paste(plain, a, b))
    shift = cells_of(cut.shift_y, cut.shift_x, 448, (grid, grid))
    own, given = tokens(embed, a.pixels), moved_tokens(tokens(embed, b.pixels), shift)
    chosen = torch.from_numpy(cut.weights.astype(np.float32))
    assert float((mixed - torch.where(chosen == 1, given, own)).abs().max()) == 0.0


def smooth_scores(view, seed):
    """Put the peaks of the two parents near each other, so that a donor may be moved."""
    grid = view.scores.shape[0]
    y, x = np.mgrid[:grid, :grid]
    scores = -np.hypot(y - grid // 2 - seed % 2 * 2, x - grid // 2 + 3 * (seed % 2))
    return replace(view, scores=scores.astype(np.float32))


def moved_tokens(h, shift):
    return torch.from_numpy(np.stack([shift_array(plane, shift.rows, shift.columns) for plane in h.numpy()]))
