"""Check what is about to be released: one version everywhere, a wheel that installs, commands that run from it.

python -m tools.release          all of it (needs the network for pip, or wheels at hand)
python -m tools.release versions one version everywhere, under a heading of the changelog
python -m tools.release offline  the same from a folder of wheels, without any network (tools/wheelhouse.py)
python -m tools.release bill     dist/medcutmix-VERSION.cdx.json: what is installed here, with licences (CycloneDX)
python -m tools.release smoke    the README's commands, by the `medcutmix` beside this interpreter
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tools.sbom import write_bill
from tools.wheelhouse import bracketed, fill

ROOT = Path(__file__).resolve().parents[1]
_HEADING = re.compile(r"^## \[?([^\]\s]+)\]?", re.MULTILINE)
_VERSION = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)
_CITED = re.compile(r'^version: "?([^"\s]+)"?', re.MULTILINE)


def versions(root: Path = ROOT) -> Mapping[str, str]:
    """Return the version that each file says, by the file's name; "" where it says none."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = (root / "medcutmix_cli" / "__init__.py").read_text(encoding="utf-8")
    return {
        "pyproject.toml": project["version"],
        "medcutmix_cli/__init__.py": _first(_VERSION, package),
        "CITATION.cff": _first(_CITED, (root / "CITATION.cff").read_text(encoding="utf-8")),
        "CHANGELOG.md": _first(_HEADING, (root / "CHANGELOG.md").read_text(encoding="utf-8")),
    }


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def disagreements(said: Mapping[str, str]) -> list[str]:
    """Return a line for each file whose version is not that of pyproject.toml."""
    wanted = said["pyproject.toml"]
    return [
        f"{name} says {version or 'nothing'}, not {wanted}"
        for name, version in said.items()
        if version != wanted
    ]


def commands(readme: str) -> Iterator[list[str]]:
    """Yield the arguments of `medcutmix` in the README's blocks on the sample, in their order."""
    for block in re.findall(r"```console\n(.*?)```", readme, flags=re.DOTALL):
        if "SAMPLE" in block:
            for line in block.splitlines():
                yield shlex.split(line.removeprefix("$ medcutmix "))


def run_commands(program: Path, before: tuple[str, ...] = ()) -> None:
    """Run the README's commands by one installed program, in an empty folder outside the checkout.

    Args:
        program: The installed `medcutmix`.
        before: Words before each command, for example of `unshare`.

    Raises:
        CalledProcessError: One of them fails.
    """
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for arguments in commands(readme):
            print("$ medcutmix", shlex.join(arguments), flush=True)
            _run(*before, program, *arguments, folder=Path(folder))


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder and return it."""
    _run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        folder,
        ROOT,
        folder=folder,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(folder: Path, *asked: str | Path, before: tuple[str, ...] = ()) -> Path:
    """Install what pip is asked for into a clean environment; return its `medcutmix`.

    Args:
        folder: Of the environment.
        asked: Words behind `pip install`.
        before: Words before the command, for example of `unshare`.
    """
    venv.create(folder, with_pip=True)
    _run(*before, folder / "bin" / "python", "-m", "pip", "install", "--quiet", *asked, folder=folder)
    return folder / "bin" / "medcutmix"


def networkless() -> tuple[str, ...]:
    """Return what a command is begun with to have no network interface.

    Raises:
        SystemExit: This system cannot do that.
    """
    before = ("unshare", "--map-root-user", "--net")
    if not shutil.which("unshare") or subprocess.run([*before, "true"], check=False).returncode:
        sys.exit("this system makes no network namespace: unshare --map-root-user --net")
    return before


def _run(*command: str | Path, folder: Path) -> None:
    # Nothing of the checkout may be found by the program under test.
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MEDCUTMIX"))
    }
    subprocess.run([str(part) for part in command], cwd=folder, env=clean, check=True)


def check_versions() -> None:
    """End the program where the files disagree."""
    found = disagreements(versions())
    if found:
        sys.exit("\n".join(found))
    print("one version everywhere:", versions()["pyproject.toml"])


def check_wheel() -> None:
    """Build, install and run the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        places = Path(folder, "dist"), Path(folder, "venv")
        places[0].mkdir()
        wheel = build_wheel(places[0])
        run_commands(install(places[1], "--constraint", ROOT / "constraints.txt", wheel))
    print("the wheel installs, and the README's commands run from it")


def check_offline() -> None:
    """Carry the wheels into an environment without network, and run the commands there."""
    before, extras = networkless(), ("encoders", "ray")
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder, "wheels")
        fill(wheels, extras)
        # As docs/install.md says it.
        asked = ("--no-index", "--find-links", wheels, "--constraint", wheels / "constraints.txt")
        program = install(Path(folder, "venv"), *asked, "medcutmix" + bracketed(extras), before=before)
        run_commands(program, before)
    print("the wheels install without a network, and the README's commands run there")


def write_bill_here() -> None:
    """Write the bill of materials of this environment."""
    target = ROOT / "dist" / f"medcutmix-{versions()['pyproject.toml']}.cdx.json"
    write_bill(target)
    print("bill of materials:", target.relative_to(ROOT))


def main(words: list[str]) -> None:
    """Do what is asked for; everything where nothing is."""
    steps: dict[str, Callable[[], None]] = {
        "versions": check_versions,
        "wheel": check_wheel,
        "offline": check_offline,
        "bill": write_bill_here,
        "smoke": lambda: run_commands(Path(sys.executable).with_name("medcutmix")),
    }
    if unknown := set(words) - set(steps):
        sys.exit(f"there is no {', '.join(sorted(unknown))}: {', '.join(steps)}")
    for word in words or ("versions", "wheel", "offline", "bill"):
        steps[word]()


if __name__ == "__main__":
    main(sys.argv[1:])
