import pytest

from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.data_card import write_card
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.hub_card import front_matter, size_category
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import arrow_schema
from medcutmix_cli.run.status import run_status
from tests.run.test_shards import ORIGIN
from tests.run_folders import write_run


def read_front_matter(*arguments, **options):
    yaml = pytest.importorskip("yaml")
    text = front_matter(*arguments, **options)
    assert text.startswith("---\n")
    assert text.endswith("\n---")
    return yaml.safe_load(text.strip("-"))


def test_the_features_are_those_of_the_shards():
    datasets = pytest.importorskip("datasets")
    said = datasets.Features._from_yaml_list(
        read_front_matter(12, synthetic=True)["dataset_info"]["features"]
    )
    assert said == datasets.Features.from_arrow_schema(arrow_schema(ORIGIN))
    assert list(said) == [column.name for column in COLUMNS]


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (400_000, "100K<n<1M")],
)
def test_the_size_is_told_in_the_hubs_words(rows, category):
    assert size_category(rows) == category
    assert read_front_matter(rows, synthetic=False)["size_categories"] == [category]


def test_real_rows_are_never_said_to_be_free():
    assert read_front_matter(5, synthetic=True)["license_name"] == "procedural-phantoms-free-to-share"
    real = read_front_matter(5, synthetic=False)
    assert (real["license"], real["license_name"]) == ("other", "terms-of-the-source-data-set")
    assert "phantom" not in real["tags"]


def test_load_dataset_takes_the_whole_folder_by_its_card(tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    folder = RunFolder(write_run(tmp_path / "run"))
    write_card(folder, read_run(folder), run_status(folder))
    rows = datasets.load_dataset(str(folder.root), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(rows) == 1
    assert rows[0]["image"].size == (112, 112)


def test_the_hubs_own_reader_takes_the_card():
    hub = pytest.importorskip("huggingface_hub")
    data = hub.DatasetCardData(**read_front_matter(5, synthetic=True))
    assert data.license == "other"
    assert {"radiology", "medcutmix"} <= set(data.tags)
