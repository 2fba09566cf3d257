import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import medcutmix_cli
from tools import release
from tools.release import ROOT, commands, disagreements, main, versions

FILES = ("pyproject.toml", "medcutmix_cli/__init__.py", "CITATION.cff", "CHANGELOG.md")
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PRE_COMMIT = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture
def tree(tmp_path):
    """Return the files that say a version, as they are at a release."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace("## Unreleased", f"## {medcutmix_cli.__version__}", 1))
    return tmp_path


def test_at_a_release_all_files_say_one_version(tree):
    assert versions(tree) == dict.fromkeys(FILES, medcutmix_cli.__version__)
    assert disagreements(versions(tree)) == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_version_is_named(tree, name):
    path, version = tree / name, medcutmix_cli.__version__
    path.write_text(path.read_text().replace(version, "9.9.9", 1))
    found = disagreements(versions(tree))
    if name == "pyproject.toml":
        assert found == [f"{other} says {version}, not 9.9.9" for other in FILES[1:]]
    else:
        assert found == [f"{name} says 9.9.9, not {version}"]


def test_unreleased_changes_are_no_release(tree):
    (tree / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0\n")
    assert disagreements(versions(tree)) == [f"CHANGELOG.md says Unreleased, not {medcutmix_cli.__version__}"]


def test_a_file_without_a_version_says_nothing(tree):
    (tree / "CITATION.cff").write_text("title: x\n")
    assert disagreements(versions(tree)) == [f"CITATION.cff says nothing, not {medcutmix_cli.__version__}"]


def test_between_releases_all_but_the_changelog_agree():
    assert {name: version for name, version in versions().items() if name != "CHANGELOG.md"} == dict.fromkeys(
        FILES[:3], medcutmix_cli.__version__
    )


def test_the_commands_are_those_of_the_readme_on_the_sample_in_their_order():
    readme = "```console\n$ medcutmix sample SAMPLE\n$ medcutmix read 'a b'\n```\n```console\n$ medcutmix plan X\n```\n"
    assert list(commands(readme)) == [["sample", "SAMPLE"], ["read", "a b"]]
    found = list(commands((ROOT / "README.md").read_text(encoding="utf-8")))
    assert found[0] == ["sample", "SAMPLE", "--studies", "300"]
    assert {"augment", "verify", "inspect", "plan", "render", "status"} <= {words[0] for words in found}


def test_commands_run_outside_the_checkout_without_its_environment(tmp_path, monkeypatch, capfd):
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\necho "$(pwd) [$PYTHONPATH$MEDCUTMIX_SEED] $1" >&2\n')
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MEDCUTMIX_SEED", "7")
    release.run_commands(program)
    lines = capfd.readouterr().err.splitlines()
    assert [line.split()[-1] for line in lines] == [
        words[0] for words in commands((ROOT / "README.md").read_text())
    ]
    assert all("[]" in line and not line.startswith(str(ROOT)) for line in lines)


def test_a_command_that_fails_ends_the_check(tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError, match="exit status 3"):
        release.run_commands(program)


def test_the_whole_check_is_versions_wheel_wheelhouse_and_the_bill_of_materials(monkeypatch):
    done = []
    monkeypatch.setattr(release, "check_versions", lambda: done.append("versions"))
    monkeypatch.setattr(release, "check_wheel", lambda: done.append("wheel"))
    monkeypatch.setattr(release, "check_offline", lambda: done.append("offline"))
    monkeypatch.setattr(release, "write_bill_here", lambda: done.append("bill"))
    main([])
    assert done == ["versions", "wheel", "offline", "bill"]
    with pytest.raises(SystemExit, match="there is no smok: versions, wheel, offline, bill, smoke"):
        main(["smok"])


def test_the_wheel_is_built_installed_with_the_pins_and_run(monkeypatch, tmp_path):
    ran = []

    def run(*command, folder):
        ran.append([str(part) for part in command])
        if "wheel" in ran[-1]:
            (folder / "medcutmix-0-py3-none-any.whl").write_bytes(b"")

    monkeypatch.setattr(release, "_run", run)
    monkeypatch.setattr(release.venv, "create", lambda folder, with_pip: Path(folder).mkdir())
    release.check_wheel()
    assert "--no-deps" in ran[0]
    assert ran[1][-2:-1] == [str(ROOT / "constraints.txt")]
    assert ran[1][-1].endswith("medcutmix-0-py3-none-any.whl")
    assert {Path(command[0]).name for command in ran[2:]} == {"medcutmix"}
    assert [command[1:] for command in ran[2:]] == list(commands((ROOT / "README.md").read_text()))


def test_the_wheels_are_installed_and_run_without_network_as_the_page_says(monkeypatch):
    ran = []
    monkeypatch.setattr(release, "networkless", lambda: ("unshare", "--net"))
    monkeypatch.setattr(release, "fill", lambda folder, extras: ran.append([folder.name, *extras]))
    monkeypatch.setattr(release, "_run", lambda *command, folder: ran.append([str(part) for part in command]))
    monkeypatch.setattr(release.venv, "create", lambda folder, with_pip: Path(folder).mkdir())
    release.check_offline()
    assert ran[0] == ["wheels", "encoders", "ray"]
    assert all(command[:2] == ["unshare", "--net"] for command in ran[1:])
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"medcutmix-env/bin/pip (install --no-index .*)", page)
    wheels = Path(ran[1][ran[1].index("--find-links") + 1])
    typed = [word.replace(str(wheels), "WHEELS") for word in ran[1][ran[1].index("install") :]]
    assert [word for word in typed if word != "--quiet"] == shlex.split(line)
    assert f"python -m tools.wheelhouse WHEELS {' '.join(f'--extra {extra}' for extra in ran[0][1:])}" in page
    assert [command[3:] for command in ran[2:]] == list(commands((ROOT / "README.md").read_text()))


def test_the_citation_is_cff_of_this_version_and_cites_the_paper():
    assert {"cff-version", "message", "title", "authors"} <= set(CITATION)  # what CFF 1.2.0 asks for
    assert (CITATION["cff-version"], CITATION["type"], CITATION["license"]) == (
        "1.2.0",
        "software",
        "Apache-2.0",
    )
    assert CITATION["version"] == medcutmix_cli.__version__
    (paper,) = CITATION["references"]
    assert paper["url"] == "https://arxiv.org/abs/2509.16673"
    assert paper["title"].startswith("MedCutMix: ")
    assert [author["family-names"] for author in paper["authors"]] == ["Wang", "Xie", "Liu", "Wu"]


def hooks():
    return [hook for repository in PRE_COMMIT["repos"] for hook in repository["hooks"]]


def test_every_hook_calls_a_tool_of_the_environment_that_make_check_calls_too():
    assert {repository["repo"] for repository in PRE_COMMIT["repos"]} == {"local"}
    for hook in hooks():
        tool = hook["entry"].split()[0]
        assert hook["language"] == "system"
        assert tool.startswith(".venv/bin/"), hook["id"]
        assert f"$(BIN)/{Path(tool).name}" in MAKEFILE, hook["id"]
    assert set(PRE_COMMIT["default_install_hook_types"]) == {"pre-commit", "commit-msg"}
    assert PRE_COMMIT["default_stages"] == ["pre-commit"]
    assert [hook["entry"] for hook in hooks() if hook.get("stages") == ["commit-msg"]] == [
        ".venv/bin/python -m tools.commit_message"
    ]


def steps():
    return [step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step]


def test_the_workflow_calls_targets_modules_and_extras_that_there_are():
    project = release.tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for step in steps():
        words = step.split()
        if words[0] == "make":
            assert f"\n{words[1]}:" in MAKEFILE, step
        if words[:2] == ["python", "-m"]:
            assert (ROOT / f"{words[2].replace('.', '/')}.py").is_file(), step
    extras = WORKFLOW["jobs"]["extras"]["strategy"]["matrix"]["extra"]
    assert set(extras) == set(project["optional-dependencies"]) - {"test", "dev"}


def test_the_workflow_tests_every_python_that_the_metadata_names():
    project = release.tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line]
    for job in ("test", "wheel"):
        assert WORKFLOW["jobs"][job]["strategy"]["matrix"]["python"] == named
    assert set(WORKFLOW["jobs"]) == {"test", "bare", "extras", "lowest", "wheel", "coverage"}
