"""The donor on the recipient's canvas: masks go where the pixels go."""

import numpy as np
import pytest

from medcutmix_cli.evaluation.mix_geometry import PastedPair, bring, to_canvas_mask
from medcutmix_cli.images import letterbox
from medcutmix_cli.mixing.cut import paste
from medcutmix_cli.mixing.views import Pasteable
from medcutmix_cli.rendering.rows import row_cut
from tests.run_folders import make_row


@pytest.mark.parametrize("shift", [(0, 0), (28, -12)])
def test_a_mask_is_brought_where_the_pixels_of_a_donor_are_pasted(shift):
    row = make_row(weights=[1.0] * 16, shift_y=shift[0], shift_x=shift[1])
    pair = PastedPair.of(row)
    donor = np.zeros((112, 112), np.uint8)
    donor[30:60, 40:50] = 255
    mixed = paste(pair.cut, Pasteable(np.zeros_like(donor), pair.recipient), Pasteable(donor, pair.donor))
    assert np.array_equal(mixed == 255, bring(donor == 255, pair.cut))


def test_the_region_is_what_the_donors_weight_makes_its_own():
    weights = [0.0] * 16
    weights[5], weights[6] = 0.4, 0.6
    pair = PastedPair.of(make_row(weights=weights))
    assert np.array_equal(np.argwhere(pair.region)[[0, -1]], [[28, 56], [55, 83]])


def test_evidence_is_brought_to_pixels_in_its_own_frame():
    row = make_row()
    evidence = PastedPair.of(row).evidence("b")
    assert evidence.shape == (112, 112)
    assert np.array_equal(evidence[14::28, 14::28], row_cut(row).mask_b)


def test_a_mask_is_letterboxed_as_its_picture_whatever_its_size():
    placement = letterbox(200, 100, 112)
    large, small = np.zeros((200, 100), bool), np.zeros((100, 50), bool)
    large[100:, :50] = small[50:, :25] = True
    assert np.array_equal(to_canvas_mask(large, placement), to_canvas_mask(small, placement))
    assert np.argwhere(to_canvas_mask(large, placement)).tolist()[0] == [56, 28]
    assert to_canvas_mask(large, placement).sum() == 56 * 28
