"""The habits of the project: commit messages, lowest versions, releases, and the files that hosts and editors read."""

import importlib.util
import re
import tomllib
from importlib import metadata

import pytest
import yaml

from tests.docs import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def tool(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def loaded(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        pytest.param("Say why\n\nBecause it was not said.\n", "", id="as-it-should-be"),
        pytest.param("S" * 72 + "\n\nWhy.\n", "", id="72-characters"),
        pytest.param("Merge branch 'x'\n", "", id="made-by-git"),
        pytest.param("# a comment\nSay why\n\n# Changes:\nWhy.\n", "", id="with-comments"),
        pytest.param("S" * 73 + "\n\nWhy.\n", "73 characters", id="73-characters"),
        pytest.param("Say nothing\n", "no body", id="without-a-body"),
        pytest.param("Say nothing\n\n# Changes: one\n", "no body", id="only-comments"),
        pytest.param("Say why\nbecause\n", "second line", id="no-blank-line"),
        pytest.param("Say why.\n\nWhy.\n", "full stop", id="a-full-stop"),
        pytest.param("", "empty", id="empty"),
    ],
)
def test_a_commit_message_is_refused_for_what_is_wrong_with_it(tmp_path, capsys, message, problem):
    check = tool("commit_message")
    (tmp_path / "message").write_text(message)
    assert check.main(tmp_path / "message") == bool(problem)
    assert problem in capsys.readouterr().err


def test_the_lowest_versions_are_those_of_the_project():
    found = dict(line.split("==") for line in tool("lowest_versions").lowest_versions(PROJECT))
    assert found["numpy"] == "1.26"
    assert found["scispacy"] == "0.6.2"
    assert found["transformers"] == "5"
    bounded = [entry for entry in PROJECT["dependencies"] if re.search("[>=]=", entry)]
    assert len(bounded) == len(PROJECT["dependencies"]), "every dependency says what it needs at least"
    assert len(found) > len(bounded)


def test_a_release_has_one_version_everywhere():
    versions = tool("release").versions_of(ROOT)
    assert len(versions) == 4
    assert set(versions.values()) == {PROJECT["version"]} == {metadata.version("medcutmix")}


@pytest.mark.parametrize(
    "name", ["medcutmix_cli/__init__.py", "CITATION.cff", "CHANGELOG.md", "pyproject.toml"]
)
def test_another_version_in_one_place_stands_against_a_release(tmp_path, name):
    release = tool("release")
    for each in release.versions_of(ROOT):
        target = tmp_path / each
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / each).read_text(encoding="utf-8").replace("## Unreleased", "## To come")
        target.write_text(text.replace(PROJECT["version"], "9.9.9") if each == name else text)
    (problem,) = release.problems_of(tmp_path)
    assert f"{name} 9.9.9" in problem


def test_what_is_not_released_yet_stands_against_a_release_unless_told():
    release = tool("release")
    assert ["not released" in problem for problem in release.problems_of(ROOT)] == [True]
    assert release.problems_of(ROOT, released=False) == []


def test_a_release_types_what_the_readme_types():
    commands = tool("release").readme_commands(ROOT)
    assert commands[0][:2] == ["sample", "SAMPLE"]
    assert {words[0] for words in commands} >= {"sample", "augment", "verify", "inspect", "plan", "render"}


def test_the_citation_names_paper_and_tool():
    cited = loaded("CITATION.cff")
    assert (cited["cff-version"], cited["license"]) == ("1.2.0", PROJECT["license"])
    assert {"message", "title", "authors", "version"} <= set(cited)
    assert "2509.16673" in cited["references"][0]["url"]


def test_hooks_call_what_the_make_file_calls():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    hooks = [hook for repo in loaded(".pre-commit-config.yaml")["repos"] for hook in repo["hooks"]]
    for word in ("ruff format", "ruff check", "mypy", "lint-imports --no-cache"):
        assert f"$(BIN)/{word}" in makefile
        assert any(f".venv/bin/{word}" in hook["entry"] for hook in hooks), word
    for hook in hooks:
        for path in re.findall(r"\b(?:tools|tests)/\S+\.py", hook["entry"]):
            assert (ROOT / path).is_file(), path


def test_a_host_tests_both_pythons_bare_extras_lowest_and_the_wheel():
    jobs = loaded(".github/workflows/ci.yml")["jobs"]
    assert set(jobs) == {"test", "bare", "extras", "lowest", "wheel"}
    supported = [entry.rpartition(" ")[2] for entry in PROJECT["classifiers"] if "Python :: 3." in entry]
    assert [f"{version}" for version in jobs["test"]["strategy"]["matrix"]["python"]] == [
        entry.rpartition(":: ")[2] for entry in supported
    ]
    users = set(PROJECT["optional-dependencies"]) - {"test", "dev"}
    assert set(jobs["extras"]["strategy"]["matrix"]["extra"]) == users
    steps = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    for path in re.findall(r"tools/\S+\.py", "\n".join(steps)):
        assert (ROOT / path).is_file(), path
