from medcutmix_cli.system.near_paths import near_path


def test_the_nearest_name_of_the_same_folder_is_proposed(tmp_path):
    for name in ("SAMPLE", "studies.csv", ".SAMPEL"):
        (tmp_path / name).touch()
    assert near_path(tmp_path / "SAMPEL") == "did you mean 'SAMPLE'?"
    assert near_path(tmp_path / "study.csv") == "did you mean 'studies.csv'?"
    assert near_path(tmp_path / "other") == ""


def test_of_a_folder_that_is_not_there_nothing_is_proposed(tmp_path):
    assert near_path(tmp_path / "none" / "a") == ""
