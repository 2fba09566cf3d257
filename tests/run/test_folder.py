from pathlib import Path

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.folder import RunFolder


def test_a_file_in_the_way_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        RunFolder(tmp_path / "file" / "out").create()


def test_a_folder_is_made_before_the_work_and_goes_again_if_nothing_came(tmp_path):
    out = RunFolder(tmp_path / "a" / "b" / "out")
    with out.claim_for_planning():
        assert list(tmp_path.rglob("*"))[-1] == out.root
    assert list(tmp_path.iterdir()) == []
    with out.claim_for_planning():
        (out.root / "plan.parquet").touch()
    assert [path.name for path in out.root.iterdir()] == ["plan.parquet"]


def test_a_folder_that_was_there_stays_with_its_rights(tmp_path):
    tmp_path.chmod(0o755)
    with RunFolder(tmp_path).claim_for_planning():
        pass
    assert tmp_path.stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_where_no_folder_can_be_made_another_is_asked_for_and_nothing_is_done():
    with pytest.raises(RunError) as caught, RunFolder(Path("/proc/x")).claim_for_planning():
        pytest.fail("the work began")
    assert caught.value.hint.startswith("choose an output folder")
