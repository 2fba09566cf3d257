"""Columns are declared once; real rows of every kind of run hold what the declarations say."""

import hashlib
import json
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.datasets.phantoms.anatomy import lung
from medcutmix_cli.datasets.phantoms.canvas import make_frame
from medcutmix_cli.encoders.base import Attention, Query
from medcutmix_cli.inspection.schema import schema_view
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.reports.sections import split_sections
from medcutmix_cli.run.column import ColumnGroup, ColumnSummary
from medcutmix_cli.run.columns import (
    COLUMNS,
    HAS_SECTIONS,
    NO_FEATURES,
    NO_GATE,
    NO_GUARANTEE,
    NO_LENGTH,
    NO_SECTION,
    NO_TONE,
    NO_WARP,
    SCHEMA_VERSION,
    check_names,
    summed_up,
)
from medcutmix_cli.run.shards import read_rows
from tests.builders import EFFUSION, NORMAL, make_report
from tests.nih_trees import write_nih
from tests.run_folders import make_row, write_run
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

RECIPE = """
[mixing]
gate = "null-max"
[mixing.options.null-max]
alpha = 0.5
confidence = 0.0
pictures = 8
"""
ANY_THORAX = """
[mixing.options.elastic]
least_quality = -1.0
"""
"""The clouds hide a part of each thorax, so that some pairs fit badly."""

DIGESTS = {
    3: "34d5879b6940ae42",
    4: "fafbc6509db7d887",
    5: "598ecad1c945a645",
    6: "7f807c473ddf67f4",
    7: "cb63cc3713b5bb40",
}
"""Of the columns of every schema version that has been given out; a line is never changed."""


@dataclass(frozen=True)
class SpotEncoder(ToyEncoder):
    """Scores each cell by its brightness alone; its features of a cell are its brightness, twice."""

    def encode_sentences(self, sentences):
        return [Query(None) for _ in sentences]

    def attend(self, image, sentence):
        return Attention((10 * image).astype(np.float16))

    def patch_features(self, image):
        return np.stack([image, image], axis=-1).astype(np.float32)


REPORTS = (
    make_report(EFFUSION, NORMAL),
    make_report(EFFUSION, impression=("Right pleural effusion.",)),
    f"                                 FINAL REPORT\n INDICATION:  Cough.\n \n COMPARISON:  None.\n \n {EFFUSION}\n",
    make_report(NORMAL, "No pleural effusion."),
)
"""With findings, with an impression, with a last paragraph only, and a normal one."""


def draw_spot(_number, plane):
    """Paint a bright spot into noise."""
    plane[60:90, 20:50] = 230
    return plane


def draw_cloud(number, _plane):
    """Paint a thorax without disease, and a bright cloud in its right lung: on the side that the reports name."""
    phantom = replace(draw_phantom(number, ()), aspect=1.0)
    image = 90 * paint(phantom, 112).image
    frame = make_frame(phantom.exposure, 1.0, 112, coarse=False)
    outline = frame.to_pixels(lung(phantom.patient, "right"))
    (left, top), (right, bottom) = outline.min(axis=0), outline.max(axis=0)
    rows, columns = np.mgrid[:112, :112]
    away = np.hypot(rows - (top + bottom) / 2, columns - (left + right) / 2)
    return (image + 130 * np.exp(-((away / 17) ** 2))).astype(np.uint8)


def tree(folder, draw=draw_spot):
    """Write 24 studies, one in four of them normal and without the bright spot that the others have."""
    write_manifest(folder, 24)
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for number, row in enumerate(rows):
        row["report"] = REPORTS[number % len(REPORTS)]
        plane = cv2.resize(np.random.default_rng(number).integers(40, 90, (10, 9), np.uint8), (130, 150))
        if number % len(REPORTS) != 3:
            plane = draw(number, plane)
        cv2.imwrite(str(folder / row["image"]), plane)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@dataclass(frozen=True)
class Run:
    """Rows of a run, and what of its settings decides nulls."""

    rows: list
    gated: bool
    featured: bool
    toned: bool
    aligned: bool


KINDS = {
    "plain": {"gate": "none", "align": "none", "unmixed": "drop"},
    "with-features": {"gate": "none", "align": "none", "features": True, "unmixed": "drop"},
    "gated": {"align": "none", "unmixed": "drop"},
    "gated-unmixed-kept": {"align": "none", "unmixed": "keep"},
    "gated-normal-host": {"align": "none", "pairing": "normal-host"},
    "global-tone": {"gate": "none", "align": "none", "tone": "global", "unmixed": "drop"},
    "aligned": {"gate": "none", "align": "elastic", "unmixed": "drop"},
    "aligned-unmixed-kept": {"gate": "none", "align": "elastic", "unmixed": "keep"},
    "picture-kept": {"gate": "none", "align": "none", "pairing": "sentence-only"},
    "prompted": {"gate": "none", "align": "none", "unpaired_as": "both", "unmixed": "drop"},
}


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    options, place = KINDS[request.param], tmp_path_factory.mktemp("columns")
    gated = options.get("gate") != "none"
    (place / "recipe.toml").write_text(
        (RECIPE if gated else "") + (ANY_THORAX if options["align"] == "elastic" else "")
    )
    if request.param == "prompted":
        options = options | {"unpaired": write_nih(place / "nih", studies=12)}
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        medcutmix_cli.augment(
            tree(place / "in", draw_cloud if options["align"] == "elastic" else draw_spot),
            place / "out",
            encoder="toy",
            workers=1,
            config=place / "recipe.toml",
            **options,
        )
    rows = [row for path in sorted((place / "out" / "data").iterdir()) for row in read_rows(path)]
    assert rows
    toned, aligned = options.get("tone") != "global", options["align"] != "none"
    return Run(rows, gated, "features" in options, toned, aligned)


def suffix_of(name):
    return name[-2:] if name[-2:] in ("_a", "_b") else ""


def section_of(row, name):
    """Return the section that a column is of, read from its report again; None where there is none."""
    suffix = suffix_of(name)
    report = row[f"report{suffix}"]
    found = {section.name: report[section.start : section.end] for section in split_sections(report)}
    return found.get(name.removesuffix(suffix))


def lacks_section(_run, row, name):
    return section_of(row, name) is None


EXPECTED = {
    NO_SECTION: lacks_section,
    HAS_SECTIONS: lacks_section,
    NO_GATE: lambda run, row, name: not run.gated or not row[f"sentence{suffix_of(name)}"],
    NO_TONE: lambda run, row, _name: not run.toned or row["image_mode"] == "keep",
    NO_WARP: lambda run, row, _name: not run.aligned or row["image_mode"] == "keep",
    NO_GUARANTEE: lambda run, row, name: not run.gated or not row[f"sentence{suffix_of(name)}"],
    NO_FEATURES: lambda run, _row, _name: not run.featured,
    NO_LENGTH: lambda run, _row, _name: not run.featured,
    None: lambda _run, _row, _name: False,
}
"""By its rule: whether a column must be null in a row."""


def test_every_column_of_a_real_row_is_null_where_its_rule_says_so_and_nowhere_else(run):
    for row in run.rows:
        wrong = [c.name for c in COLUMNS if (row[c.name] is None) != EXPECTED[c.null](run, row, c.name)]
        assert not wrong


def test_the_sections_of_a_row_are_those_of_its_reports(run):
    for row in run.rows:
        for column in COLUMNS:
            if column.null in (NO_SECTION, HAS_SECTIONS):
                assert row[column.name] == section_of(row, column.name), column.name


def test_the_runs_hold_what_the_rules_are_about(run, request):
    kind = request.node.callspec.params["run"]
    modes, prompted = ({row[name] for row in run.rows} for name in ("image_mode", "prompted_b"))
    kept = kind.endswith("unmixed-kept")
    assert ("keep" in modes) == (kind == "picture-kept" or kept)
    assert (True in prompted) == (kind == "prompted")
    assert any(row["sentence_a"] == "" for row in run.rows) == (kind == "gated-normal-host" or kept)
    if kind == "plain":
        assert {row["last_paragraph"] is None for row in run.rows} == {True, False}
        assert {row["impression"] is None for row in run.rows} == {True, False}


def test_a_new_column_or_meaning_is_a_new_schema_version():
    said = [(column.name, str(column.type), column.meaning) for column in COLUMNS]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]
    assert DIGESTS.get(SCHEMA_VERSION) == digest, (
        "say `since=` of a new column, or add to CHANGES; then its digest"
    )


def test_names_are_said_once_and_everything_is_said_of_each():
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)
    assert all(column.says and column.group is not ColumnGroup.OTHER for column in COLUMNS)
    assert {column.null for column in COLUMNS} == set(EXPECTED)


def test_a_row_has_every_declared_column_and_no_other():
    assert [*make_row()] == [column.name for column in COLUMNS]


def test_both_parents_have_the_same_columns():
    told = {
        letter: [c for c in COLUMNS if c.group is ColumnGroup.PARENTS and c.name[-1] == letter]
        for letter in "ab"
    }
    assert len(told["a"]) + len(told["b"]) == len([c for c in COLUMNS if c.group is ColumnGroup.PARENTS])
    for own, given in zip(told["a"], told["b"], strict=True):
        assert own.name[:-2] == given.name[:-2]
        alike = ("type", "null", "summary", "compression", "dictionary", "statistics", "since")
        assert all(getattr(own, name) == getattr(given, name) for name in alike), own.name


def test_each_parents_values_are_its_own():
    row = make_row(7)
    assert (row["study_id_a"], row["study_id_b"]) == ("s7", "s1007")
    assert row["report_a"] != row["report_b"]
    assert row["sentence_a"] != row["sentence_b"]


def test_inspect_tells_every_column_in_the_group_it_was_declared_in():
    assert [(c.name, c.group) for c in schema_view().columns] == [(c.name, c.group) for c in COLUMNS]
    assert {column.group for column in COLUMNS} == set(ColumnGroup) - {ColumnGroup.OTHER}


def test_inspect_gives_the_range_of_every_share(tmp_path):
    shares = summed_up(ColumnSummary.RANGE)
    found = inspect(write_run(tmp_path / "run", ([make_row(), make_row(1, **dict.fromkeys(shares, 0.5))],)))
    assert [weight.name for weight in found.weights] == list(shares)
    assert {(weight.minimum, weight.maximum) for weight in found.weights} == {(0.5, 0.75)}


def test_the_file_stores_every_column_as_it_was_declared(tmp_path):
    shard = (
        write_run(tmp_path / "run", ([make_row(features=[0.5], feature_dim=1)],)) / "data/part-00000.parquet"
    )
    schema, group = pq.read_schema(shard), pq.read_metadata(shard).row_group(0)
    leaves = [group.column(number) for number in range(group.num_columns)]
    for column in COLUMNS:
        assert schema.field(column.name).type == column.type
        assert schema.field(column.name).metadata[b"meaning"].decode() == column.meaning
        own = [leaf for leaf in leaves if leaf.path_in_schema.split(".")[0] == column.name]
        assert own
        for leaf in own:
            codec = {"none": "UNCOMPRESSED"}.get(column.compression, column.compression.upper())
            assert leaf.compression == codec
            assert leaf.is_stats_set == column.statistics, leaf.path_in_schema
            boolean = leaf.physical_type == "BOOLEAN"  # Parquet has no dictionary of them
            assert leaf.has_dictionary_page == (column.dictionary and not boolean), leaf.path_in_schema


def test_a_list_of_columns_cannot_name_one_that_is_not_there():
    assert check_names("lam", "mask") == ("lam", "mask")
    with pytest.raises(ValueError, match="no column is called lamb"):
        check_names("lam", "lamb")
