"""The images are made of what the project says; no builder is needed to see that."""

import re
import shlex
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from tools.release import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKERFILE = (ROOT / "containers" / "Dockerfile").read_text(encoding="utf-8")
DEFINITION = (ROOT / "containers" / "medcutmix.def").read_text(encoding="utf-8")
BOTH = pytest.mark.parametrize("text", [DOCKERFILE, DEFINITION], ids=["docker", "apptainer"])
COPIED = {
    "docker": {
        word for line in re.findall(r"^COPY (.+)", DOCKERFILE, re.M) for word in shlex.split(line)[:-1]
    },
    "apptainer": {
        line.split()[0] for line in DEFINITION.partition("%files\n")[2].partition("\n\n")[0].splitlines()
    },
}
"""What each image takes from the folder of the source."""


@BOTH
def test_the_python_is_one_that_it_runs_on(text):
    (version,) = re.findall(r"^F(?:ROM|rom:) python:(\d+\.\d+)-slim", text, re.M)
    assert f"{version}.0" in SpecifierSet(PROJECT["requires-python"])


@BOTH
def test_packages_are_pinned_and_the_extras_are_extras(text):
    (line,) = re.findall(r"pip install (.+)", text)
    assert "--constraint constraints.txt" in line
    (extras,) = re.findall(r"EXTRAS=(\S+)", text)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])


@BOTH
def test_libraries_are_kept_from_the_network_and_the_program_is_what_runs(text):
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"):
        assert f"{name}=1" in text
    assert re.search(r'^ENTRYPOINT \["medcutmix"\]$|^    exec medcutmix "\$@"$', text, re.M)


@pytest.mark.parametrize("image", sorted(COPIED))
def test_what_is_copied_is_there_and_enough_to_install_from(image):
    assert all((ROOT / name).exists() for name in COPIED[image])
    assert {
        "constraints.txt",
        "pyproject.toml",
        "medcutmix_cli",
        PROJECT["readme"],
        *PROJECT["license-files"],
    } <= (COPIED[image])


def test_nothing_else_reaches_the_builder():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == COPIED["docker"]


def test_the_program_is_nobody_in_particular():
    (user,) = re.findall(r"^USER (\d+)$", DOCKERFILE, re.M)
    assert int(user) >= 1000


@BOTH
def test_the_commands_above_are_those_of_the_page(text):
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    builds = [
        line[1:].strip()
        for line in text.splitlines()
        if re.match(r"# +(docker|apptainer) build", line) and "build-arg" not in line
    ]
    assert builds
    assert all(f"    {line}\n" in page for line in builds)
