import math
from contextlib import contextmanager

import pyarrow as pa
import pytest

from medcutmix_cli.images import decode_picture, encode_png
from medcutmix_cli.inspection.remake import as_stored, differing_columns, remade_columns
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.columns import COLUMNS
from tests.flips import SpotEncoder, write_runs
from tests.run_folders import make_row
from tests.sealed_files import rewrite_rows
from tests.toy_encoder import use_encoder

NAMES = [column.name for column in COLUMNS]
TYPES = {column.name: column.type for column in COLUMNS}
DEFAULTS = ((pa.types.is_string, "x"), (pa.types.is_integer, 3), (pa.types.is_floating, 0.5))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a finished run with a gate, whose rows are all of one shard or another."""
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        yield write_runs(tmp_path_factory.mktemp("remake"), effusions=6)[0]


@contextmanager
def rewritten(run, change):
    """Change the rows of shard 0, mend its hash, and put all back at the end."""
    paths = run.shard_file(0), run.state_file(0)
    before = [path.read_bytes() for path in paths]
    rewrite_rows(run, change)
    yield
    for path, content in zip(paths, before, strict=True):
        path.write_bytes(content)


def changed(value, kind):
    """Return another value of an Arrow type: null becomes something, all else changes a little."""
    if pa.types.is_struct(kind):
        first = kind.field(0)
        return {**value, first.name: changed(value[first.name], first.type)}
    if pa.types.is_list(kind):
        return [changed(value[0], kind.value_type), *value[1:]] if value else [default(kind.value_type)]
    if value is None or value != value:
        return default(kind)
    if pa.types.is_boolean(kind):
        return not value
    if pa.types.is_string(kind):
        return value + "x"
    return value + 1 if pa.types.is_integer(kind) else value - 0.01 if value > 0.5 else value + 0.01


def default(kind):
    """Return some value of an Arrow type."""
    if pa.types.is_struct(kind):
        return {kind.field(i).name: default(kind.field(i).type) for i in range(kind.num_fields)}
    return next(value for is_of, value in DEFAULTS if is_of(kind))


def change_column(row, name):
    if name == "image":
        pixels = decode_picture(row["image"]["bytes"]).copy()
        pixels[50, 50] ^= 1
        row["image"] = {"bytes": encode_png(pixels), "path": None}
    else:
        row[name] = changed(row[name], TYPES[name])


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_column_is_found_by_a_deep_check_or_listed_as_not_made_again(run, name):
    with rewritten(run, lambda rows: change_column(rows[0], name)):
        found = verify(run.root, deep=True)
    details = [problem.detail.partition(";")[0] for problem in found.problems]
    told = [detail for detail in details if name in detail.split("in ")[-1].split(", ")]
    if name in found.remade:
        assert found.problems
        assert told or name in ("pair_id", "image"), found.problems
    else:
        assert name in found.not_remade


def test_every_column_is_either_made_again_or_listed():
    """A new column is made again unless it is declared `from_encoder`; these are maps and features only."""
    left = [name for name in NAMES if name not in remade_columns(maps=False)]
    assert left == ["features", "feature_dim", "map_a", "map_b"]
    assert remade_columns(maps=True) == tuple(NAMES)


@pytest.mark.parametrize("name", ["map_a", "map_b", "features", "feature_dim"])
def test_with_maps_the_rest_is_found_too(run, name):
    with rewritten(run, lambda rows: change_column(rows[0], name)):
        found = verify(run.root, deep=True, maps=True)
    assert any(name in problem.detail for problem in found.problems)
    assert found.not_remade == ()


def test_a_row_is_equal_to_itself_as_it_is_stored():
    row = as_stored(make_row())
    assert differing_columns(row, as_stored(make_row()), NAMES) == ([], False)


@pytest.mark.parametrize(
    ("change", "rounding"),
    [
        pytest.param(lambda row: row.update(lam=row["lam"] + 1e-12), True, id="the-last-digit"),
        pytest.param(lambda row: row.update(lam=row["lam"] + 0.1), False, id="a-tenth"),
        pytest.param(lambda row: row.update(side_a="right"), False, id="a-word"),
        pytest.param(lambda row: row.update(label_w=row["label_w"][:-1]), False, id="a-value-less"),
        pytest.param(lambda row: row["mask"].__setitem__(0, 1), False, id="a-cell"),
    ],
)
def test_what_differs_is_named_and_rounding_is_told_apart(change, rounding):
    stored = as_stored(make_row())
    change(stored)
    names, close = differing_columns(as_stored(make_row()), stored, NAMES)
    assert len(names) == 1
    assert close is rounding


def test_nan_is_equal_to_nan_and_to_nothing_else():
    row = as_stored(make_row())
    place = next(n for n, value in enumerate(row["label_w"]) if math.isnan(value))
    other = as_stored(make_row())
    other["label_w"][place] = 0.0
    assert differing_columns(row, other, ["label_w"])[0] == ["label_w"]


def test_a_map_of_another_grid_is_named(run):
    with rewritten(run, lambda rows: rows[0].update(map_a=rows[0]["map_a"][:-1])):
        assert verify(run.root, deep=True).problems
