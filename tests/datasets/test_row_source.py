from pathlib import Path

from medcutmix_cli.datasets.row_source import FileSource


def test_a_file_is_called_by_its_path_below_its_folder_whatever_the_system_writes_between():
    path = Path("root") / "parts" / "a.csv"
    assert FileSource(path).name == "a.csv"
    assert FileSource(path, Path("root")).name == "parts/a.csv"


def test_what_is_known_of_all_rows_is_nothing_unless_it_is_said():
    assert FileSource(Path("a.csv")).known == {}
