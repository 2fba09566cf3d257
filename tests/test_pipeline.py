import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli import pipeline
from medcutmix_cli.assembly import parts as composition
from medcutmix_cli.errors import EncoderError, MedcutmixError, RunConflictError, RunError, UsageError
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.pipeline import still_to_do
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shard_state import begin_attempt, read_state
from medcutmix_cli.run.shards import gives_nothing, is_unmixed, read_head, read_rows
from medcutmix_cli.run.status import run_status
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


def augmented(dataset, out, **options):
    return medcutmix_cli.augment(
        dataset,
        out,
        **{"encoder": "toy", "gate": "none", "align": "none", "shard_size": 5, "workers": 2, **options},
    )


def sample_rows(run):
    shards = sorted((run / "data").glob("*.parquet"))
    return [row for shard in shards for row in read_rows(shard)]


def test_every_study_and_every_pair_is_accounted_for(tmp_path):
    status = augmented(write_manifest(tmp_path / "in"), tmp_path / "out")
    assert status.balanced
    assert not status.missing
    assert status.studies["inputs"] == 12
    assert status.planned == status.written + sum(status.rejected.values()) + sum(status.failed.values())
    assert status.written > 0
    assert verify(tmp_path / "out", deep=True).ok


def test_one_worker_and_three_give_the_same_bytes(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "one", workers=1)
    augmented(source, tmp_path / "three", workers=3)
    assert output_bytes(tmp_path / "one") == output_bytes(tmp_path / "three")


def test_another_shard_size_gives_the_same_samples(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "small", shard_size=2)
    augmented(source, tmp_path / "large", shard_size=1000)
    small, large = sample_rows(tmp_path / "small"), sample_rows(tmp_path / "large")
    assert repr(small) == repr(large)
    assert len(list((tmp_path / "small" / "data").iterdir())) > 1


def test_tasks_share_the_shards_and_their_number_may_change(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "whole", shard_size=2)
    medcutmix_cli.plan(
        source, tmp_path / "tasks", encoder="toy", gate="none", align="none", shard_size=2, workers=2
    )
    medcutmix_cli.render(tmp_path / "tasks", task=1, num_tasks=3)
    assert run_status(RunFolder(tmp_path / "tasks")).complete == (1, 4)
    for task in range(2):
        medcutmix_cli.render(tmp_path / "tasks", task=task, num_tasks=2)
    medcutmix_cli.render(
        tmp_path / "tasks"
    )  # looks whether anything is to be refilled, as the job after an array does
    assert output_bytes(tmp_path / "tasks") == output_bytes(tmp_path / "whole")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the words that make a run, but for its folder and shard size, and a run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    source = write_manifest(folder / "in", studies=24)
    command = [sys.executable, "-m", "tests.toy_run", str(source)]
    subprocess.run([*command, str(folder / "whole"), "3"], check=True, cwd=ROOT)
    return command, folder / "whole"


@pytest.mark.parametrize("killed_at", ["start", "plan.parquet", "data/.part-*.tmp", "state/part-00001.json"])
def test_a_killed_run_goes_on_to_the_same_bytes(undisturbed, tmp_path, killed_at):
    command, whole = undisturbed
    process = subprocess.Popen([*command, str(tmp_path / "killed"), "3"], cwd=ROOT)
    wait_for(tmp_path / "killed", killed_at, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    subprocess.run([*command, str(tmp_path / "killed"), "3"], check=True, cwd=ROOT)
    assert output_bytes(tmp_path / "killed") == output_bytes(whole)
    assert verify(tmp_path / "killed").ok
    assert not list((tmp_path / "killed" / "state").glob("*.attempts"))


def test_a_rendering_that_was_interrupted_counts_as_an_attempt(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.plan(source, tmp_path / "out", encoder="toy", gate="none", align="none", shard_size=1000)
    folder = RunFolder(tmp_path / "out")

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr("medcutmix_cli.rendering.sample.paste", interrupted)
        with pytest.raises(KeyboardInterrupt):
            medcutmix_cli.render(tmp_path / "out")
    assert run_status(folder).begun == {0: 1}
    medcutmix_cli.render(tmp_path / "out")
    assert run_status(folder).begun == {}
    assert read_state(folder, 0).attempts == 2


def wait_for(run, pattern, process):
    until = time.monotonic() + 180
    while pattern != "start" and not list(run.glob(pattern)) and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.0005)


def test_a_second_call_does_nothing_again(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("part-*")}
    augmented(source, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("part-*")} == before


def test_other_settings_in_the_same_folder_are_refused_with_the_difference(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "out", seed=1)
    with pytest.raises(RunConflictError, match=r"settings\.plan\.seed: 1 -> 2"):
        augmented(source, tmp_path / "out", seed=2)


def test_other_reports_in_the_same_folder_are_refused(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "out")
    write_manifest(source, studies=11)
    with pytest.raises(RunConflictError, match="other content: manifest"):
        augmented(source, tmp_path / "out")


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match=r"thesis\.tex"):
        augmented(write_manifest(tmp_path / "in"), out)
    assert [path.name for path in out.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("there", ["data/part-00000.parquet", "state/part-00000.json"])
def test_shards_of_a_run_that_is_gone_do_not_count_as_those_of_another(tmp_path, there):
    augmented(write_manifest(tmp_path / "in"), tmp_path / "out")
    (tmp_path / "out" / "run.json").unlink()
    for path in (tmp_path / "out").rglob("part-*"):
        if path != tmp_path / "out" / there:
            path.unlink()
    with pytest.raises(RunError, match="run\\.json is gone"):
        augmented(tmp_path / "in", tmp_path / "out", seed=7)


def test_the_folder_is_for_the_owner_only(tmp_path):
    augmented(write_manifest(tmp_path / "in"), tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


def test_a_moved_data_set_can_be_named_anew(tmp_path):
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.plan(source, tmp_path / "out", encoder="toy", gate="none", align="none", shard_size=5)
    moved = shutil.move(source, tmp_path / "elsewhere")
    assert medcutmix_cli.render(tmp_path / "out", dataset=moved).written > 0


def test_bad_pictures_are_failures_by_name_and_the_rest_goes_on(tmp_path):
    source = write_manifest(tmp_path / "in", studies=16)
    (source / "0.jpg").unlink()
    (source / "1.jpg").write_bytes(b"")
    (source / "2.jpg").write_bytes(b"no picture at all")
    status = augmented(source, tmp_path / "out")
    assert status.written > 0
    assert status.balanced
    assert set(status.failed) == {"image:image-missing", "image:image-empty", "image:image-format-unknown"}
    assert status.too_many_failures
    outcomes = [o for path in (tmp_path / "out" / "failures").iterdir() for o in read_outcomes(path)]
    assert sum(o.outcome == "failed" for o in outcomes) == sum(status.failed.values())


def test_a_study_as_it_is_needs_no_picture_of_its_donor(tmp_path):
    """Its row names a donor that gives nothing: a picture of that one which cannot be read takes no study away."""
    source = write_manifest(tmp_path / "in", studies=16)
    lost = {f"{number}.jpg" for number in range(0, 16, 3)}
    for name in lost:
        (source / name).write_bytes(b"no picture at all")
    augmented(source, tmp_path / "out", unmixed="keep", pairs_per_study=3)
    rows = [row for row in sample_rows(tmp_path / "out") if is_unmixed(row)]
    assert any(row["image_path_b"] in lost for row in rows)
    failed = {o.pair_id for path in (tmp_path / "out" / "failures").iterdir() for o in read_outcomes(path)}
    shards = range(len(list((tmp_path / "out" / "state").iterdir())))
    plan = {p.pair_id: p for k in shards for p in read_plan(RunFolder(tmp_path / "out").plan_file, k)}
    assert failed
    assert all(lost & {plan[name].recipient.image_path, *_of_a_mix(plan[name])} for name in failed)
    assert verify(tmp_path / "out", deep=True).problems == ()


def _of_a_mix(pair):
    return () if gives_nothing(pair) else (pair.donor.image_path,)


def test_no_report_text_in_the_small_files(tmp_path):
    source = write_manifest(tmp_path / "in", studies=16)
    (source / "0.jpg").unlink()
    augmented(source, tmp_path / "out")
    small = [p for p in (tmp_path / "out").rglob("*") if p.suffix in {".json", ".jsonl", ".md"}]
    assert len(small) > 5
    assert not any("pleural effusion" in path.read_text() for path in small)


def test_an_encoder_must_be_named_for_real_data(tmp_path, monkeypatch):
    with pytest.raises(EncoderError, match="no encoder was named"):
        medcutmix_cli.augment(write_manifest(tmp_path / "in"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_weights_than_planned_are_refused(tmp_path, monkeypatch):
    medcutmix_cli.plan(
        write_manifest(tmp_path / "in"), tmp_path / "out", encoder="toy", gate="none", align="none"
    )

    class Other(ToyEncoder):
        @property
        def card(self):
            return dataclasses.replace(ToyEncoder().card, weights_sha256="1" * 64)

    use_encoder(monkeypatch.setattr, lambda _settings: Other())
    with pytest.raises(EncoderError, match="not those of the plan"):
        medcutmix_cli.render(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"pairing": "same-findings"}, "no pairing named", id="unknown-pairing"),
        pytest.param({"mask": "otzu"}, "no mask named", id="unknown-mask"),
        pytest.param({"findings": ("effusion",)}, "no finding 'effusion'", id="unknown-finding"),
        pytest.param({"pairs_per_study": 0}, "at least 1", id="no-pairs"),
        pytest.param({"canvas": 500}, "multiple of 112", id="odd-canvas"),
        pytest.param({"sede": 3}, "unknown option 'sede'", id="unknown-option"),
        pytest.param({"seed": "x"}, "whole number", id="text-for-a-number"),
        pytest.param({"splits": ("trian",)}, "no 'trian'", id="unknown-split"),
        pytest.param({"dicom_mode": "zz"}, "no 'zz'", id="unknown-dicom-mode"),
        pytest.param({"max_fail_frac": float("nan")}, "between 0 and 1", id="no-share"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(tmp_path, options, message):
    with pytest.raises(UsageError, match=message):
        augmented(write_manifest(tmp_path / "in"), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_another_version_than_that_of_the_plan_renders_nothing(tmp_path, monkeypatch):
    medcutmix_cli.plan(
        write_manifest(tmp_path / "in"), tmp_path / "out", encoder="toy", gate="none", align="none"
    )
    monkeypatch.setattr(composition, "__version__", "99.0")
    with pytest.raises(RunError, match=r"medcutmix: .+ -> .99\.0."):
        medcutmix_cli.render(tmp_path / "out")
    assert not list((tmp_path / "out" / "data").iterdir())


def test_paths_of_a_recipe_are_found_from_any_folder(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in")
    (tmp_path / "out-of-it.txt").write_text("s0000\n")
    (tmp_path / "recipe.toml").write_text('[plan]\nexclude_ids = "out-of-it.txt"\n')
    monkeypatch.chdir(tmp_path)
    recipe = tmp_path / "recipe.toml"
    status = medcutmix_cli.plan(
        source, tmp_path / "out", config=recipe, encoder="toy", gate="none", align="none"
    )
    assert status.dropped["excluded-by-id"] == 1
    said = read_run(RunFolder(tmp_path / "out")).settings["plan"]["exclude_ids"]
    assert said == str(tmp_path / "out-of-it.txt")


@pytest.mark.parametrize(("task", "tasks"), [(2, 2), (-1, 3), (0, 0)])
def test_a_task_that_does_not_exist_is_refused(tmp_path, task, tasks):
    with pytest.raises(UsageError, match="tasks are numbered"):
        medcutmix_cli.render(tmp_path, task=task, num_tasks=tasks)


def test_render_without_a_plan_says_so(tmp_path):
    with pytest.raises(RunError, match="no run in this folder"):
        medcutmix_cli.render(tmp_path)


def test_a_data_set_without_any_pair_makes_a_whole_empty_run(tmp_path):
    source = write_manifest(tmp_path / "in", report="The lungs are clear.")
    status = augmented(source, tmp_path / "out")
    assert (status.planned, status.shards) == (0, 0)
    assert status.dropped == {"no-exchangeable-finding": 12}
    assert verify(tmp_path / "out", deep=True).ok


def test_a_run_without_a_pair_gives_way_to_other_settings(tmp_path):
    source, out = write_manifest(tmp_path / "in"), tmp_path / "out"
    assert augmented(source, out, findings=("mass",)).planned == 0
    assert augmented(source, out, findings=("mass",)).planned == 0  # the same plan: nothing is done
    assert augmented(source, out).mixed
    augmented(source, tmp_path / "elsewhere")
    assert output_bytes(out) == output_bytes(tmp_path / "elsewhere")
    assert verify(out, deep=True).ok
    with pytest.raises(RunConflictError, match=r"settings\.plan\.findings"):
        augmented(source, out, findings=("mass",))


def test_a_conflict_names_a_few_differences_and_no_hash(tmp_path):
    augmented(write_manifest(tmp_path / "in"), tmp_path / "out")
    other = write_manifest(tmp_path / "other", studies=14)
    options = {"seed": 2, "canvas": 224, "mask": "topk", "pairs_per_study": 3, "blend": "hard"}
    with pytest.raises(RunConflictError) as caught:
        augmented(other, tmp_path / "out", **options)
    assert len(caught.value.what.split("; ")) == 4
    assert caught.value.what.endswith(" more")
    assert "name another folder" in caught.value.hint
    with pytest.raises(RunConflictError, match="other content: ") as caught:
        augmented(other, tmp_path / "out")
    assert not re.search("[0-9a-f]{32}", caught.value.what)


def test_the_shard_says_which_encoder_and_that_it_demonstrates(tmp_path):
    augmented(write_manifest(tmp_path / "in"), tmp_path / "out")
    origin = read_head(tmp_path / "out" / "data" / "part-00000.parquet").origin
    assert origin["encoder"]["demonstration"] is True
    assert "For demonstration only" in (tmp_path / "out" / "README.md").read_text()
    assert read_run(RunFolder(tmp_path / "out")).encoder == origin["encoder"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_is_one_clear_error_and_the_run_goes_on_after_space_is_made(tmp_path):
    source = write_manifest(tmp_path / "in", studies=24)
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("this machine does not let a test mount a file system")
    try:
        with pytest.raises(RunError, match="no space left"):
            augmented(source, disk / "out", shard_size=12)
        assert not list((disk / "out").rglob("*.tmp"))
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        augmented(source, disk / "out", shard_size=12)
        augmented(source, tmp_path / "whole", shard_size=12)
        assert output_bytes(disk / "out") == output_bytes(tmp_path / "whole")
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_picture_shared_by_pairs_is_read_once_a_shard(tmp_path, monkeypatch):
    from medcutmix_cli.rendering import reading

    reads = []
    original = reading.read_canvas
    monkeypatch.setattr(
        reading, "read_canvas", lambda path, *rest: reads.append(path) or original(path, *rest)
    )
    status = augmented(write_manifest(tmp_path / "in"), tmp_path / "out", pairs_per_study=2, shard_size=1000)
    assert status.planned > 12
    assert len(reads) == len(set(reads))


def nlp_model(folder):
    """Save the smallest spaCy pipeline that finds an entity."""
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "ENTITY", "pattern": "There"}])
    pipeline.to_disk(folder)
    return folder


def test_a_models_entities_are_counted_and_decide_nothing(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "without")
    augmented(source, tmp_path / "with", nlp_model=nlp_model(tmp_path / "model"))
    assert repr(sample_rows(tmp_path / "with")) == repr(sample_rows(tmp_path / "without"))
    record = read_run(RunFolder(tmp_path / "with"))
    assert record.counts["texts"]["candidates"] == 6
    assert len(record.sources["nlp_model"]) == 64


def test_a_missing_model_is_one_error_before_any_work(tmp_path):
    with pytest.raises(MedcutmixError, match="model"):
        augmented(write_manifest(tmp_path / "in"), tmp_path / "out", nlp_model=tmp_path / "no")
    assert not (tmp_path / "out").exists()


def test_the_section_rules_of_the_plan_are_those_of_the_check(tmp_path):
    augmented(write_manifest(tmp_path / "in"), tmp_path / "out", section_rules="strict")
    assert verify(tmp_path / "out", deep=True).ok


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_a_shard_that_was_lost_or_cut_is_rendered_again(tmp_path, damage):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "out")
    before = output_bytes(tmp_path / "out")
    shard = tmp_path / "out" / "data" / "part-00000.parquet"
    shard.unlink() if damage == "removed" else os.truncate(shard, 5000)
    assert run_status(RunFolder(tmp_path / "out")).missing == (0,)
    assert not verify(tmp_path / "out").ok
    augmented(source, tmp_path / "out")
    assert output_bytes(tmp_path / "out") == before


def test_headers_at_the_left_margin_are_no_part_of_a_mix(tmp_path):
    source = write_manifest(
        tmp_path / "in", report="FINDINGS: Small right effusion.\nIMPRESSION: Small right effusion.\n"
    )
    augmented(source, tmp_path / "out")
    rows = sample_rows(tmp_path / "out")
    assert rows
    assert {row["impression"] for row in rows} == {"Small right effusion."}
    assert not any(":" in edit["text"] for row in rows for edit in row["edits"])


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        pytest.param("no effusion, (" * 3000, "report-too-long", id="long"),
        pytest.param("no effusion or " * 1300, "report-runs-on", id="without-a-stop"),
        pytest.param("no effusion.or " * 1300, "report-runs-on", id="stops-inside-of-words"),
        pytest.param("Effusion. " + "(" * 19_000, "report-runs-on", id="a-word-without-an-end"),
    ],
)
def test_a_report_that_is_no_prose_is_dropped_by_name_in_no_time(tmp_path, report, reason):
    source = write_manifest(tmp_path / "in", report=report)
    started = time.process_time()
    assert augmented(source, tmp_path / "out").dropped == {reason: 12}
    assert time.process_time() - started < 10


def test_a_side_file_that_is_not_there_is_refused_on_a_finished_run_too(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "out")
    for option in ("exclude_ids", "label_table", "attributes"):
        with pytest.raises(UsageError, match="does not exist"):
            augmented(source, tmp_path / "out", **{option: tmp_path / "nope"})


def test_the_share_that_may_fail_is_what_was_said_last(tmp_path):
    source = write_manifest(tmp_path / "in", studies=16)
    (source / "0.jpg").unlink()
    assert not augmented(source, tmp_path / "out", max_fail_frac=1.0).too_many_failures
    assert augmented(source, tmp_path / "out", max_fail_frac=0.01).too_many_failures


def test_what_may_fail_is_what_a_recipe_or_the_environment_says_now(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in")
    (source / "1.jpg").unlink()
    (tmp_path / "recipe.toml").write_text("[run]\nmax_fail_frac = 1.0\n")
    assert augmented(source, tmp_path / "out").too_many_failures
    assert not augmented(source, tmp_path / "out", config=tmp_path / "recipe.toml").too_many_failures
    monkeypatch.setenv("MEDCUTMIX_RUN_MAX_FAIL_FRAC", "1.0")
    assert not augmented(source, tmp_path / "out").too_many_failures


def test_the_shards_that_were_begun_least_often_come_first(tmp_path):
    out = tmp_path / "out"
    medcutmix_cli.plan(
        write_manifest(tmp_path / "in"), out, encoder="toy", gate="none", align="none", shard_size=3
    )
    folder = RunFolder(out)
    count = len(read_run(folder).shards)
    for shard in (0, 0, 2):
        begin_attempt(folder, shard)
    _, work = still_to_do(out, {})
    assert work.shards == (*(k for k in range(count) if k not in (0, 2)), 2, 0)


def test_failed_pairs_are_tried_again_only_when_asked_for_and_attempts_add_up(tmp_path):
    source = write_manifest(tmp_path / "in")
    augmented(source, tmp_path / "whole")
    lost = source / "3.jpg"
    kept = lost.read_bytes()
    lost.unlink()
    status = augmented(source, tmp_path / "out", max_fail_frac=1.0)
    assert status.failed
    lost.write_bytes(kept)
    assert augmented(source, tmp_path / "out", max_fail_frac=1.0).failed == status.failed
    assert not augmented(source, tmp_path / "out", max_fail_frac=1.0, retry_failed=True).failed
    assert output_bytes(tmp_path / "out") == output_bytes(tmp_path / "whole")
    assert max(read_state(RunFolder(tmp_path / "out"), shard).attempts for shard in range(3)) == 2


def test_a_shard_that_is_tried_again_is_not_complete_meanwhile(tmp_path, monkeypatch):
    source = write_manifest(tmp_path / "in")
    (source / "3.jpg").unlink()
    failed = augmented(source, tmp_path / "out", max_fail_frac=1.0, shard_size=1000)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr("medcutmix_cli.rendering.sample.paste", interrupted)
        with pytest.raises(KeyboardInterrupt):
            medcutmix_cli.render(tmp_path / "out", retry_failed=True)
    assert run_status(RunFolder(tmp_path / "out")).missing == (0,)
    assert medcutmix_cli.render(tmp_path / "out").failed == failed.failed


@pytest.mark.parametrize("seed", [1, 2], ids=["the-same", "another"])
def test_of_two_plans_made_at_once_the_first_counts_and_the_second_steps_aside(tmp_path, monkeypatch, seed):
    source, out = write_manifest(tmp_path / "in"), tmp_path / "out"
    made = pipeline.make_plan

    def overtaken(*given, **more):
        monkeypatch.setattr(pipeline, "make_plan", made)
        augmented(source, out, seed=1)
        return made(*given, **more)

    monkeypatch.setattr(pipeline, "make_plan", overtaken)
    if seed == 1:
        augmented(source, out, seed=seed)
    else:
        with pytest.raises(RunConflictError, match="seed: 1 -> 2"):
            augmented(source, out, seed=seed)
    assert read_run(RunFolder(out)).settings["plan"]["seed"] == 1
    assert verify(out, deep=True).ok
