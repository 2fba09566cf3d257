import json
import re
import shlex
import shutil
from dataclasses import asdict, fields
from math import nan
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import medcutmix_cli
from medcutmix_cli.configuration.plugins import options_of
from medcutmix_cli.configuration.registry import load, names
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.published_counts import published_counts
from medcutmix_cli.datasets.released_table import ReleasedTable
from medcutmix_cli.evaluation import Flaw
from medcutmix_cli.exports.reader_line import example_line
from medcutmix_cli.findings import SHADOW_CAUSES
from medcutmix_cli.main import command_line, main
from medcutmix_cli.mixing.label_states import LabelState
from medcutmix_cli.mixing.weights import label_targets
from medcutmix_cli.pairing.giving import giveable
from medcutmix_cli.planning.target_choice import (
    DONORS_USED_UP,
    HOSTS_USED_UP,
    MOST_REFUSED,
    NO_DONOR,
    NO_HOST,
    NONE_FITS,
)
from medcutmix_cli.planning.targets import TargetNames, known_values, read_targets
from medcutmix_cli.reports.lexicon_changes import KEYS
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.column import ColumnGroup
from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.data_card import _LIMITS
from medcutmix_cli.run.shards import read_rows
from tests.docs import CONTRIBUTING, FIGURE, PAGES, README, ROOT, rendered
from tests.pages import example, figure, keywords, schema, strategies
from tests.pages.docstrings import first_sentence
from tests.released_trees import WRITERS
from tests.shared_sample import draw_once, folder_of_samples, shared_sample


def fenced(text, language):
    """Return the fenced blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


TEXT = README.read_text(encoding="utf-8")
CONSOLE = fenced(TEXT, "console")
PYTHON = fenced(TEXT, "python")
DOCS = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
ALL = {
    "README.md": TEXT,
    **DOCS,
    **{f"decisions/{page.name}": page.read_text(encoding="utf-8") for page in DECISIONS},
}
PROSE = [
    README,
    CONTRIBUTING,
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
ENCODERS = DOCS["encoders.md"]
OF_OTHERS = {
    *("--local-dir", "--array", "--gres", "--requeue"),  # hf, sbatch, srun
    *("--ann", "--data", "--dataset-type", "--image", "--train", "--train-data"),  # trainers; cut at "_"
    *(
        "--constraint",
        "--extra-index-url",
        "--find-links",
        "--no-deps",
        "--no-index",
        "--require-hashes",
    ),  # pip
    *(
        "--build-arg",
        "--file",
        "--gpus",
        "--network",
        "--nv",
        "--rm",
        "--tag",
        "--user",
        "--volume",
    ),  # docker, apptainer
    "--extra",  # tools.wheelhouse
}
"""Flags on the pages that are of other programs."""
RECIPE = re.search(r"```toml\n(.*?)```", TEXT, flags=re.DOTALL)
ON_SAMPLE = [block for block in CONSOLE if "SAMPLE" in block]
BLOCKS = [
    pytest.param(page, name, id=f"{page.name}-{name}") for page, blocks in PAGES.items() for name in blocks
]


def typed(pattern):
    """Return what follows `medcutmix` wherever a page matches, each with its page."""
    found = {
        (page, line) for page, text in ALL.items() for line in re.findall(pattern, text, flags=re.MULTILINE)
    }
    return [pytest.param(shlex.split(line), id=f"{page}-{line}") for page, line in sorted(found)]


def leaf(arguments):
    """Return the command that arguments name, and what is left of them."""
    command = command_line()
    while hasattr(command, "commands") and arguments and arguments[0] in command.commands:
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command, list(arguments)


def flags():
    """Return every option of every command."""
    waiting, found = [command_line()], set()
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        found |= {flag for entry in command.params for flag in (*entry.opts, *entry.secondary_opts)}
    return found | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_blocks_are_as_the_program_gives_them(page):
    text = page.read_text(encoding="utf-8")
    assert rendered(text, PAGES[page]) == text, "run `make docs`"


def test_the_keywords_of_the_api_are_those_of_the_settings_tree():
    assert keywords.TARGET.read_text(encoding="utf-8") == keywords.keywords_module(), "run `make docs`"


@pytest.mark.parametrize(("page", "name"), BLOCKS)
def test_every_block_is_on_its_page_once(page, name):
    text = page.read_text(encoding="utf-8")
    assert text.count(f"<!-- begin: {name} -->") == text.count(f"<!-- end: {name} -->") == 1


@pytest.mark.parametrize("page", ALL)
def test_no_page_has_a_block_that_nobody_makes(page):
    made = {name for path, blocks in PAGES.items() if path.name == page for name in blocks}
    assert set(re.findall(r"<!-- (?:begin|end): ([\w-]+) -->", ALL[page])) == made


@pytest.mark.parametrize("arguments", typed(r"^(?:\$ )?medcutmix (.+)$"))
def test_what_a_page_types_is_understood(arguments):
    command, rest = leaf(arguments)
    command.make_context("medcutmix", rest)  # parses, and runs nothing


@pytest.mark.parametrize("arguments", typed(r"`medcutmix ([^`]*)`"))
def test_what_a_page_mentions_is_a_command_with_these_flags(arguments):
    command, rest = leaf(arguments)
    known = {flag for entry in command.params for flag in (*entry.opts, *entry.secondary_opts)}
    assert command.name != "medcutmix", "no such command"
    assert {word for word in rest if word.startswith("-")} <= known


@pytest.mark.parametrize("page", ALL)
def test_every_flag_on_a_page_is_one(page):
    # Benchmarks say with which command they were made.
    own = re.sub(r"`python -m tests\.[^`]*`", "", ALL[page])
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", own))
    assert told - flags() <= OF_OTHERS


@pytest.mark.parametrize("page", ALL)
def test_every_setting_on_a_page_is_one(page):
    tables = {entry.name: entry.default_factory() for entry in fields(Settings)}
    for name, key in re.findall(rf"`\[?({'|'.join(tables)})\.(\w+)[^`]*`", ALL[page]):
        if key not in ("json", "py"):
            assert hasattr(tables[name], key), f"{name}.{key}"


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_points_to_is_there(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


INSTALLS = sorted(
    (str(path.relative_to(ROOT)), line)
    for path in [*PROSE, ROOT / "constraints.txt"]
    for line in re.findall(
        r"pip install[^`\n]*?'?\.(?:\[\w+\])?'?(?=[`\s])", path.read_text(encoding="utf-8")
    )
)


@pytest.mark.parametrize(("path", "line"), INSTALLS)
def test_who_installs_from_the_source_is_told_the_versions_that_go_together(path, line):
    assert re.search(r"--constraint constraints\.txt|--no-deps|--editable|-e ", line), path


def test_install_lines_are_found_on_pages():
    assert {"README.md", "docs/install.md", "examples/ray/README.md"} <= {path for path, _line in INSTALLS}


def test_the_readme_points_to_every_page():
    assert set(re.findall(r"\]\(docs/([\w-]+\.md)", TEXT)) == set(DOCS)


FEWER = "120"
"""So many studies are drawn for each page, whatever it says: enough for every command to find something."""


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """Return a folder that keeps what `medcutmix sample` has drawn, by its options: several pages ask for the same."""
    return folder_of_samples(tmp_path_factory.getbasetemp())


def call(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code in (0, None), arguments


def draw(arguments, samples):
    """Draw a sample, or copy the one that was drawn for another page."""
    out, options = arguments[0], arguments[1:]
    if "--studies" in options:
        del options[(at := options.index("--studies")) : at + 2]
    options += ["--studies", FEWER]
    kept = samples / "_".join(option.replace("/", "-") for option in options)
    shutil.copytree(draw_once(kept, lambda folder: call(["sample", str(folder), *options])), out)


def run_console(block, samples):
    for line in block.splitlines():
        command, *arguments = shlex.split(line.removeprefix("$ medcutmix "))
        if command == "sample":
            draw(arguments, samples)
        else:
            call([command, *arguments])


ALSO_ON_SAMPLE = ("start.md", "looking.md", "doctor.md")
"""Pages that go on with the README's SAMPLE and RUN."""


def test_what_the_readme_and_its_pages_type_on_the_sample_works(tmp_path, monkeypatch, capsys, samples):
    monkeypatch.chdir(tmp_path)
    blocks = [*ON_SAMPLE]
    for page in ALSO_ON_SAMPLE:
        found = fenced(DOCS[page], "console")
        assert found, page
        blocks += found
    lines = list(dict.fromkeys(line for block in blocks for line in block.splitlines()))
    refused = "--pair 3c8ad6639f4d3d36"
    for line in lines:
        told = (
            line.replace(refused, f"--pair {a_rejected_pair(tmp_path / 'RUN')}") if refused in line else line
        )
        run_console(told, samples)
    for page in ALSO_ON_SAMPLE:
        run_python(page, fenced(DOCS[page], "python"))
    assert (tmp_path / "report.html").stat().st_size > 10_000
    assert '"missing": []' in capsys.readouterr().out


def a_rejected_pair(run):
    """Return the id of one: which pairs there are depends on how many studies were drawn."""
    lines = [
        line for path in sorted((run / "failures").glob("*.jsonl")) for line in path.read_text().splitlines()
    ]
    return json.loads(lines[0])["pair_id"]


@pytest.fixture
def drawn(tmp_path_factory, tmp_path, monkeypatch):
    """Return what puts the sample that a page's Python asks for where it asks: what is there, it does not draw again.

    Where the page asks for another one, `write_sample` says so.
    """
    monkeypatch.chdir(tmp_path)
    base = tmp_path_factory.getbasetemp()
    return lambda name, studies: shutil.copytree(shared_sample(base, studies), tmp_path / name)


def run_python(page, blocks):
    known = {}
    for block in blocks:
        exec(compile(block, page, "exec"), known)  # noqa: S102 - our own page
    return known


def test_the_readmes_python_works(tmp_path, monkeypatch, drawn):
    drawn("sample", 120)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    assert run_python("README.md", PYTHON)["pairs"][0]["image"].mode == "L"


def test_a_mix_is_made_again_as_the_page_says_and_nulls_are_where_it_says(tmp_path, drawn):
    drawn("sample", 60)
    blocks = fenced(DOCS["schema.md"], "python")
    run_python("docs/schema.md", blocks)
    rows = list(read_rows(tmp_path / "run" / "data" / "part-00000.parquet"))
    assert rows
    empty = {name for row in rows for name, value in row.items() if value is None}
    assert empty <= set(schema.nullable())


@pytest.mark.parametrize("page", [name for name in DOCS if name != "schema.md"])
def test_the_python_of_other_pages_is_python_and_names_what_there_is(page):
    for block in fenced(DOCS[page], "python"):
        compile(block, page, "exec")
        for name in re.findall(r"\bmedcutmix_cli\.(\w+)\(", block):
            assert hasattr(medcutmix_cli, name), name


def test_the_versions_end_with_this_one_and_name_columns_that_there_are():
    versions = DOCS["schema.md"].partition("## Versions")[2]
    numbers = [int(number) for number in re.findall(r"^\| (\d+) \|", versions, flags=re.MULTILINE)]
    assert numbers == list(range(1, SCHEMA_VERSION + 1))
    told = set(re.findall(r"`([a-z_]+)`", versions.partition("A new column")[0]))
    assert told
    assert told <= {column.name for column in COLUMNS}


def test_every_column_is_on_its_page_once():
    table = schema.columns()
    for column in COLUMNS:
        assert table.count(f"`{column.name}`") == 1, column.name


@pytest.mark.parametrize("name", example.arithmetic())
def test_the_example_is_what_one_gets_by_hand(name):
    by_hand = eval(example.arithmetic()[name], {})  # noqa: S307 - our own page
    assert example.values("relu")[name] == pytest.approx(by_hand)


def test_the_numbers_in_the_text_are_those_of_the_example():
    text = re.sub(r"<!-- begin.*?end: [\w-]+ -->", "", DOCS["weights.md"], flags=re.DOTALL)
    computed = {f"{value:.3f}" for value in example.values("relu").values()}
    told = set(re.findall(r"\b0\.\d{3}\b", text))
    assert len(told) >= 3
    assert told <= computed


def test_the_sentences_of_the_example_are_on_the_page():
    text = " ".join(DOCS["weights.md"].split())
    assert f'"{example.OWN} {example.KEPT}"' in text.replace('No pneumothorax.";', 'No pneumothorax."')
    assert f'"{example.GIVEN}"' in text


def test_every_stored_weight_is_on_the_page_of_weights():
    for column in COLUMNS:
        if column.group is ColumnGroup.WEIGHTS and column.name != "lam":
            assert f"| `{column.name}` |" in DOCS["weights.md"].partition("## One example")[0], column.name


def test_the_readme_counts_the_weights_that_are_stored():
    shares = [column.name for column in COLUMNS if re.fullmatch("lam_(img|txt)_[a-z]+", column.name)]
    masses = [column.name for column in COLUMNS if column.name.startswith("mass_")]
    assert (len(shares), len(masses)) == (6, 2)
    assert "Six weights are stored, three of the picture and three of the text, beside the two masses" in TEXT
    assert "eight numbers" in DOCS["weights.md"]


@pytest.mark.parametrize("page", ["README.md", "data card"])
def test_what_is_said_of_prior_studies_is_what_is_given(page):
    told = {"README.md": TEXT, "data card": _LIMITS}[page]
    assert "only a stretch" in told
    assert "prior-referring sentences are" not in told
    for text, told_of in (
        ("Small right pleural effusion, unchanged from the prior study.", "Small right pleural effusion"),
        ("Compared with the prior study the right pleural effusion has decreased.", None),
        ("Possible small right pleural effusion.", None),
        ("Resolved right pleural effusion.", None),
        ("No right pleural effusion.", None),
    ):
        (sentence,) = ReportReader().read(f"FINDINGS: {text}").sentences
        stretch = giveable(sentence, "pleural_effusion")
        assert (stretch and stretch.text) == told_of, text


def test_the_published_numbers_on_the_page_are_those_that_the_doctor_compares_with():
    counts = published_counts("mimic-cxr")
    words = " ".join(DOCS["faq.md"].split())
    for number in (
        *asdict(counts["all"]).values(),
        *(counts[s].images for s in ("train", "validate", "test")),
    ):
        assert f"{number:,}" in words
    assert len(re.findall("^## ", DOCS["faq.md"], flags=re.MULTILINE)) == 5


@given(st.floats(0, 1))
def test_what_both_say_does_not_soften_whatever_the_weight(lam):
    assert label_targets((1.0,), (1.0,), (1.0,), lam)[0] == pytest.approx(1)


@given(st.floats(0, 1), st.sampled_from([1.0, 0.0, -1.0, nan]), st.sampled_from([1.0, 0.0, -1.0, nan]))
def test_what_the_mixed_report_does_not_say_has_no_target(lam, own, given_label):
    assert np.isnan(label_targets((own,), (given_label,), (nan,), lam)[0])


LABEL_ROWS = [
    pytest.param(*map(str.strip, row.split("|")[2:7]), id=row.split("|")[1].strip())
    for row in re.findall(r"<!-- begin: labels -->\n(.*?)<!-- end", DOCS["weights.md"], flags=re.DOTALL)[0]
    .strip()
    .splitlines()[2:]
]
"""Each row of the page's table of labels, as it stands there."""


@pytest.mark.parametrize(("own", "came", "mixed", "low", "high"), LABEL_ROWS)
def test_the_table_of_labels_on_the_page_is_what_the_code_gives(own, came, mixed, low, high):
    own, came, mixed, low, high = (
        nan if said == "-" else float(said) for said in (own, came, mixed, low, high)
    )
    for lam, told in ((0.25, low), (0.75, high)):
        assert label_targets((own,), (came,), (mixed,), lam)[0] == pytest.approx(told, nan_ok=True)


@given(st.floats(0, 1))
def test_what_was_denied_and_then_came_has_one_target_on_page_and_in_code(lam):
    assert label_targets((0.0,), (1.0,), (1.0,), lam) == (1.0,)
    told = re.sub(r"<!-- begin.*?end: [\w-]+ -->", "", DOCS["weights.md"], flags=re.DOTALL)
    assert len(LABEL_ROWS) >= 7
    assert "What was denied and then came is there." in told
    assert not re.search(r"target\W+is then\W+`1 - lam`", told)


def test_every_state_of_a_label_is_on_the_page_of_weights_and_no_other():
    page = DOCS["weights.md"].partition("## What a loss should do with silence")[2]
    states = list(get_args(LabelState))
    assert re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE)[: len(states)] == states
    for finding, causes in SHADOW_CAUSES.items():
        if finding == "opacity":
            assert ", ".join(causes) in " ".join(page.split())


def test_the_figure_shows_the_numbers_of_the_example():
    with Image.open(FIGURE) as stored:
        assert json.loads(stored.info[figure.NUMBERS]) == json.loads(figure.drawn_numbers()), (
            "run `make docs`"
        )
        drawn, shown = np.asarray(figure.figure(), np.int16), np.asarray(stored.convert("RGB"), np.int16)
    assert drawn.shape == shown.shape
    assert np.abs(drawn - shown).mean() < 2  # letters may differ by a grey level where the font library does


@pytest.mark.parametrize("kind", [*strategies.KINDS, "weight"])
def test_every_strategy_says_what_it_does_and_what_it_takes(kind):
    for name, plugin in strategies.registered(kind).items():
        assert re.search(r"[.)]$", first_sentence(plugin)), name
        assert f"`{name}`" in DOCS["strategies.md"], name
    for (option, _, meaning), takers in strategies.options_of_kind(kind).items():
        assert meaning, f"{option} of {takers} has no meaning in a docstring"


def test_the_readmes_recipe_is_accepted(tmp_path):
    from medcutmix_cli.configuration.resolution import resolve

    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE[1])
    settings = resolve({}, path, {}).settings
    assert settings.plan.pairs_per_study == 2
    assert settings.dataset.options["split"] == "train"


def test_every_encoder_is_on_its_page_and_every_name_there_is_one():
    listed = re.findall(r"^\| `([a-z-]+)` \| ", ENCODERS, flags=re.MULTILINE)
    assert set(listed) == set(names("encoder"))


def test_every_option_on_the_page_is_one_of_an_encoder():
    known = {option for name in names("encoder") for option in options_of("encoder", name)}
    told = re.findall(r"`(?:--encoder-option )?([a-z_]+)=[^`]*`", ENCODERS)
    assert set(told) >= {"fit", "method", "layers", "heads", "temperature", "long_text", "trust_remote_code"}
    assert set(told) <= known


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_file_of_the_project_that_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:tests|examples|medcutmix_cli|docs|tools)/[^`*]+)`", text):
        assert (ROOT / path).exists(), path


def test_there_are_ten_decisions_and_the_index_names_each_by_its_title():
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    titles = [page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ") for page in DECISIONS]
    assert re.findall(r"^\| \[(.+)\]\((.+)\) \| .+ \|$", index, flags=re.MULTILINE) == [
        (title, page.name) for title, page in zip(titles, DECISIONS, strict=True)
    ]
    assert len(DECISIONS) >= 10


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_context_decision_consequences_and_what_was_not_taken(page):
    text = page.read_text(encoding="utf-8")
    parts = re.findall(r"^\*\*(.+?)\.\*\*", text, flags=re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Not taken"]
    assert text.partition("**Not taken.**")[2].count("\n- *") >= 2
    assert len(text.splitlines()) <= 50


def test_readme_and_contributing_point_to_the_decisions():
    for page in (README, CONTRIBUTING):
        assert "](docs/decisions/README.md)" in page.read_text(encoding="utf-8"), page.name


def test_no_page_of_the_project_claims_to_be_the_paper():
    pages = [p for p in ROOT.rglob("*.md") if not {".venv", ".demo"} & set(p.parts)]
    assert pages
    assert not [page for page in pages if "as in the paper" in page.read_text(encoding="utf-8")]


LEXICON = DOCS["lexicon.md"]


def test_the_lexicon_on_its_page_is_sound_and_what_is_typed_there_works(
    tmp_path, monkeypatch, capsys, samples
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "LEXICON.toml").write_text(re.search(r"```toml\n(.*?)```", LEXICON, flags=re.DOTALL)[1])
    draw(["SAMPLE"], samples)
    run_console(re.search(r"```console\n(.*?)```", LEXICON, flags=re.DOTALL)[1], samples)
    shown = capsys.readouterr().out
    assert "0 problems" in shown
    assert "LEXICON.toml:3" in shown
    assert (tmp_path / "RUN" / "findings.toml").is_file()


def test_every_table_key_and_flaw_of_a_lexicon_is_on_its_page():
    told = set(re.findall(r"`(?:\[+)?(\w+)(?:\]+)?`", LEXICON))
    keys = {key for known in KEYS.values() for key in known} - {"add", "remove", "lists", "closes"}
    assert set(KEYS) | keys | {flaw.value for flaw in Flaw} <= told


TARGETS = DOCS["targets.md"]


def run_page(text, samples):
    """Run what a page types, in order; what stands below a command is what it prints."""
    for kind, block in re.findall(r"```(console|python)\n(.*?)```", text, flags=re.DOTALL):
        if kind == "python":
            exec(compile(block, "page", "exec"), {})  # noqa: S102 - our own page
        else:
            run_console("\n".join(line for line in block.splitlines() if line.startswith("$ ")), samples)


def test_what_the_page_of_targets_types_works_and_breaks_the_shortcut_it_finds(
    tmp_path, monkeypatch, capsys, samples
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    run_page(TARGETS, samples)
    printed = capsys.readouterr().out
    [step] = re.findall(r"Next\n +(medcutmix plan .+)", TARGETS)
    assert step in printed
    assert f"$ {step}" in TARGETS
    [(there, wanted, planned)] = re.findall(r"site=ward: (\d+) there, (\d+) wanted, (\d+) planned", printed)
    assert int(planned) == int(wanted) - int(there) > 0


def test_what_can_be_asked_for_on_the_page_of_targets_is_understood():
    table = TARGETS.partition("| typed |")[2].partition("\n\n")[0]
    texts = re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)
    names = TargetNames(values=known_values({"sex": ("f", "m")}))
    assert [target.text for target in read_targets(texts, names)] == texts


def test_every_name_for_a_cell_that_is_short_is_on_the_page_of_targets():
    told = set(re.findall(r"^\| `([a-z-]+)` \|", TARGETS.partition("| why a cell")[2], flags=re.MULTILINE))
    assert told == {NO_HOST, NO_DONOR, HOSTS_USED_UP, DONORS_USED_UP, MOST_REFUSED, NONE_FITS}


def test_what_the_page_of_own_data_types_works_and_prints_what_it_shows(
    tmp_path, monkeypatch, capsys, samples
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    page = DOCS["own-data.md"]
    run_page(page, samples)
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    (shown,) = re.findall(r"(Recognised: .*?)```", page, flags=re.DOTALL)
    assert not [line for line in shown.splitlines() if line not in (*printed, "...")]


def test_every_kind_of_data_set_is_on_the_page_of_own_data():
    assert set(names("dataset")) <= set(re.findall(r"`([\w-]+)`", DOCS["own-data.md"]))


def test_the_python_of_its_page_works(drawn):
    drawn("SAMPLE", 120)
    known = run_python("docs/python.md", fenced(DOCS["python.md"], "python"))
    assert len(known["mixes"]) == len(known["pairs"]) > 10
    assert sorted(known["batch"]) == ["image", "label_w", "lam", "report"]


def test_what_the_page_of_training_shows_works_and_names_every_helper(drawn):
    drawn("SAMPLE", 120)
    page = DOCS["training.md"]
    known = run_python("docs/training.md", fenced(page, "python"))
    assert known["loss"].isfinite()
    assert all(loss.isfinite() for loss in known["losses"])
    assert int(known["patches"].sum()) == int(known["recipients"].sum()) == 128
    assert known["whole"]
    assert known["triples"].left_out
    assert known["tenth"].left_out
    assert known["mixed"] <= 2
    assert len(known["images"]) == len(known["reports"]) == len(known["no_negatives"]) > 8
    told = {name for block in fenced(page, "python") for name in re.findall(r"loader\.(\w+)", block)}
    for columns in ("LABELS", "CONTRASTIVE", "ATTMIM", "ENTITIES", "SECTIONS", "RECIPE", "PARENTS"):
        assert columns in told, columns


PUBLISHED = [name for name in names("dataset") if issubclass(load("dataset", name), ReleasedTable)]


@pytest.mark.parametrize("kind", PUBLISHED)
def test_every_published_data_set_has_its_access_size_folder_and_command(kind):
    page = DOCS["data-sets.md"]
    (part,) = [part for part in re.split(r"^##+ ", page, flags=re.MULTILINE) if f"```text\n{kind}/\n" in part]
    assert re.search(r"\*\*Access\*\*:[^-]*<https://", part)
    assert "**Size**" in part
    assert re.search(rf"^\$ medcutmix check {kind}\b", part, flags=re.MULTILINE)
    assert f"| `{kind}` |" in page


EXPORT = DOCS["export.md"]


def test_what_the_page_of_exports_types_works(tmp_path, monkeypatch, capsys, samples):
    monkeypatch.chdir(tmp_path)
    run_page(EXPORT, samples)
    assert (tmp_path / "flippable.tsv").read_text().startswith("filepath\ttitle\t")
    assert "verified" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "APART").iterdir() if path.is_dir()} == {"mixes", "originals"}
    annotation = json.loads((tmp_path / "R2GEN" / "annotation.json").read_text())
    assert all(annotation[split] for split in ("train", "val", "test"))


def test_every_export_profile_says_what_it_writes_who_reads_it_and_what_it_takes():
    for name, plugin in strategies.registered("export").items():
        assert re.search(r"[.)]$", first_sentence(plugin)), name
        assert f"| `{name}` |" in EXPORT, name
        assert example_line(plugin.reader) in EXPORT, name
    for (option, _, meaning), takers in strategies.options_of_kind("export").items():
        assert meaning, f"{option} of {takers} has no meaning in a docstring"


def test_every_reason_of_an_export_profile_is_on_the_page_of_exports():
    told = set(
        re.findall(
            r"^\| `([a-z-]+)` \| ",
            EXPORT.partition("| left out as")[2].partition("\n\n")[0],
            flags=re.MULTILINE,
        )
    )
    source = ROOT / "medcutmix_cli" / "exports"
    returned = {
        reason
        for path in source.rglob("*.py")
        for reason in re.findall(
            r'"((?:caption|findings|id|no|view|picture|not|split|report)-[a-z-]+)"', path.read_text()
        )
    }
    assert returned - {"split-not-mixed"} == told  # that one is the plan's name for the same
    assert len(told) >= 8


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_what_the_page_types_to_check_a_published_data_set_recognises_it(tmp_path, monkeypatch, capsys, kind):
    monkeypatch.chdir(tmp_path)
    WRITERS[kind](tmp_path / "tree").rename(tmp_path / kind)
    (line,) = re.findall(rf"^\$ medcutmix (check {kind}\b.*)$", DOCS["data-sets.md"], flags=re.MULTILINE)
    call(shlex.split(line))
    assert f"Recognised: {kind}" in capsys.readouterr().out


def test_what_the_page_of_phantoms_types_draws_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (block,) = fenced(DOCS["phantoms.md"], "console")
    for number, line in enumerate(block.splitlines()):
        told = line.removeprefix("$ medcutmix ").replace("SAMPLE", f"SAMPLE{number}")
        call(shlex.split(re.sub(r"--studies \d+", "--studies 12", told)))
        assert len(list((tmp_path / f"SAMPLE{number}").rglob("*.jpg"))) >= 12


def test_the_sections_of_the_complaint_are_those_of_a_tree_of_mimic_cxr(tmp_path, monkeypatch, samples):
    monkeypatch.chdir(tmp_path)
    draw(["mimic-cxr-jpg"], samples)
    archive = tmp_path / "mimic-cxr-jpg" / "mimic-cxr-reports.zip"
    archive.rename(tmp_path / archive.name)  # apart, as PhysioNet has them
    (block,) = fenced(DOCS["faq.md"], "console")
    run_console(block, samples)
    assert (tmp_path / "mimic_cxr_sectioned.csv").read_text().startswith("study,impression,findings,")


def test_the_maps_that_a_plan_needs_are_listed_as_the_page_of_encoders_says(tmp_path, monkeypatch, samples):
    monkeypatch.chdir(tmp_path)
    draw(["SAMPLE"], samples)
    call(["plan", "SAMPLE", "PLANNED-RUN"])
    blocks = fenced(ENCODERS, "python")
    needed = run_python("encoders.md", blocks)["needed"]
    assert needed.num_rows
    assert needed.column_names == ["image_id", "image_path", "sentence"]


def test_the_install_page_says_how_long_how_large_and_what_is_left():
    text = DOCS["install.md"].partition("## Extras")[0]
    assert re.search(r"some minutes.*\d GB", text, re.DOTALL)
    for left in ("`build/`", "`medcutmix.egg-info/`"):
        assert left in text


def test_the_pages_name_what_a_cluster_without_gpus_types():
    assert re.search(r"^    medcutmix batch slurm RUN .*--gpus 0.*--submit", DOCS["cluster.md"], re.MULTILINE)
