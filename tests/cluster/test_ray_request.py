import pytest

from medcutmix_cli.cluster.ray_request import ActorRequest, RayNode, size_request

LAPTOP = [RayNode(8, 0.0)]
GPU_NODES = [RayNode(1, 0.0), RayNode(32, 4.0), RayNode(16, 2.0)]
"""A head without much, and two machines with GPUs."""


def sized(nodes, **asked):
    return size_request(nodes, **{"shards": 100, "threads": 0, "actors": 0, "cpus": 0, "gpus": -1.0, **asked})


@pytest.mark.parametrize(
    ("nodes", "asked", "wanted"),
    [
        pytest.param(LAPTOP, {}, ActorRequest(2, 4, 0.0, 4), id="no-gpu-four-cpus-an-actor"),
        pytest.param([RayNode(2, 0.0)], {}, ActorRequest(1, 2, 0.0, 2), id="small-machine-is-one-actor"),
        pytest.param(LAPTOP, {"cpus": 1}, ActorRequest(8, 1, 0.0, 1), id="one-cpu-an-actor"),
        pytest.param(LAPTOP, {"threads": 3}, ActorRequest(2, 3, 0.0, 3), id="workers-of-the-plan"),
        pytest.param(
            LAPTOP, {"threads": 3, "cpus": 2}, ActorRequest(4, 2, 0.0, 3), id="cpus-win-workers-stay"
        ),
        pytest.param(LAPTOP, {"cpus": 1, "shards": 3}, ActorRequest(3, 1, 0.0, 1), id="no-more-than-shards"),
        pytest.param(GPU_NODES, {}, ActorRequest(6, 8, 1.0, 8), id="one-a-gpu-with-its-share-of-cpus"),
        pytest.param(GPU_NODES, {"gpus": 0.5}, ActorRequest(12, 4, 0.5, 4), id="two-on-each-gpu"),
        pytest.param(GPU_NODES, {"gpus": 0.0}, ActorRequest(12, 4, 0.0, 4), id="gpus-left-alone"),
        pytest.param(GPU_NODES, {"actors": 2}, ActorRequest(2, 8, 1.0, 8), id="as-many-as-asked"),
        pytest.param([], {}, ActorRequest(1, 1, 0.0, 1), id="an-empty-cluster-may-grow"),
    ],
)
def test_what_is_left_open_is_filled_in(nodes, asked, wanted):
    assert sized(nodes, **asked) == wanted


def test_a_wantedfits_only_where_one_node_is_large_enough():
    assert sized(GPU_NODES).fits(GPU_NODES)
    assert not sized(LAPTOP, cpus=9).fits(LAPTOP)
    assert not sized(LAPTOP, gpus=1.0).fits(LAPTOP)
