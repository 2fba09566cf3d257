import gc
from contextlib import closing

from medcutmix_cli.system.worker_pool import map_in_processes


def ask_threshold(number):
    return number, gc.get_threshold()[0]


def test_worker_processes_look_for_dead_cycles_seldom_and_this_process_as_before():
    before = gc.get_threshold()
    with closing(map_in_processes(ask_threshold, range(4), 2, doing="asked")) as results:
        found = list(results)
    assert [number for number, _ in found] == [0, 1, 2, 3]
    assert all(threshold >= 10_000 for _, threshold in found)
    assert gc.get_threshold() == before
