import os
import signal

import pytest

from medcutmix_cli.errors import Interrupted
from medcutmix_cli.signals import SignalWatch


@pytest.mark.parametrize("name", SignalWatch.names)
def test_a_signal_becomes_interrupted(name):
    with SignalWatch() as watch, pytest.raises(Interrupted, match=name):
        signal.raise_signal(getattr(signal, name))
    assert watch.seen


def raise_twice(number):
    """Raise a signal, and again while the first is on its way out."""
    try:
        signal.raise_signal(number)
    finally:
        signal.raise_signal(number)


def test_a_second_signal_does_not_disturb_the_way_out():
    with SignalWatch(), pytest.raises(Interrupted):
        raise_twice(signal.SIGTERM)


def test_ctrl_c_twice_stops_at_once():
    with SignalWatch(), pytest.raises(KeyboardInterrupt):
        raise_twice(signal.SIGINT)


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
