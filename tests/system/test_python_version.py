import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from medcutmix_cli.system.python_version import SUPPORTED, refuse_other_pythons

ROOT = Path(__file__).resolve().parents[2]
NEWEST = "3.13"


@pytest.mark.parametrize("minor", range(8, 16))
def test_the_pythons_are_those_of_the_project_file(minor):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert ((3, minor) in SUPPORTED) == (f"3.{minor}.0" in SpecifierSet(project["requires-python"]))


@pytest.mark.parametrize("version", [(3, 10), (3, 13), (3, 14), (4, 0)])
def test_another_python_is_refused_with_the_reason(version):
    with pytest.raises(ImportError, match=r"runs on Python 3\.11 and 3\.12, not on") as caught:
        refuse_other_pythons(version)
    assert ("numpy < 2" in str(caught.value)) == (version > (3, 12))


def test_a_newer_python_is_told_before_any_library_is_asked_for():
    program = shutil.which(f"python{NEWEST}")
    environment = {**os.environ, "PYENV_VERSION": f"{NEWEST}.0"}
    ask = [program or "", "-S", "-c", "import sys; print(sys.version_info[:2])"]
    if program is None or subprocess.run(ask, env=environment, capture_output=True).returncode:
        pytest.skip(f"there is no Python {NEWEST} here")
    done = subprocess.run(
        [program, "-S", "-m", "medcutmix_cli", "--help"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "not on 3.13: scispaCy" in done.stderr.splitlines()[-1]
