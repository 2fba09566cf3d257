import json
import re
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import medcutmix_cli
from medcutmix_cli.attention import attention_mass, cells_inside
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.encoders import map_files, map_rows
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.precomputed import Precomputed, needed_maps
from medcutmix_cli.errors import EncoderError, RunError, UsageError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.images.shrink import shrink
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.records import NullPicture
from medcutmix_cli.rendering.pair import asked_sentences
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.nulls_file import write_nulls
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.system.file_hash import file_sha256
from tests.builders import make_report
from tests.trees import write_manifest

SENTENCE = "There is a small right pleural effusion."


def make_row(image_id="i0", sentence=SENTENCE, scores=None, frame="picture"):
    scores = np.arange(16.0).reshape(4, 4) if scores is None else np.asarray(scores)
    height, width = scores.shape
    return {
        "image_id": image_id,
        "sentence": sentence,
        "map": scores.ravel().astype(np.float32),
        "grid_h": height,
        "grid_w": width,
        "frame": frame,
    }


def write_rows(path, rows, value=None, group=1000, **metadata):
    value = value or pa.float32()
    columns = {name: [row[name] for row in rows] for name in make_row()}
    table = pa.table(
        {
            "image_id": pa.array(columns["image_id"], pa.string()),
            "sentence": pa.array(columns["sentence"], pa.string()),
            "map": pa.array(columns["map"], pa.list_(pa.float32())).cast(pa.list_(value)),
            "grid_h": pa.array(columns["grid_h"], pa.int32()),
            "grid_w": pa.array(columns["grid_w"], pa.int32()),
            "frame": pa.array(columns["frame"], pa.string()),
        },
        metadata=metadata,
    )
    pq.write_table(table, path, row_group_size=group)
    return path


def make_picture(height=100, width=100, image_id="i0", canvas=224):
    return Picture(image_id, np.zeros((canvas, canvas), np.uint8), letterbox(height, width, canvas))


def attended(path, picture=None, sentence=SENTENCE):
    encoder = Precomputed(path)
    [image] = encoder.encode_images([picture or make_picture()])
    [query] = encoder.encode_sentences([sentence])
    return encoder.attend(image, query.features)


@pytest.mark.parametrize(
    ("frame", "grid"), [pytest.param("canvas", 4, id="canvas"), pytest.param("picture", 8, id="picture")]
)
def test_a_map_comes_back_with_its_peak(tmp_path, frame, grid):
    path = write_rows(tmp_path / "m.parquet", [make_row(frame=frame)])
    scores = attended(path).scores
    assert scores.shape == Precomputed(path).card.grid == (grid, grid)
    assert (scores.dtype, scores.max(), scores.argmax()) == (np.float16, 15, grid * grid - 1)


@pytest.mark.parametrize("value", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_any_width_of_float_gives_the_same_map(tmp_path, value):
    path = write_rows(tmp_path / "m.parquet", [make_row(frame="canvas")], value)
    assert np.array_equal(attended(path).scores, np.arange(16).reshape(4, 4))


def test_an_npz_gives_the_map_that_parquet_gives(tmp_path):
    maps = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float16)
    rows = [make_row(f"i{number}", scores=own) for number, own in enumerate(maps)]
    parquet = write_rows(tmp_path / "m.parquet", rows, pa.float16())
    ids = np.array(["i0", "i1", "i2"])
    np.savez(tmp_path / "m.npz", image_id=ids, sentence=np.array([SENTENCE] * 3), maps=maps, model="other")
    picture = make_picture(90, 71, "i2")
    assert np.array_equal(
        attended(parquet, picture).scores, attended(tmp_path / "m.npz", picture).scores, equal_nan=True
    )
    assert "made by other" in Precomputed(tmp_path / "m.npz").card.note


def test_the_card_carries_what_the_file_says(tmp_path):
    said = {"model": "CARZero", "licence": "MIT", "map_kind": "cross-attention"}
    path = write_rows(tmp_path / "m.parquet", [make_row()], **said)
    card = Precomputed(path).card
    assert (card.map_kind, card.licence, card.weights_sha256) == ("cross-attention", "MIT", file_sha256(path))
    assert "CARZero" in card.note
    assert Precomputed(write_rows(tmp_path / "n.parquet", [make_row()])).card.map_kind == "precomputed"


def test_the_grid_is_the_largest_of_the_file(tmp_path):
    shapes = {"a": ((20, 4), "canvas"), "b": ((3, 9), "picture")}
    rows = [make_row(i, scores=np.ones(shape), frame=frame) for i, (shape, frame) in shapes.items()]
    path = write_rows(tmp_path / "m.parquet", rows)
    assert Precomputed(path).card.grid == (20, 18)
    assert {attended(path, make_picture(image_id=i)).scores.shape for i in shapes} == {(20, 18)}


def test_white_space_in_a_sentence_does_not_count(tmp_path):
    path = write_rows(
        tmp_path / "m.parquet", [make_row(sentence=" There is a small\n right pleural  effusion. ")]
    )
    assert not attended(path).missing


def test_a_picture_or_sentence_that_is_not_there_is_missing_by_name(tmp_path):
    path = write_rows(tmp_path / "m.parquet", [make_row()])
    for found in (attended(path, make_picture(image_id="j")), attended(path, sentence="Effusion.")):
        assert found.missing == "map-missing"
        assert np.isnan(found.scores).all()


def test_attention_becomes_its_logarithm(tmp_path):
    share = np.array([[0.5, 0.25], [0.25, 0.0]])
    path = write_rows(tmp_path / "m.parquet", [make_row(scores=share, frame="canvas")], scores="attention")
    scores = attended(path).scores
    assert np.allclose(attention_mass(scores), share, atol=1e-3)
    assert scores[0, 1] == 0  # an even spread


@settings(max_examples=40)
@given(
    size=st.sampled_from([(151, 97), (97, 151), (120, 120), (203, 131), (63, 190)]),
    y=st.floats(0.1, 0.9),
    x=st.floats(0.1, 0.9),
    frame=st.sampled_from(["picture", "canvas"]),
)
def test_a_bright_square_comes_back_where_it_was(tmp_path_factory, size, y, x, frame):
    half = min(size) // 6
    top, left = round(y * (size[0] - 2 * half)), round(x * (size[1] - 2 * half))
    plane = np.zeros(size, np.uint8)
    plane[top : top + 2 * half, left : left + 2 * half] = 255
    picture = make_picture(*size)
    at = picture.placement
    if frame == "canvas":
        inside = picture.pixels[at.top : at.top + at.height, at.left : at.left + at.width]
        inside[...] = shrink(plane, at.height, at.width)
        plane = picture.pixels
    seen = cv2.resize(plane, (14, 14), interpolation=cv2.INTER_AREA).astype(np.float32)
    path = write_rows(tmp_path_factory.mktemp("maps") / "m.parquet", [make_row(scores=seen, frame=frame)])
    scores = attended(path, picture).scores
    assert np.array_equal(np.isnan(scores), ~cells_inside(at, scores.shape))
    mass = np.nan_to_num(scores.astype(np.float64))
    centres = (np.arange(len(mass)) + 0.5) / len(mass)
    middle_y = (at.top + (top + half) * at.scale_y) / 224
    middle_x = (at.left + (left + half) * at.scale_x) / 224
    assert abs((mass.sum(axis=1) * centres).sum() / mass.sum() - middle_y) < 0.5 / 14
    assert abs((mass.sum(axis=0) * centres).sum() / mass.sum() - middle_x) < 0.5 / 14


def many_rows(count=300):
    rng = np.random.default_rng(1)
    return [make_row(f"i{n}", scores=rng.normal(size=(3, 5)), frame="canvas") for n in range(count)]


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_any_size_of_row_group_and_any_thread_gives_the_same_map(tmp_path, monkeypatch, group):
    monkeypatch.setattr(map_files, "_KEPT_CELLS", 40)
    monkeypatch.setattr(map_rows, "_BATCH", 16)
    rows = many_rows()
    path = write_rows(tmp_path / "m.parquet", rows, group=group)
    order = np.random.default_rng(2).permutation(len(rows))
    with ThreadPoolExecutor(4) as pool:
        maps = list(pool.map(lambda n: attended(path, make_picture(image_id=f"i{n}")).scores, order))
    wanted = [rows[n]["map"].reshape(3, 5).astype(np.float16) for n in order]
    assert all(np.array_equal(a, b) for a, b in zip(maps, wanted, strict=True))


@pytest.mark.parametrize("group", [1, 7, 1000])
def test_a_bad_row_is_named_by_its_number_in_the_file(tmp_path, monkeypatch, group):
    monkeypatch.setattr(map_rows, "_BATCH", 16)
    rows = [*many_rows(40), make_row("bad", scores=[[np.inf]]), *many_rows(3)]
    with pytest.raises(EncoderError, match="row 40, image_id 'bad'"):
        map_files.open_maps(write_rows(tmp_path / "m.parquet", rows, group=group))


def test_few_groups_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(map_files, "_KEPT_CELLS", 40)
    maps = map_files.open_maps(write_rows(tmp_path / "m.parquet", many_rows(50), group=1))
    for number in range(50):
        maps.find(f"i{number}", SENTENCE)
    assert len(maps._groups) == 2  # of 15 cells each


PRIVATE = "Mrs Doe has a large effusion."


@pytest.mark.parametrize(
    ("row", "message"),
    [
        pytest.param(make_row("bad") | {"grid_h": 5}, "grid_h * grid_w values", id="another-shape"),
        pytest.param(make_row("bad") | {"grid_w": 0}, "1 to 128", id="no-columns"),
        pytest.param(make_row("bad", scores=np.ones((129, 1))), "1 to 128", id="a-grid-too-large"),
        pytest.param(make_row("bad", scores=[[1, np.inf]]), "no float16 holds", id="infinite"),
        pytest.param(make_row("bad", scores=[[1, 7e4]]), "no float16 holds", id="too-large-for-float16"),
        pytest.param(make_row("bad", scores=[[np.nan, np.nan]]), "holds no number", id="nothing-but-nan"),
        pytest.param(make_row("bad", frame="original"), "frame is none of", id="an-unknown-frame"),
        pytest.param(make_row("bad") | {"map": None}, "map is missing", id="no-map"),
        pytest.param(make_row("bad") | {"grid_h": None}, "grid_h is missing", id="no-rows"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_without_its_sentence(tmp_path, row, message):
    rows = [make_row("a"), make_row("b"), row | {"sentence": PRIVATE}]
    with pytest.raises(EncoderError, match=re.escape(message)) as raised:
        _ = Precomputed(write_rows(tmp_path / "m.parquet", rows)).card
    assert "row 2, image_id 'bad'" in str(raised.value)
    assert "Doe" not in str(raised.value)


def test_two_maps_of_one_picture_and_sentence_are_refused(tmp_path):
    rows = [make_row("a"), make_row("b"), make_row("c"), make_row("b", sentence=f" {SENTENCE} ")]
    with pytest.raises(EncoderError, match="rows 1 and 3, image_id 'b'") as raised:
        _ = Precomputed(write_rows(tmp_path / "m.parquet", rows, group=2)).card
    assert SENTENCE not in str(raised.value)


def test_attention_below_zero_is_refused(tmp_path):
    path = write_rows(tmp_path / "m.parquet", [make_row(scores=[[0.5, -0.1]])], scores="attention")
    with pytest.raises(EncoderError, match="attention is below 0: row 0"):
        _ = Precomputed(path).card


@pytest.mark.parametrize("said", [{"map_kind": "guessed"}, {"scores": "cosine"}], ids=["kind", "scores"])
def test_a_word_of_the_file_that_is_not_known_is_refused(tmp_path, said):
    path = write_rows(tmp_path / "m.parquet", [make_row()], **said)
    with pytest.raises(EncoderError, match="is none of"):
        _ = Precomputed(path).card


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(EncoderError, match="holds no map"):
        _ = Precomputed(write_rows(tmp_path / "m.parquet", [])).card


def test_a_column_that_is_missing_or_of_another_type_is_named(tmp_path):
    table = pa.table({"image_id": ["a"], "sentence": [1]})
    pq.write_table(table, tmp_path / "m.parquet")
    with pytest.raises(EncoderError, match="'sentence' must be string, and is int64"):
        _ = Precomputed(tmp_path / "m.parquet").card


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        pytest.param({"maps": np.ones((2, 4))}, "maps must be", id="flat-maps"),
        pytest.param({"maps": np.ones((2, 2, 2), int)}, "maps must be", id="whole-numbers"),
        pytest.param({"maps": np.ones((3, 2, 2))}, "one length", id="other-lengths"),
        pytest.param({"maps": np.full((2, 2, 2), 7e4)}, "no float16 holds: row 0", id="too-large"),
        pytest.param({"frame": "original"}, "frame is none of", id="an-unknown-frame"),
        pytest.param({"image_id": np.array([{}, {}])}, "cannot be read", id="a-pickle"),
    ],
)
def test_a_wrong_npz_is_refused(tmp_path, arrays, message):
    right = {"image_id": np.array(["a", "b"]), "sentence": np.array(["x", "y"]), "maps": np.ones((2, 2, 2))}
    np.savez(tmp_path / "m.npz", **right | arrays)
    with pytest.raises(EncoderError, match=message):
        _ = Precomputed(tmp_path / "m.npz").card


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("m.parquet", b"no parquet", "cannot be read", id="damaged-parquet"),
        pytest.param("m.npz", b"no zip", "cannot be read", id="damaged-npz"),
        pytest.param("m.csv", b"", "parquet and .npz", id="another-format"),
        pytest.param("m.parquet", None, "no such file", id="missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_error(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(EncoderError, match=message):
        _ = Precomputed(tmp_path / name).card


def test_no_file_at_all_says_how_to_know_what_it_must_hold():
    with pytest.raises(EncoderError, match="needed_maps"):
        _ = Precomputed().card


def test_there_is_no_device_to_choose():
    with pytest.raises(UsageError, match="no option 'device'"):
        build("encoder", "precomputed", {"device": "cuda"})


def test_a_file_written_anew_is_read_anew(tmp_path):
    path = write_rows(tmp_path / "m.parquet", [make_row("a")])
    assert attended(path, make_picture(image_id="b")).missing
    write_rows(path, [make_row("a"), make_row("b")])
    assert not attended(path, make_picture(image_id="b")).missing


def planned(tmp_path, name="scratch"):
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.plan(
        source, tmp_path / name, encoder="bundled", gate="none", align="none", shard_size=5, workers=2
    )
    return source, tmp_path / name


def test_the_road_from_a_plan_over_its_maps_to_the_same_pairs(tmp_path):
    source, scratch = planned(tmp_path)
    rng = np.random.default_rng(0)
    rows = [
        make_row(need["image_id"], need["sentence"], rng.normal(size=(8, 8)))
        for need in needed_maps(scratch).to_pylist()
    ]
    assert rows
    maps = write_rows(tmp_path / "maps.parquet", rows, pa.float16())
    out = tmp_path / "out"
    status = medcutmix_cli.augment(
        source, out, encoder="precomputed", weights=maps, gate="none", align="none", shard_size=5, workers=2
    )
    assert (out / "plan.parquet").read_bytes() == (scratch / "plan.parquet").read_bytes()
    assert status.planned == status.written + sum(status.rejected.values()) > 0
    assert verify(out, deep=True).ok


def test_pairs_without_a_map_fail_by_name(tmp_path):
    source = write_manifest(tmp_path / "in")
    maps = write_rows(tmp_path / "maps.parquet", [make_row("nobody")])
    status = medcutmix_cli.augment(
        source,
        tmp_path / "out",
        encoder="precomputed",
        weights=maps,
        gate="none",
        align="none",
        shard_size=5,
        workers=2,
    )
    assert status.failed == {"encode:recipient-map-missing": status.planned}
    assert status.too_many_failures


def planned_with_neighbours(tmp_path, pairing):
    """Plan pairs whose parents have an acute fracture beside, and some recipients (normal-host) no finding at all."""
    source = write_manifest(tmp_path / "in")
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        if number % 2:
            row["report"] = make_report("The lungs are clear.")
        else:
            row["report"] = make_report(SENTENCE, "There is an acute left rib fracture.")
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = {"encoder": "bundled", "gate": "none", "align": "none", "pairing": pairing, "unmixed": "drop"}
    medcutmix_cli.plan(source, tmp_path / "scratch", shard_size=5, workers=2, **options)
    return source, tmp_path / "scratch"


@pytest.mark.parametrize("pairing", ["same-finding", "normal-host"])
def test_needed_maps_name_every_question_of_every_parent_and_null_picture_once(tmp_path, pairing):
    _, scratch = planned_with_neighbours(tmp_path, pairing)
    parents = [parent for pair in whole_plan(scratch) for parent in (pair.recipient, pair.donor)]
    asked = [(p.image_id, p.image_path, sentence) for p in parents for sentence in asked_sentences(p)]
    assert any(p.neighbours for p in parents)
    assert any(not p.sentence for p in parents) == (pairing == "normal-host")
    null = NullPicture("train", "mass", "s", "only-a-null", "n.jpg", "A mass.")
    write_nulls(RunFolder(scratch).nulls_file, [null, null])
    needed = needed_maps(scratch)
    assert needed.column_names == ["image_id", "image_path", "sentence"]
    rows = [tuple(row.values()) for row in needed.to_pylist()]
    assert rows == list(dict.fromkeys([*asked, ("only-a-null", "n.jpg", "A mass.")]))


def whole_plan(run):
    folder = RunFolder(run)
    return [
        pair for shard in range(len(read_run(folder).shards)) for pair in read_plan(folder.plan_file, shard)
    ]


@pytest.mark.parametrize("pairing", ["same-finding", "normal-host"])
def test_with_the_needed_maps_every_pair_is_guarded(tmp_path, pairing):
    source, scratch = planned_with_neighbours(tmp_path, pairing)
    rng = np.random.default_rng(0)
    rows = [
        make_row(need["image_id"], need["sentence"], rng.normal(size=(8, 8)))
        for need in needed_maps(scratch).to_pylist()
    ]
    maps = write_rows(tmp_path / "maps.parquet", rows, pa.float16())
    options = {"encoder": "precomputed", "weights": maps, "gate": "none", "align": "none", "pairing": pairing}
    status = medcutmix_cli.augment(source, tmp_path / "out", shard_size=5, workers=2, **options)
    assert status.planned == status.written + sum(status.rejected.values()) > 0
    assert not [name for name in status.rejected if "unmapped" in name]


def test_a_folder_without_a_plan_needs_no_maps_but_a_plan(tmp_path):
    with pytest.raises(RunError, match="no plan"):
        needed_maps(tmp_path)
