"""What tests of this folder share: a run of the toy encoder."""

import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return a complete run of several shards; its data set is `in` beside it."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    source = write_manifest(tmp_path / "in")
    medcutmix_cli.augment(
        source, tmp_path / "out", encoder="toy", gate="none", align="none", shard_size=6, workers=1
    )
    return RunFolder(tmp_path / "out")
