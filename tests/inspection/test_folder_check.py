import json

import pytest

from medcutmix_cli.assembly.parts import record_fingerprint
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.run_record import RunRecord
from tests.breaking_runs import broken_rules
from tests.sealed_files import change_sealed


def test_a_shard_too_many_breaks_the_numbering(run):
    run.shard_file(7).write_bytes(run.shard_file(0).read_bytes())
    assert broken_rules(run) == {"numbering"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda said: said["settings"]["plan"].update(seed=5), id="seed"),
        pytest.param(lambda said: said["settings"]["image"].update(canvas=224), id="canvas"),
        pytest.param(lambda said: said["settings"]["image"].update(dicom_mode="voi"), id="dicom-mode"),
        pytest.param(lambda said: said["settings"]["mixing"].update(weight="image-area"), id="weight"),
        pytest.param(lambda said: said.update(synthetic=not said["synthetic"]), id="synthetic"),
        pytest.param(lambda said: said["encoder"].update(demonstration=False), id="demonstration"),
        pytest.param(lambda said: said["sources"].update({"manifest": "0" * 64}), id="sources"),
    ],
)
@pytest.mark.parametrize("mended", [False, True], ids=["as-it-is", "seal-mended"])
@pytest.mark.parametrize("rendered", [False, True], ids=["planned", "rendered"])
def test_a_changed_setting_is_found_by_a_plain_check(copied, change, mended, rendered):
    if not rendered:
        for path in (
            *copied.root.glob("data/*"),
            *copied.root.glob("state/*"),
            *copied.root.glob("failures/*"),
        ):
            path.unlink()
    if mended:
        change_sealed(copied.run_file, change)
    else:
        said = json.loads(copied.run_file.read_text())
        change(said)
        copied.run_file.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n")
    found = {(problem.where, problem.rule) for problem in verify(copied.root).problems}
    assert ("run.json", "fingerprint" if mended else "damaged") in found


def test_a_setting_whose_fingerprint_was_mended_as_well_is_contradicted_by_the_shards(run):
    def change(said):
        said["settings"]["plan"]["seed"] = 5
        said["fingerprint"] = record_fingerprint(RunRecord(**said))

    change_sealed(run.run_file, change)
    assert {"fingerprint", "origin"} <= broken_rules(run)
