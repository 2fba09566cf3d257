"""pyarrow finds no pandas in our own processes; what makes data frames works there all the same."""

from pathlib import Path

import pytest

from tests.fresh_process import run_statements

pytest.importorskip("pandas", reason="pyarrow imports it where it is installed only")

LOAD = "import sys; from medcutmix_cli.system.pandasless_imports import load_pyarrow; load_pyarrow()"
ARROW = "import pyarrow as pa; table = pa.table({'a': pa.array([1, None])}); assert table.to_pylist()[0] == {'a': 1}"


def test_arrays_are_made_and_pandas_is_not_loaded():
    run_statements(LOAD, ARROW, "assert 'pandas' not in sys.modules")


def test_without_this_it_would_be_loaded():
    run_statements("import sys", ARROW, "assert 'pandas' in sys.modules")


@pytest.mark.parametrize("before", ["", "import pandas"], ids=["afterwards", "before"])
def test_whoever_wants_a_data_frame_has_one(before):
    run_statements(
        before,
        LOAD,
        ARROW,
        "import pandas",
        "frame = table.to_pandas(); assert frame['a'].isna().tolist() == [False, True]",
        "assert pa.Table.from_pandas(frame).to_pylist() == table.to_pylist()",
        "assert pa.array(pandas.Series([1, 2])).to_pylist() == [1, 2]",
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell")
def test_no_addresses_are_reserved_for_arrays_that_nobody_has_made_yet():
    taken = "int(next(line for line in open('/proc/self/status') if line.startswith('VmSize')).split()[1])"
    told = run_statements("import pyarrow", f"before = {taken}", LOAD, f"print({taken} - before)")
    assert int(told) < 1 << 19, "kB"
