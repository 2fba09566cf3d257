"""Check that a release is one: the version is said alike everywhere, and the wheel works without the checkout.

python tools/release.py           versions and changelog only
python tools/release.py --wheel   also build the wheel, install it in a clean environment and type the README's commands
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def versions_of(root: Path) -> dict[str, str]:
    """Return the version by the file that says it; "" where a file says none."""
    texts = {name: (root / name).read_text(encoding="utf-8") for name in (*_PATTERNS, "pyproject.toml")}
    found = {"pyproject.toml": str(tomllib.loads(texts["pyproject.toml"])["project"]["version"])}
    for name, pattern in _PATTERNS.items():
        match = re.search(pattern, texts[name], re.MULTILINE)
        found[name] = match[1] if match else ""
    return found


_PATTERNS = {
    "medcutmix_cli/__init__.py": r'^__version__ = "([^"]+)"',
    "CITATION.cff": r"^version: (\S+)",
    "CHANGELOG.md": r"^## (\d+\.\d+\.\d+)",
}


def problems_of(root: Path, *, released: bool = True) -> list[str]:
    """Return what stands against a release, in sentences.

    Args:
        root: Of the checkout.
        released: Whether the changelog may have no section of what is not released yet.
    """
    versions = versions_of(root)
    found = []
    if len(set(versions.values())) != 1:
        found.append(
            "the version is not the same everywhere: " + ", ".join(f"{k} {v}" for k, v in versions.items())
        )
    if released and re.search(
        r"^## Unreleased", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    ):
        found.append("CHANGELOG.md still has a section of what is not released: give it its version and date")
    return found


def readme_commands(root: Path) -> list[list[str]]:
    """Return the commands that the README types on the sample, in order, as words after `medcutmix`."""
    text = (root / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks if "SAMPLE" in block for line in block.splitlines()]
    return [shlex.split(line.removeprefix("$ medcutmix ")) for line in lines]


def check_wheel(root: Path, folder: Path) -> None:
    """Build the wheel, install it in a clean environment and type the README's commands there.

    Raises:
        CalledProcessError: Something cannot be built, installed or run; what it printed stands above.
    """
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, root)
    (wheel,) = folder.glob("medcutmix-*.whl")
    venv.create(folder / "environment", with_pip=True)
    python = folder / "environment" / "bin" / "python"
    constraints = ("--constraint", root / "constraints.txt")
    _run(python, "-m", "pip", "install", "--quiet", *constraints, wheel)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    for words in readme_commands(root):
        _run(python.with_name("medcutmix"), *words, cwd=elsewhere)


def _run(*words: object, cwd: Path | None = None) -> None:
    print("+", shlex.join(map(str, words)), flush=True)
    subprocess.run([str(word) for word in words], check=True, cwd=cwd)


def main() -> int:
    """Check what was asked for; return 1 where something stands against a release."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--wheel", action="store_true", help="also build, install and run the wheel")
    parser.add_argument(
        "--unreleased", action="store_true", help="let the changelog have a section of what is to come"
    )
    chosen = parser.parse_args()
    found = problems_of(ROOT, released=not chosen.unreleased)
    for problem in found:
        print(f"release: {problem}", file=sys.stderr)
    if not found and chosen.wheel:
        with tempfile.TemporaryDirectory() as folder:
            check_wheel(ROOT, Path(folder))
        print("release: the wheel runs without the checkout")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
