"""Every command, once and where it fails, on a data set of canaries, in a process that may open no socket.

`python -m tests.canary_runs FOLDER` writes FOLDER/said/STEP.out and .err, and `watched.json`: what else could be seen
of it while it ran. `tests/end_to_end/test_privacy.py` looks at what it left.
"""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sockets import can_forbid, forbid_sockets

if __name__ == "__main__" and can_forbid():
    forbid_sockets()  # before anything else is imported
    import medcutmix_cli.images  # noqa: F401 - before pydicom, which would open one

from tests.canaries import (
    FILE,
    KINDS,
    TEXT,
    report,
    write_boxed,
    write_broken_tables,
    write_canary_set,
    write_gold,
)

ENCODER = ("--encoder", "bundled", "--gate", "none", "--align", "none", "--max-fail-frac", 1)
BREAKS = "CANARY_BREAKS"


@dataclass(frozen=True)
class Step:
    """One call.

    Attributes:
        name: Unique; its outputs are called after it.
        words: Of the command line.
        stdin: What is typed into it.
        script: Step whose output is run as a batch system would, as its first task.
        breaks: "module:Class.method" that raises a ValueError that quotes what it was given.
        code: Exit code; None for any.
    """

    name: str
    words: tuple[object, ...]
    stdin: str = ""
    script: str = ""
    breaks: str = ""
    code: int | None = 0


def steps(folder: Path) -> Iterator[Step]:
    """Yield the calls, in an order in which each finds what it needs."""
    data, run, out = write_canary_set(folder / "set"), folder / "run", folder / "exports"
    texts, gold = write_gold(folder)
    picture = f"{FILE}-01.dcm"
    boxed, boxes = write_boxed(folder)
    lexicon = folder / "lexicon.toml"
    lexicon.write_text('[[finding]]\nid = "scoliosis"\nterms = ["scoliosis"]\n')
    yield Step("doctor", ("doctor", data, "--out", run), code=None)
    yield Step("config", ("config", "show", "--mask", "topk"))
    yield Step("prepare", ("prepare", data, folder / "prepared", "--encoder", "bundled"))
    yield Step("check", ("check", data))
    yield Step("check-json", ("check", data, "--json"))
    yield Step("dry-run", ("augment", data, run, *ENCODER, "--dry-run", "--probe", 2))
    few = ("--shard-size", 4, "--pairs-per-study", 2, "--workers", 2)
    yield Step("plan", ("plan", data, run, *ENCODER, *few, "-v"))
    yield Step("status-json", ("status", run, "--json"))
    yield Step("calibrate", ("calibrate", run))
    yield Step("batch", ("batch", "slurm", run, "--tasks", 2))
    yield Step("batch-run", (), script="batch")
    yield Step("render-task", ("render", run, "--task", 0, "--num-tasks", 2))
    yield Step("render", ("render", run))
    yield Step("render-again", ("--verbose", "render", run, "--retry-failed"))
    yield Step("status", ("status", run, "-v"))
    yield Step("refill", ("refill", run))
    yield Step("verify", ("verify", run))
    yield Step("verify-deep", ("verify", run, "--deep"))
    yield Step("inspect-json", ("inspect", run, "--json"))
    yield Step("inspect", ("inspect", run, "--index", 1))
    yield Step("inspect-page", ("inspect", run, "--html", folder / "page.html"))
    yield Step("inspect-schema", ("inspect", "--schema"))
    yield Step("embed", ("embed", data, folder / "embedded.parquet", "--encoder", "bundled"))
    yield Step("shortcuts", ("shortcuts", data))
    for profile in ("open-clip", "webdataset", "llava"):
        words = ("export", run, out / profile, "--to", profile, "--originals", "together")
        yield Step(f"export-{profile}", words)
    yield Step("export-sections", ("export", "sections", data, folder / "sections.csv"))
    yield Step("verify-export", ("verify", out / "open-clip"))
    yield Step("read-argument", ("read", report(0)))
    yield Step("read", ("read", "-", "--explain"), stdin=report(1))
    yield Step(
        "attend",
        ("attend", data / picture, "-", "--run", run, "--out", folder / "map.png"),
        stdin="Effusion.",
    )
    yield Step("reasons", ("reasons",))
    yield Step("sample", ("sample", folder / "sample", "--studies", 4))
    yield Step("evaluate-reports", ("evaluate", "reports", texts, "--gold", gold, "--worst", 4))
    maps = ("evaluate", "maps", boxed, "--boxes", boxes, "--encoder", "bundled", "--resamples", 0)
    yield Step("evaluate-maps", maps)
    yield Step("evaluate-mixes", ("evaluate", "mixes", run, "--resamples", 0))
    yield Step("evaluate-lexicon", ("evaluate", "lexicon", lexicon), code=None)
    detect = ("--epochs", 1, "--folds", 2, "--max-pairs", 4, "--resamples", 0)
    yield Step("evaluate-detect", ("evaluate", "detect", run, *detect))
    yield from failures(folder, data, run)


def failures(folder: Path, data: Path, run: Path) -> Iterator[Step]:
    """Yield calls that end in an error, or meet one."""
    for name, broken in write_broken_tables(folder / "broken"):
        yield Step(f"plan-{name}", ("--debug", "plan", broken, folder / f"run-{name}", *ENCODER), code=None)
        yield Step(f"check-{name}", ("check", broken), code=None)
    yield Step("augment-conflict", ("augment", data, run, *ENCODER, "--seed", 9), code=1)
    yield Step(
        "attend-broken", ("attend", data / f"{FILE}-05.dcm", "-", "--encoder", "bundled"), stdin=TEXT, code=1
    )
    yield Step("read-bytes", ("read", "-"), stdin=f"{TEXT} \udcff", code=None)
    yield Step("export-unknown", ("export", run, folder / "none", "--to", "nobody"), code=2)
    reading = "medcutmix_cli.reports.reader:ReportReader.read"
    for workers in (1, 2):
        words = ("--debug", "plan", data, folder / f"run-{workers}", *ENCODER, "--workers", workers)
        yield Step(f"plan-breaks-{workers}", words, breaks=reading, code=1)
    mixing = "medcutmix_cli.rendering.pair:_mixed_row"
    words = ("--debug", "augment", data, folder / "run-mixing", *ENCODER, "--shard-size", 4)
    yield Step("augment-breaks", words, breaks=mixing, code=None)
    yield Step("verify-damaged", ("verify", damaged(folder, run)), code=4)


def damaged(folder: Path, run: Path) -> Path:
    """Return a copy of the run in which rows and texts are not what they were."""
    import shutil

    copy = folder / "damaged"
    if run.is_dir():
        shutil.copytree(run, copy)
        shard = sorted((copy / "data").glob("*.parquet"))[0]
        content = bytearray(shard.read_bytes())
        content[len(content) // 2] ^= 255
        shard.write_bytes(bytes(content))
    return copy


def running() -> set[int]:
    """Return the ids of all processes there are."""
    return {int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()}


class Watch(threading.Thread):
    """Looks at what others can see of processes while these run: command lines, environments, modes of files.

    Attributes:
        strangers: Processes that were there before, but for this one: they know nothing of this.
    """

    def __init__(self, places: tuple[Path, ...]) -> None:
        super().__init__(daemon=True)
        self.places = places
        self.seen: set[tuple[str, str, str]] = set()
        self.step = ""
        self.processes: set[int] = set()
        self.strangers = running() - {os.getpid()}
        self.looks = 0
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._stopping.wait(0.05):
            self.looks += 1
            for process in running() - self.strangers:
                self._look_at_process(Path("/proc", str(process)))
            for place in self.places:
                self._look_at_folder(place)

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self.join()

    def _look_at_process(self, process: Path) -> None:
        for name in ("cmdline", "environ"):
            try:
                said = (process / name).read_bytes()
            except OSError:
                continue
            self.processes.add(int(process.name))
            self.seen |= {(self.step, f"/proc/*/{name}", kind) for kind in KINDS if kind.encode() in said}

    def _look_at_folder(self, folder: Path) -> None:
        for place, folders, files in os.walk(folder):  # in a tenth of the time of `Path.rglob`
            for name in (*folders, *files):
                path = os.path.join(place, name)  # noqa: PTH118 - as above
                try:
                    mode = os.lstat(path).st_mode
                except OSError:
                    continue
                if mode & 0o077 and not stat.S_ISLNK(mode):
                    told = f"{folder.name}/{Path(path).relative_to(folder)}"
                    self.seen.add((self.step, told, f"mode {stat.S_IMODE(mode):o}"))


@contextmanager
def redirected(said: Path, step: Step) -> Iterator[None]:
    """Send all that this process and its children write, Python or not, to the files of a step."""
    kept = [os.dup(number) for number in (0, 1, 2)]
    (said / f"{step.name}.in").write_bytes(step.stdin.encode("utf-8", "surrogateescape"))
    files = [
        os.open(said / f"{step.name}.in", os.O_RDONLY),
        *(os.open(said / f"{step.name}.{end}", os.O_WRONLY | os.O_CREAT, 0o600) for end in ("out", "err")),
    ]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        for number, file in enumerate(kept):
            os.dup2(file, number)
            os.close(file)
        (said / f"{step.name}.in").unlink()


def call(step: Step, said: Path) -> int:
    """Make one call in this process; one in which something is to break, or a script, in a process of its own."""
    if step.script:
        task = {
            "SLURM_ARRAY_TASK_ID": "0",
            "SLURM_ARRAY_JOB_ID": "1",
            "SLURM_JOB_ID": "1",
            "SLURM_RESTART_COUNT": "0",
        }
        script = said / f"{step.script}.out"
        return subprocess.run(["bash", script], env={**os.environ, **task}, check=False).returncode
    words = [str(word) for word in step.words]
    if step.breaks:
        command = [sys.executable, "-m", "medcutmix_cli.main", *words]
        return subprocess.run(command, env={**os.environ, BREAKS: step.breaks}, check=False).returncode
    from medcutmix_cli.main import main

    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the descriptor, not a path
    try:
        main(words)
    except SystemExit as leaving:
        return int(leaving.code or 0)
    raise AssertionError("main leaves")


def make_all(folder: Path, listed: Callable[[Path], Iterator[Step]] = steps) -> None:
    """Make the calls, and note what was seen."""
    said = folder / "said"
    said.mkdir()
    watch = Watch((folder / "run", folder / "exports", Path(os.environ["TMPDIR"])))
    watch.start()
    codes, called = {}, []
    for step in listed(folder):
        called.append(step)
        watch.step = step.name
        with redirected(said, step):
            codes[step.name] = call(step, said)
    watch.stop()
    limit = resource.getrlimit(resource.RLIMIT_CORE)[0]
    wanted = {step.name: step.code for step in called if step.code is not None}
    commands = {step.name: [str(word) for word in step.words] for step in called}
    found = {
        "codes": codes,
        "wanted": wanted,
        "commands": commands,
        "seen": sorted(watch.seen),
        "looks": watch.looks,
        "core": limit,
    }
    (folder / "watched.json").write_text(json.dumps(found | {"processes": len(watch.processes)}))


if __name__ == "__main__":
    os.umask(0)  # as wide as it can be: what is private is made so
    make_all(Path(sys.argv[1]))
