import csv
import json
import shutil
from collections import Counter

import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.errors import NoPairsError, RunConflictError, RunError, UsageError
from medcutmix_cli.exports.export import export
from medcutmix_cli.exports.manifest import ExportFolder, read_sums
from medcutmix_cli.exports.row import plain_key
from medcutmix_cli.run.shards import read_rows
from tests.builders import make_report
from tests.calls import medcutmix
from tests.exports.runs import KEPT, run_of_both, tell_data_set
from tests.exports.runs import STUDIES as STUDIES_OF_BOTH
from tests.nih_trees import write_nih
from tests.run_folders import make_row, write_run
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

STUDIES = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of several shards whose data set lies beside it."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        source = write_manifest(folder / "in", STUDIES)
        medcutmix_cli.augment(
            source, folder / "out", encoder="toy", gate="none", align="none", shard_size=4, workers=1
        )
    return folder / "out"


@pytest.fixture
def kept_run(tmp_path, monkeypatch):
    """Return a run that has every third study as it is: nothing can be mixed into it."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    source = write_manifest(tmp_path / "in", STUDIES)
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    rows = [
        {**row, **({} if n % 3 else {"report": make_report("Heart size is normal.")})}
        for n, row in enumerate(rows)
    ]
    (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    medcutmix_cli.augment(source, tmp_path / "kept", encoder="toy", gate="none", align="none", workers=1)
    return tmp_path / "kept"


@pytest.fixture
def made(tmp_path):
    """Return a function that writes a run of made-up rows."""
    return lambda *rows: write_run(tmp_path / "made", (list(rows),))


def mixes(run):
    return [row for path in sorted((run / "data").iterdir()) for row in read_rows(path)]


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def table(path, delimiter="\t"):
    with path.open(newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_every_mix_is_exported_with_its_stored_picture(run, tmp_path):
    manifest = export(run, tmp_path / "x", to="open-clip")
    rows = {row["key"]: row for row in table(tmp_path / "x" / "train.tsv")}
    stored = {f"mix-{row['pair_id']}": row for row in mixes(run)}
    assert set(rows) == set(stored)
    assert manifest.rows == {"train": {"mix": len(stored)}}
    for key, row in rows.items():
        assert (tmp_path / "x" / row["filepath"]).read_bytes() == stored[key]["image"]["bytes"]
        assert row["donor_subject_id"] == stored[key]["subject_id_b"]
        assert row["subject_id"] == stored[key]["subject_id_a"]


@pytest.mark.parametrize(("originals", "left_out"), [("none", 0), ("together", 1), ("apart", 1)])
def test_a_study_that_a_run_has_as_it_is_comes_once(kept_run, tmp_path, originals, left_out):
    run = kept_run
    unmixed = sum(not row["finding"] for row in mixes(run))
    assert 0 < unmixed < len(mixes(run))
    manifest = export(run, tmp_path / "x", to="folder", originals=originals)
    assert manifest.dropped.get("not-mixed-beside-originals", 0) == left_out * unmixed
    assert manifest.rows["train"]["mix"] == len(mixes(run)) - unmixed
    assert manifest.rows["train"]["original"] == (STUDIES if left_out else unmixed)


@pytest.fixture(scope="module")
def repeating_run(tmp_path_factory):
    """Return a run with two mixes, two repeats that a target asked for, and a row of each other study."""
    folder = tmp_path_factory.mktemp("repeating")
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        source = write_manifest(folder / "in", STUDIES)
        rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
        clear = make_report("The lungs are clear.", impression=("Normal chest.",))
        rows = [{**row, **({} if n % 2 else {"report": clear})} for n, row in enumerate(rows)]
        (source / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        targets = ("pleural_effusion@device=no:+2", "no-pleural_effusion@device=no:+2")
        how = {"encoder": "toy", "gate": "none", "align": "none", "workers": 1, "reserve": 0}
        medcutmix_cli.augment(
            source, folder / "out", pairing="normal-host", target=targets, unmixed="keep", **how
        )
    return folder / "out"


def repeated(run):
    rows = pq.read_table(run / "plan.parquet", columns=["pair_id", "finding", "cells"]).to_pylist()
    return {f"kept-{row['pair_id']}" for row in rows if row["cells"] and not row["finding"]}


@pytest.mark.parametrize("to", sorted(set(names("export")) - {"medclip-sentences", "radzero"}))
@pytest.mark.parametrize("originals", ["together", "apart"])
def test_what_a_target_repeats_comes_once_more_beside_the_originals(repeating_run, tmp_path, to, originals):
    keys = repeated(repeating_run)
    stored = mixes(repeating_run)
    unmixed = sum(not row["finding"] for row in stored)
    assert len(keys) == 2 < unmixed
    manifest = export(repeating_run, tmp_path / "x", to=to, originals=originals)
    assert manifest.rows["train"] == {"mix": len(stored) - unmixed, "original": STUDIES + len(keys)}
    assert manifest.dropped == {"not-mixed-beside-originals": unmixed - len(keys)}


def test_a_repeat_beside_the_originals_has_its_own_key_and_lies_with_the_mixes(repeating_run, tmp_path):
    export(repeating_run, tmp_path / "x", to="folder", originals="apart")
    lines = (tmp_path / "x" / "mixes" / "train" / "metadata.jsonl").read_text().splitlines()
    rows = {row["key"]: row for row in map(json.loads, lines)}
    assert {key for key in rows if key.startswith("kept-")} == repeated(repeating_run)


def test_a_study_as_it_is_is_exported_as_an_original_that_nobody_gave_to(kept_run, tmp_path):
    export(kept_run, tmp_path / "x", to="folder")
    lines = (tmp_path / "x" / "train" / "metadata.jsonl").read_text().splitlines()
    rows = {row["key"]: row for row in map(json.loads, lines)}
    for stored in mixes(kept_run):
        kept = not stored["finding"]
        row = rows[f"{'kept' if kept else 'mix'}-{stored['pair_id']}"]
        assert row["source"] == ("original" if kept else "mix")
        assert row["study_id"] == stored["study_id_a"]
        assert row["donor_study_id"] == ("" if kept else stored["study_id_b"])
        assert (row["strategy"], row["lam"]) == (
            ("", 1.0) if kept else (stored["strategy"], pytest.approx(stored["lam"]))
        )


def test_originals_come_with_the_mixes_each_study_once_on_the_same_canvas(run, tmp_path):
    manifest = export(run, tmp_path / "x", to="folder", originals="together")
    lines = (tmp_path / "x" / "train" / "metadata.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    own = [row for row in rows if row["source"] == "original"]
    mixed = sum(bool(row["finding"]) for row in mixes(run))
    assert manifest.rows["train"] == {"mix": mixed, "original": STUDIES}
    assert {row["study_id"] for row in own} == {f"s{number:04d}" for number in range(STUDIES)}
    assert len({row["key"] for row in rows}) == len(rows)
    sizes = Counter((tmp_path / "x" / "train" / row["file_name"]).read_bytes()[16:24] for row in rows)
    assert len(sizes) == 1  # width and height of a PNG


def test_a_key_has_no_dot_though_the_picture_is_called_with_one(run, tmp_path):
    export(run, tmp_path / "x", to="folder", originals="apart")
    lines = (tmp_path / "x" / "originals" / "train" / "metadata.jsonl").read_text().splitlines()
    keys = {json.loads(line)["key"] for line in lines}
    assert plain_key("0.jpg") in keys
    assert not [key for key in keys if "." in key]


def test_apart_each_lies_in_its_own_folder_as_if_exported_alone(run, tmp_path):
    export(run, tmp_path / "both", to="webdataset", originals="apart")
    export(run, tmp_path / "mixes", to="webdataset")
    apart, alone = contents(tmp_path / "both" / "mixes"), contents(tmp_path / "mixes")
    own = {"README.md", "SHA256SUMS", "export.json"}
    assert apart == {name: content for name, content in alone.items() if name not in own}
    sizes = json.loads((tmp_path / "both" / "originals" / "sizes.json").read_text())
    assert sizes == {"train-00000.tar": STUDIES}


def test_sizes_tell_the_rows_of_every_tar(run, tmp_path):
    export(run, tmp_path / "x", to="webdataset")
    sizes = json.loads((tmp_path / "x" / "sizes.json").read_text())
    assert set(sizes) == {path.name for path in (tmp_path / "x").glob("*.tar")}
    assert sum(sizes.values()) == len(mixes(run))


def test_the_same_export_again_does_nothing_and_another_is_refused(run, tmp_path):
    first = export(run, tmp_path / "x", to="llava")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "x").rglob("*")}
    assert export(run, tmp_path / "x", to="llava") == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "x").rglob("*")} == before
    with pytest.raises(RunConflictError, match="caption"):
        export(run, tmp_path / "x", to="llava", caption="report")
    with pytest.raises(RunConflictError, match="options"):
        export(run, tmp_path / "x", to="llava", options={"question": "Why?"})


def test_a_folder_with_something_else_is_left_alone(run, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RunError, match="something else"):
        export(run, tmp_path, to="llava")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_row_without_a_caption_is_left_out_by_name(made, tmp_path):
    run = made(make_row(0), make_row(1, report="  \n"), make_row(2, report=" None "))
    manifest = export(run, tmp_path / "x", to="open-clip")
    assert manifest.dropped == {"caption-empty": 2}
    assert manifest.rows == {"train": {"mix": 1}}
    assert "| caption-empty | 2 |" in (tmp_path / "x" / "README.md").read_text()


def test_a_shard_that_no_row_is_left_of_makes_no_gap_in_the_numbers_of_tars(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(0)], [make_row(1, report="")], [make_row(2)]))
    export(run, tmp_path / "x", to="webdataset")
    sizes = json.loads((tmp_path / "x" / "sizes.json").read_text())
    assert sizes == {"train-00000.tar": 1, "train-00001.tar": 1}
    assert all((tmp_path / "x" / name).stat().st_size for name in sizes)


@pytest.mark.parametrize("turn", [0, -1], ids=["while-parts-are-written", "before-the-tables"])
@pytest.mark.parametrize("to", names("export"))
def test_whoever_is_slower_than_another_with_the_same_request_finds_its_export(run, tmp_path, to, turn):
    turns, out = [], tmp_path / "x"
    manifest = export(run, out, to=to, progress=lambda *_: turns.append(len(turns)))
    expected, when = contents(out), turns[turn]
    assert len(turns) > 1
    shutil.rmtree(out)  # some tables hold whole paths

    def overtake(*_told):
        if turns.pop(0) == when:
            export(run, out, to=to)

    assert export(run, out, to=to, progress=overtake) == manifest
    assert contents(out) == expected


def test_a_folder_that_is_taken_away_is_still_an_error(run, tmp_path):
    out = tmp_path / "x"
    with pytest.raises(RunError, match="no such file"):
        export(run, out, to="folder", progress=lambda *_: shutil.rmtree(out, ignore_errors=True))


def test_nothing_but_empty_captions_is_an_error_that_says_why(made, tmp_path):
    with pytest.raises(NoPairsError, match="no row") as raised:
        export(made(make_row(0, report="")), tmp_path / "x", to="open-clip")
    assert "caption-empty 1" in raised.value.hint


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("sections", "Clear. Normal."),
        ("findings", "Clear."),
        ("impression", "Normal."),
        ("report", "FINDINGS: x"),
    ],
)
def test_the_caption_is_what_was_asked_for(made, tmp_path, caption, expected):
    run = made(make_row(0, report="FINDINGS:\n x", findings=" Clear.", impression="Normal.\n"))
    export(run, tmp_path / "x", to="open-clip", caption=caption)
    assert [row["title"] for row in table(tmp_path / "x" / "train.tsv")] == [expected]


def test_splits_are_kept_apart_and_chosen(made, tmp_path):
    run = made(make_row(0), make_row(1, split="validate"), make_row(2, split="test"))
    export(run, tmp_path / "all", to="open-clip")
    assert {path.stem for path in (tmp_path / "all").glob("*.tsv")} == {"train", "validate", "test"}
    export(run, tmp_path / "some", to="open-clip", splits=("test", "train"))
    assert {path.stem for path in (tmp_path / "some").glob("*.tsv")} == {"train", "test"}


def test_rows_that_name_a_side_say_so_and_are_counted(made, tmp_path):
    run = made(make_row(0), make_row(1, report="FINDINGS: Clear."))
    manifest = export(run, tmp_path / "x", to="open-clip")
    rows = {row["key"][-1]: row for row in table(tmp_path / "x" / "train.tsv")}
    assert (rows["0"]["laterality"], rows["0"]["no_hflip"]) == ("left", "True")
    assert (rows["1"]["laterality"], rows["1"]["no_hflip"]) == ("none", "False")
    assert manifest.no_hflip == 1


def test_rows_with_words_made_from_labels_say_so_and_are_counted(made, tmp_path):
    run = made(make_row(0), make_row(1, prompted_a=True), make_row(2, prompted_b=True), make_row(3, **KEPT))
    manifest = export(run, tmp_path / "x", to="open-clip")
    rows = {row["key"][-1]: row["prompted"] for row in table(tmp_path / "x" / "train.tsv")}
    assert rows == {"0": "False", "1": "True", "2": "True", "3": "False"}
    assert manifest.prompted == 2
    assert "(`prompted`): 2 of 4." in (tmp_path / "x" / "README.md").read_text()


@pytest.mark.parametrize("originals", ["none", "together", "apart"])
def test_an_original_whose_report_is_a_prompt_is_left_out_wherever_it_comes_from(tmp_path, originals):
    run = run_of_both(tmp_path, ("train",))
    rows = [make_row(0, prompted_a=True), make_row(1, prompted_a=True, **KEPT), make_row(2, **KEPT)]
    shutil.rmtree(run)
    write_run(run, (rows,))
    tell_data_set(run / "run.json", tmp_path / "in", ("train",))
    manifest = export(run, tmp_path / "x", to="folder", originals=originals)
    assert manifest.dropped["report-made-from-labels"] == 1
    assert manifest.rows["train"] == {"mix": 1, "original": 1 if originals == "none" else STUDIES_OF_BOTH}
    assert manifest.prompted == 1


def test_originals_of_a_data_set_of_labels_are_left_out_with_and_without_its_own(tmp_path, monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    nih = write_nih(tmp_path / "nih", studies=24)
    how = {"encoder": "toy", "gate": "none", "align": "none", "unmixed": "keep", "workers": 1}
    medcutmix_cli.augment(nih, tmp_path / "run", **how)
    stored = mixes(tmp_path / "run")
    unmixed = sum(not row["finding"] for row in stored)
    assert 0 < unmixed < len(stored)
    for originals in ("none", "together"):
        manifest = export(tmp_path / "run", tmp_path / originals, to="open-clip", originals=originals)
        assert manifest.rows == {"train": {"mix": len(stored) - unmixed}}
        assert manifest.prompted == manifest.total
        assert manifest.dropped["report-made-from-labels"] >= unmixed


def test_a_run_that_is_not_complete_is_refused(tmp_path):
    run = write_run(tmp_path / "run", missing=2)
    with pytest.raises(RunError, match="2 shards"):
        export(run, tmp_path / "x", to="llava")


def test_a_lone_shard_is_no_run(run, tmp_path):
    with pytest.raises(RunError, match="whole run"):
        export(run / "data" / "part-00000.parquet", tmp_path / "x", to="llava")


@pytest.mark.parametrize(
    "wrong", [{"to": "paper"}, {"originals": "some"}, {"caption": "title"}, {"splits": ("val",)}], ids=str
)
def test_a_choice_that_there_is_not_is_refused_before_anything_is_made(run, tmp_path, wrong):
    with pytest.raises(UsageError):
        export(run, tmp_path / "x", **{"to": "llava", **wrong})
    assert not (tmp_path / "x").exists()


def test_every_file_but_three_is_listed_with_its_hash(run, tmp_path):
    export(run, tmp_path / "x", to="r2gen")
    listed = dict(read_sums(ExportFolder(tmp_path / "x")))
    assert set(contents(tmp_path / "x")) - set(listed) == {"export.json", "SHA256SUMS", "README.md"}


def test_sentences_are_read_for_the_profiles_that_ask_for_them(made, tmp_path):
    report = "FINDINGS: There is a small left pleural effusion. No pneumothorax. Comparison was made."
    export(made(make_row(0, report=report)), tmp_path / "x", to="radzero")
    [row] = json.loads((tmp_path / "x" / "train.json").read_text())
    assert row["key_phrases"] == ["There is a small left pleural effusion.", "No pneumothorax."]


def test_rows_whose_ids_begin_a_formula_are_left_out_by_name_and_texts_are_told_of(made, tmp_path, capsys):
    run = made(make_row(0), make_row(1, subject_id_a="=1+1"), make_row(2, report="=1+1 effusion."))
    manifest = export(run, tmp_path / "as it is", to="open-clip", caption="report")
    assert manifest.dropped == {"id-begins-a-formula": 1}
    assert manifest.formulas == 1
    assert "=1+1 effusion." in (tmp_path / "as it is" / "train.tsv").read_text()
    words = (
        "export",
        run,
        tmp_path / "escaped",
        "--to",
        "open-clip",
        "--caption",
        "report",
        "--escape-formulas",
    )
    assert medcutmix(*words) == 0
    assert "Formulas" in capsys.readouterr().out
    assert "'=1+1 effusion." in (tmp_path / "escaped" / "train.tsv").read_text()
