import dataclasses
import json
import random
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli.attention import NullMax
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.encoders.base import Attention, Query
from medcutmix_cli.errors import RunError
from medcutmix_cli.inspection.gate_inputs import GateInputs
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.records import NullPicture, PictureRules
from medcutmix_cli.rendering.calibration import (
    Calibration,
    PictureSource,
    calibrate,
    read_calibration,
    write_calibration,
)
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.nulls_file import read_nulls, write_nulls
from medcutmix_cli.run.shards import read_rows
from tests.builders import EFFUSION, make_report, make_study
from tests.sealed_files import change_sealed
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

DENIED = make_report("No pleural effusion.")
GATE = NullMax(alpha=0.2, confidence=0.0, pictures=8)
RECIPE = """
[mixing]
gate = "null-max"
[mixing.options.null-max]
alpha = 0.2
confidence = 0.0
pictures = 8
"""


@dataclass(frozen=True)
class SpotEncoder(ToyEncoder):
    """Scores each cell by its brightness alone: evidence is a bright spot."""

    def encode_sentences(self, sentences):
        return [Query(None) for _ in sentences]

    def attend(self, image, sentence):
        return Attention((10 * image).astype(np.float16))


def planned(studies, **changes):
    return make_plan(studies, PlanSettings(**changes), SameFinding(), gate=GATE)


def cohort(positives=4, negatives=6, report=DENIED, split="train"):
    yes = [make_study(n, make_report(EFFUSION), split=split) for n in range(positives)]
    no = [make_study(100 + n, report, split=split) for n in range(negatives)]
    return yes + no


def picture(path, number, spot):
    rng = np.random.default_rng(number)
    plane = cv2.resize(rng.integers(40, 90, (10, 9), dtype=np.uint8), (130, 150))
    if spot:
        plane[60:90, 20:50] = 230  # the patient's right
    cv2.imwrite(str(path), plane)


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Twelve effusions of which number 0 has no spot, eight pictures without one; look at them with `SpotEncoder`."""
    use_encoder(monkeypatch.setattr, lambda _settings: SpotEncoder())
    folder = write_manifest(tmp_path / "in", 20)
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows):
        row["report"] = make_report("There is a small right pleural effusion.") if number < 12 else DENIED
        picture(folder / f"{number}.jpg", number, spot=0 < number < 12)
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return folder


def augmented(source, out, **options):
    options = {"encoder": "toy", "align": "none", "shard_size": 4, "workers": 2, **options}
    return medcutmix_cli.augment(
        source, out, config=source.parent / "recipe.toml", **{"unmixed": "drop", **options}
    )


def rows_of(out):
    return [row for path in sorted((out / "data").glob("*.parquet")) for row in read_rows(path)]


def test_nulls_are_label_negative_studies_asked_in_the_words_of_the_plan():
    result = planned(cohort())
    assert {null.study_id for null in result.nulls} == {f"s{50000100 + n}" for n in range(6)}
    assert {null.sentence for null in result.nulls} == {EFFUSION}
    assert {(null.split, null.finding) for null in result.nulls} == {("train", "pleural_effusion")}


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(make_report("The heart is enlarged."), id="an-ill-study-that-does-not-mention-it"),
        pytest.param(make_report("Possible small effusion."), id="a-hedge"),
    ],
)
def test_silence_and_doubt_are_no_negatives(report):
    result = planned(cohort(report=report))
    assert result.nulls == ()
    assert not result.pairs
    reasons = {drop.identifier: drop.reason for drop in result.dropped}
    positive = [study.study_id for study in cohort(negatives=0)]
    assert {reasons[study_id] for study_id in positive} == {"too-few-null-pictures"}
    assert len(positive) >= 2


def test_a_study_labelled_normal_is_negative_for_everything():
    assert len(planned(cohort(report=make_report("Normal chest radiograph."))).nulls) == 6


def test_no_more_nulls_than_asked_for_and_which_ones_is_a_matter_of_ids_alone():
    studies = cohort(negatives=30)
    first = planned(studies)
    random.Random(1).shuffle(studies)
    assert len(first.nulls) == GATE.pictures
    assert planned(studies).nulls == first.nulls
    assert planned(studies, seed=5).nulls != first.nulls


def test_nulls_of_one_split_do_not_judge_another():
    studies = cohort(negatives=0) + cohort(positives=0, split="validate")
    result = planned(studies, splits=("train", "validate"))
    assert not result.pairs
    assert result.refused["too-few-null-pictures"] > 0


def test_no_gate_no_nulls():
    result = make_plan(cohort(negatives=0), PlanSettings(), SameFinding())
    assert len(result.pairs) == 4
    assert result.nulls == ()


def test_the_list_of_nulls_is_read_as_it_was_written(tmp_path):
    nulls = [NullPicture("train", "mass", "s1", "i1", "1.jpg", "A mass.")]
    for content in (nulls, []):
        write_nulls(tmp_path / "nulls.parquet", content)
        assert read_nulls(tmp_path / "nulls.parquet") == content
    with pytest.raises(RunError, match="null pictures"):
        read_nulls(tmp_path / "none.parquet")


def sight_of(folder, encoder):
    return PictureSource(lambda path: folder / path, 112, PictureRules(), encoder)


def nulls_in(folder, count):
    """Paint pictures without a finding, and ask for two in each."""
    for number in range(count):
        picture(folder / f"{number}.jpg", number, spot=False)
    return [
        NullPicture(
            "train",
            finding,
            f"s{number}",
            f"i{number}",
            f"{number}.jpg",
            f"There is a {finding} on the right.",
        )
        for number in range(count)
        for finding in ("mass", "consolidation")
    ]


def test_order_workers_and_batches_decide_nothing(tmp_path):
    nulls = nulls_in(tmp_path, 9)
    first = calibrate(nulls, sight_of(tmp_path, ToyEncoder()), GATE)
    random.Random(2).shuffle(nulls)
    for workers, batch in ((3, 1), (2, 4), (1, 100)):
        again = calibrate(nulls, sight_of(tmp_path, ToyEncoder(batch=batch)), GATE, workers=workers)
        assert again.peaks.keys() == first.peaks.keys() == {"train/mass", "train/consolidation"}
        assert all(np.array_equal(again.peaks[key], first.peaks[key]) for key in first.peaks)
    assert all(len(values) == 9 and (np.diff(values) >= 0).all() for values in first.peaks.values())


@dataclass(frozen=True)
class AnsweringEncoder(ToyEncoder):
    """The toy as if it were on a device: maps come with their group."""

    batch: int = 4
    in_groups: bool = True

    def look(self, picture):
        return picture

    def see_group(self, looks, asked, *, keep):
        assert not keep
        images = self.encode_images(looks)
        return [
            (None, [ToyEncoder.attend(self, image, own) for own in queries])
            for image, queries in zip(images, asked, strict=True)
        ]

    def attend(self, image, sentence):
        raise AssertionError("every map was to come with its group")


def test_a_device_that_answers_groups_gives_the_same_peaks(tmp_path):
    nulls = nulls_in(tmp_path, 6)
    alone = calibrate(nulls, sight_of(tmp_path, ToyEncoder()), GATE)
    groups = calibrate(nulls, sight_of(tmp_path, AnsweringEncoder()), GATE, workers=2)
    assert alone.peaks.keys() == groups.peaks.keys()
    assert all(np.array_equal(alone.peaks[key], groups.peaks[key]) for key in alone.peaks)


def test_what_cannot_be_asked_is_left_out_by_name(tmp_path):
    class Choosy(ToyEncoder):
        def encode_sentences(self, sentences):
            found = super().encode_sentences(sentences)
            return [dataclasses.replace(q, refused="sentence-too-long") if "long" in s else q
                    for q, s in zip(found, sentences, strict=True)]  # fmt: skip

    picture(tmp_path / "0.jpg", 0, spot=False)
    nulls = [
        NullPicture("train", "mass", "s0", "i0", "0.jpg", "A mass."),
        NullPicture("train", "mass", "s0", "i0", "0.jpg", "A very long mass."),
        NullPicture("train", "mass", "s1", "i1", "gone.jpg", "A mass."),
    ]
    found = calibrate(nulls, sight_of(tmp_path, Choosy()), GATE)
    assert found.left_out == {"image-missing": 1, "sentence-too-long": 1}
    assert len(found.of("train", "mass")) == 1
    assert len(found.of("validate", "mass")) == 0


def test_a_calibration_is_read_as_it_was_written_and_the_first_one_stays(tmp_path):
    path = tmp_path / "calibration.json"
    first = Calibration("f", {"train/mass": np.array([-1.5, 0.25], np.float32)}, {"image-missing": 1})
    write_calibration(path, first)
    write_calibration(path, Calibration("another", {}))
    found = read_calibration(path)
    assert (found.fingerprint, found.left_out, len(found.sha256)) == ("f", {"image-missing": 1}, 64)
    assert np.array_equal(found.of("train", "mass"), first.peaks["train/mass"])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", ["", "[]", '{"format": 2}', '{"format": 1, "peaks": 3}'])
def test_a_damaged_calibration_is_one_clear_error(tmp_path, content):
    (tmp_path / "calibration.json").write_text(content)
    with pytest.raises(RunError, match="calibration"):
        read_calibration(tmp_path / "calibration.json")


def test_few_nulls_promise_less_and_the_run_says_so_everywhere(source, tmp_path):
    (source.parent / "recipe.toml").write_text("[mixing.options.null-max]\nleast = 8\n")
    status = augmented(source, tmp_path / "out", pairs_per_study=2)
    stated = 1 - 0.95**8
    (key, found), *others = status.guarantees.items()
    assert (key, others, found.nulls, found.reaching, found.whole) == (
        "train/pleural_effusion",
        [],
        8,
        0,
        False,
    )
    assert found.confidence == pytest.approx(stated)
    folder = RunFolder(tmp_path / "out")
    assert read_calibration(folder.calibration_file).guarantees == status.guarantees
    rows = rows_of(tmp_path / "out")
    assert rows
    assert {(row[f"gate_nulls_{x}"], row[f"gate_confidence_{x}"]) for row in rows for x in "ab"} == {
        (8, found.confidence)
    }
    assert "at most 5% of pictures without it are kept, with 33% confidence" in folder.card_file.read_text()
    assert inspect(tmp_path / "out").least_confidence == found.confidence
    assert verify(tmp_path / "out", deep=True).ok


def test_one_null_less_than_the_least_refuses_the_finding_by_name(source, tmp_path):
    (source.parent / "recipe.toml").write_text("[mixing.options.null-max]\nleast = 9\n")
    status = augmented(source, tmp_path / "out")
    assert (status.planned, status.has_no_pair) == (0, True)
    assert status.dropped["too-few-null-pictures"] == 12
    found = status.guarantees["train/pleural_effusion"]
    assert (found.nulls, found.refused, found.confidence) == (8, True, 0)


def test_a_null_picture_that_vanished_takes_of_the_promise(source, tmp_path):
    recipe = source.parent / "recipe.toml"
    recipe.write_text("[mixing.options.null-max]\nleast = 7\n")
    planned = medcutmix_cli.plan(source, tmp_path / "out", config=recipe, encoder="toy", shard_size=4)
    (source / "12.jpg").unlink()
    rendered = medcutmix_cli.render(tmp_path / "out")
    nulls = [status.guarantees["train/pleural_effusion"].nulls for status in (planned, rendered)]
    assert nulls == [8, 7]


def test_pairs_whose_maps_decide_nothing_are_promised_nothing():
    yes = [make_study(n, make_report("Severe cardiomegaly.")) for n in range(4)]
    no = [make_study(100 + n, make_report("No cardiomegaly.")) for n in range(20)]
    plan = make_plan([*yes, *no], PlanSettings(), SameFinding(findings=("cardiomegaly",)), gate=GATE)
    assert {pair.image_mode for pair in plan.pairs} == {"keep"}
    assert plan.nulls
    assert plan.guarantees == {}


def test_verify_sees_that_more_was_promised(source, tmp_path):
    augmented(source, tmp_path / "out")
    row = rows_of(tmp_path / "out")[0]
    calibration = read_calibration(RunFolder(tmp_path / "out").calibration_file)
    evidence = GateInputs(GATE, calibration)
    assert evidence.hold(row)
    assert not evidence.hold(row | {"gate_confidence_a": 0.99})
    assert not evidence.hold(row | {"gate_nulls_a": 200})


def test_a_picture_without_evidence_gives_and_receives_nothing(source, tmp_path):
    status = augmented(source, tmp_path / "out", pairs_per_study=2)
    assert status.rejected.keys() == {"recipient-weak-evidence", "donor-weak-evidence"}
    outcomes = [o for path in sorted((tmp_path / "out" / "failures").iterdir()) for o in read_outcomes(path)]
    assert all("s0000" in (o.recipient, o.donor) for o in outcomes)
    rows = rows_of(tmp_path / "out")
    assert rows
    assert {row[f"ground_p_{letter}"] for row in rows for letter in "ab"} == {1 / 9}
    assert verify(tmp_path / "out", deep=True).ok


def test_tasks_and_a_lost_calibration_change_no_byte(source, tmp_path):
    augmented(source, tmp_path / "whole", workers=1)
    recipe = source.parent / "recipe.toml"
    medcutmix_cli.plan(
        source,
        tmp_path / "tasks",
        config=recipe,
        encoder="toy",
        align="none",
        unmixed="drop",
        shard_size=4,
        workers=1,
    )
    medcutmix_cli.render(tmp_path / "tasks", task=1, num_tasks=2, workers=1)
    RunFolder(tmp_path / "tasks").calibration_file.unlink()
    medcutmix_cli.render(tmp_path / "tasks", task=0, num_tasks=2, workers=1)
    assert output_bytes(tmp_path / "tasks") == output_bytes(tmp_path / "whole")
    names = ("calibration.json", "nulls.parquet")
    for name in names:
        assert (tmp_path / "tasks" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_without_a_gate_nothing_is_calibrated_and_no_evidence_is_claimed(source, tmp_path):
    status = medcutmix_cli.augment(source, tmp_path / "out", encoder="toy", gate="none", align="none")
    assert not status.rejected
    assert not RunFolder(tmp_path / "out").calibration_file.exists()
    assert {row["ground_p_a"] for row in rows_of(tmp_path / "out")} == {None}


def test_verify_sees_that_the_numbers_were_changed(source, tmp_path):
    augmented(source, tmp_path / "out")
    path = RunFolder(tmp_path / "out").calibration_file
    change_sealed(path, lambda said: said["peaks"].update({"train/pleural_effusion": [50.0] * 8}))
    assert {problem.rule for problem in verify(tmp_path / "out").problems} == {"calibration", "evidence"}


def test_a_calibration_of_another_run_is_refused(source, tmp_path):
    augmented(source, tmp_path / "out")
    path = RunFolder(tmp_path / "out").calibration_file
    change_sealed(path, lambda said: said.update(fingerprint="0" + said["fingerprint"]))
    next((tmp_path / "out" / "state").glob("*.json")).unlink()
    with pytest.raises(RunError, match="another run"):
        medcutmix_cli.render(tmp_path / "out")


def test_a_null_picture_that_vanished_is_left_out_by_name(source, tmp_path):
    recipe = source.parent / "recipe.toml"
    medcutmix_cli.plan(source, tmp_path / "out", config=recipe, encoder="toy", shard_size=4)
    (source / "12.jpg").unlink()
    medcutmix_cli.render(tmp_path / "out")
    assert read_calibration(RunFolder(tmp_path / "out").calibration_file).left_out == {"image-missing": 1}


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_progress_counts_pictures_whatever_is_encoded_at_once(tmp_path, batch):
    for number in range(7):
        picture(tmp_path / f"{number}.jpg", number, spot=False)
    nulls = [NullPicture("train", "mass", f"s{n}", f"i{n}", f"{n}.jpg", "A mass.") for n in range(7)]
    told = []
    sight = sight_of(tmp_path, ToyEncoder(batch=batch))
    calibrate(nulls, sight, GATE, progress=lambda *report: told.append(report))
    assert [report[0] for report in told] == ["calibrating"] * len(told)
    assert [done for _, done, _ in told] == [*range(batch, 7, batch), 7]
    assert {total for _, _, total in told} == {7}
