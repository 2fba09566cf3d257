import json
from collections import Counter

from medcutmix_cli.run.row_counts import RowCounts, to_row_counts


def counted(*rows):
    counts = RowCounts()
    for row in rows:
        counts.add(*row)
    return counts


MASS, KEPT = ("mass", "s1", "s2", ["view: PA"]), ("", "s1", "s1", ["view: PA", "side: left"])


def test_rows_of_parts_add_up_to_those_of_the_whole():
    total = counted(MASS)
    total.merge(counted(KEPT, MASS))
    assert total == counted(MASS, MASS, KEPT)
    assert (total.rows, total.recipients) == (3, Counter(s1=3))
    assert total.donors == {"mass": Counter(s2=2)}  # a study as it is gives nothing


def test_counts_come_back_from_json_in_any_order_of_rows():
    text = json.dumps(counted(MASS, KEPT).plain())
    assert text == json.dumps(counted(KEPT, MASS).plain())
    assert to_row_counts(json.loads(text)) == counted(MASS, KEPT)
    assert to_row_counts({}).rows == 0
