"""The shape of what was written is counted from the shards, against the originals of the plan."""

from collections import Counter
from dataclasses import asdict, replace

import pytest

from medcutmix_cli.errors import RunError, ShardError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing.traits import count_row, name_traits
from medcutmix_cli.planning.written_shape import written_shape, written_status
from medcutmix_cli.records import Side
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.row_counts import RowCounts
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.run_record import write_run as write_record
from medcutmix_cli.run.shape import DonorCount, TraitCount
from medcutmix_cli.run.shard_state import read_state, state_text
from medcutmix_cli.run.shards import UNMIXED
from tests.run.test_shape import SHAPE
from tests.run_folders import make_row, write_run

PLAN = replace(SHAPE, traits={"label: Edema": TraitCount(40, 20), "label: Fracture": TraitCount(0, 3)})


def labels(*present):
    return [1.0 if name in present else float("nan") for name in CHEXPERT]


def entity(assertion, side):
    where = {"start": 0, "end": 4, "finding": "mass", "section": "findings"}
    return {**where, "assertion": assertion, "side": side}


ROWS = (
    [
        make_row(0, "mass", label_mixed=labels("Edema", "Support Devices"), view_a="AP"),
        make_row(
            1, "mass", study_id_b="s1000", entities=[entity("present", "left"), entity("absent", "right")]
        ),
    ],
    [],
    [make_row(2, **UNMIXED, label_mixed=labels("Edema"), view_a="", entities=[entity("present", "none")])],
)


def folder_of(tmp_path, **changes):
    """Return a run whose plan has a shape."""
    folder = RunFolder(write_run(tmp_path / "run", ROWS, **changes))
    record = read_run(folder)
    write_record(folder, replace(record, counts={**record.counts, "shape": asdict(PLAN)}))
    return folder


def states_of(folder):
    return [read_state(folder, shard) for shard in range(len(read_run(folder).shards))]


def with_counts(folder, *shards):
    """Have the state files of some shards count their rows, as rendering does."""
    for shard in shards:
        counts, rows = RowCounts(), ROWS[shard]
        for row in rows:
            count_row(counts, row)
        unmixed = sum(row["image_mode"] == "keep" for row in rows)
        state = replace(read_state(folder, shard), counts=counts.plain(), unmixed=unmixed)
        folder.state_file(shard).write_text(state_text(state))
    return folder


def test_rows_of_all_shards_are_counted_against_the_originals_of_the_plan(tmp_path):
    folder = folder_of(tmp_path)
    shape = written_shape(folder, PLAN, states_of(folder))
    assert (shape.rows, shape.kept, shape.recipients, shape.written) == (3, 1, 3.0, True)
    assert shape.traits == {
        "device: yes": TraitCount(0, 1),
        "label: Edema": TraitCount(40, 2),
        "label: Pleural Effusion": TraitCount(0, 1),
        "side: left": TraitCount(0, 1),
        "view: AP": TraitCount(0, 1),
        "view: PA": TraitCount(0, 1),
    }
    assert shape.donors == {"mass": DonorCount(2, 1, 1.0, 2)}
    assert (shape.originals, shape.tolerance, shape.sentences) == (100, 0.1, 300)


def test_a_finished_run_tells_what_was_written_and_an_unfinished_one_the_plan(tmp_path):
    done, halfway = folder_of(tmp_path / "done"), folder_of(tmp_path / "halfway", missing=1)
    assert written_status(done).shape == written_shape(done, PLAN, states_of(done))
    assert written_status(halfway).shape == PLAN


def test_what_an_earlier_version_did_not_count_stays_uncounted(tmp_path):
    folder = RunFolder(write_run(tmp_path / "run"))
    assert written_status(folder).shape is None


@pytest.mark.parametrize("counting", [(0, 1, 2), (2,)])
def test_a_run_that_counted_its_rows_has_the_shape_that_reading_them_gives(tmp_path, counting):
    read = written_status(folder_of(tmp_path / "read")).shape
    assert written_status(with_counts(folder_of(tmp_path / "run"), *counting)).shape == read


def test_where_the_states_count_the_rows_no_shard_is_opened(tmp_path):
    folder = with_counts(folder_of(tmp_path), 0, 1, 2)
    shape = written_status(folder).shape
    for shard in (0, 1, 2):
        path = folder.shard_file(shard)
        path.write_bytes(b"x" * path.stat().st_size)
    assert written_status(folder).shape == shape
    assert shape.written


def test_counts_of_other_rows_are_not_believed(tmp_path):
    folder = with_counts(folder_of(tmp_path), 0)
    state = read_state(folder, 0)
    folder.state_file(0).write_text(state_text(replace(state, counts=RowCounts().plain())))
    assert written_status(folder).shape.rows == 3
    folder.state_file(0).write_text(state_text(replace(state, counts={"traits": {}})))
    with pytest.raises(RunError, match="state file cannot be read"):
        written_status(folder)


def test_the_sums_of_a_run_need_no_readable_shard(tmp_path):
    folder = folder_of(tmp_path)
    shard = folder.shard_file(0)
    shard.write_bytes(b"x" * shard.stat().st_size)
    with pytest.raises(ShardError):
        written_shape(folder, PLAN, states_of(folder))
    assert written_status(folder).shape == PLAN


SAID = ((), ("left",), ("left", "left"), ("right", "bilateral"), ("none", "right"))
SHOWN = ((), ("Edema",), ("Edema", "Support Devices"), ("Fracture",))


def test_rows_that_are_alike_have_the_traits_that_each_has_alone(tmp_path):
    each = [(view, sides, there) for view in ("AP", "PA", "") for sides in SAID for there in SHOWN] * 2
    rows = [
        make_row(
            number,
            "mass",
            label_mixed=labels(*there),
            view_a=view,
            entities=[entity("present", side) for side in sides] + [entity("absent", "left")],
        )
        for number, (view, sides, there) in enumerate(each)
    ]
    folder = RunFolder(write_run(tmp_path / "run", (rows,)))
    counted = Counter(
        trait for view, sides, there in each for trait in name_traits(labels(*there), view, map(Side, sides))
    )
    shape = written_shape(folder, replace(PLAN, traits={}), states_of(folder))
    assert {name: count.rows for name, count in shape.traits.items()} == counted
