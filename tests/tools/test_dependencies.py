import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.dependencies import Dependency, dependencies, normal
from tools.licences import PAGE, page
from tools.sbom import bill

ROOT = Path(__file__).resolve().parents[2]
FOUND = dependencies()
LOCKS = sorted((ROOT / "locks").glob("python-*.txt"))
PINNED = {
    normal(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "constraints.txt").read_text(), flags=re.M)
}


def entries(lock):
    """Return name -> (version, number of hashes) of a lock file."""
    joined = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in filter(None, joined.splitlines()):
        head, *hashes = line.split("--hash=")
        need = Requirement(head.strip())
        (pin,) = need.specifier
        assert pin.operator == "=="
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", one) for one in hashes), need.name
        found[normal(need.name)] = (pin.version, len(hashes))
    return found


def test_the_program_is_found_with_what_it_needs():
    assert {"numpy", "torch", "pydicom", "spacy", "urllib3"} <= {one.name for one in FOUND}
    assert {one.name for one in FOUND if one.direct} > {"numpy", "typer"}


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.name)
def test_a_licence_is_on_the_list(one):
    assert one.refused == []


@pytest.mark.parametrize("one", FOUND, ids=lambda one: one.name)
def test_the_page_says_the_licence(one):
    if one.name not in PINNED or one.version.partition("+")[0] != PINNED[one.name]:
        pytest.skip("another version is installed than the page is of")
    assert f"| {one.name} | {one.licence} |" in PAGE.read_text(encoding="utf-8"), "make docs"


@pytest.mark.parametrize("licence", ["", "GPL-3.0-only", "MIT AND AGPL-3.0", "Proprietary"])
def test_another_licence_is_named(licence):
    assert Dependency("x", "1", licence, direct=True).refused


def test_the_page_is_the_same_for_the_same_packages():
    assert page(FOUND) == page(dependencies())


def test_the_locks_are_for_both_versions_of_python():
    assert [lock.name for lock in LOCKS] == ["python-3.11.txt", "python-3.12.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_a_hash_for_everything_and_the_versions_that_are_pinned(lock):
    locked = entries(lock)
    assert [name for name, (_, hashes) in locked.items() if not hashes] == []
    assert {n: v for n, (v, _) in locked.items() if n in PINNED and PINNED[n] != v} == {}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_all_that_is_needed(lock):
    needed = {one.name for one in FOUND if one.name not in ("setuptools",)}
    assert needed - set(entries(lock)) == set()


def test_the_bill_names_every_package_once_and_what_the_program_needs():
    document = bill(FOUND)
    assert json.loads(json.dumps(document)) == document
    names = [one["name"] for one in document["components"]]
    assert names == [one.name for one in FOUND]
    refs = {one["bom-ref"] for one in document["components"]}
    assert set(document["dependencies"][0]["dependsOn"]) <= refs
    assert all(one["licenses"] for one in document["components"])
