import shlex

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.datasets.value_guesses import (
    CHOICES,
    GUESSES,
    guess_meaning,
    is_understood,
    map_option,
)
from medcutmix_cli.errors import UsageError
from tests.trees import write_manifest

LATERAL = (
    *(
        "lat",
        "LAT",
        "Lat.",
        "ll",
        "rl",
        "LL",
        "l",
        "L",
        "lateral",
        "Left Lateral",
        "right lateral",
        "lateral view",
    ),
    *(
        "left_lateral",
        "Lat view",
        "lat_view",
        "profile",
        "PROFILE",
        "side",
        "Side view",
        "L-LAT",
        "chest lat",
    ),
)
FRONTAL = {"P.A.": "PA", "PA view": "PA", "chest PA": "PA", "A.P.": "AP", "AP_Supine": "AP", "Portable": "AP"}
SPLIT = {"Train": "train", "TRAINING SET": "train", "dev": "validate", "Val": "validate", "eval": "test"}
MEANINGLESS = ("x", "Oblique", "swimmer", "R", "erect", "?", "", "outside", "later", "l5", "AP|PA", "left")


@pytest.mark.parametrize("value", LATERAL)
def test_a_lateral_name_is_never_taken_for_a_frontal_one(value):
    assert guess_meaning("view", value) == "LATERAL"


@pytest.mark.parametrize(
    ("role", "value", "meaning"),
    [*(("view", *one) for one in FRONTAL.items()), *(("split", *one) for one in SPLIT.items())],
)
def test_a_name_in_another_dress_means_the_same(role, value, meaning):
    assert guess_meaning(role, value) == meaning
    assert map_option(role, value) == f"--map {shlex.quote(f'{role}:{value}={meaning}')}"


@pytest.mark.parametrize("role", ["split", "view"])
@pytest.mark.parametrize("value", MEANINGLESS)
def test_what_means_nothing_known_is_a_choice(role, value):
    if (role, value) == ("view", "AP|PA"):
        return
    assert guess_meaning(role, value) == ""
    assert map_option(role, value).endswith("|".join(CHOICES[role]) + "'")


@pytest.mark.parametrize("role", ["split", "view"])
def test_no_guess_is_of_what_is_understood_and_each_leads_to_what_is(role):
    for meaning, names in GUESSES[role].items():
        assert is_understood(role, meaning)
        assert not [name for name in names if is_understood(role, name)]


@pytest.mark.parametrize("role", ["split", "view"])
@pytest.mark.parametrize("meaning", ["PB", "frontal", "lat", "choice"])
def test_a_meaning_that_is_none_is_refused(tmp_path, role, meaning):
    choice = "|".join(CHOICES[role])
    with pytest.raises(UsageError, match=f"there is no {role}"):
        TableDataset(tmp_path, maps={f"{role}:X": choice if meaning == "choice" else meaning})
    with pytest.raises(UsageError, match="there is no view"):
        TableDataset(tmp_path, view="frontal")


@pytest.mark.parametrize("value", sorted(set(LATERAL) | {"Oblique", "x"}))
def test_no_hint_for_a_view_that_is_not_frontal_makes_it_one(tmp_path, value):
    check = check_dataset(write_manifest(tmp_path, 8, view=value))
    hints = " ".join(problem.hint for problem in check.problems)
    assert f":{value}=PA'" not in hints
    assert f":{value}=PA " not in hints
    assert all(one.meaning in ("LATERAL", "") for one in check.values)
    if value in ("Oblique", "x"):
        assert "PA|AP|LATERAL' with one of the three" in hints


@pytest.mark.parametrize(("value", "meaning"), [("dev", "validate"), ("eval", "test"), ("Train", "train")])
@pytest.mark.parametrize("splits", [("train",), ("validate",), ("train", "validate", "test")], ids=" ".join)
def test_a_split_that_is_known_but_not_mixed_is_said_to_be_that(tmp_path, value, meaning, splits):
    check = check_dataset(write_manifest(tmp_path, 8, split=value), splits=splits)
    hint = next(problem.hint for problem in check.problems if "is not known" in problem.what)
    assert f"--map split:{value}={meaning} if that is what it means" in hint
    assert (f"--split {meaning}" in hint) == (meaning not in splits)
