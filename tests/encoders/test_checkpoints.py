import hashlib
import json
import os
import pickle
import random
import socket
import warnings
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from safetensors.torch import save, save_file

from medcutmix_cli.encoders.checkpoints import (
    Release,
    files_sha256,
    fill,
    locate,
    read_json,
    read_tensors,
)
from medcutmix_cli.errors import EncoderError

RELEASE = Release("someone/some-model", ("config.json", "model.safetensors|pytorch_model.bin"))
FETCH = "hf download someone/some-model --local-dir toy"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Fail loudly on any try to reach another machine."""

    def forbidden(*_args, **_more):
        raise AssertionError("a test tried the network")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, forbidden)


@pytest.fixture(autouse=True)
def hub_cache(tmp_path, monkeypatch):
    """Return an empty hub cache in the place of this machine's own."""
    cache = tmp_path / "home" / "hub"
    monkeypatch.setenv("HF_HOME", str(cache.parent))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))  # it read HF_HOME long ago
    return cache


def tensors():
    return {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)}


def make_folder(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return folder


def cached_snapshot(hub_cache, *names):
    """Lay out what `hf download` leaves in the cache."""
    repo = hub_cache / "models--someone--some-model"
    make_folder(repo / "refs")
    (repo / "refs" / "main").write_text("c0ffee")
    return make_folder(repo / "snapshots" / "c0ffee", *names)


def check_error(weights, *words):
    with pytest.raises(EncoderError) as raised:
        locate(weights, RELEASE, "toy")
    error = raised.value
    assert FETCH in error.hint
    assert "--weights toy" in error.hint
    assert "'toy'" in error.what
    assert all(word in str(error) for word in words)


def test_a_folder_that_is_not_there_is_one_error_with_the_command(tmp_path):
    check_error(tmp_path / "none", "no config.json, model.safetensors or pytorch_model.bin", "none")


def test_a_file_that_is_missing_is_named(tmp_path):
    check_error(make_folder(tmp_path / "some", "config.json"), "no model.safetensors or pytorch_model.bin")


def test_a_file_in_the_place_of_the_folder_is_one_error(tmp_path):
    check_error(make_folder(tmp_path, "model.safetensors") / "model.safetensors", "no config.json")


def test_an_empty_hub_cache_is_one_error_with_the_command(hub_cache):
    check_error(None, "the Hugging Face cache of this machine")
    assert not hub_cache.exists()  # looked at, never filled


def test_a_snapshot_that_is_not_whole_is_one_error_with_the_command(hub_cache):
    cached_snapshot(hub_cache, "config.json")
    check_error(None, "no model.safetensors or pytorch_model.bin")


def test_a_release_is_found_in_the_hub_cache_without_a_network(hub_cache):
    folder = cached_snapshot(hub_cache, "config.json", "pytorch_model.bin")
    found = locate(None, RELEASE, "toy")
    assert found == {name: folder / name.split("|")[-1] for name in RELEASE.files}


def test_safetensors_go_before_a_pickle(tmp_path):
    folder = make_folder(tmp_path / "some", "config.json", "model.safetensors", "pytorch_model.bin")
    assert locate(folder, RELEASE, "toy")[RELEASE.files[1]].name == "model.safetensors"


@pytest.mark.parametrize("repo", ["", "not a repository", "a/b/c/d"])
def test_a_model_that_has_no_name_or_a_wrong_one_is_one_error(repo):
    with pytest.raises(EncoderError, match="hf download") as raised:
        locate(None, Release(repo, ("config.json",)), "toy")
    assert (repo or "OWNER/MODEL") in raised.value.hint


def saved(path, content, **how):
    torch.save(content, path, **how)
    return path


def test_safetensors_and_pickles_give_the_same_tensors(tmp_path):
    save_file(tensors(), tmp_path / "a.safetensors")
    files = [
        tmp_path / "a.safetensors",
        saved(tmp_path / "new.bin", tensors()),
        saved(tmp_path / "old.bin", tensors(), _use_new_zipfile_serialization=False),
        saved(tmp_path / "trained.pt", {"state_dict": tensors(), "epoch": 3}),
    ]
    for path in files:
        read = read_tensors(path)
        assert {name: value.tolist() for name, value in read.items()} == {
            name: value.tolist() for name, value in tensors().items()
        }


class Harm:
    """Writes a file when it is unpickled."""

    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_pickle_that_would_run_code_is_refused_and_runs_none(tmp_path, new):
    target = tmp_path / "harm"
    path = saved(tmp_path / "a.bin", tensors() | {"x": Harm(target)}, _use_new_zipfile_serialization=new)
    with pytest.raises(EncoderError, match="cannot be read") as raised:
        read_tensors(path)
    assert "tensors only" in raised.value.hint
    assert not target.exists()
    torch.load(path, weights_only=False)  # the harm is real
    assert target.exists()


def pickled(content):
    return pickle.dumps(content, protocol=2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.safetensors", b"", id="empty-safetensors"),
        pytest.param("a.safetensors", save(tensors())[:-9], id="cut-short"),
        pytest.param("a.safetensors", b"\xff" * 200, id="not-safetensors"),
        pytest.param("a.safetensors", pickled({}), id="a-pickle-called-safetensors"),
        pytest.param("a.bin", b"", id="empty-pickle"),
        pytest.param("a.bin", b"version https://git-lfs.github.com/spec/v1\noid 5\n", id="a-git-lfs-pointer"),
        pytest.param("a.bin", b"<!doctype html><html>login</html>", id="a-login-page"),
        pytest.param("a.bin", pickled([1, 2])[:-2], id="cut-pickle"),
        pytest.param("a.bin", b"\x80\x02.", id="a-pickle-of-nothing"),
        pytest.param("a.bin", save(tensors()), id="safetensors-called-pickle"),
        pytest.param("a.bin", pickled({"a": [1]}), id="no-tensors"),
        pytest.param("a.bin", pickled([1]), id="no-table"),
        pytest.param("a.bin", pickled({"state_dict": 3}), id="a-number-for-a-table"),
    ],
)
def test_what_holds_no_tensors_is_one_error_that_names_the_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(EncoderError, match=r"cannot be read|no table of tensors") as raised:
        read_tensors(tmp_path / name)
    assert raised.value.where == str(tmp_path / name)


def test_tensors_without_names_are_refused(tmp_path):
    with pytest.raises(EncoderError, match="no table of tensors"):
        read_tensors(saved(tmp_path / "a.bin", {0: torch.ones(2)}))


@pytest.mark.parametrize("name", ["a.bin", "a.safetensors"])
def test_a_file_that_is_not_there_or_a_folder_is_one_error(tmp_path, name):
    with pytest.raises(EncoderError, match="cannot be read"):
        read_tensors(tmp_path / name)
    (tmp_path / name).mkdir()
    with pytest.raises(EncoderError, match="cannot be read"):
        read_tensors(tmp_path / name)


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_changed_or_missing_bytes_are_an_error_or_tensors_and_nothing_else(tmp_path, kind):
    path = tmp_path / ("a.safetensors" if kind == "safetensors" else "a.bin")
    if kind == "safetensors":
        save_file(tensors(), path)
    else:
        saved(path, tensors(), _use_new_zipfile_serialization=kind == "zip")
    whole, draw, refused = path.read_bytes(), random.Random(7), 0
    for _ in range(300):
        spoilt = bytearray(whole[: draw.choice([len(whole), draw.randrange(len(whole))])])
        for _ in range(min(len(spoilt), draw.randrange(1, 4))):
            spoilt[draw.randrange(min(len(spoilt), 400))] = draw.randrange(256)
        path.write_bytes(spoilt)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch warns of the protocols that it reads from noise
                read_tensors(path)
        except EncoderError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff\xfe{}", b"3"])
def test_a_configuration_that_is_no_object_is_one_error(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(EncoderError) as raised:
        read_json(tmp_path / "config.json")
    assert raised.value.where.endswith("config.json")


def test_a_configuration_is_read_as_it_is(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"a": [1, "ü"]}))
    assert read_json(tmp_path / "config.json") == {"a": [1, "ü"]}


def make_model():
    model = torch.nn.Sequential()
    model.add_module("layer", torch.nn.Linear(3, 2))
    model.register_buffer("position_ids", torch.arange(4)[None])
    return model


def test_fill_puts_every_tensor_in_its_place_as_float32():
    model = make_model()
    fill(model, {name: value.half() for name, value in tensors().items()}, "here")
    assert torch.equal(model.layer.weight, tensors()["layer.weight"])
    assert {value.dtype for value in model.parameters()} == {torch.float32}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"layer.bias": None}, "'layer.bias' (missing)", id="missing"),
        pytest.param({"layer.scale": torch.ones(1)}, "'layer.scale' (too many)", id="too-many"),
        pytest.param({"layer.bias": torch.ones(5)}, "'layer.bias' ((5,), not (2,))", id="another-shape"),
        pytest.param({"layer.bias": torch.ones(2, 1)}, "'layer.bias' ((2, 1), not (2,))", id="another-rank"),
    ],
)
def test_fill_names_what_is_missing_too_many_or_of_another_shape(changes, named):
    given = {name: value for name, value in (tensors() | changes).items() if value is not None}
    model = make_model()
    before = model.layer.weight.clone()
    with pytest.raises(EncoderError, match="another architecture: 1 tensors") as raised:
        fill(model, given, "the/file")
    assert named in raised.value.what
    assert raised.value.where == "the/file"
    assert torch.equal(model.layer.weight, before)


def test_fill_counts_all_that_is_wrong():
    with pytest.raises(EncoderError, match="3 tensors"):
        fill(make_model(), {"other": torch.ones(1)}, "here")


@pytest.mark.parametrize("positions", [torch.arange(4)[None], torch.arange(9)[None], torch.arange(2)])
def test_fill_takes_a_buffer_without_weight_in_any_shape(positions):
    model = make_model()
    fill(model, tensors() | {"position_ids": positions}, "here")
    assert model.position_ids.tolist() == [[0, 1, 2, 3]]


def test_fill_ignores_only_what_it_is_told_to():
    with pytest.raises(EncoderError, match="position_ids"):
        fill(make_model(), tensors(), "here", ignored=())
    fill(make_model(), tensors() | {"head.scale": torch.ones(1)}, "here", ignored=("scale", "position_ids"))


def test_a_hash_depends_on_content_and_role_and_not_on_the_place(tmp_path):
    one, two = make_folder(tmp_path / "one", "a", "b"), make_folder(tmp_path / "two", "a", "b")
    (two / "a").rename(two / "c")
    here = files_sha256({"weights": one / "a", "config": one / "b"})
    assert len(here) == 64
    assert files_sha256({"config": two / "b", "weights": two / "c"}) == here
    assert files_sha256({"config": one / "a", "weights": one / "b"}) != here
    assert files_sha256({"weights": one / "a"}) != here
    (two / "b").write_bytes(b"!")
    assert files_sha256({"config": two / "b", "weights": two / "c"}) != here


def test_a_file_that_changes_is_hashed_anew_in_the_same_process(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(b"first")
    first = files_sha256({"weights": path})
    path.write_bytes(b"other")  # as long, and perhaps within the same tick of the clock
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
    second = files_sha256({"weights": path})
    replacement = tmp_path / "replacement"
    replacement.write_bytes(b"third")
    os.utime(replacement, ns=(0, path.stat().st_mtime_ns))
    replacement.replace(path)
    third = files_sha256({"weights": path})
    assert len({first, second, third}) == 3
    content = hashlib.sha256(b"third").hexdigest()
    assert third == hashlib.sha256(f"weights\0{content}\n".encode()).hexdigest()


def test_a_file_is_hashed_once_as_long_as_it_stays(tmp_path, monkeypatch):
    from medcutmix_cli.encoders import checkpoints

    reads = []
    original = checkpoints.hashlib.file_digest
    monkeypatch.setattr(
        checkpoints.hashlib,
        "file_digest",
        lambda file, kind: reads.append(Path(file.name)) or original(file, kind),
    )
    path = make_folder(tmp_path / "some", "weights") / "weights"
    assert files_sha256({"weights": path}) == files_sha256({"weights": path})
    assert reads == [path]


def test_a_file_that_went_away_is_one_error(tmp_path):
    with pytest.raises(EncoderError, match="cannot be read"):
        files_sha256({"weights": tmp_path / "none"})
