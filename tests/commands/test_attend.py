"""`medcutmix attend`: one map, for a person and for a program."""

import io
import json

import cv2
import numpy as np
import pytest
from PIL import Image

from medcutmix_cli.encoders.base import Query
from medcutmix_cli.inspection import attend as attending
from tests.calls import medcutmix
from tests.toy_encoder import ToyEncoder
from tests.trees import write_picture

SENTENCE = "There is a small left pleural effusion of Mrs Zebra."
KEYS = {
    "area", "assertion", "cut_tokens", "device", "document", "encoder", "evidence", "finding", "grid", "highest",
    "image", "image_id", "lowest", "mask", "named", "overlay", "peak", "placement", "rejected", "rule", "run",
    "location", "reach", "scores", "severity", "side", "strength",
}  # fmt: skip


@pytest.fixture
def picture(tmp_path, monkeypatch):
    """Return a picture in the current folder; maps are those of the toy encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(attending, "build_encoder", lambda _settings: ToyEncoder())
    write_picture(tmp_path / "chest.jpg", 1, 300, 260)
    return "chest.jpg"


def test_the_numbers_are_shown_and_where_the_overlay_is(picture, tmp_path, capsys):
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy") == 0
    shown = capsys.readouterr().out
    for said in (
        "260 x 300 pixels, canvas 448",
        "pleural_effusion, present, left",
        "toy, untrained-local maps, cpu",
        "14 x 14 cells, scores",
        "right half, the patient's left",
        "region-growing, ",
        "ground_p not known: give --run RUN",
        "Demonstration encoder 'toy'",
        "overlay, in the current folder (--out FILE: elsewhere):\nchest-pleural_effusion.attend.png",
    ):
        assert said in shown
    with Image.open(tmp_path / "chest-pleural_effusion.attend.png") as overlay:
        assert overlay.width > 448


def test_the_sentence_is_never_printed(picture, capsys):
    for more in ((), ("--json",), ("--finding", "nothing"), ("--mask", "nothing"), ("--out", picture)):
        medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--force", *more)
    told = capsys.readouterr()
    assert "Zebra" not in told.out + told.err


def test_no_line_is_wider_than_the_terminal(picture, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    medcutmix("attend", picture, SENTENCE, "--encoder", "toy")
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


def test_json_is_one_document_with_known_keys_and_writes_no_picture_unasked(picture, tmp_path, capsys):
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--json") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == KEYS
    assert (document["document"], document["overlay"]) == ("attention", None)
    assert document["evidence"]["ground_p"] is None
    assert np.shape(document["scores"]) == np.shape(document["mask"]) == (14, 14)
    assert not list(tmp_path.glob("*.png"))


def test_json_with_a_file_writes_it(picture, tmp_path, capsys):
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--json", "--out", "map.png") == 0
    assert json.loads(capsys.readouterr().out)["overlay"] == "map.png"
    assert (tmp_path / "map.png").is_file()


def test_quiet_writes_the_overlay_and_prints_nothing(picture, tmp_path, capsys):
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "-q", "--out", "map.png") == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "map.png").is_file()


@pytest.mark.parametrize("out", [(), ("--out", "map.png")], ids=["default-name", "named"])
def test_a_file_is_not_written_over_unless_forced(picture, tmp_path, capsys, out):
    call = ("attend", picture, SENTENCE, "--encoder", "toy", *out)
    assert medcutmix(*call) == 0
    assert medcutmix(*call) == 2
    told = capsys.readouterr().err
    assert "--force writes over it, --out FILE.png names another" in told
    assert medcutmix(*call, "--force") == 0


def test_the_picture_itself_is_never_written_over(picture, tmp_path):
    before = (tmp_path / picture).read_bytes()
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--out", picture, "--force") == 2
    assert (tmp_path / picture).read_bytes() == before


def test_the_bundled_encoder_runs_but_must_be_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "chest.png", 1, 300, 260)
    assert medcutmix("attend", "chest.png", SENTENCE) == 1
    assert "no encoder was named" in capsys.readouterr().err
    assert medcutmix("attend", "chest.png", SENTENCE, "--encoder", "bundled") == 0
    assert "real pictures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "no such picture", id="missing"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"text, no picture", "neither JPEG, PNG nor DICOM", id="text"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(picture, tmp_path, capsys, content, said):
    if content is not None:
        (tmp_path / "other.png").write_bytes(content)
    assert medcutmix("attend", "other.png", SENTENCE, "--encoder", "toy") == 1
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert not list(tmp_path.glob("*.attend.png"))


def test_options_of_the_encoder_reach_it(picture, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(attending, "build_encoder", lambda settings: seen.append(settings) or ToyEncoder())
    options = ("--encoder-option", "layers=3", "--precision", "bf16", "--device", "cpu", "--canvas", "224")
    assert medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--json", *options) == 0
    assert dict(seen[0].encoder.options) == {"layers": 3}
    assert (seen[0].encoder.precision, seen[0].encoder.device, seen[0].image.canvas) == ("bf16", "cpu", 224)


def test_a_cut_sentence_and_a_higher_edge_are_told(picture, tmp_path, monkeypatch, capsys):
    class Cutting(ToyEncoder):
        def encode_sentences(self, sentences):
            return [Query((0.0, 0.0), 7) for _ in sentences]

    monkeypatch.setattr(attending, "build_encoder", lambda _settings: Cutting())
    cv2.imwrite(str(tmp_path / "whole.png"), np.random.default_rng(0).integers(0, 255, (448, 448), np.uint8))
    assert medcutmix("attend", "whole.png", SENTENCE, "--encoder", "toy") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "7 tokens beyond the limit cut off" in shown
    assert "lies at the map's edge" in shown


def test_a_sentence_from_standard_input_shows_in_no_process_list(picture, capsys, monkeypatch):
    medcutmix("attend", picture, SENTENCE, "--encoder", "toy", "--json")
    typed = json.loads(capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{SENTENCE}\n".encode())))
    assert medcutmix("attend", picture, "-", "--encoder", "toy", "--json") == 0
    assert json.loads(capsys.readouterr().out) == typed
