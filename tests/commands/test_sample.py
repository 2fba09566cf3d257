import json

from tests.calls import medcutmix


def test_a_sample_is_written_and_told(tmp_path, capsys):
    words = ("sample", tmp_path / "data", "--studies", 3, "--height", 64, "--format", "dicom")
    assert medcutmix(*words) == 0
    shown = capsys.readouterr().out
    assert "3, of " in shown
    assert f"medcutmix augment {tmp_path / 'data'} RUN" in shown.replace("\n", "")
    assert len(list((tmp_path / "data").rglob("*.dcm"))) >= 3


def test_the_same_sample_again_is_no_error(tmp_path, capsys):
    words = ("sample", tmp_path / "data", "--studies", 2, "--height", 64)
    assert (medcutmix(*words), medcutmix(*words)) == (0, 0)
    assert "(was there already)" in " ".join(capsys.readouterr().out.split())  # a long path is wrapped


def test_json_tells_what_was_written(tmp_path, capsys):
    assert medcutmix("sample", tmp_path / "data", "--studies", 2, "--height", 64, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["document"], document["studies"], document["written"]) == ("sample", 2, True)


def test_a_number_of_studies_that_makes_no_sense_is_refused(tmp_path, capsys):
    assert medcutmix("sample", tmp_path / "data", "--studies", 0) == 2
