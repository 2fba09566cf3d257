import os

import pytest

from medcutmix_cli.configuration.settings import PRECISIONS
from medcutmix_cli.system.cpus import computes_in, usable_cpus


@pytest.fixture
def eight(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)))


V1 = "sys/fs/cgroup/cpu,cpuacct"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, 8, id="no-groups"),
        pytest.param({"sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 8, id="no-quota"),
        pytest.param({"sys/fs/cgroup/a/b/cpu.max": "250000 100000\n"}, 2, id="quota"),
        pytest.param({"sys/fs/cgroup/a/b/cpu.max": "50000 100000\n"}, 1, id="less-than-one"),
        pytest.param({"sys/fs/cgroup/a/cpu.max": "300000 100000\n"}, 3, id="quota-of-the-group-above"),
        pytest.param({"sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4, id="seen-from-inside-a-container"),
        pytest.param({"sys/fs/cgroup/a/b/cpu.max": "6400000 100000\n"}, 8, id="more-than-it-is-pinned-to"),
        pytest.param(
            {f"{V1}/job/cpu.cfs_quota_us": "200000\n", f"{V1}/job/cpu.cfs_period_us": "100000\n"},
            2,
            id="version-1",
        ),
        pytest.param(
            {f"{V1}/job/cpu.cfs_quota_us": "-1\n", f"{V1}/job/cpu.cfs_period_us": "100000\n"},
            8,
            id="version-1-without-quota",
        ),
        pytest.param({"sys/fs/cgroup/a/b/cpu.max": "nonsense"}, 8, id="what-cannot-be-read"),
    ],
)
def test_a_container_gets_as_many_threads_as_its_quota(eight, tmp_path, files, expected):
    groups = {"proc/self/cgroup": "4:cpu,cpuacct:/job\n3:cpuset:/\n0::/a/b\n"} if files else {}
    for path, text in {**groups, **files}.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    assert usable_cpus(tmp_path) == expected


def test_this_machine_has_a_processor_at_least():
    assert 1 <= usable_cpus() <= os.cpu_count()


def test_where_a_process_cannot_be_pinned_the_processors_of_the_machine_count(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity")  # macOS has none
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert usable_cpus(tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus(tmp_path) == 1


@pytest.mark.parametrize(
    ("flags", "computed"),
    [
        ("fpu avx2 avx512f", {"fp32", "tf32"}),
        ("fpu avx512_bf16", {"fp32", "tf32", "bf16"}),
        ("fpu amx_bf16 avx512_fp16", {"fp32", "tf32", "bf16", "fp16"}),
        ("fp asimd asimdhp", {"fp32", "tf32", "fp16"}),
        ("fp asimd asimdhp bf16", {"fp32", "tf32", "bf16", "fp16"}),
        ("", set(PRECISIONS)),
    ],
)
def test_a_cpu_computes_in_what_it_has_instructions_for(tmp_path, flags, computed):
    if flags:
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/cpuinfo").write_text(
            f"model name\t: Prozessor \u2122\nflags\t\t: {flags}\n", "utf-8"
        )
    assert {name for name in PRECISIONS if computes_in(name, tmp_path)} == computed
