"""A lexicon tried before a run: each flaw is found as a kind, and a sound lexicon has none."""

import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.evaluation import Flaw, evaluate_lexicon
from medcutmix_cli.reports.tables import BUILT_IN, lexicon_in_use

FINDINGS = ["effusion", "pneumothorax", "consolidation", "scarring", "atelectasis"]


def tried(tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(text)
    return evaluate_lexicon(path)


def flaws(found):
    return [(one.flaw.value, one.phrase) for one in found.problems]


def term(phrase, finding="curvature", tests=("",)):
    asked = "".join(
        f'[[test]]\nsentence = "{t}"\nfindings = {{ {finding} = "present" }}\n' for t in tests if t
    )
    return f"[[finding]]\nid = '{finding}'\nterms = [\n'''{phrase}''',\n]\n{asked}"


def test_a_sound_lexicon_has_no_problem(tmp_path):
    found = tried(tmp_path, term("bent spines?", tests=["A bent spine."]))
    assert (found.ok, found.phrases, found.tests, found.problems) == (True, 1, 1, ())


@pytest.mark.parametrize(
    "phrase",
    ["Bent spine", "left-sided bend", "bend  here", "bend ", "5mm bend", "spine's", r"bend\.", "a/b bend", "bend:x"],
)  # fmt: skip
def test_what_can_never_match_is_found(tmp_path, phrase):
    assert flaws(tried(tmp_path, term(phrase))) == [("never", phrase)]


@pytest.mark.parametrize(
    "phrase",
    ["bent spine", "5 mm bend", r"bend(?= \.)", r"(?<=a )bend", "{degree}bend", "(?:a|B) bend", r"b\w+d"],
)  # fmt: skip
def test_what_can_match_is_not_called_impossible(tmp_path, phrase):
    assert "never" not in [flaw for flaw, _ in flaws(tried(tmp_path, term(phrase)))]


@pytest.mark.parametrize("name", FINDINGS)
def test_a_phrase_of_two_findings_is_ambiguous(tmp_path, name):
    found = tried(tmp_path, term(name, tests=[]))
    assert [one.flaw for one in found.problems] == [Flaw.AMBIGUOUS, Flaw.UNTESTED]
    assert found.problems[0].detail


@pytest.mark.parametrize(
    "excluded", ["pericardial effusion", "joint effusion", "mass effect", "thyroid nodule"]
)
def test_a_phrase_that_an_exclusion_takes_is_shadowed(tmp_path, excluded):
    assert ("shadowed", excluded) in flaws(tried(tmp_path, term(excluded)))


@pytest.mark.parametrize("name", FINDINGS)
def test_an_exclusion_that_takes_all_of_a_finding_is_ambiguous(tmp_path, name):
    found = tried(tmp_path, f'[ignore]\nadd.phrases = ["{name}"]\n')
    assert ("ambiguous", name) in flaws(found)
    assert flaws(tried(tmp_path, f'[ignore]\nadd.phrases = ["{name} survey"]\n')) == [
        ("untested", f"{name} survey")
    ]


CUES = [
    ("possible", "before", "absent"),
    ("no", "before", "uncertain"),
    ("is not seen", "after", "uncertain"),
]


@pytest.mark.parametrize(("phrase", "direction", "category"), CUES)
def test_a_cue_of_two_categories_is_found(tmp_path, phrase, direction, category):
    text = f'[[cue]]\ncategory = "{category}"\ndirection = "{direction}"\nadd.phrases = ["{phrase}"]\n'
    found = {flaw for flaw, own in flaws(tried(tmp_path, text)) if own == phrase}
    assert found & {"ambiguous", "shadowed"}


@pytest.mark.parametrize("direction", ["before", "after"])
@pytest.mark.parametrize("category", ["absent", "uncertain", "resolved"])
def test_a_new_cue_is_only_untested(tmp_path, category, direction):
    text = f'[[cue]]\ncategory = "{category}"\ndirection = "{direction}"\nadd.phrases = ["zilch"]\n'
    assert flaws(tried(tmp_path, text)) == [("untested", "zilch")]
    sentence = "Zilch effusion." if direction == "before" else "Effusion zilch."
    test = f'[[test]]\nsentence = "{sentence}"\nfindings = {{ pleural_effusion = "{category}" }}\n'
    assert flaws(tried(tmp_path, text + test)) == []


def test_what_is_built_in_already_is_said(tmp_path):
    found = tried(tmp_path, "[[finding]]\nid = 'pneumothorax'\nadd.terms = ['ptx']\n")
    assert ("known", "ptx") in flaws(found)


def test_a_test_that_is_read_as_something_else_says_as_what_and_not_the_sentence(tmp_path):
    found = tried(tmp_path, '[[test]]\n\nsentence = "No mass."\nfindings = { mass = "present" }\n')
    (one,) = found.problems
    assert (one.flaw, one.line, one.detail) == (Flaw.MISREAD, 3, "read as mass absent")
    assert "No mass" not in repr(found)


def test_a_test_may_ask_that_nothing_is_read(tmp_path):
    assert tried(tmp_path, '[[test]]\nsentence = "The mediastinum."\nfindings = {}\n').ok


def test_problems_are_in_the_order_of_the_file_with_their_lines(tmp_path):
    found = tried(tmp_path, term("Bend") + term("Curve", "curve"))
    assert [(one.line, one.key) for one in found.problems] == [
        (4, "[[finding]] terms"),
        (9, "[[finding]] terms"),
    ]


def test_trying_a_lexicon_leaves_the_one_in_use_alone(tmp_path):
    tried(tmp_path, term("bent spine"))
    assert lexicon_in_use() is BUILT_IN


def test_no_file_is_no_lexicon():
    with pytest.raises(UsageError):
        evaluate_lexicon("")
