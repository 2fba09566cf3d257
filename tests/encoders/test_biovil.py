"""The networks are the real ones with random weights, but for a small text tower; see tests/reference/biovil."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

import medcutmix_cli
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.registry import load
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.biovil import BioVil, BioVilT, stretch_grey
from medcutmix_cli.encoders.geometry import to_canvas
from medcutmix_cli.errors import EncoderError, UsageError
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.records import Placement
from tests.reference.biovil import release
from tests.trees import write_manifest

ENCODERS = {"biovil-t": BioVilT, "biovil": BioVil}
SENTENCE = release.SENTENCES[0]
LONG = "left " * 200

both = pytest.mark.parametrize("name", ENCODERS)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("releases")
    return {name: release.write_release(root / name, name) for name in ENCODERS}


@pytest.fixture(scope="module")
def encoder(folders):
    return BioVilT(folders["biovil-t"], device="cpu")


@pytest.fixture(scope="module")
def golden():
    with np.load(release.HERE / "golden.npz") as stored:
        return dict(stored)


def place(plane, canvas=704):
    """Put a picture, as it is, on the middle of a canvas."""
    height, width = plane.shape
    at = Placement(height, width, canvas, (canvas - height) // 2, (canvas - width) // 2, height, width)
    pixels = np.zeros((canvas, canvas), np.uint8)
    pixels[at.top : at.top + height, at.left : at.left + width] = plane
    return Picture("i", pixels, at)


def make_square(height, width, y, x, side):
    plane = np.zeros((height, width), np.uint8)
    plane[y : y + side, x : x + side] = 255
    return plane


def own_outputs(encoder):
    """What the encoder makes of the pictures and sentences of the recipe, under the recipe's names."""
    native = encoder.VARIANT.native
    text = np.stack([query.features for query in encoder.encode_sentences(release.SENTENCES)])
    outputs = {"text": text}
    for shape in release.PICTURES:
        picture = place(release.make_picture(shape))
        at, [image] = picture.placement, encoder.encode_images([picture])
        seen = encoder.see(picture).pixels.astype(np.float32) / np.float32(255)
        outputs[f"{shape}/pixels"] = np.stack([seen] * 3)
        outputs[f"{shape}/patches"] = image.cells.reshape(native, native, -1)
        outputs[f"{shape}/similarity"] = (text @ image.cells.T).reshape(-1, native, native)
        ends = [image.window.top, image.window.top + image.window.height]
        ends += [image.window.left, image.window.left + image.window.width]
        outputs[f"{shape}/seen"] = np.array(ends) * at.canvas - [at.top, at.top, at.left, at.left]
    return outputs


@both
def test_patches_sentences_and_similarity_are_those_of_the_reference(name, folders, golden):
    own = own_outputs(ENCODERS[name](folders[name], device="cpu"))
    assert np.abs(own["text"] - golden[f"{name}/text"]).max() < 1e-5
    for shape in release.PICTURES:
        patches = own[f"{shape}/patches"][::2, ::2]
        assert np.abs(patches - golden[f"{name}/{shape}/patches"]).max() < 1e-5
        similarity = own[f"{shape}/similarity"]
        assert np.abs(similarity - golden[f"{name}/{shape}/similarity"]).max() < 1e-5
        assert np.ptp(similarity) > 0.05  # the agreement is not one of constants


@both
@pytest.mark.parametrize("shape", release.PICTURES)
def test_the_network_is_shown_the_pixels_that_the_reference_shows_it(name, shape, golden):
    seen = ENCODERS[name]().see(place(release.make_picture(shape))).pixels.astype(np.float32) / np.float32(
        255
    )
    for channel, total in zip(
        golden[f"{name}/{shape}/pixels"], golden[f"{name}/{shape}/pixels-sum"], strict=True
    ):
        assert np.array_equal(seen[::9, ::9], channel)
        assert seen.astype(np.float64).sum() == pytest.approx(total, abs=1e-6)


@both
@pytest.mark.parametrize("shape", release.PICTURES)
def test_the_field_of_view_is_that_of_the_reference(name, shape, golden):
    picture = place(release.make_picture(shape))
    at, window = picture.placement, ENCODERS[name]().see(picture).window
    rows = np.array([window.top, window.top + window.height]) * at.canvas - at.top
    columns = np.array([window.left, window.left + window.width]) * at.canvas - at.left
    # The reference goes back to the picture in whole pixels.
    assert np.abs(np.array([*rows, *columns]) - golden[f"{name}/{shape}/seen"]).max() <= 1


@pytest.mark.filterwarnings("ignore")
@both
def test_everything_equals_the_reference_where_it_is_installed(name, folders):
    if find_spec("health_multimodal") is None:
        pytest.skip("hi-ml-multimodal is not installed; see tests/reference/biovil/README.md")
    from tests.reference.biovil import make_golden

    theirs = make_golden.reference_outputs(make_golden.load_reference(), folders[name], name)
    own = own_outputs(ENCODERS[name](folders[name], device="cpu"))
    assert np.array_equal(own["portrait/pixels"], theirs["portrait/pixels"])
    worst = {key: np.abs(own[key] - theirs[key]).max() for key in theirs if not key.endswith("seen")}
    assert max(worst.values()) < 1e-5, worst


@both
def test_the_card_says_what_the_encoder_is(name, folders):
    card = load("encoder", name)(folders[name]).card
    assert (card.name, card.map_kind, card.licence) == (name, "trained-local", "MIT")
    assert card.grid == {"biovil-t": (28, 28), "biovil": (30, 30)}[name]
    assert card.text_limit == release.CONFIG["max_position_embeddings"]
    assert card.reads == 672
    assert len(card.weights_sha256) == 64
    assert not card.demonstration


def test_a_letterboxed_look_has_the_grid_and_the_canvas_of_the_network(folders):
    cards = [ENCODERS[name](folders[name], fit="letterbox").card for name in ENCODERS]
    assert [(card.grid, card.reads) for card in cards] == [((14, 14), 448), ((15, 15), 672)]


def test_pictures_and_sentences_do_not_know_which_others_are_encoded_with_them(encoder):
    pictures = [place(release.make_picture(shape)) for shape in release.PICTURES]
    together = encoder.encode_images(pictures)
    alone = [encoder.encode_images([picture])[0] for picture in pictures]
    assert all(np.array_equal(a.cells, b.cells) for a, b in zip(together, alone, strict=True))
    together = encoder.encode_sentences(release.SENTENCES)
    alone = [encoder.encode_sentences([sentence])[0] for sentence in release.SENTENCES]
    assert all(np.array_equal(a.features, b.features) for a, b in zip(together, alone, strict=True))


def test_threads_that_load_and_encode_at_the_same_time_give_the_bits_of_one(encoder, folders, tmp_path):
    fresh = tmp_path / "fresh"
    fresh.symlink_to(folders["biovil-t"])  # another path: it is loaded once more, by both threads at once
    picture = place(release.make_picture("portrait"))

    def scores(which):
        [image], [query] = which.encode_images([picture]), which.encode_sentences([SENTENCE])
        return which.attend(image, query.features).scores

    alone = scores(encoder)
    with ThreadPoolExecutor(2) as pool:
        assert all(
            np.array_equal(alone, own, equal_nan=True) for own in pool.map(scores, [BioVilT(fresh)] * 2)
        )


@pytest.mark.parametrize(
    ("fit", "height", "width", "y", "x"),
    [
        pytest.param("published", 672, 549, 420, 130, id="portrait-cropped"),
        pytest.param("letterbox", 672, 549, 420, 130, id="portrait-whole"),
        pytest.param("published", 455, 671, 150, 420, id="landscape-of-odd-size-cropped"),
        pytest.param("letterbox", 601, 403, 40, 300, id="small-portrait-of-odd-size-whole"),
    ],
)
def test_what_changes_most_when_a_square_lights_up_lies_where_the_square_is(
    encoder, fit, height, width, y, x
):
    looking = BioVilT(encoder.weights, device="cpu", fit=fit)
    black, lit = (place(make_square(height, width, y, x, side), 672) for side in (0, 70))
    [without], [with_it] = looking.encode_images([black]), looking.encode_images([lit])
    # attend() with each axis of the joint space for a sentence: the whole change, on the way that scores go.
    axes = np.eye(128, dtype=np.float32)
    maps = [
        looking.attend(one, axis).scores.astype(np.float64) for axis in axes for one in (with_it, without)
    ]
    change = np.sum([(a - b) ** 2 for a, b in zip(maps[::2], maps[1::2], strict=True)], axis=0)
    grid = looking.card.grid[0]
    row, column = divmod(int(np.nanargmax(change)), grid)
    peak = (np.array([row, column]) + 0.5) * 672 / grid
    centre = np.array([lit.placement.top + y + 35, lit.placement.left + x + 35])
    assert np.abs(peak - centre).max() < 60  # a cell of the network is 34 to 48 pixels of the canvas


@settings(max_examples=40)
@given(
    height=st.integers(90, 700),
    width=st.integers(90, 700),
    where=st.tuples(st.floats(0.2, 0.8), st.floats(0.2, 0.8)),
    cls=st.sampled_from([BioVilT, BioVil]),
    fit=st.sampled_from(["published", "letterbox"]),
)
def test_a_bright_square_comes_back_where_it_was_in_any_size(height, width, where, cls, fit):
    looking = cls(fit=fit)
    size = max(height, width) // 12 + 1
    y, x = int(where[0] * (height - size)), int(where[1] * (width - size))
    # A long picture: the crop cuts off much of it, so the square goes to the middle.
    if fit == "published" and max(height, width) > 1.2 * min(height, width):
        y, x = (height - size) // 2, (width - size) // 2
    canvas = max(height, width)
    picture = place(make_square(height, width, y, x, size), canvas)
    seen, native, grid = looking.see(picture), cls.VARIANT.native, looking._grid
    brightness = seen.pixels.reshape(native, 32, native, 32).mean((1, 3))
    scores = to_canvas(brightness, seen.window, seen.placement, grid).scores.astype(np.float64)
    weight = np.nan_to_num(scores) ** 2
    rows, columns = np.mgrid[: grid[0], : grid[1]] + 0.5
    found = np.array([(weight * axis).sum() / weight.sum() for axis in (rows, columns)]) * canvas / grid[0]
    truth = [picture.placement.top + y + size / 2, picture.placement.left + x + size / 2]
    cell = seen.window.height * canvas / native
    assert np.abs(found - truth).max() < 0.5 * cell + 0.5 * canvas / grid[0] + 1


def test_what_the_crop_leaves_out_has_no_score(encoder):
    plane = release.make_picture("portrait")  # 701 x 555: a cut of an eighth of the width, more of the height
    [image], [query] = encoder.encode_images([place(plane)]), encoder.encode_sentences([SENTENCE])
    known = np.isfinite(encoder.attend(image, query.features).scores)
    rows, columns = np.nonzero(known.any(1))[0], np.nonzero(known.any(0))[0]
    cell = 704 / 28
    assert known[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert [len(rows) * cell, len(columns) * cell] == pytest.approx([486, 486], abs=cell)


def test_a_score_is_the_cosine_over_the_temperature(encoder):
    [image] = encoder.encode_images([place(release.make_picture("portrait"))])
    [query] = encoder.encode_sentences([SENTENCE])
    warm = BioVilT(encoder.weights, device="cpu", temperature=0.7).attend(image, query.features).scores
    assert np.nanmax(np.abs(encoder.attend(image, query.features).scores - 10 * warm)) < 0.01


@given(low=st.integers(0, 255), high=st.integers(0, 255), at=st.integers(0, 255))
def test_grey_values_are_spread_as_the_reference_spreads_them(low, high, at):
    plane = np.array([[low, high], [min(max(at, min(low, high)), max(low, high)), high]], np.uint8)
    own = stretch_grey(place(plane, 4)).pixels[1:3, 1:3]
    spread = float(plane.max()) - plane.min()
    expected = ((plane.astype(float) - plane.min()) / spread * 255).astype(np.uint8) if spread else plane
    assert np.array_equal(own, expected)


def test_the_letterbox_bars_stay_black_when_grey_values_are_spread():
    picture = place(np.full((400, 200), 90, np.uint8) + np.arange(200, dtype=np.uint8) // 8, 448)
    assert stretch_grey(picture).pixels[:, :124].max() == 0


def test_a_sentence_over_the_limit_is_refused_by_name(encoder):
    short, long = encoder.encode_sentences([SENTENCE, LONG])
    assert (short.refused, long.refused, long.features) == ("", "sentence-too-long", None)


def test_a_sentence_over_the_limit_is_cut_and_counted_where_that_is_asked_for(folders):
    cutting = BioVilT(folders["biovil-t"], device="cpu", long_text="truncate")
    [long], [kept] = cutting.encode_sentences([LONG]), cutting.encode_sentences(["left " * 94])
    assert (long.cut_tokens, kept.cut_tokens) == (202 - 96, 0)
    assert np.array_equal(long.features, kept.features)


def test_closing_punctuation_and_capitals_say_nothing(encoder):
    plain, loud = encoder.encode_sentences(["small left effusion", "SMALL Left effusion.!?"])
    assert np.array_equal(plain.features, loud.features)


def test_a_mark_of_the_tokenizer_in_a_sentence_is_text(encoder):
    tokenizer = encoder._loaded.tokenizer
    assert tokenizer.encode("no [SEP]").tokens == ["[CLS]", "no", "[", "s", "##e", "##p", "]", "[SEP]"]


@pytest.mark.parametrize("nothing", ["", "...", " ?"])
def test_a_sentence_without_a_word_is_refused(encoder, nothing):
    with pytest.raises(EncoderError, match="no word"):
        encoder.encode_sentences([SENTENCE, nothing])


@both
def test_missing_weights_are_one_error_with_the_command_that_fetches_them(name, tmp_path):
    with pytest.raises(EncoderError, match="are not here") as raised:
        _ = ENCODERS[name](tmp_path).card
    assert f"hf download {ENCODERS[name].VARIANT.repo} --local-dir {name}" in raised.value.hint
    assert release.IMAGE_FILES[name] in raised.value.what


def spoilt(folder, target, file, spoil):
    """Copy a release by links, but for one file."""
    target.mkdir()
    for path in folder.iterdir():
        if path.name != file:
            (target / path.name).symlink_to(path)
    spoil(target / file, folder / file)
    return target


def changed_config(**changes):
    def write(path, _original):
        path.write_text(json.dumps({k: v for k, v in {**release.CONFIG, **changes}.items() if v is not None}))

    return write


@pytest.mark.parametrize(
    ("file", "spoil"),
    [
        pytest.param(
            release.IMAGE_FILES["biovil-t"],
            lambda path, _: (
                release.write_image_tower(path.parent, "biovil")
                or (path.parent / release.IMAGE_FILES["biovil"]).rename(path)
            ),
            id="image-tower-of-biovil",
        ),
        pytest.param(
            release.IMAGE_FILES["biovil-t"], lambda path, _: path.write_bytes(b"PK\3\4"), id="image-file-cut"
        ),
        pytest.param(
            "pytorch_model.bin",
            lambda path, _: torch.save({"bert.pooler.dense.bias": torch.zeros(3)}, path),
            id="text-tower-of-nothing",
        ),
        pytest.param(
            "pytorch_model.bin",
            lambda path, _: torch.save({"run": print}, path),
            id="pickle-that-would-run-code",
        ),
        pytest.param("config.json", changed_config(num_hidden_layers=2), id="config-with-fewer-layers"),
        pytest.param("config.json", changed_config(hidden_size=None), id="config-without-a-size"),
        pytest.param("config.json", changed_config(hidden_size=62), id="config-whose-heads-do-not-divide"),
        pytest.param("config.json", changed_config(hidden_size="wide"), id="config-with-a-word-for-a-size"),
        pytest.param(
            "config.json", changed_config(hidden_act="none"), id="config-with-an-unknown-activation"
        ),
        pytest.param("config.json", lambda path, _: path.write_text("["), id="config-that-is-no-json"),
        pytest.param("vocab.txt", lambda path, _: path.write_text("a\nb\n"), id="word-list-without-marks"),
        pytest.param(
            "vocab.txt",
            lambda path, old: path.write_text(old.read_text() + "".join(f"x{i}\n" for i in range(9))),
            id="word-list-longer-than-the-model",
        ),
        pytest.param("vocab.txt", lambda path, _: path.write_bytes(b"\xff\n"), id="word-list-of-bytes"),
    ],
)
def test_wrong_weights_are_one_error_with_the_command_that_fetches_the_right_ones(
    folders, tmp_path, file, spoil
):
    folder = spoilt(folders["biovil-t"], tmp_path / "wrong", file, spoil)
    with pytest.raises(EncoderError) as raised:
        _ = BioVilT(folder).card
    assert "hf download microsoft/BiomedVLP-BioViL-T --local-dir biovil-t" in raised.value.hint
    assert str(folder) in raised.value.where


def test_text_weights_may_be_safetensors(encoder, folders, tmp_path):
    def convert(path, original):
        tensors = torch.load(original, weights_only=True)
        del tensors[
            "cls.predictions.decoder.bias"
        ]  # tied to another one, so the hub's conversion leaves it out
        save_file(tensors, path.with_name("model.safetensors"))

    folder = spoilt(folders["biovil-t"], tmp_path / "safe", "pytorch_model.bin", convert)
    [own], [same] = BioVilT(folder).encode_sentences([SENTENCE]), encoder.encode_sentences([SENTENCE])
    assert np.array_equal(own.features, same.features)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param({"fit": "stretch"}, "fit must be one of", id="fit"),
        pytest.param({"long_text": "wrap"}, "long_text must be one of", id="long-text"),
        pytest.param({"temperature": 0.0}, "temperature must be above 0", id="temperature"),
        pytest.param({"device": "tpu"}, "device must be", id="device"),
        pytest.param({"crop": 3}, "no option 'crop'", id="unknown"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises(UsageError, match=words):
        build("encoder", "biovil-t", options)


def test_a_random_checkpoint_runs_the_whole_augment(folders, tmp_path):
    status = medcutmix_cli.augment(
        write_manifest(tmp_path / "in", studies=4),
        tmp_path / "out",
        encoder="biovil-t",
        weights=folders["biovil-t"],
        gate="none",
        align="none",
        shard_size=8,
        workers=2,
    )
    assert status.balanced
    assert not status.failed
    assert status.planned == status.written + sum(status.rejected.values()) > 0
    assert verify(tmp_path / "out", deep=True).ok
