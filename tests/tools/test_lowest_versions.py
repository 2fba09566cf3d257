import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tools.lowest_versions import PYPROJECT, constraints, lowest, requirements

PROJECT = {
    "name": "Some.Package",
    "dependencies": ["numpy>=1.26,<2", "scispacy==0.6.2", "pylibjpeg[openjpeg]>=2"],
    "optional-dependencies": {
        "ray": ["ray>=2.40,<3"],
        "dev": ["some-package[ray]", "numpy>=1.26.3", "tool~=1.2"],
    },
}


def test_the_lowest_version_is_the_bound_and_of_two_bounds_the_higher():
    assert {name: str(version) for name, version in lowest(requirements(PROJECT)).items()} == {
        "numpy": "1.26.3",
        "pylibjpeg": "2",
        "ray": "2.40",
        "scispacy": "0.6.2",
        "tool": "1.2",
    }


def test_a_library_without_lower_bound_is_refused_by_name():
    with pytest.raises(ValueError, match="rich has no lower bound"):
        lowest([Requirement("rich<14")])


def test_every_requirement_of_this_project_allows_its_own_lowest_version():
    needs = requirements(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"])
    versions = lowest(needs)
    assert len(versions) > 20
    assert [str(need) for need in needs if versions[need.name.lower()] not in need.specifier] == []


def test_the_file_pins_each_library_once_and_in_order():
    lines = constraints().splitlines()
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))
    assert all(Version(line.partition("==")[2]) for line in lines)
    assert "medcutmix" not in names


def test_the_pinned_versions_are_within_the_ranges():
    pins = dict(
        line.split("==")
        for line in (PYPROJECT.parent / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
    )
    needs = requirements(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"])
    known = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    assert [
        str(need) for need in needs if need.name in known and known[need.name] not in need.specifier
    ] == []
    assert {need.name for need in needs} - set(known) == {
        "python-gdcm"
    }  # an extra of its own; the rest is pinned
