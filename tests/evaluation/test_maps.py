"""Maps against boxes: each measure by hand and by a slow second way, the geometry, the account, the intervals."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medcutmix_cli
from medcutmix_cli.datasets.sample import write_sample
from medcutmix_cli.encoders.base import Attention, EncoderCard, Query
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.evaluation import MapSettings, TargetScore, evaluate_maps
from medcutmix_cli.evaluation.grounding import (
    THRESHOLDS,
    FullMap,
    Rectangle,
    contrast_to_noise,
    enlarge,
    mean_iou,
    pointing_score,
    union,
)
from medcutmix_cli.evaluation.map_scores import bootstrap, summarise
from medcutmix_cli.images import letterbox, to_canvas

NIH = Path(__file__).resolve().parents[2] / "../shared/data/nih-chestxray14"
QUICK = MapSettings(resamples=50)
SHARP = replace(QUICK, smoothing=0.0)


class Watcher:
    """An encoder of the tests: its map is how bright each cell is, so a bright square is where its box is."""

    def __init__(self, grid=14, batch=1, blind=0, flat=False, refused=""):
        self.grid, self.batch, self.blind, self.flat, self.refused = grid, batch, blind, flat, refused
        self.device = "cpu"
        self.asked = []

    @property
    def card(self):
        return EncoderCard("watcher", "0" * 64, (self.grid, self.grid), "untrained-local", False, "MIT", "")

    def encode_images(self, pictures):
        size = (self.grid, self.grid)
        return [cv2.resize(p.pixels, size, interpolation=cv2.INTER_AREA) / np.float32(255) for p in pictures]

    def encode_sentences(self, sentences):
        self.asked += sentences
        return [Query(text, refused=self.refused) for text in sentences]

    def attend(self, image, _sentence):
        scores = np.ones_like(image) if self.flat else image.copy()
        scores[:, : self.blind] = np.nan  # columns it does not see
        return Attention(scores.astype(np.float16))


def full(values, seen=None):
    values = np.asarray(values, np.float32)
    return FullMap(values, np.ones(values.shape, bool) if seen is None else np.asarray(seen, bool))


def mask(shape, *boxes):
    return union(boxes, letterbox(*shape, 64))


def draw(path, height, width, box, side=255):
    """Write a black picture with a bright box (x, y, w, h), and grey noise that no map should point at."""
    pixels = np.random.default_rng(height * width).integers(0, 60, (height, width), dtype=np.uint8)
    x, y, w, h = box
    pixels[y : y + h, x : x + w] = side
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def table(path, *rows):
    path.write_text("path,finding,x,y,w,h\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    return path


@pytest.fixture
def squares(tmp_path):
    """Four pictures of odd sizes with a bright square each, and the table of the squares."""
    boxes = {
        "tall.png": (301, 173, (90, 200, 60, 60)),
        "wide.png": (181, 411, (30, 40, 80, 75)),
        "odd.png": (97, 97, (60, 10, 25, 25)),
        "corner.png": (257, 199, (139, 197, 60, 60)),
    }
    rows = []
    for name, (height, width, box) in boxes.items():
        draw(tmp_path / "pictures" / name, height, width, box)
        rows.append((name, "Mass" if name == "odd.png" else "Effusion", *box))
    return tmp_path / "pictures", table(tmp_path / "boxes.csv", *rows)


# --- the measures


def test_the_highest_pixel_in_a_box_is_a_hit():
    box, other = Rectangle(1, 1, 3, 3), Rectangle(4, 0, 5, 1)
    values = np.zeros((6, 6))
    values[2, 2] = 1
    assert pointing_score(full(values), [box]) == 1
    assert pointing_score(full(values), [other]) == 0
    assert pointing_score(full(values), [other, box]) == 1


@pytest.mark.parametrize(("tolerance", "hit"), [(0, 0), (1.9, 0), (2, 1), (3, 1)])
def test_a_tolerance_counts_pixels_from_the_box(tolerance, hit):
    values = np.zeros((9, 9))
    values[4, 8] = 1  # two columns right of the last column of the box
    assert pointing_score(full(values), [Rectangle(0, 0, 9, 7)], tolerance) == hit


def test_of_several_highest_pixels_the_share_that_hits_counts():
    values = np.zeros((4, 4))
    values[0, 0] = values[3, 3] = 1
    assert pointing_score(full(values), [Rectangle(0, 0, 2, 2)]) == 0.5
    assert (
        pointing_score(full(np.full((4, 4), 3.25)), [Rectangle(0, 0, 2, 2)]) == 0.25
    )  # a flat map: the box's area


def test_what_is_not_seen_is_never_the_highest():
    values, seen = np.zeros((4, 4)), np.ones((4, 4))
    values[0, 0], values[3, 3], seen[0, 0] = 9, 1, 0
    assert pointing_score(full(values, seen), [Rectangle(0, 0, 1, 1)]) == 0
    assert pointing_score(full(values, seen), [Rectangle(3, 3, 4, 4)]) == 1


def test_contrast_to_noise_by_hand():
    # Inside 3 and 5 (mean 4, variance 1); outside 0, 0, 2, 2 (mean 1, variance 1).
    values = [[3, 0, 2], [5, 0, 2]]
    target = np.array([[1, 0, 0], [1, 0, 0]], bool)
    assert contrast_to_noise(full(values), target) == pytest.approx(3 / math.sqrt(2))
    assert contrast_to_noise(full(-np.array(values)), target) == pytest.approx(-3 / math.sqrt(2))
    assert contrast_to_noise(full(np.multiply(values, 7) - 40), target) == pytest.approx(3 / math.sqrt(2))


def test_contrast_to_noise_of_the_edge_cases_is_said():
    target = np.array([[1, 0, 0], [1, 0, 0]], bool)
    assert contrast_to_noise(full(np.full((2, 3), 0.3)), target) == 0
    assert contrast_to_noise(full(np.ones((2, 3)), ~target), target) == 0  # sees nothing of the target
    assert math.isnan(contrast_to_noise(full(np.ones((2, 3))), np.ones((2, 3), bool)))
    assert contrast_to_noise(full(target), target) == math.inf


def test_what_is_not_seen_is_neither_inside_nor_outside():
    values = [[3, 0, 2, 50], [5, 0, 2, -70]]
    target = np.array([[1, 0, 0, 0], [1, 0, 0, 1]], bool)
    seen = [[1, 1, 1, 0], [1, 1, 1, 0]]
    assert contrast_to_noise(full(values, seen), target) == pytest.approx(3 / math.sqrt(2))


def test_mean_iou_by_hand():
    # Scaled to 0, 0.25, 0.5, 1. Above 0.1 and 0.2: 3 pixels, 2 of them inside: 2/3.
    # Above 0.3 and 0.4: 2 pixels, both inside: 1. Above 0.5: one, inside: 1/2.
    target = np.array([[0, 0, 1, 1]], bool)
    expected = (2 / 3 + 2 / 3 + 1 + 1 + 1 / 2) / 5
    for values in ([[0, 1, 2, 4]], [[-10, 0, 10, 30]]):
        assert mean_iou(full(values), target) == pytest.approx(expected)


def test_mean_iou_with_a_temperature_is_of_cosines():
    target = np.array([[0, 0, 1, 1]], bool)
    cosines = np.array([[-0.5, 0.05, 0.25, 0.45]])
    # Above 0.1 and 0.2: both; above 0.3 and 0.4: one; above 0.5: none.
    assert mean_iou(full(cosines / 0.07), target, 0.07) == pytest.approx((1 + 1 + 0.5 + 0.5 + 0) / 5)


def test_mean_iou_counts_what_is_not_seen_of_the_target_as_not_found():
    target = np.array([[1, 1, 0, 0]], bool)
    assert mean_iou(full([[9, 9, 0, 0]], [[0, 1, 1, 1]]), target) == pytest.approx(0.5)


def test_a_flat_map_finds_nothing():
    assert mean_iou(full(np.full((3, 3), 4.0)), np.eye(3, dtype=bool)) == 0


def slowly(values, seen, target, temperature):
    """The three measures once more, pixel by pixel."""
    points = [(float(values[i]), bool(target[i])) for i in np.ndindex(values.shape) if seen[i]]
    top = max(value for value, _ in points)
    highest = [inside for value, inside in points if value == top]
    inside, outside = ([value for value, where in points if where == side] for side in (True, False))
    cnr = 0.0 if not inside else math.nan if not outside else None
    if cnr is None:
        means = [sum(part) / len(part) for part in (inside, outside)]
        noise = sum(
            sum((v - m) ** 2 for v in p) / len(p) for p, m in zip((inside, outside), means, strict=True)
        )
        cnr = (means[0] - means[1]) / math.sqrt(noise)
    low = min(value for value, _ in points)
    ious = []
    for threshold in THRESHOLDS:
        scaled = [v * temperature if temperature else (v - low) / (top - low) for v, _ in points]
        hits = sum(s > threshold and where for s, (_, where) in zip(scaled, points, strict=True))
        found = sum(s > threshold for s in scaled)
        ious.append(hits / (found + int(target.sum()) - hits))
    return sum(highest) / len(highest), cnr, sum(ious) / len(ious)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 0.07]))
def test_the_measures_agree_with_a_slow_second_way(seed, blinded, temperature):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(3, 12, 2))
    values = rng.normal(0, 6, shape).astype(np.float32)
    seen = rng.random(shape) > (0.4 if blinded else -1)
    seen.flat[:2] = True
    top, left = rng.integers(0, shape[0] - 1), rng.integers(0, shape[1] - 1)
    box = Rectangle(int(top), int(left), int(top) + 2, int(left) + 2)
    target = mask(shape, box)
    point, contrast, iou = slowly(values, seen, target, temperature)
    assert pointing_score(FullMap(values, seen), [box]) == point
    assert contrast_to_noise(FullMap(values, seen), target) == pytest.approx(contrast, rel=1e-4, nan_ok=True)
    assert mean_iou(FullMap(values, seen), target, temperature) == pytest.approx(iou)


# --- the geometry


@settings(max_examples=40)
@given(st.integers(20, 90), st.integers(20, 90), st.sampled_from([7, 14, 15]), st.integers(0, 99))
def test_a_pixel_gets_the_scores_between_the_nearest_cells(height, width, grid, seed):
    placement = letterbox(height, width, 112)
    scores = np.random.default_rng(seed).normal(size=(grid, grid)).astype(np.float32)
    found = enlarge(scores, placement)
    assert found.seen.all()
    size = 112 / grid
    rows, columns = np.random.default_rng(seed).integers(0, (height, width), (5, 2)).T
    first = [math.ceil(placement.top / size - 0.5), math.ceil(placement.left / size - 0.5)]
    last = [
        math.floor((placement.top + placement.height) / size + 0.5) - 1,
        math.floor((placement.left + placement.width) / size + 0.5) - 1,
    ]
    for row, column in zip(rows, columns, strict=True):
        x, y = to_canvas(placement, float(column), float(row))
        at = [(v + 0.5) / size - 0.5 for v in (y, x)]
        at = [min(max(v, low), high) for v, low, high in zip(at, first, last, strict=True)]
        low = [min(math.floor(v), grid - 2) for v in at]
        b, a = (v - n for v, n in zip(at, low, strict=True))
        four = scores[low[0] : low[0] + 2, low[1] : low[1] + 2]
        expected = (1 - b) * ((1 - a) * four[0, 0] + a * four[0, 1]) + b * (
            (1 - a) * four[1, 0] + a * four[1, 1]
        )
        assert found.values[row, column] == pytest.approx(float(expected), abs=1e-4)


def test_half_a_view_sees_half_the_picture():
    scores = np.ones((14, 14), np.float32)
    scores[:, :7] = np.nan
    found = enlarge(scores, letterbox(280, 280, 112))
    assert found.seen[:, 140:].all()
    assert not found.seen[:, :140].any()
    assert np.allclose(found.values[found.seen], 1)


def test_a_map_without_a_score_is_none():
    assert enlarge(np.full((14, 14), np.nan, np.float32), letterbox(30, 28, 112)) is None
    assert enlarge(np.ones((14, 14), np.float32), letterbox(1, 400, 112)) is None  # thinner than half a cell


@pytest.mark.parametrize("batch", [1, 3])
def test_a_map_that_is_bright_where_the_box_is_hits_in_every_shape(squares, batch):
    found = evaluate_maps(*squares, encoder=Watcher(grid=28, batch=batch), settings=SHARP)
    assert found.all_targets.pointing.value == 1
    assert found.all_targets.miou.value > 0.7
    assert min(score.contrast for score in found.scores) > 2
    assert [score.name for score in found.findings] == ["Effusion", "Mass"]


def test_the_batch_changes_nothing(squares):
    one, three = (evaluate_maps(*squares, encoder=Watcher(batch=size), settings=QUICK) for size in (1, 3))
    assert one.scores == three.scores


def test_a_dark_box_has_a_contrast_below_zero_and_a_cnr_above(tmp_path):
    pixels = np.full((100, 100), 200, np.uint8)
    pixels[10:40, 50:80] = 0
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    boxes = table(tmp_path / "b.csv", ("a.png", "Mass", 50, 10, 30, 30))
    (score,) = evaluate_maps(tmp_path, boxes, encoder=Watcher(), settings=SHARP).scores
    assert score.contrast < -1
    assert score.cnr == -score.contrast
    assert score.pointing == 0


def test_a_flat_map_is_at_chance(squares):
    found = evaluate_maps(*squares, encoder=Watcher(flat=True), settings=QUICK)
    row = found.all_targets
    assert row.pointing.value == pytest.approx(row.chance, rel=1e-6)
    assert (row.cnr.value, row.miou.value) == (0, 0)


def test_what_the_encoder_does_not_see_is_not_found(squares):
    pictures, _ = squares
    boxes = table(pictures / "left.csv", ("wide.png", "Effusion", 30, 40, 80, 75))
    found = evaluate_maps(pictures, boxes, encoder=Watcher(blind=7), settings=SHARP)
    (score,) = found.scores
    assert (score.pointing, score.contrast, score.miou) == (0, 0, 0)


def test_smoothing_is_a_distance_whatever_the_grid(squares):
    coarse, fine = (evaluate_maps(*squares, encoder=Watcher(grid=n), settings=QUICK) for n in (14, 28))
    for a, b in zip(coarse.scores, fine.scores, strict=True):
        assert a.contrast == pytest.approx(b.contrast, rel=0.15)


def test_pictures_of_another_size_are_measured_at_their_own(tmp_path):
    draw(tmp_path / "a.png", 256, 256, (128, 64, 64, 64))  # ChestX-ray14 at a quarter of its size
    boxes = tmp_path / "b.csv"
    boxes.write_text('Image Index,Finding Label,"Bbox [x",y,w,h]\na.png,Mass,512,256,256,256\n')
    (score,) = evaluate_maps(tmp_path, boxes, encoder=Watcher(), settings=SHARP).scores
    assert score.area == 1 / 16
    assert score.pointing == 1


# --- the account


def test_every_box_is_used_or_dropped_by_name(squares):
    pictures, boxes = squares
    (pictures / "broken.png").write_bytes(b"no picture")
    with boxes.open("a") as stream:
        for row in (
            "missing.png,Mass,1,1,5,5",
            "broken.png,Mass,1,1,5,5",
            "odd.png,Mass,0,0,0,9",
            "odd.png,Mass,500,500,9,9",
            "odd.png,Nodule,-9,-9,4,4",
        ):
            stream.write(row + "\n")
    found = evaluate_maps(pictures, boxes, encoder=Watcher(), settings=QUICK)
    assert found.dropped == {
        "box-outside-picture": 2,
        "box-without-area": 1,
        "image-format-unknown": 1,
        "image-missing": 1,
    }
    assert found.boxes_read == 9 == found.boxes + sum(found.dropped.values())
    assert (found.boxes, found.targets, found.pictures) == (4, 4, 4)
    assert [row.name for row in found.findings] == ["Effusion", "Mass"]


def test_no_more_pictures_are_looked_at_than_asked_for(squares):
    found = evaluate_maps(*squares, encoder=Watcher(), settings=replace(QUICK, max_images=3))
    assert (found.pictures, found.dropped) == (3, {"picture-not-chosen": 1})


def test_a_sentence_is_encoded_once_and_a_refused_one_is_named(squares):
    watcher = Watcher()
    found = evaluate_maps(*squares, encoder=watcher, settings=QUICK)
    assert watcher.asked == ["There is a pulmonary mass.", "There is pleural effusion."]
    assert found.prompts == {"Effusion": watcher.asked[1], "Mass": watcher.asked[0]}
    with pytest.raises(DatasetError, match="sentence-too-long 4"):
        evaluate_maps(*squares, encoder=Watcher(refused="sentence-too-long"), settings=QUICK)


def test_nothing_to_compare_is_an_error_that_says_why(tmp_path):
    boxes = table(tmp_path / "b.csv", ("a.png", "Mass", 1, 1, 5, 5))
    with pytest.raises(DatasetError, match="image-missing 1"):
        evaluate_maps(tmp_path, boxes, encoder=Watcher())
    with pytest.raises(DatasetError, match="the file holds none"):
        evaluate_maps(tmp_path, table(tmp_path / "c.csv"), encoder=Watcher())


def test_progress_counts_pictures(squares):
    told = []
    evaluate_maps(*squares, encoder=Watcher(batch=3), settings=QUICK, progress=lambda *now: told.append(now))
    assert told == [("mapping", 3, 4), ("mapping", 4, 4)]


@pytest.mark.parametrize(
    "wrong",
    [{"smoothing": -1}, {"interval": 1.0}, {"resamples": -5}, {"tolerance": math.nan}, {"max_images": -1}],
)
def test_settings_without_a_meaning_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong)).replace("_", "-")):
        MapSettings(**wrong)


# --- the intervals


def target(picture, finding="Mass", point=1.0, contrast=1.0):
    return TargetScore(picture, finding, 1, 0.1, point, contrast, 0.5)


def test_pictures_are_drawn_again_not_targets():
    # Two pictures with ten equal targets each: a resample is all 0, all 1 or half and half.
    scores = [target(picture, point=float(picture == "b")) for picture in "ab" for _ in range(10)]
    _, row, _ = summarise(scores, MapSettings())
    assert (row.pointing.value, row.pointing.low, row.pointing.high) == (0.5, 0, 1)


def test_an_interval_covers_what_it_says():
    rng = np.random.default_rng(1)
    inside = 0
    for round_ in range(100):
        values = rng.normal(3, 1, (40, 1))
        found = bootstrap(values, np.ones((40, 1)), MapSettings(resamples=400, seed=round_), "x")
        inside += found.low <= 3 <= found.high
    assert 86 <= inside <= 99


def test_an_interval_does_not_depend_on_the_order_of_targets():
    rng = np.random.default_rng(5)
    scores = [target(f"{n % 30}", "AB"[n % 2], float(n % 3 == 0), rng.normal()) for n in range(60)]
    one = summarise(scores, MapSettings())
    again = summarise([scores[n] for n in rng.permutation(60)], MapSettings())
    for a, b in zip([*one[0], *one[1:]], [*again[0], *again[1:]], strict=True):
        assert (a.name, a.targets) == (b.name, b.targets)
        for part in ("pointing", "cnr", "contrast", "miou"):
            for side in ("value", "low", "high"):
                assert getattr(getattr(a, part), side) == pytest.approx(getattr(getattr(b, part), side))
    assert summarise(scores, MapSettings(seed=1))[1].pointing.value == one[1].pointing.value


def test_the_mean_row_is_the_mean_of_findings_and_the_other_of_targets():
    scores = [target("a", "A", 1.0), target("b", "A", 1.0), target("c", "A", 1.0), target("d", "B", 0.0)]
    _, everything, mean = summarise(scores, QUICK)
    assert (everything.pointing.value, mean.pointing.value) == (0.75, 0.5)


def test_one_picture_or_no_resample_gives_no_interval():
    for scores, how in (
        ([target("a"), target("a")], QUICK),
        ([target("a"), target("b")], MapSettings(resamples=0)),
    ):
        row = summarise(scores, how)[1]
        assert row.pointing.value == 1
        assert math.isnan(row.pointing.low)


def test_a_contrast_that_cannot_be_said_is_left_out_of_the_mean():
    _, row, _ = summarise([target("a", contrast=2.0), target("b", contrast=math.nan)], QUICK)
    assert row.cnr.value == 2
    assert math.isnan(summarise([target("a", contrast=math.nan)], QUICK)[1].cnr.value)


# --- the bundled encoder


def test_the_public_function_is_the_package_s_own():
    assert medcutmix_cli.evaluate_maps is evaluate_maps


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return write_sample(
        tmp_path_factory.mktemp("maps") / "sample", 20, seed=77, height=320, workers=1
    ).directory


def test_the_bundled_encoder_finds_what_is_drawn_on_phantoms(sample):
    found = evaluate_maps(sample, sample / "boxes.csv", encoder=BundledEncoder(device="cpu"), settings=SHARP)
    row = found.all_targets
    assert found.dropped == {}
    assert row.pointing.value > 0.8 > 0.3 > row.chance
    assert row.pointing.low > row.chance
    assert row.contrast.low > 1


@pytest.mark.skipif(not NIH.is_dir(), reason="../shared/data/nih-chestxray14 is not here")
def test_real_pictures_run_and_add_up():
    boxes = NIH / "boxes.csv"
    found = evaluate_maps(NIH, boxes, encoder=BundledEncoder(device="cpu"), settings=QUICK)
    with boxes.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert found.boxes_read == len(rows) == found.boxes + sum(found.dropped.values())
    assert found.pictures == len({row["path"] for row in rows})
    assert found.encoder.demonstration
    assert "mean nothing" in found.encoder.note
    by_name = {row["finding"]: row for row in rows}
    assert {row.name for row in found.findings} == set(by_name)
    shares = [float(row["w"]) * float(row["h"]) / 1024**2 for row in rows]
    assert found.all_targets.chance == pytest.approx(sum(shares) / len(shares), rel=0.01)
