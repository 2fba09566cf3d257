"""A user's lexicon over the built-in tables: what it changes, and what is refused with file, line and key."""

import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.reports.labels import finding_states
from medcutmix_cli.reports.lexicon import finding_ids, label_of
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import BUILT_IN, lexicon_of, use_lexicon

KINDS = {"absent": "before", "uncertain": "before", "resolved": "before"}
NAMES = ["effusion", "pneumothorax", "consolidation", "scarring", "mass"]


def states(text, sentence):
    with use_lexicon(lexicon_of(text, "my.toml")):
        return {name: state.value for name, state in finding_states(ReportReader().read(sentence)).items()}


def test_a_new_finding_is_read_and_counts_as_its_label():
    text = '[[finding]]\nid = "stent"\nterms = ["stents?"]\nchexpert = "Support Devices"\n'
    assert states(text, "There are two stents.") == {"stent": "present"}
    with use_lexicon(lexicon_of(text, "my.toml")):
        assert label_of("chexpert")["stent"] == "Support Devices"
        assert "stent" not in label_of("nih")


def test_a_list_is_added_to_taken_from_or_replaced():
    added = '[[finding]]\nid = "mass"\nadd.terms = ["whopper"]\n'
    assert states(added, "A whopper. A mass.") == {"mass": "present"}
    taken = '[[finding]]\nid = "pneumothorax"\nremove.terms = ["ptx"]\n'
    assert states(taken, "There is a ptx.") == {}
    assert states(taken, "There is a pneumothorax.") == {"pneumothorax": "present"}
    replaced = '[[finding]]\nid = "pneumothorax"\nterms = ["ptx"]\n'
    assert states(replaced, "There is a ptx.") == {"pneumothorax": "present"}
    assert states(replaced, "There is a pneumothorax.") == {}


def test_what_is_not_said_of_a_finding_stays():
    text = '[[finding]]\nid = "pleural_effusion"\nadd.terms = ["puddle"]\n'
    before = next(e for e in BUILT_IN.tables["findings"]["finding"] if e["id"] == "pleural_effusion")
    after = next(
        e for e in lexicon_of(text, "").tables["findings"]["finding"] if e["id"] == "pleural_effusion"
    )
    assert after == before
    changed = lexicon_of(text, "my.toml").tables["findings"]["finding"]
    assert next(e for e in changed if e["id"] == "pleural_effusion") == {
        **before,
        "terms": [*before["terms"], "puddle"],
    }


def test_a_removed_finding_is_nowhere_in_the_tables():
    text = '[remove]\nfindings = ["atelectasis", "pleural_effusion"]\n'
    rules = lexicon_of(text, "my.toml").tables["findings"]
    assert "atelectasis" not in repr(
        [(e["id"], e.get("explained_by"), e.get("measured")) for e in rules["finding"]]
    )
    assert all("pleural_effusion" not in part["findings"] for part in rules["anatomy"])
    assert states(text, "Effusion and atelectasis. Blunted costophrenic angle.") == {}


def test_removed_wins_whatever_the_order_in_the_file():
    text = '[remove]\nfindings = ["mass"]\n[[finding]]\nid = "mass"\nadd.terms = ["whopper"]\n'
    assert states(text, "A whopper.") == {}


@pytest.mark.parametrize("name", NAMES)
def test_an_exclusion_hides_the_finding_in_it_and_no_other(name):
    text = f'[ignore]\nadd.phrases = ["{name} protocol"]\n'
    assert states(text, f"The {name} protocol was used.") == {}
    assert list(states(text, f"There is {name}.").values()) == ["present"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("category", "direction"), [(c, d) for c in KINDS for d in ("before", "after")])
def test_a_cue_of_any_category_works_in_its_direction_alone(name, category, direction):
    text = f'[[cue]]\ncategory = "{category}"\ndirection = "{direction}"\nadd.phrases = ["zilch"]\n'
    before, after = states(text, f"Zilch {name}."), states(text, f"{name} zilch.")
    right, wrong = (before, after) if direction == "before" else (after, before)
    assert list(right.values()) == [category]
    assert list(wrong.values()) == ["present"]


def test_a_cue_can_be_taken_away():
    text = '[[cue]]\ncategory = "uncertain"\ndirection = "before"\nremove.phrases = ["possible"]\n'
    assert states(text, "Possible pneumonia.") == {"pneumonia": "present"}


def test_a_description_can_be_added():
    text = (
        '[[finding]]\nid = "deviation"\nterms = ["tracheal deviation"]\n'
        '[[anatomy]]\nfindings = ["deviation"]\nsubjects = ["(?:the )?trachea"]\n'
        'abnormal = ["deviated"]\nnormal = ["midline"]\n'
    )
    assert states(text, "The trachea is deviated.") == {"deviation": "present"}
    assert states(text, "The trachea is midline.") == {"deviation": "absent"}


def test_an_empty_file_changes_nothing():
    assert lexicon_of("", "my.toml").tables == BUILT_IN.tables


def test_the_built_in_tables_stay_as_they_are():
    before = repr(BUILT_IN.tables)
    states('[remove]\nfindings = ["mass"]\n[[finding]]\nid = "nodule"\nadd.terms = ["blip"]\n', "A blip.")
    assert repr(BUILT_IN.tables) == before
    assert "mass" in finding_ids()


REFUSED = [
    ("no table of that name", "[[fnding]]\nid = 'a'\n", 1, "[[fnding]]", "finding"),
    ("one table where many may be", "[finding]\nid = 'a'\n", 1, "[[finding]]", ""),
    ("no key of that name", "[[finding]]\nid = 'mass'\ntrems = ['a']\n", 3, "trems", "terms"),
    ("no list of that name", "[[finding]]\nid = 'mass'\nadd.term = ['a']\n", 3, "add.term", "terms"),
    ("a list that is a text", "[[finding]]\nid = 'mass'\n\nadd.terms = 'a'\n", 4, "add.terms", ""),
    ("a finding without an id", "[[finding]]\nterms = ['a']\n", 1, "id", ""),
    ("an id with capitals", "[[finding]]\nid = 'Mass'\nterms = ['a']\n", 2, "id", ""),
    ("a new finding without terms", "[[finding]]\nid = 'mas'\nadd.terms = ['a']\n", 2, "id", "mass"),
    ("no such label", "[[finding]]\nid = 'mass'\nchexpert = 'Lung lesion'\n", 3, "chexpert", "Lung Lesion"),
    ("no finding counts as that", "[[finding]]\nid = 'mass'\nchexpert = 'No Finding'\n", 3, "chexpert", ""),
    ("no such nih label", "[[finding]]\nid = 'mass'\nnih = 'Massa'\n", 3, "nih", "Mass"),
    ("no such explanation", "[[finding]]\nid = 'mass'\nexplained_by = ['scaring']\n", 3, "explained_by", "scarring"),
    ("no such sidedness", "[[finding]]\nid = 'mass'\nsided = 'maybe'\n", 3, "sided", "near"),
    ("no regular expression", "[[finding]]\nid = 'mass'\nadd.terms = [\n'a',\n'(b',\n]\n", 5, "add.terms", ""),
    ("no macro of that name", "[[finding]]\nid = 'mass'\nadd.terms = ['{sid} a']\n", 3, "add.terms", "side"),
    ("matches nothing at all", "[[finding]]\nid = 'mass'\nadd.terms = ['a?']\n", 3, "add.terms", ""),
    ("takes away nothing", "[[finding]]\nid = 'edema'\nremove.terms = ['kerley b']\n", 3, "remove.terms", "kerley"),
    ("removes a finding there is not", "[remove]\nfindings = ['mas']\n", 2, "findings", "mass"),
    ("a cue of no category", "[[cue]]\ndirection = 'before'\nphrases = ['a']\n", 1, "[[cue]]", "absent"),
    ("a cue of another category", "[[cue]]\ncategory = 'negated'\n", 2, "category", "absent"),
    ("a description of no finding", "[[anatomy]]\nsubjects = ['a']\n", 1, "[[anatomy]]", ""),
    ("a description of another finding", "[[anatomy]]\nfindings = ['mas']\nsubjects = ['a']\n", 2, "findings", "mass"),
    ("a test without findings", "[[test]]\nsentence = 'a'\n", 1, "[[test]]", ""),
    ("a test of no state", "[[test]]\nsentence = 'a'\nfindings = { mass = 'there' }\n", 3, "findings", "present"),
    ("no TOML", "[[finding]]\nid = \n", 0, "line 2", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "key", "hint"), [pytest.param(*case[1:], id=case[0]) for case in REFUSED]
)
def test_what_does_not_fit_is_named_by_file_line_and_key(text, line, key, hint):
    with pytest.raises(UsageError) as refused:
        lexicon_of(text, "my.toml")
    assert refused.value.where == (f"my.toml:{line}" if line else "my.toml")
    assert key in refused.value.what
    assert hint in refused.value.hint
