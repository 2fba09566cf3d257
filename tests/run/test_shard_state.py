import json
from dataclasses import replace

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import (
    ShardState,
    begin_attempt,
    least_begun_first,
    read_attempts,
    read_complete,
    read_state,
    state_text,
)


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


def test_a_damaged_state_file_is_one_clear_error(folder):
    folder.state_file(0).write_text("{")
    with pytest.raises(RunError) as caught:
        read_state(folder, 0)
    assert "rendered again" in caught.value.hint


@pytest.mark.parametrize("change", [{"written": "many"}, {"shard": 4}, {"bytes": -1}])
def test_a_state_file_with_numbers_that_cannot_be_is_one_clear_error(folder, change):
    state = {"shard": 0, "planned": 1, "written": 1, "rejected": {}, "failed": {}, "sha256": "", "bytes": 1}
    folder.state_file(0).write_text(
        json.dumps(state | {"seconds": 0.1, "device": "cpu", "attempts": 1} | change)
    )
    with pytest.raises(RunError, match="state file"):
        read_state(folder, 0)


STATE = ShardState(0, 2, 2, {}, {}, sha256="", bytes=4, seconds=0.1, device="cpu", attempts=3)


def test_a_shard_of_another_size_than_its_state_says_is_not_complete(folder):
    folder.state_file(0).write_text(state_text(STATE))
    assert read_complete(folder, 0) is None
    for content, complete in ((b"long", STATE), (b"cut", None)):
        folder.shard_file(0).write_bytes(content)
        assert read_complete(folder, 0) == complete
    assert read_state(folder, 0) == STATE


def test_whoever_begins_a_shard_again_counts_on_and_takes_its_state_away(folder):
    folder.state_file(0).write_text(state_text(STATE))
    assert begin_attempt(folder, 0) == 4
    assert begin_attempt(folder, 0) == 5
    assert read_attempts(folder, 0) == 5
    assert read_state(folder, 0) is None


@pytest.mark.parametrize(("text", "attempts"), [("7", 7), ("{", 0), ('{"attempts": "two"}', 0), ("[]", 0)])
def test_attempts_of_an_earlier_version_are_read_and_what_is_no_number_is_none(folder, text, attempts):
    folder.attempts_file(0).write_text(text)
    assert read_attempts(folder, 0) == attempts


def test_shards_that_were_begun_least_often_come_first_and_complete_ones_only_for_their_failures(folder):
    for shard, failed in ((1, {}), (3, {"image:image-missing": 1})):
        folder.state_file(shard).write_text(state_text(replace(STATE, shard=shard, failed=failed)))
        folder.shard_file(shard).write_bytes(b"long")
    begin_attempt(folder, 0)
    assert least_begun_first(folder, range(5), retry_failed=False) == (2, 4, 0)
    assert least_begun_first(folder, range(5), retry_failed=True) == (2, 4, 0, 3)
