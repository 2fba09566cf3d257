import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

import medcutmix_cli
from medcutmix_cli.encoders import runtime
from medcutmix_cli.encoders.base import Attention, Picture, Query, encode_pictures
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.records import PictureRules
from medcutmix_cli.rendering.pair import asked_sentences
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.shard_state import read_state
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import SENTENCES, output_bytes, write_manifest


@dataclass(frozen=True)
class GroupEncoder(ToyEncoder):
    """A toy that writes down which pictures it was given together.

    Attributes:
        groups: Ids of the pictures of each call.
        too_long: Sentences that it refuses.
        cut: Sentences of which it cuts two tokens.
        holds: Pictures that fit into its memory at once; 0 where it is boundless.
    """

    batch: int = 4
    groups: list[list[str]] = field(default_factory=list, compare=False)
    too_long: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()
    unmapped: frozenset[float] = frozenset()
    holds: int = 0

    def encode_images(self, pictures: Sequence[Picture]) -> list[np.ndarray]:
        self.groups.append([picture.image_id for picture in pictures])
        features = super().encode_images(pictures)
        if not self.holds:
            return features
        stacked = torch.from_numpy(np.stack(features))
        return list(Runtime("cpu", batch_size=self.batch).run(self._forward, stacked).numpy())

    def _forward(self, batch: torch.Tensor) -> torch.Tensor:
        if len(batch) > self.holds:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return batch

    def encode_sentences(self, sentences: Sequence[str]) -> list[Query]:
        return [
            self._query(text, query)
            for text, query in zip(sentences, super().encode_sentences(sentences), strict=True)
        ]

    def _query(self, text: str, query: Query) -> Query:
        if text in self.too_long:
            return Query(None, refused="sentence-too-long")
        return replace(query, cut_tokens=2 if text in self.cut else 0)

    def attend(self, image: np.ndarray, sentence: tuple[float, float]) -> Attention:
        found = super().attend(image, sentence)
        return replace(found, missing="map-missing") if float(image.mean()) in self.unmapped else found


@pytest.fixture(autouse=True)
def _as_a_new_process():
    runtime._FITS.clear()
    yield
    runtime._FITS.clear()


@pytest.fixture
def run(monkeypatch):
    """Return a function that augments with a given encoder, in one shard."""

    def augmented(encoder, source, out, **options):
        use_encoder(monkeypatch.setattr, lambda _settings: encoder)
        usual = {"encoder": "toy", "gate": "none", "align": "none", "shard_size": 1000, "workers": 2}
        return medcutmix_cli.augment(source, out, **(usual | options))

    return augmented


def pictures_of(out, shard=0):
    pairs = read_plan(RunFolder(out).plan_file, shard)
    return {parent.image_id for pair in pairs for parent in (pair.recipient, pair.donor)}


def outcomes_of(out):
    return read_outcomes(RunFolder(out).failures_file(0))


@pytest.mark.parametrize("batch", [1, 3, 4, 1000])
def test_each_picture_is_encoded_once_a_shard_in_groups_of_the_encoders_size(run, tmp_path, batch):
    encoder = GroupEncoder(batch=batch)
    source = write_manifest(tmp_path / "in", studies=10)
    status = run(encoder, source, tmp_path / "out", pairs_per_study=2)
    assert status.written == status.planned > 10
    unique = pictures_of(tmp_path / "out")
    assert Counter(name for group in encoder.groups for name in group) == Counter(unique)
    full, rest = divmod(len(unique), batch)
    assert sorted(map(len, encoder.groups), reverse=True) == [batch] * full + [rest] * (rest > 0)


def test_every_shard_makes_its_own_groups(run, tmp_path):
    encoder = GroupEncoder()
    source = write_manifest(tmp_path / "in", studies=12)
    run(encoder, source, tmp_path / "out", shard_size=4, workers=1)
    expected = Counter()
    for shard in range(3):
        expected += Counter(pictures_of(tmp_path / "out", shard))
    assert Counter(name for group in encoder.groups for name in group) == expected
    assert max(map(len, encoder.groups)) == 4


@pytest.mark.parametrize(("workers", "batch"), [(1, 4), (1, 1000), (3, 4), (2, 5)])
def test_groups_and_workers_change_no_byte_and_never_wait_for_ever(run, tmp_path, workers, batch):
    source = write_manifest(tmp_path / "in", studies=14)
    spoil(source, 3)
    ended = []

    def rendered():
        ended.append(
            run(GroupEncoder(batch=batch), source, tmp_path / "groups", workers=workers, shard_size=6)
        )

    thread = threading.Thread(target=rendered, daemon=True)
    thread.start()
    thread.join(60)
    assert ended, "the rendering waits for ever, or failed"
    run(GroupEncoder(batch=1), source, tmp_path / "single", workers=workers, shard_size=6)
    assert output_bytes(tmp_path / "groups") == output_bytes(tmp_path / "single")


def spoil(source, *numbers):
    for number in numbers:
        (source / f"{number}.jpg").write_bytes(b"no picture at all")


def test_a_picture_that_cannot_be_read_does_not_spoil_its_group(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=12)
    whole, spoilt = GroupEncoder(), GroupEncoder()
    before = run(whole, source, tmp_path / "whole")
    planned = read_plan(RunFolder(tmp_path / "whole").plan_file, 0)
    bad = planned[0].recipient
    (source / bad.image_path).write_bytes(b"no picture at all")
    after = run(spoilt, source, tmp_path / "spoilt")
    touched = sum(bad.image_path in (p.recipient.image_path, p.donor.image_path) for p in planned)
    assert after.failed == {"image:image-format-unknown": touched}
    assert after.written == before.written - touched
    assert after.balanced
    without = [[name for name in group if name != bad.image_id] for group in whole.groups]
    assert sorted(map(sorted, spoilt.groups)) == sorted(map(sorted, without))


def test_a_group_of_which_no_picture_can_be_read_is_not_encoded(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=8)
    spoil(source, *range(8))
    encoder = GroupEncoder()
    status = run(encoder, source, tmp_path / "out")
    assert encoder.groups == []
    assert status.failed == {"image:image-format-unknown": status.planned}
    assert status.balanced


def test_a_refused_sentence_rejects_its_pairs_by_name_and_no_others(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=12)
    encoder = GroupEncoder(too_long=frozenset(SENTENCES[:1]))
    status = run(encoder, source, tmp_path / "out")
    expected = Counter()
    for pair in read_plan(RunFolder(tmp_path / "out").plan_file, 0):
        if pair.recipient.sentence in encoder.too_long:
            expected["recipient-sentence-too-long"] += 1
        elif pair.donor.sentence in encoder.too_long:
            expected["donor-sentence-too-long"] += 1
    assert set(expected) == {"recipient-sentence-too-long", "donor-sentence-too-long"}
    assert status.rejected == dict(expected)
    assert status.written == status.planned - expected.total() > 0
    assert status.balanced
    assert {(o.outcome, o.stage) for o in outcomes_of(tmp_path / "out")} == {("rejected", "encode")}
    assert verify(tmp_path / "out", deep=True).ok


def test_a_map_that_is_missing_fails_its_pairs_by_name_and_no_others(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=12)
    run(encoder := GroupEncoder(), source, tmp_path / "first")
    pair = read_plan(RunFolder(tmp_path / "first").plan_file, 0)[0]
    status = run(
        replace(encoder, unmapped=frozenset({brightness(source, pair.recipient)})), source, tmp_path / "out"
    )
    outcomes = outcomes_of(tmp_path / "out")
    found = Counter(f"{o.stage}:{o.reason}" for o in outcomes)
    assert set(found) == {"encode:recipient-map-missing", "encode:donor-map-missing"}
    assert status.failed == dict(found)
    assert pair.pair_id in {o.pair_id for o in outcomes}
    assert status.balanced
    assert status.written == status.planned - found.total() > 0


def brightness(source, parent):
    """Return what the toy encoder makes of a picture, as one number."""
    from medcutmix_cli.images import read_canvas

    seen = read_canvas(source / parent.image_path, 448, PictureRules("sigmoid"))
    [image] = ToyEncoder().encode_images([Picture(parent.image_id, seen.pixels, seen.placement)])
    return float(image.mean())


def test_cut_sentences_are_noted_once_each_a_shard(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=12)
    status = run(GroupEncoder(cut=frozenset(SENTENCES[:2])), source, tmp_path / "out")
    assert read_state(RunFolder(tmp_path / "out"), 0).notes == {"sentence-truncated": 2}
    assert status.notes == {"sentence-truncated": 2}


def test_a_run_without_surprises_notes_nothing(run, tmp_path):
    run(GroupEncoder(), write_manifest(tmp_path / "in", studies=8), tmp_path / "out")
    assert read_state(RunFolder(tmp_path / "out"), 0).notes == {}


def test_batches_that_were_halved_are_noted_in_their_shard_and_change_no_row(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=12)
    status = run(GroupEncoder(holds=1), source, tmp_path / "out", shard_size=6)
    assert read_state(RunFolder(tmp_path / "out"), 0).notes == {"batch-halved": 2}
    assert read_state(RunFolder(tmp_path / "out"), 1).notes == {}
    assert status.notes == {"batch-halved": 2}
    run(GroupEncoder(), source, tmp_path / "boundless", shard_size=6)
    assert output_bytes(tmp_path / "out") == output_bytes(tmp_path / "boundless")


@dataclass(frozen=True)
class DeviceEncoder(GroupEncoder):
    """The same toy as if it were on a device: groups are looked at in pieces and answered at once.

    Attributes:
        threads: Names of those that looked, and that asked for a group.
        asked: How many maps each group was asked for.
    """

    in_groups: bool = True
    threads: set[tuple[str, str]] = field(default_factory=set, compare=False)
    asked: list[int] = field(default_factory=list, compare=False)

    def look(self, picture):
        self._note("look")
        return picture

    def see_group(self, looks, asked, *, keep):
        assert not keep
        self._note("see")
        self.asked.append(sum(map(len, asked)))
        images = self.encode_images(looks)
        maps = [
            [super(DeviceEncoder, self).attend(image, own) for own in queries]
            for image, queries in zip(images, asked, strict=True)
        ]
        return [(None, own) for own in maps]

    def attend(self, image, sentence):
        raise AssertionError("every map was to come with its group")

    def _note(self, what):
        self.threads.add((what, threading.current_thread().name.partition("_")[0]))


@pytest.mark.parametrize(
    ("workers", "batch", "shard_size"), [(1, 4, 6), (3, 1, 6), (2, 5, 1000), (2, 1000, 6)]
)
def test_groups_that_a_device_answers_give_the_same_bytes(run, tmp_path, workers, batch, shard_size):
    source = write_manifest(tmp_path / "in", studies=14)
    spoil(source, 3)
    for name, encoder in {"alone": ToyEncoder(), "groups": DeviceEncoder(batch=batch)}.items():
        run(
            encoder,
            source,
            tmp_path / name,
            workers=workers,
            shard_size=shard_size,
            pairs_per_study=2,
        )
    assert output_bytes(tmp_path / "alone") == output_bytes(tmp_path / "groups")
    assert max(map(len, encoder.groups)) <= batch
    assert {("look", "mix"), ("see", "encode")} <= encoder.threads  # who waits for a device reads no picture
    assert ("see", "mix") not in encoder.threads


def test_a_group_is_asked_for_the_maps_of_its_pairs_each_once(run, tmp_path):
    encoder = DeviceEncoder(batch=1000)
    source = write_manifest(tmp_path / "in", studies=8)
    run(encoder, source, tmp_path / "out", pairs_per_study=3)
    pairs = read_plan(RunFolder(tmp_path / "out").plan_file, 0)
    parents = [parent for pair in pairs for parent in (pair.recipient, pair.donor)]
    wanted = {(p.image_id, words) for p in parents for words in asked_sentences(p)}
    assert len(pairs) > 8
    assert len(encoder.asked) == 1
    assert 0 < encoder.asked[0] <= len(wanted)  # what no guard watches is not asked


def test_a_state_file_says_for_how_long_encoder_and_workers_were_busy(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=8)
    status = run(ToyEncoder(), source, tmp_path / "out")
    state = read_state(RunFolder(tmp_path / "out"), 0)
    assert 0 < state.encoder_seconds < state.worker_seconds <= state.seconds
    assert status.bounds.encoder == round(state.encoder_seconds / state.seconds, 3)


class BrokenEncoder(GroupEncoder):
    """A toy whose weights fail it."""

    def encode_images(self, pictures):
        raise EncoderError("the memory of cuda:0 does not hold one input", hint="--device cpu")


def test_an_encoder_that_fails_ends_the_run_with_its_own_error(run, tmp_path):
    source = write_manifest(tmp_path / "in", studies=8)
    with pytest.raises(EncoderError, match="does not hold one input"):
        run(BrokenEncoder(), source, tmp_path / "out")
    assert read_state(RunFolder(tmp_path / "out"), 0) is None


def test_an_encoder_that_loses_a_picture_is_found_out():
    class Forgetful(ToyEncoder):
        def encode_images(self, pictures):
            return super().encode_images(pictures)[1:]

    picture = Picture("i", np.zeros((112, 112), np.uint8), letterbox(112, 112, 112))
    with pytest.raises(EncoderError, match="1 results for 2 pictures"):
        encode_pictures(Forgetful(), [picture, picture])
    assert encode_pictures(Forgetful(), []) == []
