import json
import shutil

import numpy as np
import pytest
import torch
from transformers import AutoModel

from medcutmix_cli.encoders import clip_text
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.clip import Clip
from medcutmix_cli.encoders.clip_folder import open_folder
from medcutmix_cli.encoders.clip_look import read_look
from medcutmix_cli.errors import EncoderError, MissingExtraError
from medcutmix_cli.images.placement import letterbox
from tests.encoders.clip_folders import SIDE, clip_folder, edit, siglip_folder

SENTENCE = "There is a small right pleural effusion."


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {"clip": clip_folder(root / "clip"), "siglip": siglip_folder(root / "siglip")}


def make_encoder(folder, **options):
    return Clip(folder, device="cpu", **options)


def scores_of(encoder):
    pixels = np.random.default_rng(0).integers(0, 256, (112, 112), dtype=np.uint8)
    [image] = encoder.encode_images([Picture("i", pixels, letterbox(112, 112, 112))])
    [query] = encoder.encode_sentences([SENTENCE])
    return encoder.attend(image, query.features).scores


def test_an_old_folder_that_says_plain_numbers_is_read_as_a_crop(folders):
    folder = open_folder(folders["clip"], "", remote_code=False)
    old = {**folder.preprocessor, "size": 72, "crop_size": SIDE}
    del old["do_rescale"], old["rescale_factor"]
    new = read_look(folder.preprocessor, "")
    assert (read_look(old, "").edge, read_look(old, "").side) == (new.edge, new.side)
    assert np.array_equal(read_look(old, "").levels, new.levels)


@pytest.mark.parametrize("name", ["model.safetensors", "preprocessor_config.json", "tokenizer_config.json"])
def test_the_hash_changes_with_every_file_that_changes_a_map(folders, tmp_path, name):
    other = clip_folder(tmp_path / "clip", seed=1)
    for path in folders["clip"].iterdir():
        if path.name != name:
            shutil.copy(path, other / path.name)
    if name.endswith(".json"):
        edit(other / name, note="changed")
    assert make_encoder(other).card.weights_sha256 != make_encoder(folders["clip"]).card.weights_sha256


def test_the_sentencepiece_tokenizer_of_siglip_is_never_replaced_by_another(folders, tmp_path, monkeypatch):
    folder = shutil.copytree(folders["siglip"], tmp_path / "siglip")
    edit(folder / "tokenizer_config.json", tokenizer_class="SiglipTokenizer")
    monkeypatch.setattr(clip_text, "is_sentencepiece_available", lambda: False)
    with pytest.raises(MissingExtraError, match=r"(?s)sentencepiece.*protobuf.*'\.\[encoders\]'"):
        _ = make_encoder(folder).card


def test_without_a_folder_the_error_holds_the_command_that_fetches_one(monkeypatch, tmp_path):
    with pytest.raises(EncoderError, match="hf download OWNER/MODEL --local-dir clip") as raised:
        _ = Clip().card
    assert "--weights clip" in str(raised.value)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(EncoderError, match="hf download google/medsiglip-448 "):
        _ = Clip(repo="google/medsiglip-448").card


@pytest.mark.parametrize(
    "name", ["config.json", "model.safetensors", "preprocessor_config.json", "vocab.json"]
)
def test_a_missing_file_is_one_error_that_names_it(folders, tmp_path, name):
    folder = shutil.copytree(folders["clip"], tmp_path / "clip")
    (folder / name).unlink()
    with pytest.raises(EncoderError, match=f"no .*{name}.*hf download"):
        _ = make_encoder(folder).card


@pytest.mark.parametrize(
    ("kind", "said"),
    [("blip", "--encoder blip"), ("cxr-bert", "--encoder biovil-t"), ("vit", "--encoder precomputed")],
)
def test_a_folder_of_another_model_names_the_encoder_that_takes_it(tmp_path, kind, said):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(EncoderError, match=f"'{kind}'.*{said}"):
        _ = make_encoder(tmp_path).card


def test_an_open_clip_folder_names_biomedclip(tmp_path):
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(EncoderError, match="--encoder biomedclip"):
        _ = make_encoder(tmp_path).card


def cut_short(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])


def fewer_layers(folder):
    config = json.loads((folder / "config.json").read_text())
    edit(folder / "config.json", vision_config={**config["vision_config"], "num_hidden_layers": 1})


def more_layers(folder):
    config = json.loads((folder / "config.json").read_text())
    edit(folder / "config.json", vision_config={**config["vision_config"], "num_hidden_layers": 3})


def other_width(folder):
    config = json.loads((folder / "config.json").read_text())
    edit(folder / "config.json", vision_config={**config["vision_config"], "intermediate_size": 50})


def other_side(folder):
    edit(folder / "preprocessor_config.json", crop_size={"height": 56, "width": 56})


def no_mean(folder):
    edit(folder / "preprocessor_config.json", image_mean=None)


def no_crop(folder):
    edit(folder / "preprocessor_config.json", do_center_crop=False)


def other_tokenizer(folder):
    config = json.loads((folder / "config.json").read_text())
    edit(folder / "config.json", text_config={**config["text_config"], "eos_token_id": 7})


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(cut_short, "weights cannot be loaded", id="weights-cut-short"),
        pytest.param(fewer_layers, "another architecture", id="tensors-too-many"),
        pytest.param(more_layers, "another architecture", id="tensors-missing"),
        pytest.param(other_width, "weights cannot be loaded", id="tensors-of-another-shape"),
        pytest.param(other_side, "makes pictures of 56", id="preprocessor-of-another-model"),
        pytest.param(no_mean, "image_mean", id="no-mean-is-no-default-mean"),
        pytest.param(no_crop, "no centre crop", id="a-picture-that-is-no-square"),
        pytest.param(other_tokenizer, "do not belong together", id="end-mark-of-another-tokenizer"),
    ],
)
def test_a_spoilt_folder_is_one_clear_error(folders, tmp_path, spoil, said):
    folder = shutil.copytree(folders["clip"], tmp_path / "clip")
    spoil(folder)
    with pytest.raises(EncoderError, match=said):
        _ = make_encoder(folder).card


def test_pickled_weights_are_read_as_tensors_only(folders, tmp_path):
    folder = shutil.copytree(folders["clip"], tmp_path / "clip")
    model = AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    same = scores_of(make_encoder(folders["clip"]))
    assert np.array_equal(scores_of(make_encoder(folder)), same, equal_nan=True)
    broken = shutil.copytree(folder, tmp_path / "code")
    torch.save({"weights": Runs()}, broken / "pytorch_model.bin")
    with pytest.raises(EncoderError, match="weights cannot be loaded"):
        _ = make_encoder(broken).card


class Runs:
    """What a pickle of it would do if it were unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("code in the weights was run",))


OWN_CODE = """
from transformers import CLIPConfig, CLIPModel
class OwnConfig(CLIPConfig):
    model_type = "own_clip"
class OwnModel(CLIPModel):
    config_class = OwnConfig
"""


def test_code_in_a_folder_runs_only_when_it_is_trusted(folders, tmp_path, monkeypatch):
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = shutil.copytree(folders["clip"], tmp_path / "own_clip")
    (folder / "own.py").write_text(OWN_CODE)
    own = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    edit(folder / "config.json", model_type="own_clip", auto_map=own)
    with pytest.raises(EncoderError, match=r"not run unasked.*trust_remote_code"):
        _ = make_encoder(folder).card
    trusted = scores_of(make_encoder(folder, trust_remote_code=True))
    native = scores_of(make_encoder(folders["clip"]))
    assert np.array_equal(trusted, native, equal_nan=True)
