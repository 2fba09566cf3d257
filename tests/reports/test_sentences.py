import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.reports.pipeline import sentences_of
from medcutmix_cli.reports.sentences import fold, split_sentences, unwrap


def texts(text):
    return [fold(text[start:end]) for start, end, _ in split_sentences(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "There is a small left\n pleural effusion. No pneumothorax.",
            ["There is a small left pleural effusion.", "No pneumothorax."],
            id="hard-wrapped-line",
        ),
        pytest.param(
            "Lungs are clear\n \n No effusion", ["Lungs are clear", "No effusion"], id="blank-line-ends"
        ),
        pytest.param(
            "1. No acute process.\n 2.  Small effusion.",
            ["No acute process.", "Small effusion."],
            id="list-markers",
        ),
        pytest.param(
            "1. Effusion. 2. Atelectasis is stable.",
            ["Effusion.", "Atelectasis is stable."],
            id="markers-on-one-line",
        ),
        pytest.param("Left mass. 22 mm nodule.", ["Left mass.", "22 mm nodule."], id="size-opens-a-sentence"),
        pytest.param("A 1.5 cm nodule is seen.", ["A 1.5 cm nodule is seen."], id="decimal"),
        pytest.param(
            "Discussed with Dr. ___ at 9:40 a.m. on ___ by phone.",
            ["Discussed with Dr. ___ at 9:40 a.m. on ___ by phone."],
            id="doctor-time-and-removed-text",
        ),
        pytest.param(
            "Compared to ___. There is edema.", ["Compared to ___.", "There is edema."], id="ends-in-blank"
        ),
        pytest.param(
            "Clear lungs.No effusion.", ["Clear lungs.", "No effusion."], id="no-space-after-the-stop"
        ),
        pytest.param(
            "Effusion is small.\n______________________________\n Addendum text.",
            ["Effusion is small.", "Addendum text."],
            id="line-of-underscores",
        ),
        pytest.param(
            "There is a mass.. The heart is large.. Bones are intact.",
            ["There is a mass..", "The heart is large..", "Bones are intact."],
            id="two-stops",
        ),
        pytest.param(
            "Chronic interstitial markings The lungs are clear No pleural effusion There is edema.",
            [
                "Chronic interstitial markings",
                "The lungs are clear",
                "No pleural effusion",
                "There is edema.",
            ],
            id="no-stop-before-a-new-subject",
        ),
        pytest.param(
            "1. Small effusion 2. No edema 3. Normal heart.",
            ["Small effusion", "No edema", "Normal heart."],
            id="items-without-stops",
        ),
        pytest.param(
            "Fracture of rib 2. Normal heart.", ["Fracture of rib 2.", "Normal heart."], id="no-item"
        ),
        pytest.param(
            "Blunted XXXX. Larger opacities. XXXX XXXX opacity.",
            ["Blunted XXXX.", "Larger opacities.", "XXXX XXXX opacity."],
            id="stops-beside-removed-words",
        ),
        pytest.param("___\n \n ...", [], id="nothing-with-a-letter"),
    ],
)
def test_sentences_split_as_a_reader_would(text, expected):
    assert texts(text) == expected


def test_the_sentence_after_a_list_marker_is_marked():
    assert [marked for _, _, marked in split_sentences("1. Small effusion. It is new.", 0, 29)] == [
        True,
        False,
    ]


def test_neighbours_never_change_how_a_sentence_splits():
    lone = ["Seen by Dr. Smith vs. Jones.", "1. A (small effusion.", 'There is "edema.', "Size is 2.5 cm."]
    together = " \n \n ".join(lone)
    assert texts(together) == [text for one in lone for text in texts(one)]
    sentences = ["Small effusion is seen.", "Dr. Lee was paged.", "Heart size is normal."]
    for dropped in range(3):
        kept = sentences[:dropped] + sentences[dropped + 1 :]
        assert texts(" ".join(kept)) == kept


@given(st.text(max_size=120))
def test_unwrapping_keeps_the_length(text):
    assert len(unwrap(text)) == len(text)
    assert not set("\r\n\t") & set(unwrap(text))


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=80), st.text(alphabet="aB. \n\r\t_1()-\"';:?!,é€", max_size=120)))
def test_sentences_are_in_order_disjoint_and_stripped(text):
    end = 0
    for start, stop, _ in split_sentences(text, 0, len(text)):
        assert end <= start < stop <= len(text)
        assert text[start:stop] == text[start:stop].strip()
        end = stop


@settings(max_examples=150)
@given(st.text(alphabet="aB. \n\r1()-\"';:?!,é", max_size=120))
def test_no_letter_is_lost(text):
    covered = {k for start, end, _ in split_sentences(text, 0, len(text)) for k in range(start, end)}
    assert all(k in covered for k, character in enumerate(text) if character.isalpha())


@pytest.mark.parametrize(
    "piece",
    [
        "The lungs are clear",
        "There is a small right-sided pleural effusion, unchanged.",
        "Heart size is 3/4 of normal and 50% larger, patient's left.",
        "A 3 cm mass in the RUL",
        "The tube ends 4.2 cm above the carina, imaged at 10:42 with 2.5 x 3.0 cm left.",
        "The 1.5 cm nodule of 2.1 cm is 0.5",
    ],
)
def test_a_piece_without_inner_marks_is_one_sentence_to_the_component_too(piece):
    (sentence,) = sentences_of(piece)
    assert sentence.text == piece
    assert split_sentences(piece, 0, len(piece)) == [(0, len(piece), False)]


@pytest.mark.parametrize("word", ["pneumonia", "Pneumonia", "small effusion", "LLL consolidation"])
@pytest.mark.parametrize("mark", ["? ", "?", "?? "])
@pytest.mark.parametrize(("before", "count"), [("", 1), ("No edema. ", 2)])
def test_a_question_mark_before_what_it_asks_about_stays_with_it(before, count, mark, word):
    text = f"{before}{mark}{word}."
    spans = split_sentences(text, 0, len(text))
    assert len(spans) == count
    assert text[slice(*spans[-1][:2])] == f"{mark}{word}."


@pytest.mark.parametrize("text", ["Opacity ? infiltrate.", "Opacity ?infiltrate.", "Scarring v. infection."])
def test_a_query_or_versus_inside_a_sentence_ends_none(text):
    assert len(split_sentences(text, 0, len(text))) == 1


@pytest.mark.parametrize(
    "text", ["Is there pneumonia? No effusion is seen.", "Effusion? Unlikely to be new."]
)
def test_a_question_mark_behind_its_question_ends_it(text):
    assert len(split_sentences(text, 0, len(text))) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("XR CHEST AP ERECT\nSmall effusion.", ["XR CHEST AP ERECT", "Small effusion."]),
        ("Chest radiograph\n\nXR chest\nClear.", ["Chest radiograph", "XR chest", "Clear."]),
        ("Single view of the chest\nshows an effusion.", ["Single view of the chest shows an effusion."]),
        ("The chest\nIs clear.", ["The chest", "Is clear."]),
        ("Portable and supine\nSmall effusion.", ["Portable and supine Small effusion."]),  # names no examination
        ("+ Clear lungs\n+ No effusion", ["Clear lungs", "No effusion"]),
        ("Sinus + effusion", ["Sinus + effusion"]),
    ],
)  # fmt: skip
def test_a_line_that_tells_what_was_taken_and_a_plus_end_what_stands_before(text, expected):
    assert texts(text) == expected
