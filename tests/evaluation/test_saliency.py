"""Pictures of where the detector looks."""

import cv2
import numpy as np

from medcutmix_cli.evaluation.detect_pictures import SeenPair
from medcutmix_cli.evaluation.detector import SeamDetector
from medcutmix_cli.evaluation.saliency import overlay_heat, write_saliency
from tests.run_folders import CANVAS
from tests.seam_runs import texture


def test_heat_is_laid_where_it_is_and_nowhere_else():
    pixels, heat = np.full((56, 56), 100, np.uint8), np.zeros((4, 4), np.float32)
    assert (overlay_heat(pixels, heat) == 100).all()
    heat[0, 0] = 2.0
    laid = overlay_heat(pixels, heat)
    assert (laid[40:, 40:] == 100).all()
    assert (laid[2, 2] != 100).any()


def test_a_pair_is_shown_as_original_mixed_and_heat(tmp_path):
    original, mixed = texture(0), texture(0).copy()
    mixed[20:60, 20:60] = 255
    network = SeamDetector(0).eval()
    seen = [(SeenPair(name, "s", "f", ("a", "b"), mixed, original), network) for name in ("one", "two")]
    write_saliency(tmp_path / "below" / "seen", seen)
    written = sorted((tmp_path / "below" / "seen").iterdir())
    assert [path.name for path in written] == ["01-one.png", "02-two.png"]
    shown = cv2.imread(str(written[0]))
    assert np.array_equal(shown[:, :CANVAS, 0], original)
    assert np.array_equal(shown[:, CANVAS : 2 * CANVAS, 0], mixed)
    # The network sees one patch around what changed, at most; far away nothing is laid on.
    assert np.array_equal(shown[100:, 2 * CANVAS + 100 :], shown[100:, CANVAS + 100 : 2 * CANVAS])
