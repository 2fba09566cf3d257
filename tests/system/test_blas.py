from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from medcutmix_cli.system.blas import single_threaded_blas


def threads():
    return sorted(own["num_threads"] for own in threadpool_info() if own["user_api"] == "blas")


@pytest.fixture(autouse=True)
def _as_before():
    np.ones((2, 2)) @ np.ones((2, 2))
    before = threads()
    yield
    assert threads() == before


def test_products_run_on_one_thread_inside_and_as_before_outside():
    before = threads()
    assert before
    with single_threaded_blas():
        with single_threaded_blas():
            assert set(threads()) == {1}
        assert set(threads()) == {1}
    assert threads() == before


def test_any_thread_may_be_the_first_and_any_other_the_last():
    """threadpoolctl lets only the thread that set a number first set another, and says nothing to the others."""
    inside, half = Barrier(2), Barrier(2)

    def first(_):
        with single_threaded_blas():
            inside.wait()
            found = threads()
        half.wait()
        return found

    def last(_):
        with single_threaded_blas():
            inside.wait()
            half.wait()
            return threads()

    before = threads()
    for _ in range(3):
        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
            found = [one.submit(first, None), other.submit(last, None)]
            assert [set(own.result()) for own in found] == [{1}, {1}]
        assert threads() == before


def hold_once():
    with single_threaded_blas():
        return threads()


def test_whoever_asks_next_sets_a_number_of_its_own():
    with ThreadPoolExecutor(1) as pool:
        pool.submit(hold_once).result()
        with threadpool_limits(1, user_api="blas"):  # while that thread lives
            assert set(threads()) == {1}
