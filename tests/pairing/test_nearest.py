"""Nearest donors, the file that they are ranked by, and the command that makes it."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.embeddings import embed as embedding
from medcutmix_cli.embeddings.embed import embedding_of
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.bundled import BundledEncoder
from medcutmix_cli.errors import EncoderError, RunConflictError, UsageError
from medcutmix_cli.pairing.embeddings_file import read_embeddings, write_embeddings
from medcutmix_cli.pairing.nearest import Nearest
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_placement, make_study
from tests.calls import medcutmix
from tests.toy_encoder import ToyEncoder
from tests.trees import write_manifest


def around(count):
    """Return unit vectors on a quarter of a circle: the nearest of each is its neighbour."""
    angles = np.linspace(0, np.pi / 2, count)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def embedded(path, count, vectors=None, leave_out=()):
    kept = [n for n in range(count) if n not in leave_out]
    known = around(count) if vectors is None else vectors
    write_embeddings(path, [f"image{n}" for n in kept], known[kept], {"made": "here"})
    return str(path)


def planned(studies, strategy, **changes):
    return make_plan(studies, PlanSettings(**{"unmixed": "drop", **changes}), strategy)


def donor_of(result):
    return {int(p.recipient.image_id[5:]): int(p.donor.image_id[5:]) for p in result.pairs}


def test_the_nearest_gives_whatever_the_length_of_its_vector(tmp_path):
    lengths = np.linspace(1, 50, 8, dtype=np.float32)[:, None]
    file = embedded(tmp_path / "e.parquet", 8, vectors=around(8) * lengths)
    found = donor_of(planned([make_study(n) for n in range(8)], Nearest(embeddings=file)))
    assert all(abs(recipient - donor) == 1 for recipient, donor in found.items())
    assert len(found) == 8


def test_a_nearest_of_the_same_patient_takes_no_place_among_the_k(tmp_path):
    studies = [make_study(n, subject=f"p{n // 3}") for n in range(9)]
    file = embedded(tmp_path / "e.parquet", 9)
    result = planned(studies, Nearest(k=1, embeddings=file), max_donor_share=1.0)
    assert donor_of(result)[1] == 3
    assert "same-patient" not in result.refused


def test_no_more_than_k_are_tried(tmp_path):
    file = embedded(tmp_path / "e.parquet", 8)
    studies = [make_study(n) for n in range(8)]
    one = planned(studies, Nearest(k=1, embeddings=file), max_uses_per_donor=1)
    assert one.refused == {"donor-used-up": 8 - len(one.pairs)}
    all_of_them = planned(studies, Nearest(k=7, embeddings=file), max_uses_per_donor=1)
    assert len(one.pairs) < len(all_of_them.pairs) == 8


def test_what_has_no_embedding_is_refused_by_name(tmp_path):
    file = embedded(tmp_path / "e.parquet", 4, leave_out={0})
    result = planned([make_study(n) for n in range(4)], Nearest(embeddings=file))
    assert {d.identifier[-1]: d.reason for d in result.dropped} == {"0": "recipient-has-no-embedding"}
    assert 0 not in donor_of(result).values()
    assert result.refused["donor-has-no-embedding"] == 3


def test_a_cohort_of_one_patient_has_no_donor(tmp_path):
    studies = [make_study(n, subject="p1") for n in range(3)]
    result = planned(studies, Nearest(embeddings=embedded(tmp_path / "e.parquet", 3)))
    assert {d.reason for d in result.dropped} == {"no-donor-of-another-patient"}


def test_equals_stay_in_the_order_of_the_cohort(tmp_path):
    file = embedded(tmp_path / "e.parquet", 5, vectors=np.ones((5, 3), np.float32))
    studies = [make_study(n) for n in range(5)]
    first, again = (donor_of(planned(s, Nearest(embeddings=file))) for s in (studies, studies[::-1]))
    assert first == again == {0: 1, 1: 0, 2: 0, 3: 1, 4: 2}  # 0 and 1 have given twice by then


@pytest.mark.parametrize(
    ("options", "said"),
    [({}, "no embeddings"), ({"embeddings": "here.parquet", "k": 0}, "k must be at least 1")],
)
def test_options_without_meaning_are_refused(options, said):
    with pytest.raises(UsageError, match=said):
        build("pairing", "nearest", options)


def write_lists(path, values, names=None):
    image_ids = names or [f"i{n}" for n in range(len(values))]
    pq.write_table(pa.table({"image_id": image_ids, "embedding": values}), path)


@pytest.mark.parametrize(
    ("values", "names", "said"),
    [
        pytest.param([[1.0, 0.0], [1.0]], None, "cannot be read", id="several-lengths"),
        pytest.param([[1.0, 0.0], None], None, "cannot be read", id="nothing"),
        pytest.param([[1.0], [2.0]], ["a", "a"], "twice", id="the-same-picture"),
        pytest.param([[1.0], [0.0]], None, "zero or not a number", id="zero"),
        pytest.param([[1.0], [float("nan")]], None, "zero or not a number", id="nan"),
    ],
)
def test_embeddings_that_mean_nothing_are_refused(tmp_path, values, names, said):
    write_lists(tmp_path / "e.parquet", values, names)
    with pytest.raises(UsageError, match=said):
        read_embeddings(tmp_path / "e.parquet")


@pytest.mark.parametrize("name", ["missing.parquet", "missing.npz", "text.parquet", "text.npz", "other.npz"])
def test_a_file_that_is_none_is_refused(tmp_path, name):
    if name.startswith("text"):
        (tmp_path / name).write_text("no embeddings")
    if name.startswith("other"):
        np.savez(tmp_path / name, vectors=np.ones(3))
    with pytest.raises(
        UsageError, match="does not exist" if name.startswith("missing") else "cannot be read"
    ):
        read_embeddings(tmp_path / name)


def test_parquet_and_npz_say_the_same(tmp_path):
    names, vectors = ["a", "b"], np.array([[3.0, 4.0], [0.0, 2.0]], np.float32)
    write_embeddings(tmp_path / "e.parquet", names, vectors, {})
    np.savez(tmp_path / "e.npz", image_id=names, embedding=vectors)
    write_lists(tmp_path / "lists.parquet", vectors.astype(float).tolist(), names)
    for file in ("e.parquet", "e.npz", "lists.parquet"):
        found = read_embeddings(tmp_path / file)
        assert found.row_of == {"a": 0, "b": 1}
        np.testing.assert_allclose(found.vectors, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)


def test_the_bundled_encoder_embeds_by_the_mean_of_its_cells():
    encoder = BundledEncoder(device="cpu")
    pixels = np.random.default_rng(0).integers(1, 255, (112, 112), dtype=np.uint8)
    encoded = encoder.encode_images([Picture("i", pixels, make_placement())])[0]
    mean = encoded.cells.mean(axis=0)
    np.testing.assert_allclose(embedding_of(encoder, encoded), mean / np.linalg.norm(mean), atol=1e-5)


class WithOwn(ToyEncoder):
    """A toy with a global embedding of its own."""

    def embed(self, image):
        return image.ravel()[:5]


def test_the_command_embeds_each_picture_and_a_plan_goes_by_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(embedding, "build_encoder", lambda _settings: WithOwn())
    root = write_manifest(tmp_path / "tree", 6)
    (root / "3.jpg").write_bytes(b"no picture")
    out = tmp_path / "e.parquet"
    assert medcutmix("embed", root / "manifest.jsonl", out, "--encoder", "toy", "--json", "--workers", 1) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["pictures"], said["dimensions"], sum(said["dropped"].values())) == (5, 5, 1)
    assert len(read_embeddings(out).row_of) == 5
    assert medcutmix("embed", root / "manifest.jsonl", out, "--encoder", "toy") == 2
    assert "--force" in capsys.readouterr().err
    how = {"pairing": "nearest", "encoder": "bundled", "device": "cpu", "gate": "none", "align": "none"}
    medcutmix_cli.plan(root / "manifest.jsonl", tmp_path / "run", embeddings=out, **how)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert len(record["sources"]["embeddings"]) == 64
    write_embeddings(out, ["0"], np.ones((1, 2), np.float32), {})
    with pytest.raises(RunConflictError, match="embeddings"):
        medcutmix_cli.plan(root / "manifest.jsonl", tmp_path / "run", embeddings=out, **how)


def test_workers_and_groups_change_no_embedding(tmp_path, monkeypatch):
    root = write_manifest(tmp_path / "tree", 5)
    monkeypatch.setattr(embedding, "build_encoder", lambda _settings: WithOwn())
    one = medcutmix_cli.embed(root / "manifest.jsonl", tmp_path / "1.parquet", encoder="toy", workers=1)
    monkeypatch.setattr(embedding, "build_encoder", lambda _settings: WithOwn(batch=3))
    two = medcutmix_cli.embed(root / "manifest.jsonl", tmp_path / "2.parquet", encoder="toy", workers=2)
    assert one.pictures == two.pictures == 5
    assert one.out.read_bytes() == two.out.read_bytes()


def test_an_encoder_without_embedding_is_refused_before_a_picture_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "build_encoder", lambda _settings: ToyEncoder())
    root = write_manifest(tmp_path / "tree", 2)
    with pytest.raises(EncoderError, match="no embedding of a whole picture"):
        medcutmix_cli.embed(root / "manifest.jsonl", tmp_path / "e.parquet", encoder="toy")
    assert not (tmp_path / "e.parquet").exists()


def test_only_parquet_is_written(tmp_path):
    with pytest.raises(UsageError, match="Parquet"):
        medcutmix_cli.embed(tmp_path, tmp_path / "e.npz", encoder="bundled")
