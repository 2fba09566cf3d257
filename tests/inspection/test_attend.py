import dataclasses
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.attention import cells_with_score
from medcutmix_cli.encoders.base import Attention, Query
from medcutmix_cli.errors import EncoderError, ImageError, RunError, UsageError
from medcutmix_cli.gallery.overlay import overlay, write_overlay
from medcutmix_cli.images import to_canvas
from medcutmix_cli.inspection.attend import attend
from medcutmix_cli.inspection.map_view import as_document, evidence_words, mask_words, peak_words, query_words
from medcutmix_cli.records import Assertion, MapTarget, Side
from medcutmix_cli.rendering.rows import row_grid
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.nulls_file import write_nulls
from medcutmix_cli.run.shards import read_rows
from tests.builders import make_report
from tests.run_folders import write_run
from tests.sealed_files import change_sealed
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

RIGHT = "There is a small right pleural effusion."
RECIPE = """
[mixing]
mask = "otsu"
[mixing.options.null-max]
alpha = 0.2
confidence = 0.0
pictures = 8
[image]
canvas = 224
"""
SHARED = Path(__file__).resolve().parents[2] / "../shared/data/nih-chestxray14"


@dataclass(frozen=True)
class SpotEncoder(ToyEncoder):
    """Scores each cell by its brightness alone; sees nothing left of `blind` cells."""

    blind: int = 0
    refused: str = ""
    cut: int = 0
    missing: str = ""

    def encode_sentences(self, sentences):
        return [Query(None, self.cut, self.refused) for _ in sentences]

    def attend(self, image, sentence):
        scores = (10 * image).astype(np.float16)
        scores[:, : self.blind] = np.nan
        return Attention(scores, self.missing)


def draw(path, height=150, width=130, spot=(60, 20), side=30, seed=0):
    """Write a picture with a bright square; `spot` is its top left corner, None for no square."""
    rng = np.random.default_rng(seed)
    plane = cv2.resize(rng.integers(40, 90, (10, 9), dtype=np.uint8), (width, height))
    if spot:
        plane[spot[0] : spot[0] + side, spot[1] : spot[1] + side] = 230
    cv2.imwrite(str(path), plane)
    return path


@pytest.fixture
def use(monkeypatch):
    """Return a function that makes an encoder the one that is built, whatever its name."""

    def put(encoder):
        use_encoder(monkeypatch.setattr, lambda _settings: encoder)

    return put


@pytest.fixture
def spot(use):
    use(SpotEncoder())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Twelve effusions of which number 0 has no spot, eight pictures without one: a finished run, gated."""
    root = tmp_path_factory.mktemp("attended")
    folder = write_manifest(root / "in", 20)
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        row["report"] = make_report(RIGHT if number < 12 else "No pleural effusion.")
        draw(folder / f"{number}.jpg", spot=(60, 20) if 0 < number < 12 else None, seed=number)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (root / "recipe.toml").write_text(RECIPE)
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        medcutmix_cli.augment(
            folder,
            root / "out",
            config=root / "recipe.toml",
            encoder="toy",
            align="none",
            shard_size=20,
            workers=1,
        )
    return root / "out"


def test_a_run_and_attend_agree_on_map_mask_and_evidence(run, spot):
    rows = [row for path in sorted((run / "data").glob("*.parquet")) for row in read_rows(path)]
    assert rows
    for row in rows[:3]:
        seen = attend(run.parent / "in" / row["image_path_a"], row["sentence_a"], run=run)
        assert np.array_equal(seen.scores, row_grid(row, "map_a"), equal_nan=True)
        assert np.array_equal(seen.region.mask, row_grid(row, "mask_a").astype(bool))
        assert seen.evidence.ground_p == row["ground_p_a"]
        assert seen.asked.side == row["side_a"]
        assert dataclasses.asdict(seen.canvas.placement) == row["placement_a"]
        assert seen.evidence.kept is True
        assert seen.region.rejected == ""


def test_the_run_says_how_it_is_looked_at(run, spot):
    seen = attend(run.parent / "in/3.jpg", RIGHT, run=run)
    assert (seen.canvas.placement.canvas, seen.rule, seen.run) == (224, "otsu", run)
    assert (seen.evidence.nulls, seen.evidence.split) == (8, "train")


def test_a_picture_without_the_finding_is_weak_evidence_by_the_same_numbers(run, spot):
    found = attend(run.parent / "in/15.jpg", RIGHT, run=run).evidence
    assert found.kept is False
    assert found.reaching > found.allowed
    assert found.ground_p == (1 + found.reaching) / (1 + found.nulls)


def test_the_threshold_is_what_the_gate_keeps_by(run, spot):
    for number in (0, 3, 13, 15):
        seen = attend(run.parent / f"in/{number}.jpg", RIGHT, run=run)
        assert seen.evidence.kept is (seen.peak.score > seen.evidence.threshold)


@pytest.mark.parametrize(
    ("sentence", "finding", "unknown", "said"),
    [
        pytest.param("Something else.", None, "no-finding", "--finding", id="no-finding-in-the-sentence"),
        pytest.param(RIGHT, "mass", "finding-not-calibrated", "no calibration of mass", id="another-finding"),
    ],
)
def test_what_was_not_calibrated_is_said_by_name(run, spot, sentence, finding, unknown, said):
    seen = attend(run.parent / "in/3.jpg", sentence, run=run, finding=finding)
    assert seen.evidence.unknown == unknown
    assert math.isnan(seen.evidence.ground_p)
    assert seen.evidence.kept is None
    assert said in evidence_words(seen)


def test_a_finding_that_is_given_is_what_is_compared(run, spot):
    seen = attend(run.parent / "in/3.jpg", "Something else.", run=run, finding="pleural_effusion")
    assert seen.evidence.kept is True
    assert "not named by the sentence" in query_words(seen.asked)


def test_a_run_that_is_not_calibrated_yet_is_shown_with_the_command_that_does_it(tmp_path, use):
    known = replace(SpotEncoder().card, weights_sha256="c0ffee" + 58 * "0")
    use(type("Known", (SpotEncoder,), {"card": property(lambda _self: known)})())
    seen = attend(draw(tmp_path / "a.png"), RIGHT, run=write_run(tmp_path / "run"))
    assert seen.evidence.unknown == "not-calibrated"
    assert f"medcutmix calibrate {tmp_path / 'run'}" in evidence_words(seen)


def test_a_run_that_mixes_nothing_is_not_said_to_be_calibrated_by_a_command(tmp_path, use):
    known = replace(SpotEncoder().card, weights_sha256="c0ffee" + 58 * "0")
    use(type("Known", (SpotEncoder,), {"card": property(lambda _self: known)})())
    run = write_run(tmp_path / "run")
    write_nulls(RunFolder(run).nulls_file, [])
    seen = attend(draw(tmp_path / "a.png"), RIGHT, run=run)
    assert seen.evidence.unknown == "nothing-to-compare"
    assert "mixes nothing" in evidence_words(seen)
    assert "medcutmix" not in evidence_words(seen)


def test_a_run_of_other_weights_is_refused(tmp_path, spot):
    with pytest.raises(EncoderError, match="not those of the run"):
        attend(draw(tmp_path / "a.png"), RIGHT, run=write_run(tmp_path / "run"))


def test_a_run_without_a_gate_says_so(run, spot, tmp_path):
    folder = RunFolder(tmp_path)
    folder.run_file.write_bytes(RunFolder(run).run_file.read_bytes())
    change_sealed(
        folder.run_file,
        lambda said: said["settings"]["mixing"].update(gate="none", align="none", options={}),
    )
    assert attend(run.parent / "in/3.jpg", RIGHT, run=tmp_path).evidence.unknown == "no-gate"


def test_the_calibration_of_another_run_is_refused(run, spot, tmp_path):
    (tmp_path / "run.json").write_bytes((run / "run.json").read_bytes())
    (tmp_path / "calibration.json").write_bytes((run / "calibration.json").read_bytes())
    change_sealed(tmp_path / "calibration.json", lambda said: said.update(fingerprint="e" * 64))
    with pytest.raises(RunError, match="another run"):
        attend(run.parent / "in/3.jpg", RIGHT, run=tmp_path)


@pytest.mark.parametrize(
    "option",
    [
        {"encoder": "bundled"},
        {"mask": "topk"},
        {"energy": "relu"},
        {"canvas": 448},
        {"dicom_mode": "voi"},
        {"precision": "fp32"},
        {"encoder_options": {"a": 1}},
    ],
    ids=lambda option: next(iter(option)),
)
def test_what_the_run_decides_cannot_be_said_beside_it(run, spot, option):
    with pytest.raises(UsageError, match=f"the run decides: {next(iter(option))}"):
        attend(run.parent / "in/3.jpg", RIGHT, run=run, **option)


def test_without_a_run_no_evidence_is_made_up(tmp_path, spot):
    seen = attend(draw(tmp_path / "a.png"), RIGHT, encoder="toy")
    assert (seen.evidence.unknown, seen.evidence.kept) == ("no-run", None)
    assert math.isnan(seen.evidence.ground_p)
    assert evidence_words(seen) == "ground_p not known: give --run RUN"


def test_no_encoder_is_chosen_for_a_picture(tmp_path):
    with pytest.raises(EncoderError, match="no encoder was named") as refused:
        attend(draw(tmp_path / "a.png"), RIGHT)
    assert "--run RUN" in refused.value.hint


@pytest.mark.parametrize("canvas", [112, 448])
@pytest.mark.parametrize(
    ("height", "width", "corner", "side"),
    [
        pytest.param(640, 480, (400, 60), Side.RIGHT, id="portrait"),
        pytest.param(401, 777, (120, 600), Side.LEFT, id="landscape-odd"),
        pytest.param(512, 512, (60, 60), Side.RIGHT, id="square"),
        pytest.param(97, 301, (30, 200), Side.LEFT, id="smaller-than-the-canvas"),
    ],
)
def test_the_peak_is_in_pixels_of_the_original_and_on_the_patients_side(
    tmp_path, spot, height, width, corner, side, canvas
):
    size = max(height, width) // 5
    seen = attend(
        draw(tmp_path / "a.png", height, width, corner, size),
        RIGHT,
        encoder="toy",
        canvas=canvas,
        mask="otsu",
    )
    peak = seen.peak
    assert corner[0] <= peak.y < corner[0] + size
    assert corner[1] <= peak.x < corner[1] + size
    assert peak.side is side
    x, y = to_canvas(seen.canvas.placement, peak.x, peak.y)
    cell = canvas / 14
    assert abs(x + 0.5 - (peak.column + 0.5) * cell) <= cell
    assert abs(y + 0.5 - (peak.row + 0.5) * cell) <= cell


def test_a_peak_on_the_midline_is_on_no_side(tmp_path, use):
    use(SpotEncoder(grid=7))
    seen = attend(draw(tmp_path / "a.png", 448, 448, (192, 192), 64), RIGHT, encoder="toy")
    assert (seen.peak.row, seen.peak.column, seen.peak.side) == (3, 3, Side.NONE)
    assert "midline" in peak_words(seen.peak)


def test_the_peak_is_what_the_gate_compares_not_the_border(tmp_path, use):
    use(SpotEncoder())
    path = draw(tmp_path / "a.png", 448, 448, None)
    plane = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    plane[:32, :32], plane[224:256, 320:352] = 255, 200
    cv2.imwrite(str(path), plane)
    seen = attend(path, RIGHT, encoder="toy")
    assert (seen.peak.row, seen.peak.column) == (7, 10)
    assert seen.span[1] > seen.peak.score


def test_a_map_without_a_score_has_no_peak(tmp_path, use):
    use(SpotEncoder(blind=14))
    seen = attend(draw(tmp_path / "a.png"), RIGHT, encoder="toy")
    assert seen.peak is None
    assert seen.region.rejected == "map-empty"
    assert "no cell" in peak_words(seen.peak)
    assert overlay(seen).size
    assert as_document(seen)["peak"] is None


@pytest.mark.parametrize(
    ("sentence", "finding", "assertion", "side"),
    [
        pytest.param(RIGHT, "pleural_effusion", Assertion.PRESENT, Side.RIGHT, id="plain"),
        pytest.param(
            "Bilateral effusions.", "pleural_effusion", Assertion.PRESENT, Side.BILATERAL, id="both"
        ),
        pytest.param("No pneumothorax.", "pneumothorax", Assertion.ABSENT, Side.NONE, id="denied"),
        pytest.param(
            "No pneumothorax. Left effusion.",
            "pleural_effusion",
            Assertion.PRESENT,
            Side.LEFT,
            id="present-wins",
        ),
        pytest.param("The patient is rotated.", "", None, Side.NONE, id="nothing-that-is-known"),
    ],
)
def test_finding_and_side_are_read_from_the_sentence(tmp_path, spot, sentence, finding, assertion, side):
    asked = attend(draw(tmp_path / "a.png"), sentence, encoder="toy").asked
    assert (asked.finding, asked.assertion, asked.side) == (finding, assertion, side)


def test_size_and_zone_are_read_from_the_sentence(tmp_path, spot):
    asked = attend(draw(tmp_path / "a.png"), "Small effusion at the right base.", encoder="toy").asked
    assert asked.target == MapTarget("pleural_effusion", Side.RIGHT, "small", "base")


def test_the_side_of_the_sentence_is_what_the_mask_is_checked_against(tmp_path, spot):
    path = draw(tmp_path / "a.png", 448, 448, (200, 60), 96)
    on_it, beside = (attend(path, s, encoder="toy") for s in (RIGHT, RIGHT.replace("right", "left")))
    assert on_it.region.rejected == ""
    assert beside.region.rejected == "mask-wrong-side"
    assert "refused: mask-wrong-side" in mask_words(beside)


def test_an_unknown_finding_gets_the_nearest_name(tmp_path, spot):
    with pytest.raises(UsageError) as refused:
        attend(draw(tmp_path / "a.png"), RIGHT, encoder="toy", finding="pneumothorx")
    assert "did you mean 'pneumothorax'?" in refused.value.hint


@pytest.mark.parametrize("sentence", ["", " \n "], ids=["empty", "blank"])
def test_an_empty_sentence_is_refused(sentence, tmp_path, spot):
    with pytest.raises(UsageError, match="no sentence"):
        attend(draw(tmp_path / "a.png"), sentence, encoder="toy")


@pytest.mark.parametrize(
    ("encoder", "said"),
    [
        pytest.param(SpotEncoder(refused="sentence-too-long"), "sentence-too-long", id="too-long"),
        pytest.param(SpotEncoder(missing="map-missing"), "map-missing", id="no-map"),
    ],
)
def test_an_encoder_without_an_answer_is_one_error_without_the_sentence(tmp_path, use, encoder, said):
    use(encoder)
    with pytest.raises(EncoderError, match=said) as refused:
        attend(draw(tmp_path / "a.png"), RIGHT, encoder="bundled")
    assert "effusion" not in str(refused.value)


def test_a_missing_picture_is_an_image_error(tmp_path, spot):
    with pytest.raises(ImageError, match="no such picture"):
        attend(tmp_path / "a.png", RIGHT, encoder="toy")


def test_the_id_is_the_files_name_unless_given(tmp_path, spot):
    path = draw(tmp_path / "a.b.png")
    assert attend(path, RIGHT, encoder="toy").image_id == "a.b"
    assert attend(path, RIGHT, encoder="toy", image_id="x").image_id == "x"


def test_cut_tokens_are_told(tmp_path, use):
    use(SpotEncoder(cut=5))
    assert attend(draw(tmp_path / "a.png"), RIGHT, encoder="toy").cut_tokens == 5


def test_nothing_that_is_returned_holds_the_sentence(tmp_path, spot):
    sentence = "Zebra-striped effusion of Mrs Example."
    seen = attend(draw(tmp_path / "a.png"), sentence, encoder="toy")
    assert "Zebra" not in repr(seen) + json.dumps(as_document(seen))


def test_the_document_holds_the_grids_row_by_row(tmp_path, use):
    use(SpotEncoder(blind=3))
    seen = attend(draw(tmp_path / "a.png", 300, 300), RIGHT, encoder="toy")
    document = as_document(seen)
    assert np.array_equal(np.array(document["scores"]), seen.scores, equal_nan=True)
    assert np.array_equal(np.array(document["mask"]), seen.region.mask)
    assert np.isnan(document["scores"][0][0])
    assert document["grid"] == [14, 14]
    assert int(cells_with_score(seen.scores, seen.canvas.placement).sum()) == 14 * 11
    assert "what the encoder sees" in mask_words(seen)


def test_the_overlay_is_always_the_same_and_shows_what_it_is_given(tmp_path, spot):
    seen = attend(draw(tmp_path / "a.png", 448, 448), RIGHT, encoder="toy", mask="otsu")
    first = np.asarray(overlay(seen))
    assert np.array_equal(first, np.asarray(overlay(seen)))
    changed = [
        replace(seen, peak=None),
        replace(seen, region=replace(seen.region, rejected="mask-too-large")),
        replace(seen, scores=seen.scores[::-1].copy()),
        replace(seen, evidence=replace(seen.evidence, threshold=(seen.span[0] + seen.span[1]) / 1.7)),
    ]
    for other in changed:
        drawn = np.asarray(overlay(other))
        assert drawn.shape != first.shape or not np.array_equal(drawn, first)


@pytest.mark.parametrize("canvas", [112, 448, 672])
def test_the_overlay_holds_the_picture_at_the_size_of_the_canvas(tmp_path, use, canvas):
    use(SpotEncoder(blind=14))
    seen = attend(draw(tmp_path / "a.png", 300, 300), RIGHT, encoder="toy", canvas=canvas)
    flat = replace(seen, scores=np.zeros((14, 14), np.float32))
    sheet = np.asarray(overlay(flat))[..., 0]
    match = cv2.matchTemplate(sheet, seen.canvas.pixels, cv2.TM_SQDIFF)
    y, x = np.unravel_index(int(match.argmin()), match.shape)
    assert np.array_equal(sheet[y : y + canvas, x : x + canvas], seen.canvas.pixels)


def test_what_the_encoder_does_not_see_is_striped(tmp_path, use):
    path = draw(tmp_path / "a.png", 448, 448)
    sheets = []
    for blind in (0, 7):
        use(SpotEncoder(blind=blind))
        sheets.append(overlay(attend(path, RIGHT, encoder="toy")))
    assert sheets[1].height > sheets[0].height  # one more line of caption says so


def test_an_overlay_never_replaces_a_file_unasked_and_never_the_picture(tmp_path, spot):
    path, target = draw(tmp_path / "a.png"), tmp_path / "b.png"
    seen = attend(path, RIGHT, encoder="toy")
    write_overlay(seen, target)
    before = target.read_bytes()
    with pytest.raises(UsageError, match="already"):
        write_overlay(seen, target)
    write_overlay(seen, target, replace=True)
    assert target.read_bytes() == before
    with pytest.raises(UsageError, match="the picture itself"):
        write_overlay(seen, path, replace=True)


def test_a_real_picture_is_looked_at(spot):
    if not SHARED.is_dir():
        pytest.skip("the shared NIH pictures are not here")
    path = next(iter(sorted((SHARED / "boxed").glob("*.png"))))
    seen = attend(path, "Pneumonia in the right lower lobe.", encoder="toy")
    assert (seen.canvas.placement.source_height, seen.asked.finding) == (1024, "pneumonia")
    assert overlay(seen).width > 448
