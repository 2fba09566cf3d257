"""A program that renders on Ray, and its actors, interrupted; see `tests.cluster.interruptions`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.cluster.ray_here import daemons, ray_cluster, ray_environment
from tests.half_written import stop
from tests.interruptions import ROOT, Interruption, takes_signals, traces

ACTORS = 3
MOST_KILLS = 2
"""Actors that are killed of one launch: a shard that has ended three is an error, as it should be."""

ALL_GONE = 60.0
"""Seconds after which no actor may be left of a program that has ended."""

DRIVER = ("KILL", "TERM", "INT", "USR1")


@dataclass
class Killed:
    """One actor that is to be killed, or was."""

    process: psutil.Process
    at: float
    began: float
    seen: Interruption | None = None
    sent: float = 0.0


@dataclass
class RayEngine:
    """Launches programs on a cluster that stays.

    Attributes:
        ways: How often of 100 launches the program is interrupted by what, or let be; "KILL an actor" besides.
        longest: Seconds of a launch that nobody interrupted.
    """

    environment: Mapping[str, str]
    address: str
    ways: dict[str, int] = field(
        default_factory=lambda: {
            "KILL": 20,
            "TERM": 20,
            "INT": 10,
            "USR1": 10,
            "let be": 40,
            "KILL an actor": 0,
        }
    )
    longest: float = 1.0

    def launch(self, run: Path, rng: random.Random | None) -> list[Interruption]:
        """Start a program, interrupt its actors and itself, and wait until all of it has ended."""
        way = rng.choices(list(self.ways), list(self.ways.values()))[0] if rng else "let be"
        before, began = traces(run), time.monotonic()
        at = began + rng.random() * self.longest if rng and way in DRIVER else float("inf")
        process = self._start(run)
        killed: dict[int, Killed] = {}
        while process.poll() is None and time.monotonic() < at:
            if rng:
                self._kill_actors(run, killed, rng)
            time.sleep(0.05)
        seen = [one.seen for one in killed.values() if one.seen]
        if way in DRIVER and (own := interrupt(run, process, way, before)):
            seen.append(own)
        said = process.communicate(timeout=300)[1].decode()
        if not rng:
            self.longest = time.monotonic() - began
        self._wait_for_actors(seen)
        if (way not in DRIVER or not seen or seen[-1].way not in DRIVER) and process.returncode:
            raise SystemExit(f"the run failed without an interruption of the program: {said}")
        return seen

    def _start(self, run: Path) -> subprocess.Popen[bytes]:
        options = (f"address={self.address}", "cpus_per_actor=1", f"actors={ACTORS}")
        words = [sys.executable, "-m", "tests.cluster.toy_ray", "render", str(run), "--engine", "ray"]
        words += [word for option in options for word in ("--engine-option", option)]
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen(words, cwd=ROOT, env=self.environment, start_new_session=True, **streams)

    def actors(self) -> list[psutil.Process]:
        """List the actors of the cluster that are alive."""
        found = []
        for process in daemons(self.environment["RAY_TMPDIR"]):
            with suppress(psutil.NoSuchProcess):
                if "ToyActor" in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _kill_actors(self, run: Path, killed: dict[int, Killed], rng: random.Random) -> None:
        """Give each of the first actors a time, and kill those whose time has come."""
        now = time.monotonic()
        if len(killed) < MOST_KILLS:
            for actor in self.actors():
                if actor.pid not in killed and len(killed) < MOST_KILLS:
                    killed[actor.pid] = Killed(actor, now + rng.random() * self.longest / 2, now)
        for one in killed.values():
            if not one.sent and now >= one.at:
                one.sent = now
                one.seen = kill_actor(run, one.process)

    def _wait_for_actors(self, seen: list[Interruption]) -> None:
        began = time.monotonic()
        while left := self.actors():
            if time.monotonic() > began + ALL_GONE:
                for one in seen[-1:]:
                    one.wrong.append(f"actors left: {len(left)}")
                return
            time.sleep(0.1)


def kill_actor(run: Path, actor: psutil.Process) -> Interruption | None:
    """Kill an actor; None where it had ended."""
    with suppress(psutil.NoSuchProcess):
        if stop(actor.pid):
            busy = list(run.glob(f"data/.*.{actor.pid}.tmp"))
            seen = Interruption("KILL an actor", "rendering" if busy else "loading", caught=True, code=-9)
            began = time.monotonic()
            actor.kill()
            while actor.is_running() and actor.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
            seen.seconds = time.monotonic() - began
            return seen
    return None


def interrupt(
    run: Path, process: subprocess.Popen[bytes], way: str, before: dict[str, int]
) -> Interruption | None:
    """Interrupt the program; None where it had ended."""
    if not stop(process.pid):
        return None
    phase = "rendering" if traces(run) != before else "loading"
    seen = Interruption(way, phase, caught=takes_signals(process.pid))
    number = getattr(signal, f"SIG{way}")
    began = time.monotonic()
    os.kill(process.pid, number)
    os.kill(process.pid, signal.SIGCONT)
    process.wait(120)
    seen.seconds, seen.code = time.monotonic() - began, process.returncode
    if seen.code == 0 and way != "KILL":
        return None  # all was done when the signal came
    expected = {75} if seen.caught and way != "KILL" else {75, -number, 1, 130}
    if seen.code not in expected:
        seen.wrong.append(f"exit code {seen.code}")
    return seen


@contextmanager
def ray_engine() -> Iterator[RayEngine]:
    """Start a Ray of four CPUs, which are said to be there."""
    with ray_environment() as environment, ray_cluster(environment, cpus=4) as address:
        yield RayEngine(environment, address)
