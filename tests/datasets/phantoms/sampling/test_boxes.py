"""True masks survive the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from medcutmix_cli.datasets.phantoms.sampling.boxes import BOXES_FILE, Box, box_of, read_boxes, write_boxes
from medcutmix_cli.errors import DatasetError

MASKS = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))).filter(lambda mask: mask.any())


@given(MASKS)
def test_a_mask_comes_back_from_its_box(mask):
    box = box_of(mask, "d", "s", "mass", "left")
    assert np.array_equal(box.mask(*mask.shape), mask)


@given(MASKS)
def test_a_box_is_tight(mask):
    box = box_of(mask, "d", "s", "mass", "left")
    inside = box.mask(*mask.shape)[box.y : box.y + box.height, box.x : box.x + box.width]
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()


def test_boxes_are_read_as_they_were_written(tmp_path):
    boxes = [
        Box("d1", "50000001", "mass", "left", 3, 4, 2, 1, "0 2"),
        Box("d2", "50000002", "nodule", "right", 0, 0, 1, 2, "1 1"),
    ]
    write_boxes(tmp_path / BOXES_FILE, boxes)
    assert read_boxes(tmp_path) == boxes


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="there-is-no-table"),
        pytest.param("a,b\n1,2\n", id="other-columns"),
        pytest.param(
            "dicom_id,study_id,finding,side,x,y,width,height,rle\nd,s,mass,left,one,2,3,4,12\n",
            id="no-number",
        ),
    ],
)
def test_a_table_that_is_not_boxes_is_one_clear_error(tmp_path, text):
    if text is not None:
        (tmp_path / BOXES_FILE).write_text(text)
    with pytest.raises(DatasetError, match="boxes"):
        read_boxes(tmp_path)


def test_runs_that_do_not_fill_the_box_are_refused():
    with pytest.raises(DatasetError, match="runs"):
        Box("d", "s", "mass", "left", 0, 0, 4, 4, "3 2").mask(8, 8)
