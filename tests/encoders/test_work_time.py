import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from medcutmix_cli.encoders.work_time import add_device_seconds, asking, result_of, work_time, worked_so_far


def ask_and_fail():
    with asking():
        time.sleep(0.05)
        raise ZeroDivisionError


def test_asking_is_counted_and_what_comes_after_it_is_not():
    before = work_time()
    with asking():
        time.sleep(0.05)
    asked = work_time().since(before).asked
    time.sleep(0.05)
    assert work_time().since(before).asked == asked >= 0.05


def test_asking_within_asking_is_counted_once():
    before, began = work_time(), time.perf_counter()
    with asking(), asking():
        time.sleep(0.1)
    assert 0.1 <= work_time().since(before).asked <= time.perf_counter() - began


def test_the_time_of_several_threads_is_added_up():
    before = work_time()

    def ask(_):
        with asking():
            time.sleep(0.05)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(4)))
    assert work_time().since(before).asked >= 0.2


def test_what_fails_is_counted_too_and_the_next_is_as_well():
    before = work_time()
    with pytest.raises(ZeroDivisionError):
        ask_and_fail()
    assert work_time().since(before).asked >= 0.05
    with asking():
        time.sleep(0.05)
    assert work_time().since(before).asked >= 0.1


def test_device_time_is_added_up():
    before = work_time()
    add_device_seconds(1.5)
    add_device_seconds(0.25)
    assert work_time().since(before).device == pytest.approx(1.75)


def test_waiting_for_another_thread_is_no_work_of_this_one():
    with ThreadPoolExecutor(1) as pool:
        before, began = worked_so_far(), time.perf_counter()
        assert result_of(pool.submit(time.sleep, 1.0)) is None
        time.sleep(0.05)
        passed = time.perf_counter() - began
        assert 0.05 <= worked_so_far() - before <= passed - 0.5  # on a busy machine the waiting begins late


def test_an_error_of_another_thread_comes_out_and_its_time_is_waited():
    failed: Future[None] = Future()
    failed.set_exception(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        result_of(failed)
