import logging
import os
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.configuration.settings import PRECISIONS
from medcutmix_cli.encoders import runtime
from medcutmix_cli.encoders.devices import describe
from medcutmix_cli.encoders.notes import notes
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.errors import EncoderError
from tests.gpu import claims

ON_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
WITHOUT_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


@pytest.fixture(autouse=True)
def _as_a_new_process():
    """Forget what ran out of memory and which devices there are; give the main thread its threads back."""
    threads = torch.get_num_threads()
    runtime._FITS.clear()
    yield
    runtime._FITS.clear()
    runtime._device.cache_clear()
    torch.set_num_threads(threads)


@pytest.fixture
def two_gpus(monkeypatch):
    """Let torch say that there are two GPUs, as long as nobody computes on them."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card {device.index}")
    runtime._device.cache_clear()


def small_memory(holds, shapes=None):
    """Return a forward that runs out of memory on more than `holds` inputs, and notes what it was given."""

    def forward(batch):
        if shapes is not None:
            shapes.append(tuple(batch.shape))
        if len(batch) > holds:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return batch * 3 + 1

    return forward


def numbers(count):
    return torch.arange(count * 2, dtype=torch.float32).reshape(count, 2)


@pytest.mark.parametrize(
    "device",
    ["tpu", "", "CPU", "cpu:0", "cpu:", "auto:1", "cuda:", "cuda:x", "cuda:-1", "cuda:²", "cuda:0:1"],
)
def test_a_device_there_is_not_is_refused_before_any_work(device):
    with pytest.raises(ValueError, match="device must be auto, cpu, cuda"):
        Runtime(device)


@pytest.mark.parametrize("precision", ["fp8", "", "FP32", "float32"])
def test_a_precision_there_is_not_is_refused_before_any_work(precision):
    with pytest.raises(ValueError, match="precision must be one of fp32, tf32, bf16, fp16"):
        Runtime("cpu", precision)


def test_a_negative_batch_is_refused():
    with pytest.raises(ValueError, match="batch_size must be at least 0"):
        Runtime("cpu", batch_size=-1)


@WITHOUT_GPU
@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:7"])
def test_a_gpu_where_there_is_none_is_one_error_with_a_way_out(device):
    own = Runtime(device)  # may be planned here and run elsewhere
    with pytest.raises(EncoderError, match="no GPU that torch can use") as raised:
        own.run(small_memory(9), numbers(1))
    assert "--device auto or --device cpu" in raised.value.hint


@WITHOUT_GPU
def test_auto_without_a_gpu_is_the_cpu_with_one_picture_a_batch():
    assert Runtime().torch_device.type == "cpu"
    assert Runtime().batch == 1
    assert describe("auto") == describe("cpu") == "cpu"


@pytest.mark.usefixtures("two_gpus")
def test_auto_is_the_first_gpu_where_there_is_one():
    assert str(Runtime().torch_device) == str(Runtime("cuda").torch_device) == "cuda:0"
    assert Runtime().batch == 32
    assert Runtime("cpu").batch == 1
    assert describe("cuda:1") == "cuda:1 (card 1)"


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_of_a_number_there_is_not_is_refused():
    with pytest.raises(EncoderError, match="2 GPU"):
        _ = Runtime("cuda:2").torch_device


@settings(max_examples=60)
@given(count=st.integers(1, 13), batch=st.integers(0, 9))
def test_batches_give_what_single_runs_give_in_order(count, batch):
    results = Runtime("cpu", batch_size=batch).run(small_memory(99), numbers(count))
    assert torch.equal(results, numbers(count) * 3 + 1)


@settings(max_examples=40)
@given(count=st.integers(1, 9), batch=st.integers(1, 5))
def test_every_batch_is_full_so_that_the_same_kernels_run(count, batch):
    shapes = []
    results = Runtime("cpu", batch_size=batch).run(small_memory(99, shapes), numbers(count))
    assert shapes == [(batch, 2)] * -(-count // batch)
    assert len(results) == count


def test_several_inputs_are_cut_and_filled_up_alike():
    seen = []

    def forward(left, right):
        seen.append((len(left), len(right)))
        return left.sum(dim=1) - right

    left, right = numbers(5), torch.arange(5) * 10
    results = Runtime("cpu", batch_size=3).run(forward, left, right)
    assert seen == [(3, 3), (3, 3)]
    assert torch.equal(results, left.sum(dim=1) - right)


@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=ON_GPU)])
@pytest.mark.parametrize("batch", [0, 2, 4, 7])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_no_bit_depends_on_what_else_is_encoded(device, batch, precision):
    claims.no_bit_depends_on_company(device, batch, precision)


@settings(max_examples=60)
@given(count=st.integers(1, 20), batch=st.integers(1, 16), holds=st.integers(1, 16))
def test_running_out_of_memory_changes_no_result(count, batch, holds):
    runtime._FITS.clear()
    shapes = []
    own = Runtime("cpu", batch_size=batch)
    results = own.run(small_memory(holds, shapes), numbers(count))
    assert torch.equal(results, numbers(count) * 3 + 1)
    while batch > holds:
        batch //= 2
    assert own.batch == batch
    assert {rows for rows, _ in shapes if rows <= holds} == {batch}


def test_running_out_of_memory_is_said_counted_and_remembered(caplog):
    before, own = notes(), Runtime("cpu", batch_size=8)
    own.run(small_memory(2), numbers(20))
    assert notes() - before == {"batch-halved": 2}
    assert [record.name for record in caplog.records] == ["medcutmix"] * 2
    assert "out of memory on cpu: going on with batches of 4 instead of 8" in caplog.messages
    assert "out of memory on cpu: going on with batches of 2 instead of 4" in caplog.messages
    shapes = []
    Runtime("cpu", batch_size=8).run(small_memory(2, shapes), numbers(4))
    assert shapes == [(2, 2), (2, 2)]
    assert notes() - before == {"batch-halved": 2}
    assert Runtime("cpu").batch == 1


def test_a_user_reads_of_it_without_having_set_up_logging(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    Runtime("cpu", batch_size=2).run(small_memory(1), numbers(2))
    assert capsys.readouterr().err == "out of memory on cpu: going on with batches of 1 instead of 2\n"


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("there", [False, True])
def test_a_precision_without_instructions_is_said_to_be_slow_once(monkeypatch, caplog, precision, there):
    monkeypatch.setattr(runtime, "computes_in", lambda name: there or name in ("fp32", "tf32"))
    runtime._warn_of_slow.cache_clear()
    for _ in range(2):
        Runtime("cpu", precision).place(torch.nn.Linear(1, 1))
    slow = precision in ("bf16", "fp16") and not there
    assert [precision in line and "--precision fp32" in line for line in caplog.messages] == [True] * slow
    runtime._warn_of_slow.cache_clear()


def test_threads_that_run_out_of_memory_together_halve_once():
    before, both = notes(), threading.Barrier(2, timeout=20)

    def forward(batch):
        if len(batch) > 4:
            both.wait()
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return batch

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(Runtime("cpu", batch_size=8).run, forward, numbers(8)) for _ in range(2)]
        assert all(torch.equal(run.result(), numbers(8)) for run in runs)
    assert runtime._FITS == {"cpu": 4}
    assert notes() - before == {"batch-halved": 1}


def test_a_late_thread_does_not_enlarge_what_others_have_halved():
    own = Runtime("cpu", batch_size=16)
    own._shrink(16)
    own._shrink(8)
    own._shrink(16)  # was on its way while the others halved
    assert own.batch == 4


def test_what_a_failed_pass_held_is_free_before_the_next_begins():
    held = []

    def forward(batch):
        assert all(reference() is None for reference in held)
        activation = batch * 2
        held.append(weakref.ref(activation))
        if len(batch) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return batch.clone()

    Runtime("cpu", batch_size=8).run(forward, numbers(3))
    assert len(held) == 3 + 3


def test_one_input_that_does_not_fit_ends_in_one_clear_error(caplog):
    with pytest.raises(EncoderError, match="the memory of cpu does not hold one input") as raised:
        Runtime("cpu", batch_size=4).run(small_memory(0), numbers(3))
    assert "--device cpu" in raised.value.hint
    assert len(caplog.records) == 2


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def forward(_):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        Runtime("cpu", batch_size=4).run(forward, numbers(3))
    assert runtime._FITS == {}


def test_no_gradient_is_kept_inside_run():
    modes = []

    def forward(batch):
        modes.append((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))
        return batch

    Runtime("cpu").run(forward, numbers(1))
    assert modes == [(True, False)]


def test_results_of_run_can_enter_a_gradient():
    states = Runtime("cpu").run(small_memory(9), numbers(2))
    weight = torch.ones(2, requires_grad=True)
    with Runtime("cpu").scope(gradients=True):
        (states * weight).sum().backward()
    assert torch.equal(weight.grad, states.sum(dim=0))


@pytest.mark.parametrize(("gradients", "mode"), [(True, (False, True)), (False, (True, False))])
def test_a_scope_has_gradients_only_when_asked_for_and_leaves_as_it_found(gradients, mode):
    before = torch.is_inference_mode_enabled(), torch.is_grad_enabled()
    with Runtime("cpu").scope(gradients=gradients) as device:
        assert device.type == "cpu"
        assert (torch.is_inference_mode_enabled(), torch.is_grad_enabled()) == mode
    assert (torch.is_inference_mode_enabled(), torch.is_grad_enabled()) == before


@pytest.mark.parametrize(
    ("precision", "inside"),
    [
        ("fp32", torch.float32),
        ("tf32", torch.float32),
        ("bf16", torch.bfloat16),
        ("fp16", torch.float16),
    ],
)
def test_half_precision_is_autocast_and_comes_back_as_float32(precision, inside):
    kinds, own = [], Runtime("cpu", precision)
    model = own.place(torch.nn.Linear(2, 3))

    def forward(batch):
        result = model(batch)
        kinds.append(result.dtype)
        return result

    assert own.run(forward, numbers(1)).dtype == torch.float32
    assert kinds == [inside]
    assert model.weight.dtype == torch.float32
    assert not torch.is_autocast_enabled("cpu")


def test_a_placed_model_is_frozen_and_in_evaluation_mode():
    model = Runtime("cpu").place(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5)))
    assert not any(parameter.requires_grad for parameter in model.parameters())
    assert not any(module.training for module in model.modules())


def test_every_thread_computes_on_one_torch_thread():
    torch.set_num_threads(2)
    counts = []

    def forward(batch):
        counts.append(torch.get_num_threads())
        return batch

    Runtime("cpu").run(forward, numbers(1))
    with ThreadPoolExecutor(1) as pool:
        pool.submit(Runtime("cpu").run, forward, numbers(1)).result()
    assert counts == [1, 1]


@pytest.fixture
def kernel_flags(monkeypatch):
    """Restore torch's switches."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "kept")
    switches = [
        (torch.backends.cudnn, "benchmark"),
        (torch.backends.cudnn, "deterministic"),
        (torch.backends.cudnn, "allow_tf32"),
        (torch.backends.cuda.matmul, "allow_tf32"),
    ]
    before = [getattr(owner, name) for owner, name in switches]
    yield
    for (owner, name), value in zip(switches, before, strict=True):
        setattr(owner, name, value)


@pytest.mark.usefixtures("kernel_flags")
@pytest.mark.parametrize("asked", [True, False])
def test_kernels_are_fixed_and_tf32_is_used_only_when_asked_for(monkeypatch, asked):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = not asked
    runtime._fix_kernels(allow_tf32=asked)
    assert torch.backends.cudnn.allow_tf32 is torch.backends.cuda.matmul.allow_tf32 is asked
    assert (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic) == (False, True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.usefixtures("kernel_flags")
def test_a_workspace_that_the_user_has_set_is_kept():
    runtime._fix_kernels(allow_tf32=False)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == "kept"


@pytest.mark.usefixtures("two_gpus", "kernel_flags")
@pytest.mark.parametrize("precision", ["fp32", "tf32"])
def test_on_a_gpu_the_precision_decides_about_tf32_and_one_thread_computes(precision):
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = True
    entered = threading.Event()

    def other() -> None:
        with runtime._ON_GPU:
            entered.set()

    with Runtime("cuda", precision).scope():
        assert torch.backends.cuda.matmul.allow_tf32 is (precision == "tf32")
        waiting = threading.Thread(target=other, daemon=True)
        waiting.start()
        assert not entered.wait(0.05)
    waiting.join(10)
    assert entered.is_set()
