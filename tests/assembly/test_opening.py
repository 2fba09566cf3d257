"""What a run is opened with is looked at before anything long begins."""

import pytest

import medcutmix_cli
from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.configuration.resolution import resolve
from medcutmix_cli.configuration.settings import plain
from medcutmix_cli.errors import DatasetError, MedcutmixError
from medcutmix_cli.run.run_record import RunRecord
from tests.trees import write_manifest


@pytest.fixture
def no_planning(monkeypatch):
    """Whoever begins to plan has come too far."""
    monkeypatch.setattr("medcutmix_cli.pipeline.make_plan", lambda *_given, **_more: pytest.fail("planned"))


def write_other_cache(folder):
    folder.mkdir()
    (folder / "cache.json").write_text('{"format": 1, "versions": {}}')


CACHES = {
    "a-file": (lambda folder: folder.write_text("x"), "no cache of pictures"),
    "missing": (lambda folder: None, "does not exist"),
    "no-cache": (lambda folder: folder.mkdir(), "no cache of pictures"),
    "of-another-version": (write_other_cache, "another version"),
}


@pytest.mark.usefixtures("no_planning")
@pytest.mark.parametrize("call", ["augment", "plan", "estimate_augment"])
@pytest.mark.parametrize("kind", sorted(CACHES))
def test_what_cannot_serve_as_a_cache_is_refused_before_planning(tmp_path, call, kind):
    source = write_manifest(tmp_path / "in", studies=2)
    make, said = CACHES[kind]
    make(tmp_path / "cache")
    with pytest.raises(MedcutmixError, match=said) as raised:
        getattr(medcutmix_cli, call)(source, tmp_path / "out", encoder="bundled", prepared=tmp_path / "cache")
    assert raised.value.where == str(tmp_path / "cache")
    assert "medcutmix prepare" in raised.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("role", "option"), [("root", "--dataset"), ("unpaired", "--unpaired")])
def test_a_run_whose_data_set_has_moved_says_the_option_that_tells_where_it_is(tmp_path, role, option):
    here, gone = write_manifest(tmp_path / "in", studies=2), tmp_path / "gone"
    (tmp_path / "gone2").mkdir()  # a near name is not the data set of this run
    said = {"dataset.root": here, "dataset.unpaired": here, "plan.unpaired": "donor", f"dataset.{role}": gone}
    settings = plain(resolve(said, environ={}).settings)
    with pytest.raises(DatasetError) as caught:
        open_run_dataset(RunRecord(settings, {}, {}, {}, {}, False, {}, [], ""))
    assert caught.value.where == str(gone)
    assert caught.value.hint == f"has it moved? {option} PATH says where it is now"
