import pytest

from medcutmix_cli.cluster.ray_request import Node, Request, size_request

LAPTOP = [Node(8, 0.0)]
GPU_NODES = [Node(1, 0.0), Node(32, 4.0), Node(16, 2.0)]
"""A head without much, and two machines with GPUs."""


def sized(nodes, **asked):
    return size_request(nodes, **{"shards": 100, "threads": 0, "actors": 0, "cpus": 0, "gpus": -1.0, **asked})


@pytest.mark.parametrize(
    ("nodes", "asked", "wanted"),
    [
        pytest.param(LAPTOP, {}, Request(2, 4, 0.0, 4), id="no-gpu-four-cpus-an-actor"),
        pytest.param([Node(2, 0.0)], {}, Request(1, 2, 0.0, 2), id="small-machine-is-one-actor"),
        pytest.param(LAPTOP, {"cpus": 1}, Request(8, 1, 0.0, 1), id="one-cpu-an-actor"),
        pytest.param(LAPTOP, {"threads": 3}, Request(2, 3, 0.0, 3), id="workers-of-the-plan"),
        pytest.param(LAPTOP, {"threads": 3, "cpus": 2}, Request(4, 2, 0.0, 3), id="cpus-win-workers-stay"),
        pytest.param(LAPTOP, {"cpus": 1, "shards": 3}, Request(3, 1, 0.0, 1), id="no-more-than-shards"),
        pytest.param(GPU_NODES, {}, Request(6, 8, 1.0, 8), id="one-a-gpu-with-its-share-of-cpus"),
        pytest.param(GPU_NODES, {"gpus": 0.5}, Request(12, 4, 0.5, 4), id="two-on-each-gpu"),
        pytest.param(GPU_NODES, {"gpus": 0.0}, Request(12, 4, 0.0, 4), id="gpus-left-alone"),
        pytest.param(GPU_NODES, {"actors": 2}, Request(2, 8, 1.0, 8), id="as-many-as-asked"),
        pytest.param([], {}, Request(1, 1, 0.0, 1), id="an-empty-cluster-may-grow"),
    ],
)
def test_what_is_left_open_is_filled_in(nodes, asked, wanted):
    assert sized(nodes, **asked) == wanted


def test_a_wantedfits_only_where_one_node_is_large_enough():
    assert sized(GPU_NODES).fits(GPU_NODES)
    assert not sized(LAPTOP, cpus=9).fits(LAPTOP)
    assert not sized(LAPTOP, gpus=1.0).fits(LAPTOP)
