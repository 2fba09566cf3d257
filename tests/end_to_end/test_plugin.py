"""The example of a plugin: installed as its user would, listed, checked by its own tests, and run."""

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path

import cv2
import pytest

from tests.builders import make_report
from tests.shared_sample import shared_sample
from tests.trees import write_picture

PLUGIN = Path(__file__).resolve().parents[2] / "examples" / "plugin"
README, CONTRIBUTING = PLUGIN.parent / "README.md", PLUGIN.parents[1] / "CONTRIBUTING.md"
ON_SAMPLE = sorted(
    set(re.findall(r"^    medcutmix (augment SAMPLE .*?)(?: +#.*)?$", README.read_text(), re.MULTILINE))
)
SENTENCES = ("There is a small right pleural effusion.", "A large right pleural effusion is present.")


def run(python, *arguments, **options):
    return subprocess.run(
        [str(python), *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
        **options,
    ).stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Return the Python of a fresh environment that has the plugin, and sees what this one has."""
    folder = tmp_path_factory.mktemp("plugin")
    copy = folder / "source"
    copy.mkdir()
    for path in PLUGIN.rglob("*"):  # a build writes beside what it builds
        if path.is_file() and "__pycache__" not in path.parts:
            (copy / path.relative_to(PLUGIN)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(PLUGIN)).write_bytes(path.read_bytes())
    venv.create(folder / "environment", with_pip=False)
    own = folder / "environment" / "bin" / "python"
    site = Path(run(own, "-c", "import site; print(site.getsitepackages()[0])").strip())
    (site / "of-this-one.pth").write_text("\n".join(path for path in sys.path if path))
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
        "--no-build-isolation", "--target", site, copy,
    )  # fmt: skip
    return own


def write_bright_spot(path, seed):
    """Write a picture whose brightest cells lie together, on the patient's right: the plugin's mask finds them."""
    write_picture(path, seed)
    plane = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    plane[40:100, 12:56] = 255
    cv2.imwrite(str(path), plane)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    folder = root / "cases"
    folder.mkdir()
    for number in range(8):
        write_bright_spot(folder / f"p{number}_s{number}.png", number)
        if number < 6:
            (folder / f"p{number}_s{number}.txt").write_text(make_report(SENTENCES[number % 2]))
    return root


def test_the_package_is_less_than_100_lines():
    files = [
        path
        for path in PLUGIN.rglob("*")
        if path.suffix in (".py", ".toml") and path.name != "test_contract.py"
    ]
    assert sum(len(path.read_text().splitlines()) for path in files) < 100


def test_its_parts_are_listed_beside_our_own(python):
    told = run(
        python,
        "-c",
        "from medcutmix_cli.configuration.registry import names as n; print(n('mask'), n('dataset'))",
    )
    assert "'above'" in told
    assert "'topk'" in told
    assert "'txt-folder'" in told


def test_its_own_tests_pass(python):
    assert "1 passed" in run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", PLUGIN / "test_contract.py"
    )


def test_a_run_is_made_with_its_data_set_its_encoder_and_its_mask(python, data, tmp_path):
    out = tmp_path / "run"
    options = ("--encoder", "brightness", "--mask", "above", "--gate", "none", "--align", "none")
    environment = {**os.environ, "COLUMNS": "200"}
    told = run(python, "-m", "medcutmix_cli", "augment", data, out, *options, env=environment)
    assert "8 in: 6 planned, 2 left out" in told
    assert '"above"' in (out / "run.json").read_text()
    assert "report-missing" in (out / "run.json").read_text()
    assert "verified 1 shard, 6 rows" in run(python, "-m", "medcutmix_cli", "verify", out, "--deep")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return shared_sample(tmp_path_factory.getbasetemp(), studies=60)


@pytest.mark.parametrize("line", ON_SAMPLE)
def test_a_line_of_the_page_mixes_pairs_of_the_sample(python, sample, tmp_path, line):
    _augment, _sample, out, *options = shlex.split(line)
    words = ("augment", sample, tmp_path / out, *options)
    told = json.loads(run(python, "-m", "medcutmix_cli", *words, "--quiet", "--json"))
    assert told["written"] - told["unmixed"] > 0, told["rejected"]


def test_the_page_types_a_line_for_the_mask_and_one_for_the_encoder():
    assert any("--mask above" in line for line in ON_SAMPLE)
    assert any("--encoder brightness" in line for line in ON_SAMPLE)
    assert len({line.split()[2] for line in ON_SAMPLE}) == len(ON_SAMPLE), "a folder holds one run"


def test_the_line_of_contributing_is_one_of_the_page():
    (line,) = re.findall(r"`medcutmix (augment [^`]*--mask above)`", CONTRIBUTING.read_text())
    assert line in ON_SAMPLE


def test_what_the_page_runs_is_installed_by_the_page():
    text = README.read_text()
    runner = text.index("    pytest test_contract.py")
    assert "    pip install --constraint constraints.txt pytest" in text[:runner]


def test_the_data_set_of_the_example_keeps_its_contract(python, data):
    code = (
        "from pathlib import Path; from medcutmix_cli.datasets.recognise import open_dataset\n"
        f"from medcutmix_cli.testing import check; check('dataset', open_dataset(Path({str(data)!r})))"
    )
    run(python, "-c", code)
