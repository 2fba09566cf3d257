import shutil

from medcutmix_cli.system.disk_space import free_bytes, nearest_folder


def test_the_nearest_folder_of_what_is_not_there_yet_is_above_it(tmp_path):
    assert nearest_folder(tmp_path) == tmp_path.resolve()
    assert nearest_folder(tmp_path / "a" / "b") == tmp_path.resolve()
    (tmp_path / "file").write_text("")
    assert nearest_folder(tmp_path / "file") == tmp_path.resolve()


def test_what_is_free_is_what_the_system_says(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: shutil._ntuple_diskusage(10, 3, 7))
    assert free_bytes(tmp_path) == 7
