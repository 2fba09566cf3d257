"""The collector of cycles leaves alone what is old, for as long as it is told to."""

import gc

import pytest

from medcutmix_cli.system.garbage import leave_old_objects


def test_old_objects_are_left_alone_while_the_block_runs():
    kept = [[]]
    with leave_old_objects():
        assert gc.get_freeze_count() > 0
        assert not any(one is kept for one in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(one is kept for one in gc.get_objects())


def test_an_error_ends_it_too():
    with pytest.raises(ValueError, match="inside"), leave_old_objects():
        raise ValueError("inside")
    assert gc.get_freeze_count() == 0


def test_a_block_inside_another_does_not_end_it():
    with leave_old_objects():
        with leave_old_objects():
            pass
        assert gc.get_freeze_count() > 0
