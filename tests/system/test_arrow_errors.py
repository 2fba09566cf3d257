import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.system.arrow_errors import ARROW_ERRORS


def parquet(texts=("aaaa", "bbbb")):
    file = io.BytesIO()
    pq.write_table(pa.table({"a": list(texts)}), file, compression="none", use_dictionary=False)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [parquet().replace(b"bbbb", b"\xff\xfebb"), parquet()[:-9], parquet()[4:], b""],
    ids=["no-utf-8", "cut", "without-its-start", "empty"],
)
def test_whatever_is_damaged_raises_one_of_them(content):
    with pytest.raises(ARROW_ERRORS):
        pq.read_table(io.BytesIO(content)).to_pylist()


def test_what_is_whole_raises_none():
    assert pq.read_table(io.BytesIO(parquet())).to_pylist() == [{"a": "aaaa"}, {"a": "bbbb"}]
