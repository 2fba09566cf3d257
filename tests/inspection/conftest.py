"""What tests of this folder share: a run of the toy encoder."""

import shutil

import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


def write_toy_run(folder):
    """Write a complete run of several shards to `out`; its data set is `in`, beside it."""
    source = write_manifest(folder / "in")
    medcutmix_cli.augment(
        source, folder / "out", encoder="toy", gate="none", align="none", shard_size=6, workers=1
    )
    return RunFolder(folder / "out")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a complete run of several shards; its data set is `in` beside it."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    return write_toy_run(tmp_path)


@pytest.fixture(scope="session")
def written_once(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        return write_toy_run(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def copied(written_once, tmp_path):
    """Return a copy of such a run, to be broken; its data set is another's, and only to be read."""
    return RunFolder(shutil.copytree(written_once.root, tmp_path / "out"))
