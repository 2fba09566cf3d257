import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from threading import Thread

import pytest

from medcutmix_cli.system import signals
from medcutmix_cli.system.signals import INTERRUPTED, NAMES, SignalWatch, Stop, shield_children


@pytest.mark.parametrize("name", SignalWatch.names)
def test_a_signal_stops_the_main_thread(name):
    with SignalWatch() as watch, pytest.raises(Stop, match=name):
        signal.raise_signal(getattr(signal, name))
    assert watch.seen


DEAF = """
import signal, sys, threading, time
from medcutmix_cli.system.signals import SignalWatch, Stop
def take_it():
    signal.pthread_kill(threading.get_ident(), signal.{name})
with SignalWatch():
    threading.Timer(0.3, take_it).start()
    try: {waits}
    except Stop: print("stopped", flush=True)
"""
FOR_EVER = ["time.sleep(60)", "threading.Event().wait()", "threading.Lock().acquire() and sys.stdin.read()"]


@pytest.mark.parametrize("waits", FOR_EVER)
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_that_another_thread_takes_wakes_the_main_thread(name, waits):
    """As does one that comes in the moment between the last look at signals and the wait."""
    code = DEAF.format(name=name, waits=waits)
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, text=True) as process:
        found = select.select([process.stdout], [], [], signals.PATIENCE / 2)[0]
        process.kill()
    assert found, "the signal is answered after the patience for what hangs"


def test_who_has_just_finished_is_given_time_for_what_is_under_way(monkeypatch):
    watch, left = SignalWatch(), []
    said = iter([frozenset({signal.SIGTERM}), frozenset(), None])

    def hear(first):
        if first is not None:  # the main thread has answered and finished before the listener looks again
            watch.seen, watch._code = True, 75
        return next(said)

    monkeypatch.setattr(watch, "_hear", hear)
    monkeypatch.setattr(watch, "_leave", lambda: left.append("at once"))
    watch._listen(frozenset({signal.SIGTERM}))
    assert not left


def test_no_library_swallows_it():
    with SignalWatch(), pytest.raises(Stop), suppress(Exception):
        signal.raise_signal(signal.SIGTERM)


class Last:
    """Has last words in which a signal comes."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


def lose_a_stop():
    last = Last()
    del last
    for _ in range(500):
        time.sleep(0.01)


def test_a_stop_that_an_object_takes_to_its_grave_is_raised_again(capfd):
    with SignalWatch() as watch, pytest.raises(Stop, match="SIGTERM"):
        lose_a_stop()
    assert watch.seen
    assert capfd.readouterr().err == ""


class Failing:
    """Has last words that fail."""

    def __del__(self):
        raise ValueError


def test_another_error_in_last_words_is_told_as_ever(monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    with SignalWatch():
        failing = Failing()
        del failing
    assert told == [ValueError]


def raise_twice(number):
    """Raise a signal, and again while the first is on its way out."""
    try:
        signal.raise_signal(number)
    finally:
        signal.raise_signal(number)


@pytest.mark.parametrize("name", SignalWatch.names)
def test_two_at_once_are_one_and_do_not_disturb_the_way_out(name, monkeypatch):
    monkeypatch.setattr(signals, "ONE_MOMENT", 60)  # however late the listener hears them
    with SignalWatch(), pytest.raises(Stop):
        raise_twice(getattr(signal, name))


STUCK = """
import sys, time, medcutmix_cli
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from medcutmix_cli import main
from medcutmix_cli.system import signals
from medcutmix_cli.system import temporary_files as temporaries

def augment(*_arguments, **_options):
    with temporaries.temporary_beside(Path(sys.argv[2]) / "part.parquet") as half:
        half.write_text("half")
        pool = ThreadPoolExecutor()
        reading = pool.submit(time.sleep, 60)  # a share that hangs
        {wait}

medcutmix_cli.augment = augment
signals.PATIENCE = {patience}
main.main()
"""


@contextmanager
def stuck(folder, wait, patience=20):
    """Run a command that has a half-written file and a thread that cannot be stopped."""
    code = STUCK.format(wait=wait, patience=patience)
    command = [sys.executable, "-c", code, "augment", str(folder), "OUT"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


READY = 'print("ready", flush=True)'
IN_THE_MAIN_THREAD = f"try: {READY}; reading.result()\n        finally: reading.result()"
WAITS = [
    pytest.param(IN_THE_MAIN_THREAD, id="the-main-thread-waits-for-it"),
    pytest.param(f"{READY}; reading.result()", id="the-interpreter-waits-for-it"),
    pytest.param(
        f"import ctypes; sleep = ctypes.CDLL(None).sleep; {READY}; sleep(60)",
        id="the-main-thread-is-in-a-library",
    ),
]


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_second_signal_ends_what_hangs_at_once_and_nothing_half_written_stays(tmp_path, wait, name):
    with stuck(tmp_path, wait) as process:
        process.send_signal(getattr(signal, name))
        time.sleep(0.5)
        assert process.poll() is None
        began = time.monotonic()
        process.send_signal(getattr(signal, name))
        _, said = process.communicate(timeout=60)
    assert process.returncode == 75
    assert time.monotonic() - began < signals.PATIENCE / 2
    assert said == "interrupted: run the same command again; what is complete stays\n"
    assert not list(tmp_path.iterdir())


def test_a_way_out_that_hangs_is_left_before_the_batch_system_kills(tmp_path):
    with stuck(tmp_path, IN_THE_MAIN_THREAD, patience=1) as process:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)  # what hangs would do so for 60
    assert process.returncode == 75
    assert not list(tmp_path.iterdir())
    assert signals.PATIENCE < 30


def test_who_waits_is_told_how_not_to(tmp_path):
    with stuck(tmp_path, IN_THE_MAIN_THREAD) as process:
        process.send_signal(signal.SIGINT)
        said = process.stderr.readline()
    assert said == "stopping: waiting for what is under way (once more, and it ends at once)\n"


def test_whoever_leaves_first_says_how_to_go_on_and_nobody_says_it_again(monkeypatch):
    said = []
    monkeypatch.setattr(signals, "say", lambda text: (time.sleep(0.05), said.append(text)))
    watch = SignalWatch()
    both = [Thread(target=watch.tell) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert said == [signals.INTERRUPTED]


@pytest.fixture
def _ends_of_children_unheard():
    """Undo what torch's DataLoader leaves behind: with a handler of its own, the end of a child rings the bell too."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGCHLD, before)


@pytest.mark.usefixtures("_ends_of_children_unheard")
def test_a_forked_child_rings_no_bell_of_its_parent():
    with SignalWatch() as watch:
        child = os.fork()
        if not child:
            signal.raise_signal(signal.SIGINT)
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert not select.select([watch._heard], [], [], 0.1)[0]


def test_a_child_started_in_the_shield_is_deaf():
    with shield_children():
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(1)"], stdout=-1
        )
    with child:
        child.stdout.readline()
        for name in SignalWatch.names:
            child.send_signal(getattr(signal, name))
    assert child.returncode == 0


def kill_in_the_shield():
    with shield_children():
        os.kill(os.getpid(), signal.SIGTERM)
    for _ in range(500):  # another thread takes it, and tells the main thread
        time.sleep(0.01)


def test_a_signal_that_comes_during_the_shield_is_not_lost():
    with SignalWatch() as watch, pytest.raises(Stop):
        kill_in_the_shield()
    assert watch.seen


def be_born(done):
    with shield_children():
        os.kill(os.getpid(), signal.SIGTERM)
        for _ in range(20):  # another thread takes it, and tells the main thread
            time.sleep(0.01)
        done.append("all said")


def test_a_child_is_told_all_before_the_signal_is_answered():
    done = []
    with SignalWatch() as watch, pytest.raises(Stop, match="SIGTERM"):
        be_born(done)
    assert watch.seen
    assert done == ["all said"]


def test_the_shield_of_another_thread_puts_nothing_off():
    up, down = threading.Event(), threading.Event()

    def shielded():
        with shield_children():
            up.set()
            down.wait(30)

    thread = threading.Thread(target=shielded)
    thread.start()
    up.wait(30)
    with SignalWatch(), pytest.raises(Stop):
        signal.raise_signal(signal.SIGTERM)
    down.set()
    thread.join()


def test_the_signals_are_given_back():
    before = {name: signal.getsignal(getattr(signal, name)) for name in SignalWatch.names}
    with SignalWatch():
        assert signal.getsignal(signal.SIGTERM) is not before["SIGTERM"]
    assert before == {name: signal.getsignal(getattr(signal, name)) for name in SignalWatch.names}


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalWatch() as watch:
            signal.raise_signal(signal.SIGHUP)
        assert not watch.seen
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_worker_process_leaves_ctrl_c_to_its_parent(monkeypatch):
    with SignalWatch() as watch:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        signal.raise_signal(signal.SIGINT)
    assert not watch.seen


def test_a_signal_after_all_is_done_ends_the_process_with_its_own_code():
    code = (
        "import time, threading; from medcutmix_cli import main\n"
        "class Watch(main.SignalWatch):\n"
        "    def finish(self, code): super().finish(code); print('ready', flush=True)\n"
        "main.SignalWatch = Watch\n"
        "main._run = lambda *_: threading.Thread(target=time.sleep, args=(60,)).start() or 3\n"
        "main.main()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)  # the thread would hold it up for 60
    assert (process.returncode, said) == (3, "")


LOADING = """
import importlib.abc, sys, time
class Slow(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            print("loading", flush=True)
            for _ in range(3000):  # not at once: a signal just before it would not be looked at until it is over
                time.sleep(0.01)
sys.meta_path.insert(0, Slow())
from medcutmix_cli.__main__ import main
main()
"""


def stopped(module, name, before="", within=20):
    code = before + LOADING.format(module=module)
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout.readline() == "loading\n"
        process.send_signal(getattr(signal, name))
        try:
            _, said = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            process.kill()
            return None, ""
    return process.returncode, said


@pytest.mark.parametrize("module", ["typer", "medcutmix_cli.main", "medcutmix_cli.commands.attend"])
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_while_libraries_load_is_one_line_and_the_exit_code(module, name):
    assert stopped(module, name) == (75, INTERRUPTED)


def test_what_was_to_be_ignored_stays_ignored():
    ignored = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    assert stopped("typer", "SIGHUP", ignored, within=3)[0] is None
