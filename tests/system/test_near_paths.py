import pytest

import medcutmix_cli
from medcutmix_cli.errors import MedcutmixError
from medcutmix_cli.system.near_paths import near_path


def test_the_nearest_name_of_the_same_folder_is_proposed(tmp_path):
    for name in ("SAMPLE", "studies.csv", ".SAMPEL"):
        (tmp_path / name).touch()
    assert near_path(tmp_path / "SAMPEL") == "did you mean 'SAMPLE'?"
    assert near_path(tmp_path / "study.csv") == "did you mean 'studies.csv'?"
    assert near_path(tmp_path / "other") == ""


def test_of_a_folder_that_is_not_there_nothing_is_proposed(tmp_path):
    assert near_path(tmp_path / "none" / "a") == ""


USES = {
    "into": lambda link, other: medcutmix_cli.write_sample(link, studies=1, height=64),
    "inspect": lambda link, other: medcutmix_cli.inspect(link),
    "status": lambda link, other: medcutmix_cli.status(link),
    "verify": lambda link, other: medcutmix_cli.verify(link),
}
FOLLOWED = {  # what is kept in a run is kept as the place that a link leads to
    "augment": lambda link, other: medcutmix_cli.augment(link, other),
    "check": lambda link, other: medcutmix_cli.check_dataset(link),
    "reports": lambda link, other: medcutmix_cli.check_dataset(other, reports=link),
}


@pytest.mark.parametrize("use", sorted(USES))
def test_a_link_that_leads_nowhere_is_called_that_and_not_proposed_itself(tmp_path, use):
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "link2").mkdir()  # the nearest name
    with pytest.raises(MedcutmixError) as caught:
        USES[use](tmp_path / "link", tmp_path / "link2")
    assert caught.value.hint == "it is a link to gone, which is not there: make that, or remove the link"


@pytest.mark.parametrize("use", sorted(FOLLOWED))
def test_of_a_link_that_is_followed_the_place_is_named_that_is_not_there(tmp_path, use):
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "link2").mkdir()
    with pytest.raises(MedcutmixError) as caught:
        FOLLOWED[use](tmp_path / "link", tmp_path / "link2")
    assert caught.value.where == str(tmp_path / "gone")
    assert "link" not in caught.value.hint
