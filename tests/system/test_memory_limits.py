import resource
from pathlib import Path

import pytest

from medcutmix_cli.errors import MedcutmixError
from medcutmix_cli.system import memory_limits, worker_pool
from medcutmix_cli.system.memory_limits import LEAST_ADDRESS_SPACE, check_address_space, count_memory_kills

V2 = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n"
V1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Put a folder in the place of what the kernel shows."""
    for name, place in (("_CGROUPS", "cgroup"), ("_OWN", "own"), ("_VMSTAT", "vmstat")):
        monkeypatch.setattr(memory_limits, name, tmp_path / place)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("own", "file", "text", "kills"),
    [
        pytest.param("0::/job/step\n", "cgroup/job/step/memory.events", V2, 2, id="cgroup-2"),
        pytest.param("4:memory:/job\n0::/\n", "cgroup/memory/job/memory.oom_control", V1, 5, id="cgroup-1"),
        pytest.param("7:cpu,memory:/\n", "cgroup/cpu,memory/memory.oom_control", V1, 5, id="cgroup-1-joined"),
        pytest.param("", "vmstat", "nr_free 3\noom_kill 7\npgfault 1\n", 7, id="whole-machine"),
        pytest.param("", "other", "oom_kill 7\n", 0, id="nobody-counts"),
    ],
)
def test_kills_for_memory_are_counted_where_the_kernel_says_them(system, own, file, text, kills):
    write(system / "own", own)
    write(system / file, text)
    assert count_memory_kills() == kills


def test_this_system_can_be_asked():
    assert count_memory_kills() >= 0
    assert isinstance(memory_limits._VMSTAT, Path)


def _die(_part):
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_the_system_ended_for_want_of_memory_is_said_to_be_that(monkeypatch):
    counts = iter((3, 4))
    monkeypatch.setattr(worker_pool, "count_memory_kills", lambda: next(counts))
    with pytest.raises(MedcutmixError, match="out-of-memory killer") as caught:
        list(worker_pool.map_in_processes(_die, [0, 0], workers=2, doing="reads reports"))
    assert "--workers" in caught.value.hint


@pytest.mark.parametrize("limit", [1 << 20, LEAST_ADDRESS_SPACE - 1])
def test_too_little_address_space_is_refused_before_a_library_crashes(monkeypatch, limit):
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (limit, -1))
    with pytest.raises(MedcutmixError, match="ulimit -v"):
        check_address_space()


@pytest.mark.parametrize("limit", [resource.RLIM_INFINITY, LEAST_ADDRESS_SPACE])
def test_enough_is_enough(monkeypatch, limit):
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (limit, -1))
    check_address_space()
