import re
import shlex

import pytest

from medcutmix_cli.main import main
from tests.docs import BLOCKS, README, ROOT, rendered

TEXT = README.read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
RECIPE = re.search(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
ON_SAMPLE = [block for block in CONSOLE if "SAMPLE" in block]


def test_the_generated_blocks_are_as_the_program_gives_them():
    assert rendered(TEXT) == TEXT, "run `make docs`"


@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_in_the_readme_once(name):
    assert TEXT.count(f"<!-- begin: {name} -->") == TEXT.count(f"<!-- end: {name} -->") == 1


def run_console(block):
    for line in block.splitlines():
        arguments = shlex.split(line.removeprefix("$ medcutmix "))
        arguments = ["24" if a == "200" else a for a in arguments]
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code in (0, None), line


def test_what_the_readme_types_on_the_sample_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for block in ON_SAMPLE:
        run_console(block)
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert '"missing": []' in capsys.readouterr().out


def test_the_readmes_python_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    names = {}
    for block in PYTHON:
        exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own page
    assert names["pairs"][0]["image"].mode == "L"


def test_the_readmes_recipe_is_accepted(tmp_path):
    from medcutmix_cli.config import resolve

    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE[1])
    settings = resolve({}, path, {}).settings
    assert settings.plan.pairs_per_study == 2
    assert settings.dataset.options["split"] == "train"


@pytest.mark.parametrize("name", ["docs/mixed-pair.png", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"])
def test_what_the_readme_points_to_is_there(name):
    assert (ROOT / name).is_file()


def test_no_page_of_the_project_claims_to_be_the_paper():
    pages = [p for p in ROOT.rglob("*.md") if not {".venv", ".demo"} & set(p.parts)]
    assert pages
    assert not [page for page in pages if "as in the paper" in page.read_text(encoding="utf-8")]
