"""A Slurm of one node on loopback, for tests: own key, own ports, own folder, no systemd, no accounting.

The node is said to have more CPUs than the machine, so that four tasks run side by side on two cores.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

CPUS = 4
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scancel", "scontrol", "sinfo", "squeue")
SYSTEM_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/bin"

CONFIGURATION = """\
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
CredType=cred/munge
StateSaveLocation={folder}/slurmctld
SlurmdSpoolDir={folder}/slurmd
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,batch_sched_delay=0,defer_batch=0
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
MinJobAge=600
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=64000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str:
    """Return why no Slurm can be started here, "" where it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "a Slurm of our own is started by root only"
    missing = [name for name in PROGRAMS if shutil.which(name, path=SYSTEM_PATH) is None]
    return f"not installed: {', '.join(missing)} (Debian: slurm-wlm munge)" if missing else ""


@dataclass(frozen=True)
class OneNode:
    """A running Slurm.

    Attributes:
        environment: In which its commands, and the daemons, find it.
    """

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str, script: str | None = None) -> str:
        """Return what one of its commands prints."""
        done = subprocess.run(
            command, input=script, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{command[0]}: {done.stderr}"
        return done.stdout.strip()

    def submit(self, script: str, *options: str) -> str:
        """Return the id of a job."""
        return self.run("sbatch", "--parsable", *options, script=script)

    def wait(self, job: str, seconds: float = 120) -> None:
        """Wait until every task of a job has ended."""
        until(
            lambda: not self.run("squeue", "-h", "-t", "PD,R,CG,CF", "-j", job),
            f"the end of job {job}",
            seconds,
        )

    def ends(self, job: str) -> dict[int, tuple[str, str]]:
        """Return (state, "exit code:signal") of each task of an array that has ended; a lone job is task 0."""
        found = {}
        for line in self.run("scontrol", "-o", "show", "job", job).splitlines():
            told = dict(word.split("=", 1) for word in line.split() if "=" in word)
            found[int(told.get("ArrayTaskId", 0))] = told["JobState"], told["ExitCode"]
        return found


def until(true: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


@contextmanager
def one_node_slurm(cpus: int = CPUS) -> Iterator[OneNode]:
    """Start munged, slurmctld and slurmd as children; nothing of them, or of their jobs, is left at the end."""
    # Not below pytest's folder: munge wants one that every user may look into.
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH"))},
        "PATH": SYSTEM_PATH,
        "SLURM_CONF": str(folder / "slurm.conf"),
    }
    try:
        _configure(folder, cpus)
        with ExitStack() as daemons:
            for command in _daemons(folder):
                daemons.enter_context(_daemon(command, folder, environment))
            cluster = OneNode(folder, environment)
            _wait_until_idle(cluster)
            yield cluster
            cluster.run("scancel", "--user=root", "--signal=KILL", "--full")
    finally:
        _kill_what_is_left(folder)
        shutil.rmtree(folder)


def _configure(folder: Path, cpus: int) -> None:
    folder.chmod(0o755)
    for name in ("slurmctld", "slurmd"):
        (folder / name).mkdir()
    host = socket.gethostname().partition(".")[0]
    text = CONFIGURATION.format(host=host, ports=_free_ports(2), folder=folder, cpus=cpus)
    (folder / "slurm.conf").write_text(text)
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o400)


def _daemons(folder: Path) -> list[list[str]]:
    files = {
        "key-file": "munge.key",
        "socket": "munge.sock",
        "pid-file": "munged.pid",
        "seed-file": "munge.seed",
    }
    return [
        ["munged", "--foreground", *(f"--{option}={folder / name}" for option, name in files.items())],
        ["slurmctld", "-D"],
        ["slurmd", "-D"],
    ]


@contextmanager
def _daemon(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    with (folder / f"{command[0]}.log").open("wb") as log:
        program = shutil.which(command[0], path=SYSTEM_PATH)
        started = subprocess.Popen([program, *command[1:]], env=environment, stdout=log, stderr=log)
        try:
            yield
        finally:
            started.terminate()
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()


def _wait_until_idle(cluster: OneNode) -> None:
    def idle() -> bool:
        asked = ["sinfo", "-h", "-o", "%T"]
        done = subprocess.run(asked, env=cluster.environment, capture_output=True, text=True)
        return done.stdout.strip() == "idle"

    try:
        until(idle, "the node")
    except AssertionError as error:
        logs = [path.read_text(errors="replace")[-1500:] for path in sorted(cluster.folder.glob("*.log"))]
        raise AssertionError("\n".join([str(error), *logs])) from None


def _free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        found = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def _kill_what_is_left(folder: Path) -> None:
    """Kill jobs and job steps: they are no children of ours, but have our configuration in their environment."""
    ours = f"SLURM_CONF={folder / 'slurm.conf'}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if ours in (process / "environ").read_bytes().split(b"\0"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:  # it has ended by itself
            continue
