import re
import shlex

import pytest

from medcutmix_cli.main import main
from medcutmix_cli.plugins import options_of
from medcutmix_cli.registry import names
from tests.docs import BLOCKS, README, ROOT, rendered

TEXT = README.read_text(encoding="utf-8")
CONSOLE = re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL)
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
ENCODERS = (ROOT / "docs" / "encoders.md").read_text(encoding="utf-8")
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
        arguments = ["120" if a == "300" else a for a in arguments]
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


@pytest.mark.parametrize(
    "name", ["docs/mixed-pair.png", "docs/encoders.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"]
)
def test_what_the_readme_points_to_is_there(name):
    assert (ROOT / name).is_file()


def test_every_encoder_is_on_its_page_and_every_name_there_is_one():
    listed = re.findall(r"^\| `([a-z-]+)` \| ", ENCODERS, flags=re.MULTILINE)
    assert set(listed) == set(names("encoder"))


def test_every_option_on_the_page_is_one_of_an_encoder():
    known = {option for name in names("encoder") for option in options_of("encoder", name)}
    told = re.findall(r"`(?:--encoder-option )?([a-z_]+)=[^`]*`", ENCODERS)
    assert set(told) >= {"fit", "method", "layers", "heads", "temperature", "long_text", "trust_remote_code"}
    assert set(told) <= known


def test_the_page_of_encoders_names_only_flags_and_files_that_there_are(capsys):
    with pytest.raises(SystemExit):
        main(["augment", "--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    with pytest.raises(SystemExit):
        main(["evaluate", "maps", "--help"])
    flags |= set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ENCODERS)) - {"--local-dir"} <= flags
    for path in re.findall(r"`((?:tests|examples|medcutmix_cli)/[^`*]+)`", ENCODERS):
        assert (ROOT / path).exists(), path


def test_no_page_of_the_project_claims_to_be_the_paper():
    pages = [p for p in ROOT.rglob("*.md") if not {".venv", ".demo"} & set(p.parts)]
    assert pages
    assert not [page for page in pages if "as in the paper" in page.read_text(encoding="utf-8")]
