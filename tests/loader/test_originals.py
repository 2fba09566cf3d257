import json

import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.configuration.settings import Settings, plain
from medcutmix_cli.errors import RunError, UsageError
from medcutmix_cli.loader.originals import find_kinds
from medcutmix_cli.loader.rows import find_groups
from medcutmix_cli.run.shards import UNMIXED, ShardOrigin, write_shard
from tests.builders import make_report
from tests.loader.mixes import as_it_is, write_originals
from tests.run_folders import make_row, write_run
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


def kinds(*sources):
    return find_kinds(find_groups([str(source) for source in sources]))


def test_an_original_is_a_study_as_it_is_and_comes_once(tmp_path):
    originals = write_originals(tmp_path / "originals", 40)
    mix = make_row(1, study_id_a="3")
    run = write_run(tmp_path / "run", ([mix, as_it_is(5), as_it_is(6)],))
    found = kinds(originals, run)
    assert [row for group in found.originals for row in group] == list(range(40))
    assert found.mixes == ((), (), (40,))
    assert found.left_out == 2


def test_a_run_alone_will_do_where_each_mixed_study_is_in_it_as_it_is(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(1, study_id_a="3"), as_it_is(3), as_it_is(4)],))
    assert kinds(run).originals == ((1, 2),)


def test_what_is_lacking_is_an_error_that_names_a_study_and_what_to_make(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(1, study_id_a="77"), as_it_is(3)],))
    with pytest.raises(UsageError, match=r"1 studies were mixed.*\n?.*study 77") as raised:
        kinds(run)
    assert "--pairing identity" in raised.value.hint
    with pytest.raises(UsageError, match="no mix of this split"):
        kinds(write_originals(tmp_path / "originals", 3))
    with pytest.raises(UsageError, match="to be an original"):
        kinds(write_run(tmp_path / "mixes", ([make_row(1)],)))


def test_rows_of_another_split_are_left_out(tmp_path):
    """A run may hold validation too, which nobody trains on."""
    other = [as_it_is(8) | {"split": "validate"}, make_row(2, study_id_a="8", split="validate")]
    run = write_run(tmp_path / "run", ([make_row(1, study_id_a="3"), as_it_is(3), *other],))
    assert kinds(run).originals == ((1,),)
    assert kinds(run).left_out == 2
    assert find_kinds(find_groups(run), "validate").mixes == ((3,),)


def test_a_recipient_without_a_report_of_its_own_needs_no_original(tmp_path):
    mix = make_row(1, study_id_a="77", prompted_a=True)
    assert kinds(write_run(tmp_path / "run", ([mix, as_it_is(3)],))).mixes == ((0,),)


@pytest.mark.parametrize("changed", [{"canvas": 336}, {"format": "jpeg"}])
def test_pictures_made_in_two_ways_are_refused(tmp_path, changed):
    """A network could tell mixes from originals by them, and learn that."""
    how = plain(Settings())
    how["image"] |= changed
    tmp_path.joinpath("other").mkdir()
    origin = ShardOrigin("e" * 64, {}, how, "Terms.", True)
    write_shard(tmp_path / "other" / "part-00000.parquet", [make_row(1, study_id_a="1")], origin)
    originals = write_originals(tmp_path / "originals", 3)
    with pytest.raises(RunError, match=str(next(iter(changed.values())))):
        kinds(originals, tmp_path / "other")


@pytest.fixture(scope="module")
def repeating_run(tmp_path_factory):
    """Return a run with mixes, two repeats that a target asked for, and a row of each other study."""
    folder = tmp_path_factory.mktemp("repeating")
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        source = write_manifest(folder / "in", 8)
        rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
        clear = make_report("The lungs are clear.", impression=("Normal chest.",))
        rows = [{**row, **({} if n % 2 else {"report": clear})} for n, row in enumerate(rows)]
        (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        how = {"encoder": "toy", "gate": "none", "align": "none", "workers": 1, "reserve": 0}
        medcutmix_cli.augment(source, folder / "originals", pairing="identity", unmixed="keep", **how)
        targets = ("pleural_effusion@device=no:+2", "no-pleural_effusion@device=no:+2")
        medcutmix_cli.augment(
            source, folder / "out", pairing="normal-host", target=targets, unmixed="keep", **how
        )
    return folder


def test_what_a_target_repeats_is_drawn_with_the_mixes(repeating_run):
    run = repeating_run / "out"
    planned = pq.read_table(run / "plan.parquet", columns=["pair_id", "cells"]).to_pylist()
    asked = {pair["pair_id"] for pair in planned if pair["cells"]}
    rows = pq.read_table(run / "data" / "part-00000.parquet", columns=["pair_id", *UNMIXED]).to_pylist()
    found = kinds(repeating_run / "originals", run)
    originals = sum(map(len, found.originals))
    mixes = [rows[number - originals] for group in found.mixes for number in group]
    assert {row["pair_id"] for row in mixes} == asked
    assert sum(not row["finding"] for row in mixes) == 2
    assert originals == 8
    assert found.left_out == len(rows) - len(mixes)
