import shlex

import pytest

from medcutmix_cli.datasets.column_roles import ALIASES, ROLES, assign_roles

WHOLE = ["image", "report", "subject", "split"]
KINDS = [(role, name) for role, names in ALIASES.items() for name in names]


def test_columns_that_are_named_as_their_role_play_it():
    found = assign_roles([*ROLES, "other"], {}, {})
    assert [
        (use.role, use.why) for use in found.uses if use.role not in ("findings", "impression", "report_path")
    ]
    assert {use.why for use in found.uses} == {"its name"}
    assert not found.problems
    assert "other" in found.unused


@pytest.mark.parametrize(("role", "name"), KINDS)
@pytest.mark.parametrize(
    "dress", [str, str.upper, lambda n: n.title().replace("_", ""), lambda n: n.replace("_", " ")]
)
def test_a_name_that_means_a_role_is_taken_in_any_dress(role, name, dress):
    texts = {"findings", "impression", "report_path"}
    others = [other for other in WHOLE if other != role and not (role in texts and other == "report")]
    found = assign_roles([*others, dress(name)], {}, {})
    assert found.columns[role] == dress(name)
    assert not found.problems


def test_no_name_means_two_roles():
    names = [name for own in ALIASES.values() for name in own]
    assert len(names) == len(set(names))
    assert not set(names) & set(ROLES)


def test_what_is_said_wins_over_what_is_found():
    found = assign_roles([*WHOLE, "pic"], {"image": "pic"}, {})
    assert {use.role: (use.column, use.why) for use in found.uses}["image"] == ("pic", "said")
    assert found.unused == ("image",)


def test_of_two_columns_that_mean_the_same_none_is_taken():
    found = assign_roles(["report", "split", "image", "patient", "PatientID"], {}, {})
    (problem,) = found.problems
    assert (problem.role, "subject" in found.columns) == ("subject", False)
    assert "'patient' or 'PatientID'" in problem.what
    assert "--column subject=patient" in problem.hint


def test_all_that_is_missing_is_told_at_once():
    found = assign_roles(["a", "b"], {"view": "c"}, {})
    assert [problem.role for problem in found.problems] == ["view", "image", "subject", "report", "split"]
    assert "--split-all train" in found.problems[-1].hint


def test_what_something_else_says_needs_no_column():
    assert not assign_roles(["image", "report"], {}, {"split": "train", "subject": "p"}).problems


@pytest.mark.parametrize(
    ("columns", "said", "texts"),
    [
        (["report", "findings", "impression"], {}, {"report"}),
        (["findings", "impression", "report_path"], {}, {"findings", "impression"}),
        (["impression"], {}, {"impression"}),
        (["report", "f"], {"findings": "f"}, {"findings"}),
        (["text", "report_path"], {}, {"report"}),
    ],
)
def test_there_is_one_way_to_the_report(columns, said, texts):
    found = assign_roles(["image", "subject", "split", *columns], said, {})
    assert set(found.columns) - {"image", "subject", "split"} == texts
    assert not found.problems


def test_a_column_that_is_there_twice_is_a_problem():
    (problem,) = assign_roles([*WHOLE, "image"], {}, {}).problems
    assert "there 2 times" in problem.what


@pytest.mark.parametrize(
    ("role", "name"), [(role, name) for role in ("image", "study") for name in (role, *ALIASES[role])]
)
def test_the_column_of_pictures_or_studies_can_be_that_of_patients_too(role, name):
    others = [other for other in ("image", "study", "report", "split") if other != role]
    found = assign_roles([*others, name], {"subject": name}, {})
    assert not found.problems
    assert (found.columns["subject"], found.columns[role]) == (name, name)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"image", "study", "subject"}))
def test_no_other_role_shares_its_column_unasked(role):
    for name in ALIASES.get(role, ()):
        assert assign_roles([*WHOLE, name], {"subject": name}, {}).columns.get(role) != name


@pytest.mark.parametrize(
    "columns", [["image", "text"], ["path", "text"], ["exam", "img", "text"]], ids=" ".join
)
def test_a_missing_patient_has_a_way_forward_that_says_what_is_lost(columns):
    (problem,) = assign_roles(columns, {}, {"split": "train"}).problems
    assert f"--column subject={columns[0]} counts each" in problem.hint
    assert "may then be paired, and splits may share patients" in problem.hint
    option = {"subject": columns[0]}
    assert not assign_roles(columns, option, {"split": "train"}).problems


@pytest.mark.parametrize("role", WHOLE)
@pytest.mark.parametrize("name", ["q7", "two words"])
def test_a_guess_is_named_and_given_no_role(role, name):
    rest = [other for other in WHOLE if other != role]
    (problem,) = assign_roles([*rest, name], {}, {}, {role: name}).problems
    assert problem.hint.startswith(f"--column {shlex.quote(f'{role}={name}')}, which looks like it; ")
    (problem,) = assign_roles([*rest, name], {role: "typo"}, {}, {role: name}).problems
    assert problem.hint.startswith(f"--column {shlex.quote(f'{role}={name}')}, which looks like it; ")


def test_columns_with_names_of_observations_are_labels():
    found = assign_roles([*WHOLE, "labels", "Pneumonia", "Edema", "pneumonia"], {"view": "Edema"}, {})
    assert (found.labels, found.unused) == (("Pneumonia",), ("pneumonia",))
    assert found.columns["labels"] == "labels"
