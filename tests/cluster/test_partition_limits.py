import os

import pytest

from medcutmix_cli.cluster.partition_limits import NodeSize, check_can_start, read_nodes
from medcutmix_cli.cluster.slurm import Resources
from medcutmix_cli.errors import ClusterError

NODES = "main*|2|4000\nmain*|4|2000\nlarge|64|512000\nodd line\n"


@pytest.fixture
def sinfo(tmp_path, monkeypatch):
    """Put a stand-in for sinfo on the PATH, alone."""

    def put(text, code=0):
        program = tmp_path / "sinfo"
        program.write_text(f"#!/bin/sh\nprintf '{text}'\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")

    return put


def test_nodes_are_read_by_partition_and_odd_lines_are_left_out():
    assert list(read_nodes(NODES)) == [
        NodeSize("main", True, 2, 4000),
        NodeSize("main", True, 4, 2000),
        NodeSize("large", False, 64, 512000),
    ]


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        pytest.param({"cpus": 4, "memory": "3G"}, [], id="fits"),
        pytest.param({"cpus": 5, "memory": "1G"}, ["--cpus 4"], id="too-many-cpus"),
        pytest.param({"cpus": 1, "memory": "8G"}, ["--mem 4000M"], id="too-much-memory"),
        pytest.param({"cpus": 9, "memory": "5000"}, ["--cpus 4", "--mem 4000M"], id="both"),
        pytest.param({"cpus": 1, "memory": "0"}, [], id="all-of-a-node"),
        pytest.param({"cpus": 64, "memory": "400G", "partition": "large"}, [], id="named"),
        pytest.param({"cpus": 65, "partition": "main,large"}, ["--cpus 64"], id="the-largest-of-several"),
        pytest.param({"cpus": 65, "partition": "unknown"}, [], id="unknown-partition"),
        pytest.param({"cpus": 65, "extra": ("--constraint=big",)}, [], id="own-options-decide"),
    ],
)
def test_what_no_node_has_is_refused_with_the_option(sinfo, asked, tried):
    sinfo(NODES.replace("\n", "\\n"))
    resources = Resources(**{"memory": "1G", **asked})
    if not tried:
        check_can_start(resources)
        return
    with pytest.raises(ClusterError, match="would wait for ever") as caught:
        check_can_start(resources)
    assert caught.value.hint.startswith(f"{' '.join(tried)}, or another --partition")


def test_where_sinfo_fails_or_is_not_there_nothing_is_refused(sinfo, monkeypatch):
    sinfo("main*|1|1\\n", code=1)
    check_can_start(Resources())
    monkeypatch.setenv("PATH", "")
    check_can_start(Resources())
