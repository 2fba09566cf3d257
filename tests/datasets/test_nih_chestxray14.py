import dataclasses
import gzip
from collections import Counter
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli import pipeline
from medcutmix_cli.datasets.nih_chestxray14 import NihChestXray14, chexpert_of
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.reports.prompts import NO_FINDING, phrasings, prompt_labels
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.shards import read_rows
from tests.nih_trees import write_nih
from tests.toy_encoder import ToyEncoder, use_encoder

REAL = Path(__file__).resolve().parents[2] / "../shared/data/nih-chestxray14"


def sorted_out(dataset):
    """Return studies by id and what was dropped as (unit, id, reason)."""
    entries = list(dataset.studies())
    studies = {entry.study_id: entry for entry in entries if isinstance(entry, Study)}
    dropped = {(e.unit, e.identifier, e.reason) for e in entries if isinstance(e, Drop)}
    assert len(studies) + len([d for d in dropped if d[0] == "study"]) == len(
        [e for e in entries if isinstance(e, Study) or e.unit == "study"]
    )
    return studies, dropped


def test_a_released_tree_is_recognised_and_read(tmp_path):
    dataset = open_dataset(write_nih(tmp_path))
    assert dataset.kind == "nih-chestxray14"
    studies, dropped = sorted_out(dataset)
    assert len(studies) == 12
    assert not dropped
    second = studies["00000001_001"]
    assert second.subject_id == "nih-1"
    assert second.images[0].view == "AP"
    assert second.prompted
    assert second.labels == {"Pleural Effusion": 1.0, "Lung Opacity": 1.0}
    assert all(dataset.resolve(study.images[0].path).is_file() for study in studies.values())


@pytest.mark.parametrize(
    ("table", "images"),
    [
        pytest.param("Data_Entry_2017.csv", "images", id="table-of-2017-with-closing-commas"),
        pytest.param("Data_Entry_2017_v2020.csv", "images_{:03d}/images", id="twelve-archives-side-by-side"),
        pytest.param("Data_Entry_2017_v2020.csv", "images_{:03d}", id="archives-without-inner-folder"),
    ],
)
def test_every_layout_gives_the_same_studies(tmp_path, table, images):
    plain, _ = sorted_out(NihChestXray14(write_nih(tmp_path / "plain")))
    other_set = NihChestXray14(write_nih(tmp_path / "other", table=table, images=images))
    other, _ = sorted_out(other_set)
    assert all(other_set.resolve(study.images[0].path).is_file() for study in other.values())

    def anywhere(study):
        return dataclasses.replace(study, images=())

    assert {i: anywhere(s) for i, s in other.items()} == {i: anywhere(s) for i, s in plain.items()}


def test_the_lists_are_the_splits_and_part_patients(tmp_path):
    studies, _ = sorted_out(NihChestXray14(write_nih(tmp_path)))
    assert {study.split for study in studies.values()} == {"train", "test"}
    assert {s.subject_id for s in studies.values() if s.split == "test"} == {"nih-6"}


def test_a_share_of_the_training_patients_becomes_validation(tmp_path):
    tree = write_nih(tmp_path, studies=120)
    plain, _ = sorted_out(NihChestXray14(tree))
    carved, _ = sorted_out(NihChestXray14(tree, validate_share=0.3))
    splits = {}
    for study in carved.values():
        splits.setdefault(study.subject_id, set()).add(study.split)
    assert all(len(own) == 1 for own in splits.values())
    counts = Counter(next(iter(own)) for own in splits.values())
    assert 8 <= counts["validate"] <= 28
    assert {i for i, s in plain.items() if s.split == "test"} == {
        i for i, s in carved.items() if s.split == "test"
    }


@pytest.mark.parametrize("missing", ["train_val_list.txt", "test_list.txt"])
def test_a_missing_list_is_named_with_the_way_round_it(tmp_path, missing):
    tree = write_nih(tmp_path)
    (tree / missing).unlink()
    with pytest.raises(DatasetError, match=rf"{missing}.*split = 'train'"):
        list(NihChestXray14(tree).studies())
    studies, _ = sorted_out(NihChestXray14(tree, split="train"))
    assert {study.split for study in studies.values()} == {"train"}


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        pytest.param("", "labels-missing", id="no-label"),
        pytest.param("Efusion", "label-unknown", id="a-label-that-is-none"),
        pytest.param("No Finding|Mass", "labels-contradictory", id="no-finding-beside-a-finding"),
    ],
)
def test_labels_that_say_nothing_are_drops_by_name(tmp_path, labels, reason):
    tree = write_nih(tmp_path, labels={"00000001_000": labels})
    studies, dropped = sorted_out(NihChestXray14(tree))
    assert dropped == {("study", "00000001_000", reason)}
    assert len(studies) == 11


def test_what_the_files_do_not_agree_on_is_dropped_by_name(tmp_path):
    tree = write_nih(tmp_path)
    (tree / "images" / "00000001_000.png").unlink()
    with (tree / "train_val_list.txt").open("a") as text:
        text.write("\n00000006_000.png\n00000099_000.png\n")
    table = tree / "Data_Entry_2017_v2020.csv"
    lines = table.read_text().splitlines()
    lines += [lines[3], lines[4].replace(",No Finding,", ",Mass,").replace(",Consolidation,", ",Mass,")]
    lines.append("00000077_000.png,Mass,0,77,50,F,PA,1,1,1,1")
    table.write_text("\n".join(lines))
    (tree / "images" / "00000077_000.png").write_bytes(b"")
    _, dropped = sorted_out(NihChestXray14(tree))
    assert dropped == {
        ("study", "00000001_000", "image-missing"),
        ("study", "00000006_000", "split-contradictory"),
        ("study", "00000099_000", "image-missing-in-tables"),
        ("image", "00000002_000", "duplicate-row"),
        ("study", "00000002_001", "duplicate-id"),
        ("study", "00000077_000", "split-missing"),
    }


def test_a_patient_in_both_lists_is_left_out(tmp_path):
    tree = write_nih(tmp_path)
    names = (tree / "train_val_list.txt").read_text().splitlines()
    (tree / "train_val_list.txt").write_text("\n".join(names[:-1]))
    with (tree / "test_list.txt").open("a") as text:
        text.write(names[-1])
    _, dropped = sorted_out(NihChestXray14(tree))
    assert {reason for _, _, reason in dropped} == {"subject-in-several-splits"}
    assert len(dropped) == 2


def test_a_tree_without_pictures_is_one_error(tmp_path):
    tree = write_nih(tmp_path)
    (tree / "images").rename(tree / "pictures")
    with pytest.raises(DatasetError, match="no picture of the table"):
        list(NihChestXray14(tree).studies())


def test_tables_may_be_gzipped_and_lie_elsewhere(tmp_path):
    tree, tables = write_nih(tmp_path / "tree"), tmp_path / "tables"
    tables.mkdir()
    for path in list(tree.glob("*.*")):
        (tables / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    studies, _ = sorted_out(NihChestXray14(tree, tables=tables))
    assert len(studies) == 12
    with pytest.raises(DatasetError, match=r"Data_Entry_2017_v2020\.csv of NIH ChestX-ray14 is missing"):
        list(NihChestXray14(tree, split="train").studies())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"split": "trian"}, "no split 'trian'", id="unknown-split"),
        pytest.param({"validate_share": 1.0}, "validate_share", id="all-validation"),
        pytest.param({"validate_share": "some"}, "validate_share", id="share-that-is-no-number"),
        pytest.param({"columns": {"report": "text"}}, "there is no role", id="a-report"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        NihChestXray14(tmp_path, **options)


def test_the_same_files_give_the_same_sources_and_others_do_not(tmp_path):
    one, two = (NihChestXray14(write_nih(tmp_path / name)) for name in "ab")
    assert one.provenance() == two.provenance()
    assert one.provenance()["pictures"] == 12
    (tmp_path / "b" / "images" / "00000001_000.png").unlink()
    assert one.provenance() != two.provenance()


def test_labels_are_taken_as_present_and_silence_as_nothing():
    assert chexpert_of(["Nodule", "Mass"]) == {"Lung Lesion": 1.0}
    assert chexpert_of(["Emphysema", "Fibrosis", "Hernia"]) == {}
    assert chexpert_of([NO_FINDING]) == {"No Finding": 1.0}
    known = {name for label in prompt_labels() for name in chexpert_of([label])}
    assert set(CHEXPERT) - known == {
        *("Enlarged Cardiomediastinum", "Fracture", "No Finding", "Support Devices")
    }
    assert len([label for label in prompt_labels() if chexpert_of([label])]) == 11


@pytest.fixture
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


@pytest.mark.usefixtures("_toy")
def test_a_run_over_it_alone_mixes_prompts_and_says_so(tmp_path):
    tree = write_nih(tmp_path / "in", studies=24)
    status = medcutmix_cli.augment(
        tree, tmp_path / "out", encoder="toy", gate="none", align="none", unmixed="drop", workers=1
    )
    assert status.balanced
    assert status.written > 0
    assert verify(tmp_path / "out", deep=True).ok
    said = {phrase for label in prompt_labels() for phrase in phrasings(label)}
    for row in (row for shard in (tmp_path / "out" / "data").iterdir() for row in read_rows(shard)):
        assert row["prompted_a"]
        assert row["prompted_b"]
        assert row["subject_id_a"] != row["subject_id_b"]
        assert {row["sentence_a"], row["sentence_b"]} <= said


@pytest.mark.usefixtures("_toy")
def test_normal_prompts_are_the_negatives_of_the_gate(tmp_path):
    labels = {f"{n // 2:08d}_{n % 2:03d}": "No Finding" for n in range(14, 200)}
    tree = write_nih(tmp_path / "in", studies=150, labels=labels)
    status = medcutmix_cli.augment(tree, tmp_path / "out", encoder="toy", workers=1)
    assert status.balanced
    record = pipeline.read_run(pipeline.RunFolder(tmp_path / "out"))
    assert record.counts["negatives"]["pleural_effusion"] > 59
    assert record.counts["null_pictures"] > 59
    assert record.counts["pairs_by_finding"]["pleural_effusion"] > 0


def real(**options):
    if not (REAL / "manifest.csv").is_file():
        pytest.skip("the extract of NIH ChestX-ray14 is not here")
    columns = {"image": "path", "labels": "labels", "subject": "patient", "view": "view"}
    return open_dataset(REAL, "nih-chestxray14", columns=columns, split="train", **options)


def test_the_real_extract_is_read_whole_and_its_prompts_say_its_labels():
    dataset, reader = real(), ReportReader()
    studies, dropped = sorted_out(dataset)
    assert len(studies) > 90
    assert not dropped
    assert {study.images[0].view for study in studies.values()} == {"PA", "AP"}
    for study in studies.values():
        assert dataset.resolve(study.images[0].path).is_file()
        sentences = reader.read(study.report, study.study_id).sentences
        named = any(sentence.mentions for sentence in sentences)
        assert named != (study.labels == {"No Finding": 1.0})


@pytest.mark.usefixtures("_toy")
def test_the_real_extract_makes_a_run(tmp_path):
    root = real().root
    columns = {"image": "path", "labels": "labels", "subject": "patient", "view": "view"}
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[dataset]\nsplit = "train"\n')
    status = medcutmix_cli.augment(
        root,
        tmp_path / "out",
        config=recipe,
        dataset_kind="nih-chestxray14",
        columns=columns,
        encoder="toy",
        gate="none",
        align="none",
        canvas=112,
        workers=2,
    )
    assert status.balanced
    assert not status.failed
    assert status.planned > 20
