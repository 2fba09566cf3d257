import sys

import pytest

from medcutmix_cli.encoders import devices
from medcutmix_cli.encoders.devices import describe, may_have_gpu, runs_on_cpu
from tests.fresh_process import run_statements


@pytest.fixture
def without_torch(monkeypatch):
    """Be a process on Linux that has not loaded torch."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.usefixtures("without_torch")
@pytest.mark.parametrize(
    ("node", "found"),
    [
        ("nvidia0", True),
        ("nvidiactl", True),
        ("nvidia-caps", True),
        ("nvhost-ctrl", True),
        ("nvmap", True),
        ("dxg", True),
        ("kfd", True),
        ("nvme0", False),
        ("null", False),
        ("nvram", False),
    ],
)
def test_torch_is_asked_where_a_driver_of_a_gpu_is(tmp_path, node, found):
    (tmp_path / node).touch()
    assert may_have_gpu(tmp_path) is found


@pytest.mark.usefixtures("without_torch")
def test_torch_is_asked_where_it_is_not_known_how_drivers_are_found(tmp_path, monkeypatch):
    assert not may_have_gpu(tmp_path)
    monkeypatch.setattr(sys, "platform", "win32")
    assert may_have_gpu(tmp_path)


def test_torch_is_asked_where_it_is_loaded_anyway(tmp_path):
    import torch

    assert torch.__name__ in sys.modules
    assert may_have_gpu(tmp_path)


def test_the_cpu_is_the_cpu_whatever_else_there_is(monkeypatch):
    monkeypatch.setattr(devices, "may_have_gpu", lambda: True)
    assert runs_on_cpu("cpu")
    assert describe("cpu") == "cpu"


def test_what_torch_says_of_this_machine_is_what_is_found_without_it():
    import torch

    code = "from medcutmix_cli.encoders.devices import runs_on_cpu; print(runs_on_cpu('auto'))"
    assert run_statements(code).strip() == str(not torch.cuda.is_available())
