import pytest

from medcutmix_cli.loader.places import RowRange, turns_done


def test_parts_cover_a_span_and_differ_by_one_row():
    parts = RowRange(3, 20).parts(4)
    assert [row for part in parts for row in range(part.start, part.end)] == list(range(3, 20))
    assert {part.rows for part in parts} == {4, 5}


@pytest.mark.parametrize(("batches", "expected"), [(0, (0, 0)), (3, (2, 1)), (4, (3, 1)), (9, (4, 1))])
def test_a_worker_without_a_batch_left_loses_its_turn(batches, expected):
    assert tuple(turns_done([4, 1], batches, number) for number in (0, 1)) == expected


def test_equal_parts_are_as_long_and_leave_out_the_end():
    parts = [RowRange(3, 20).equal_part(number, 4) for number in range(4)]
    assert [row for part in parts for row in range(part.start, part.end)] == list(range(3, 19))
    assert {part.rows for part in parts} == {4}
