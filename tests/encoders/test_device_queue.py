import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from medcutmix_cli.encoders import device_queue
from medcutmix_cli.encoders.device_queue import AHEAD, CudaQueue, HostQueue, Upload
from medcutmix_cli.encoders.runtime import Batch, Runtime
from medcutmix_cli.encoders.work_time import work_time
from tests import fake_gpu
from tests.fake_gpu import GPU, GpuTensor, plugged_in


@pytest.fixture
def gpu(monkeypatch):
    with plugged_in(monkeypatch) as counted:
        yield counted


@pytest.fixture
def told(monkeypatch):
    """Write down what a queue does, in order: ("upload", first number of the batch), and so on."""
    log, launch, upload = [], CudaQueue.launch, CudaQueue.upload

    def uploaded(self, parts):
        parts = list(parts)
        log.append(("upload", int(parts[0][0])))
        return upload(self, parts)

    def launched(self, compute, given):
        number = int(given.parts[0].own[0])
        log.append(("launch", number))
        pending = launch(self, compute, given)
        return Watched(pending, number, log)

    monkeypatch.setattr(CudaQueue, "upload", uploaded)
    monkeypatch.setattr(CudaQueue, "launch", launched)
    return log


class Watched:
    def __init__(self, pending, number, log):
        self.pending, self.number, self.log = pending, number, log

    def wait(self):
        self.log.append(("wait", self.number))
        return self.pending.wait()


def numbers(count):
    return torch.arange(count, dtype=torch.float32)


def test_the_next_batches_are_on_their_way_before_the_first_is_waited_for(gpu, told):
    results = Runtime("cuda", batch_size=1).run(lambda own: own * 2, numbers(5))
    assert torch.equal(results, numbers(5) * 2)
    assert AHEAD == 3
    first = told.index(("wait", 0))
    assert told[:first] == [(what, n) for n in range(3) for what in ("upload", "launch")]
    assert [number for what, number in told if what == "wait"] == list(range(5))
    for number in range(2, 5):  # no more than three have a place
        assert told.index(("wait", number - 2)) < told.index(("upload", number + 1)) if number < 4 else True


def test_inputs_are_pinned_and_no_copy_is_waited_for(gpu):
    Runtime("cuda", batch_size=2).run(lambda own, other: own + other, numbers(4), numbers(4))
    assert gpu.taken() == {
        "pinned": 4,
        "to the device": 4,
        "to the host": 2,
        "events waited for": 2,
    }


def test_threads_that_share_a_device_never_wait_for_each_other_for_ever(gpu, monkeypatch):
    most, now, lock = [0], [0], threading.Lock()
    enter, leave = CudaQueue.enter, CudaQueue.leave

    def counted(self, *, wait):
        came = enter(self, wait=wait)
        with lock:
            now[0] += came
            most[0] = max(most[0], now[0])
        return came

    def gone(self):
        with lock:
            now[0] -= 1
        leave(self)

    monkeypatch.setattr(CudaQueue, "enter", counted)
    monkeypatch.setattr(CudaQueue, "leave", gone)
    own = Runtime("cuda", batch_size=1)
    with ThreadPoolExecutor(6, initializer=fake_gpu.entered) as pool:
        runs = [pool.submit(own.run, lambda given: given + 1, numbers(9)) for _ in range(12)]
        assert all(torch.equal(run.result(timeout=60), numbers(9) + 1) for run in runs)
    assert now == [0]
    assert 1 < most[0] <= AHEAD


@pytest.mark.parametrize("after", [0, 1, 2])
def test_places_are_given_back_where_nobody_wants_the_rest(gpu, after):
    own, queue = Runtime("cuda", batch_size=1), None
    for _ in range(AHEAD + 1):
        batches = own.run_batches(
            6, lambda part, _size: Batch([numbers(6)[part]], lambda given: [given]), gradients=False
        )
        for _ in range(after):
            next(batches)
        batches.close()
    queue = device_of(own)
    assert all(queue.enter(wait=False) for _ in range(AHEAD))
    assert not queue.enter(wait=False)


@pytest.mark.parametrize("fails", [0, 1, 3])
def test_places_are_given_back_where_a_network_fails(gpu, fails):
    def forward(given):
        if given.own[0] == fails:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return given

    own = Runtime("cuda", batch_size=1)
    for _ in range(AHEAD + 1):
        with pytest.raises(RuntimeError, match="mat1"):
            own.run(forward, numbers(5))
    assert all(device_of(own).enter(wait=False) for _ in range(AHEAD))


def device_of(own):
    from medcutmix_cli.encoders import runtime

    return runtime._queue(str(own.torch_device))


def test_the_time_in_which_a_device_computes_is_counted_and_a_cpu_is_none(gpu):
    before = work_time()
    Runtime("cpu").run(lambda own: own, numbers(3))
    assert work_time().since(before).device == 0
    Runtime("cuda", batch_size=1).run(lambda own: own, numbers(3))
    assert work_time().since(before).device > 0


def test_on_a_cpu_nothing_is_copied_and_everybody_has_a_place():
    queue, given = HostQueue(), numbers(2)
    assert all(queue.enter(wait=False) for _ in range(99))
    queue.leave()
    upload = queue.upload([given])
    assert upload.parts[0] is given
    assert queue.launch(lambda own: [own, own], upload).wait() == [given, given]


def test_what_is_on_the_device_is_the_devices(gpu):
    queue = CudaQueue(GPU)
    assert queue.enter(wait=True)
    upload = queue.upload([numbers(2)])
    assert isinstance(upload, Upload)
    assert isinstance(upload.parts[0], GpuTensor)
    (found,) = queue.launch(lambda own: [own + 1], upload).wait()
    assert not isinstance(found, GpuTensor)
    assert torch.equal(found, numbers(2) + 1)
    assert device_queue.AHEAD == AHEAD
