import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.pairing.clauses import mention_content, reread, without


def cut(text, *findings):
    (sentence,) = reread(text)
    return without(sentence, [(m.start, m.end) for m in sentence.mentions if m.finding in findings])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param(
            "Small left effusion and bibasilar atelectasis.", "Bibasilar atelectasis.", id="first-of-two"
        ),
        pytest.param(
            "Mild cardiomegaly and a small left effusion.", "Mild cardiomegaly.", id="second-of-two"
        ),
        pytest.param("No effusion or pneumothorax.", "No pneumothorax.", id="first-denied"),
        pytest.param("No pneumothorax or effusion.", "No pneumothorax.", id="second-denied"),
        pytest.param(
            "No edema, effusion, or pneumothorax.", "No edema or pneumothorax.", id="middle-of-a-list"
        ),
        pytest.param(
            "No effusion, edema, or pneumothorax.", "No edema or pneumothorax.", id="first-of-a-list"
        ),
        pytest.param(
            "No edema, pneumothorax, or effusion.", "No edema or pneumothorax.", id="last-of-a-list"
        ),
        pytest.param(
            "No edema, mass, pneumothorax, or effusion.",
            "No edema, mass, or pneumothorax.",
            id="last-of-four",
        ),
        pytest.param("There is no effusion or edema.", "There is no edema.", id="opening-words-stay"),
        pytest.param("There are no effusions or edema.", "No edema.", id="a-plural-verb-goes"),
        pytest.param(
            "No large effusion or pneumothorax.", "No large pneumothorax.", id="a-denial-says-no-more"
        ),
        pytest.param("Small effusion with adjacent atelectasis.", "Atelectasis.", id="relation-leaves"),
        pytest.param(
            "The lungs are clear without effusion or edema.",
            "The lungs are clear without edema.",
            id="inner-denial",
        ),
        pytest.param("Small left effusion but no pneumothorax.", "No pneumothorax.", id="but"),
        pytest.param("Small effusion without pneumothorax.", "No pneumothorax.", id="without-becomes-no"),
        pytest.param(
            "The lungs are expanded without edema, effusion, or pneumothorax.",
            "The lungs are expanded without edema or pneumothorax.",
            id="no-comma-between-two-that-stay",
        ),
        pytest.param(
            "The lungs are expanded with no mass, edema, effusion, or pneumothorax.",
            "The lungs are expanded with no mass, edema, or pneumothorax.",
            id="a-comma-before-the-last-of-three",
        ),
        pytest.param("Effusion; cardiomegaly; atelectasis.", "Cardiomegaly; atelectasis.", id="semicolons"),
        pytest.param(
            "Left effusion, unchanged, and mild cardiomegaly.",
            "Mild cardiomegaly.",
            id="what-says-more-of-it-leaves",
        ),
        pytest.param(
            "There is no effusion and the heart is enlarged.", "The heart is enlarged.", id="statements"
        ),
        pytest.param("no effusion\n or pneumothorax.", "no pneumothorax.", id="a-line-break-inside-the-cut"),
        pytest.param("No edema,\n effusion or mass.", "No edema or mass.", id="two-lines-become-one"),
        pytest.param(
            "Bilateral effusions and atelectasis.", "Bilateral atelectasis.", id="a-shared-side-stays"
        ),
        pytest.param(
            "The aorta is tortuous without effusion.", "The aorta is tortuous.", id="no-other-finding"
        ),
    ],
)
def test_a_finding_leaves_and_the_rest_is_a_sentence(text, left):
    shortened = cut(text, "pleural_effusion")
    assert shortened is not None
    assert shortened.text == left


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Neither effusion nor pneumothorax is seen.", id="neither-nor"),
        pytest.param("The effusion and atelectasis are small.", id="a-shared-predicate"),
        pytest.param("Effusion and pneumothorax are not seen.", id="a-plural-verb-for-both"),
        pytest.param("Small left effusion, suggesting edema.", id="what-points-back"),
    ],
)
def test_what_cannot_be_cut_cleanly_is_refused(text):
    assert cut(text, "pleural_effusion") is None


def test_a_predicate_that_two_share_is_not_taken_from_the_one_that_stays():
    assert cut("The effusion and atelectasis are small.", "atelectasis") is None


ITEMS = {
    "pleural_effusion": "pleural effusion",
    "pneumothorax": "pneumothorax",
    "consolidation": "focal consolidation",
    "edema": "pulmonary edema",
    "atelectasis": "bibasilar atelectasis",
    "cardiomegaly": "mild cardiomegaly",
}


@st.composite
def lists_of_findings(draw):
    chosen = draw(st.permutations(sorted(ITEMS)))[: draw(st.integers(2, 5))]
    opening = draw(
        st.sampled_from(["No ", "There is no ", "No evidence of ", "There is ", "", "The lungs show "])
    )
    comma, word = draw(st.sampled_from([",", ""])), draw(st.sampled_from(["and", "or"]))
    words = [ITEMS[name] for name in chosen]
    head = ", ".join(words[:-1])
    text = f"{opening}{head}{comma if len(words) > 2 else ''} {word} {words[-1]}."
    return text[0].upper() + text[1:], draw(st.sampled_from(chosen))


@given(lists_of_findings())
def test_what_is_left_says_of_the_others_what_was_said_before(case):
    text, finding = case
    sentence = reread(text)[0]
    before = [mention_content(m) for m in sentence.mentions if m.finding != finding]
    shortened = cut(text, finding)
    if shortened is not None:
        assert [mention_content(m) for s in reread(shortened.text) for m in s.mentions] == before
        assert shortened.text[0].isupper()
        assert "  " not in shortened.text
        assert " ." not in shortened.text


@given(lists_of_findings())
def test_cuts_rebuild_what_is_left(case):
    text, finding = case
    shortened = cut(text, finding)
    if shortened is not None:
        pieces, position = [], 0
        for change in shortened.cuts:
            assert position <= change.start <= change.end
            pieces += [text[position : change.start], change.literal]
            position = change.end
        assert "".join([*pieces, text[position:]]) == shortened.text


@pytest.mark.parametrize("cause", ["causing", "producing", "resulting in"])
@pytest.mark.parametrize("seen", ["bronchovascular crowding", "vascular crowding", "volume loss"])
def test_what_is_seen_beside_what_leaves_stays(cause, seen):
    text = f"There are low lung volumes {cause} pleural effusion and {seen}."
    assert cut(text, "pleural_effusion").text == f"There are low lung volumes and {seen}."
    alone = cut(f"Small pleural effusion with {seen}.", "pleural_effusion")
    assert alone.text == f"{seen.capitalize()}."


@pytest.mark.parametrize("hedge", ["may represent effusion", "consider effusion", "suspicious for effusion"])
def test_what_is_only_supposed_beside_what_leaves_does_not_become_a_fact(hedge):
    assert cut(f"Blunting, {hedge} and adenopathy.", "pleural_effusion") is None
    assert cut(f"Blunting, {hedge} or adenopathy.", "pleural_effusion") is None


OF_THE_FIRST = {"acute": "infiltrate", "suspicious": "nodule", "discrete": "nodule"}
OPENINGS = ("No {}.", "There is no {}.", "No evidence of {}.", "Normal heart without {}.")


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize(("adjective", "first"), OF_THE_FIRST.items())
@pytest.mark.parametrize(
    "staying", ["effusion", "pleural effusion", "pneumothorax", "effusion or pneumothorax"]
)
def test_an_adjective_of_the_first_of_a_list_leaves_with_it(opening, adjective, first, staying):
    listed = f", {staying}" if " or " in staying else f" or {staying}"
    assert cut(opening.format(f"{adjective} {first}{listed}"), first).text == opening.format(staying)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("No acute infiltrate or pneumonia.", "No acute pneumonia."),
        ("No acute infiltrate or edema.", "No acute edema."),
        ("No suspicious opacity or nodule.", "No suspicious nodule."),
        ("No large infiltrate or effusion.", "No large effusion."),
    ],
)
def test_it_stays_where_it_goes_with_the_next(text, left):
    (sentence,) = reread(text)
    assert cut(text, sentence.mentions[0].finding).text == left


def test_no_adjective_stays_before_an_or_whose_noun_left():
    assert cut("No acute or focal infiltrate or effusion.", "infiltrate") is None


BARE_LISTS = [
    ("No nodules masses or infiltrates.", "infiltrates", "No nodules or masses."),
    ("No nodules masses or infiltrates.", "nodules", "No masses or infiltrates."),
    ("No nodules masses or infiltrates.", "masses", "No nodules or infiltrates."),
    (
        "There is no effusion infiltrate or pneumothorax.",
        "pneumothorax",
        "There is no effusion or infiltrate.",
    ),
    (
        "There is no effusion infiltrate or pneumothorax.",
        "effusion",
        "There is no infiltrate or pneumothorax.",
    ),
    ("No effusions nodules masses or infiltrates.", "infiltrates", "No effusions nodules or masses."),
    (
        "Negative for effusion infiltrate or pneumothorax.",
        "pneumothorax",
        "Negative for effusion or infiltrate.",
    ),
    ("No nodules masses, or infiltrates.", "infiltrates", "No nodules or masses."),
]


@pytest.mark.parametrize(("text", "gone", "left"), BARE_LISTS)
def test_a_list_without_commas_keeps_its_conjunction_before_the_last(text, gone, left):
    (sentence,) = reread(text)
    start = text.index(gone)
    found = without(sentence, [(start, start + len(gone))])
    assert found is not None
    assert found.text == left


@pytest.mark.parametrize("verb", ["persist", "remain", "are unchanged", "appear small"])
@pytest.mark.parametrize("leaving", ["atelectasis", "pleural_effusion"])
def test_a_verb_for_two_does_not_stay_with_one(verb, leaving):
    left = cut(f"Right basilar atelectasis and a small right effusion {verb}.", leaving)
    assert left is None or verb.split()[0] not in left.text


@pytest.mark.parametrize("side", ["Left", "Right", "Bilateral"])
@pytest.mark.parametrize("verb", ["is accompanied by", "is now moderate and is seen with", "has come with"])
def test_a_side_alone_is_no_subject_of_a_verb_that_stays(verb, side):
    left = cut(f"{side} pleural effusion is now moderate and {verb} basilar atelectasis.", "pleural_effusion")
    assert left is None or not left.text.startswith((f"{side} is", f"{side} has"))


@pytest.mark.parametrize("mark", ["; ", ", "])
@pytest.mark.parametrize("joiner", ["with", "and"])
@pytest.mark.parametrize("rest", ["chest tube in place", "the heart is enlarged", "no pneumothorax"])
def test_what_stood_behind_a_mark_does_not_run_into_what_was_before(rest, joiner, mark):
    if (joiner, mark) == ("and", ", "):
        return  # "edema and effusion, no pneumothorax": the comma is that of a list
    text = f"Mild edema {joiner} a small left effusion{mark}{rest}."
    found = cut(text, "pleural_effusion")
    assert found is not None
    assert found.text == f"Mild edema{mark}{rest}."


WITH_TWO = ("{a} with {b} and {c}.", "{a} with {b}, and {c}.")
SEEN = ("central vascular congestion", "pulmonary edema", "bibasilar atelectasis")


@pytest.mark.parametrize("form", WITH_TWO)
@pytest.mark.parametrize("first", ["Cardiomegaly", "Small left effusion"])
@pytest.mark.parametrize("second", SEEN)
@pytest.mark.parametrize("third", ["increased interstitial opacities", "a right lower lobe mass"])
def test_what_stays_with_another_is_not_joined_to_it_twice(form, first, second, third):
    left = cut(form.format(a=first, b=second, c=third), "opacity", "mass")
    assert left is None or left.text == f"{first} with {second}."


BEFORE = ("Small right effusion with", "Moderate bilateral effusions have increased, with")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize(
    "tie",
    [
        "subsequent",
        "resultant",
        "resulting",
        "consequent",
        "secondary",
        "concomitant",
        "distal",
        "subsequent areas of",
    ],
)
def test_a_word_that_ties_a_finding_to_one_that_left_leaves_with_it(before, tie):
    left = cut(f"{before} {tie} atelectasis at both bases.", "pleural_effusion")
    assert left is not None
    assert left.text.lower().endswith("atelectasis at both bases.")
    assert not any(word in left.text.lower() for word in tie.split() if word not in ("areas", "of"))


@pytest.mark.parametrize("course", ["Unchanged", "Stable", "Decreasing", "Improved", "Persistent"])
@pytest.mark.parametrize(
    "device", ["pigtail catheter in place", "a chest tube in place", "a right chest tube"]
)
def test_a_course_that_was_the_findings_is_not_said_of_its_drain(course, device):
    left = cut(f"{course} loculated right effusion with {device}.", "pleural_effusion")
    assert left is not None
    assert left.text[:-1].lower() == device.removeprefix("a ") or left.text[:-1].lower() == device


@pytest.mark.parametrize("course", ["New", "Small", "Increased", "Improving", "Right"])
@pytest.mark.parametrize("other", ["unchanged", "stable", "new", "worsening"])
@pytest.mark.parametrize("mark", ["; ", " and ", ", "])
def test_two_findings_with_a_course_each_share_no_word_before_them(course, other, mark):
    left = cut(f"{course} left effusion{mark}{other} right base consolidation.", "pleural_effusion")
    assert left is None or left.text == f"{other.capitalize()} right base consolidation."
