import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from medcutmix_cli.encoders.work_time import add_device_seconds, asking, work_time


def compute(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def compute_and_fail():
    with asking():
        compute(0.02)
        raise ZeroDivisionError


def test_asking_counts_cpu_time_and_no_waiting():
    before = work_time()
    with asking():
        compute(0.05)
        time.sleep(0.3)
    assert 0.05 <= work_time().since(before).asked < 0.25


def test_asking_within_asking_is_counted_once():
    before = work_time()
    with asking(), asking():
        compute(0.1)
    compute(0.2)
    assert 0.1 <= work_time().since(before).asked < 0.19


def test_the_time_of_several_threads_is_added_up():
    before = work_time()

    def ask(_):
        with asking():
            compute(0.05)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(ask, range(4)))
    assert work_time().since(before).asked >= 0.2


def test_what_fails_is_counted_too():
    before = work_time()
    with pytest.raises(ZeroDivisionError):
        compute_and_fail()
    assert work_time().since(before).asked >= 0.02
    with asking():
        compute(0.02)
    assert work_time().since(before).asked >= 0.04


def test_device_time_is_added_up():
    before = work_time()
    add_device_seconds(1.5)
    add_device_seconds(0.25)
    assert work_time().since(before).device == pytest.approx(1.75)
