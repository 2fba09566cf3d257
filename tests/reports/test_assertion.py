"""Every hard sentence of the method, and the scopes around them: finding -> what is said of it."""

import re
from itertools import pairwise

import pytest

from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.words import canonical

P, A, U, R = Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN, Assertion.RESOLVED


NAMES = {
    "effusion": "pleural_effusion",
    "pneumothorax": "pneumothorax",
    "consolidation": "consolidation",
    "pneumonia": "pneumonia",
    "edema": "edema",
    "mass": "mass",
}
PAIRS = list(pairwise([*NAMES, "effusion"]))
"""Each word with its neighbour: no two of them are words for one thing."""


def said(sentence, section="FINDINGS"):
    reading = ReportReader().read(f"x\n {section}: {sentence}\n")
    return {m.finding: m.assertion for s in reading.sentences for m in s.mentions}


HARD = {
    "Pneumonia cannot be excluded.": {"pneumonia": U},
    "Findings may represent atelectasis or pneumonia.": {"atelectasis": U, "pneumonia": U},
    "Interval resolution of pulmonary edema.": {"edema": R},
    "Pneumothorax is not seen.": {"pneumothorax": A},
    "Right pneumothorax is no longer visualized.": {"pneumothorax": R},
    "The lungs are clear of focal consolidation.": {"consolidation": A},
    "No new opacity; stable cardiomegaly.": {"opacity": A, "cardiomegaly": P},
    "The endotracheal tube has been removed.": {"support_devices": R},
    "Evaluate for pneumonia.": {"pneumonia": U},
    "No change in the effusion.": {"pleural_effusion": P},
    "Atelectasis versus pneumonia.": {"atelectasis": U, "pneumonia": U},
    "No effusion but small left pneumothorax.": {"pleural_effusion": A, "pneumothorax": P},
    "No pleural effusion, pneumothorax, focal consolidation,\n pulmonary edema, or fracture.": {
        "pleural_effusion": A,
        "pneumothorax": A,
        "consolidation": A,
        "edema": A,
        "fracture": A,
    },
}

SCOPES = {
    "No pneumothorax, small left effusion.": {"pneumothorax": A, "pleural_effusion": P},
    "No pneumothorax, large effusion, or consolidation.": {
        "pneumothorax": A,
        "pleural_effusion": A,
        "consolidation": A,
    },
    "No pneumothorax is seen and the heart is enlarged.": {"pneumothorax": A, "cardiomegaly": P},
    "No pleural effusion and stable cardiomegaly.": {"pleural_effusion": A, "cardiomegaly": P},
    "Effusion and pneumothorax are not seen.": {"pleural_effusion": A, "pneumothorax": A},
    "There is an effusion and pneumothorax is not seen.": {"pleural_effusion": P, "pneumothorax": A},
    "No effusion; however, there is consolidation.": {"pleural_effusion": A, "consolidation": P},
    "Probably no effusion.": {"pleural_effusion": U},
    "No opacity to suggest pneumonia.": {"opacity": A, "pneumonia": A},
    "Left basilar opacity, likely atelectasis.": {"opacity": P, "atelectasis": U},
    "The effusion has not resolved.": {"pleural_effusion": P},
    "Near complete resolution of the effusion.": {"pleural_effusion": P},
    "The previously seen effusion has resolved.": {"pleural_effusion": R},
    "There is no longer a pneumothorax.": {"pneumothorax": R},
    "The effusion is not without consolidation.": {"pleural_effusion": P, "consolidation": P},
    "No interval change in the right lower lobe nodule.": {"nodule": P},
    "No edema, but pneumonia cannot be ruled out.": {"edema": A, "pneumonia": U},
    "Neither effusion nor pneumothorax is identified.": {"pleural_effusion": A, "pneumothorax": A},
    "Pneumothorax: none.": {"pneumothorax": A},
    "Negative for pneumonia.": {"pneumonia": A},
    "Lucency without lung markings is due to a small pneumothorax.": {"pneumothorax": P},
    "Right lower lobe pneumonia is suspected.": {"pneumonia": U},
    "Consolidation is not excluded on this view.": {"consolidation": U},
    "Atelectasis, although pneumonia is possible.": {"atelectasis": P, "pneumonia": U},
    "Correlate for pneumonia.": {"pneumonia": U},
    "A nodule not seen on the prior film.": {"nodule": P},
    "Opacity which may be secondary to atelectasis and/or infiltrate.": {
        "opacity": P,
        "atelectasis": U,
        "infiltrate": U,
    },
    "Interval clearing of the right pneumonia.": {"pneumonia": R},
    "Opacities possibly due to pneumonia.": {"opacity": P, "pneumonia": U},
    "Opacities may be compatible with mild pulmonary edema.": {"opacity": P, "edema": U},
    "Opacities consistent with moderate edema.": {"opacity": P, "edema": P},
    "Differential diagnosis includes pneumonia, small effusion, a mass.": {
        "pneumonia": U,
        "pleural_effusion": U,
        "mass": U,
    },
    "In the appropriate clinical setting, this is compatible with pneumonia.": {"pneumonia": U},
    "This could be pneumonia in the right clinical setting.": {"pneumonia": U},
    "Pneumonia is less likely but not entirely excluded.": {"pneumonia": U},
    "CT is more sensitive in detecting small nodules.": {"nodule": U},
    "Effusion, pneumothorax,\n and consolidation are absent.": {
        "pleural_effusion": A,
        "pneumothorax": A,
        "consolidation": A,
    },
    "No definite effusion; pneumothorax is absent.": {"pleural_effusion": A, "pneumothorax": A},
}


@pytest.mark.parametrize(("sentence", "expected"), HARD.items(), ids=HARD)
def test_the_hard_sentences_of_the_method(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), SCOPES.items(), ids=SCOPES)
def test_scopes_end_where_a_statement_does(sentence, expected):
    assert said(sentence) == expected


def test_a_bare_finding_in_the_indication_is_only_asked_about():
    assert said("Cough, pneumonia.", "INDICATION") == {"pneumonia": U}
    assert said("No pneumonia.", "INDICATION") == {"pneumonia": A}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        pytest.param("There are no XXXX of a pleural effusion.", {"pleural_effusion": A}, id="denied"),
        pytest.param(
            "No XXXX focal consolidation or effusion.", {"consolidation": A, "pleural_effusion": A}, id="list"
        ),
        pytest.param("XXXX represent atelectasis, XXXX seen.", {"atelectasis": P}, id="around"),
        pytest.param(
            "No ___ effusion; ___ opacity.", {"pleural_effusion": A, "opacity": P}, id="underscores"
        ),
        pytest.param("Blunting of the left costophrenic XXXX.", {"pleural_effusion": P}, id="half-a-name"),
    ],
)
def test_removed_words_stand_in_no_cues_way(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Rule out pneumonia.",
        "Question pneumonia.",
        "? pneumonia",
        "R/o pneumonia.",
        "Assess for pneumonia.",
        "Pneumonia?",
    ],
)
def test_what_the_indication_asks_is_uncertain(sentence):
    assert said(sentence, "INDICATION") == {"pneumonia": U}


def test_concepts_outside_the_lexicon_can_be_asserted_too():
    words = canonical("She denies fever, chills or night sweats.")
    begin, end = words.indices(words.text.index("night"), words.text.index(" ."))
    assert assertion_at(read_clause(words, [(begin, end)]), begin, end) is A


def test_a_cue_that_shares_words_with_the_concept_is_no_cue():
    words = canonical("He denies changes in hearing, no change in vision.")
    begin, end = words.indices(words.text.index("change in vision"), words.text.index(" ."))
    assert assertion_at(read_clause(words, [(begin, end)]), begin, end) is A


def filled(template, **words):
    """The template with a word for each capital that stands alone."""
    return re.sub(r"\b[AB]\b", lambda match: words[match.group()], template)


def of_one(templates):
    """Every template with every finding for A."""
    return [(filled(t, A=word), NAMES[word], state) for t, state in templates.items() for word in NAMES]


def of_two(templates):
    """Every template with every pair of findings for A and B."""
    return [
        (filled(t, A=first, B=second), {NAMES[first]: one, NAMES[second]: other})
        for t, (one, other) in templates.items()
        for first, second in PAIRS
    ]


# A longer cue that looks the other way, or at nothing, silences none.
DIRECTION = {
    "The chest is negative for A.": A,
    "The study was negative for A.": A,
    "Both lungs are negative for A.": A,
    "A is negative.": A,
    "It is difficult to exclude A.": U,
    "It was hard to exclude A.": U,
    "A is difficult to exclude.": U,
    "Essentially resolved A.": R,
    "Now completely resolved A.": R,
    "A has essentially resolved.": R,
    "Not possible to exclude A.": U,
    "It is not possible to rule out A.": U,
    "A is not possible to exclude.": U,
    "Absence of a pleural line does not exclude A.": U,
    "Lack of a fever does not rule out A.": U,
    "Absence of A.": A,
    "Exclude A.": U,
    "A is excluded.": A,
}

# Cues of one kind each, and beside each what looks like it and is none.
CUES = {
    "There is a suggestion of A.": U,
    "No suggestion of A.": A,
    "Concern is raised for A.": U,
    "A is considered unlikely.": U,
    "A is felt to be unlikely.": U,
    "A is felt by palpation.": P,
    "There was A on the prior film.": R,
    "A was seen on the prior film.": R,
    "A was seen on the prior film and is unchanged.": P,
    "There is no lack of A.": P,
    "A is another consideration.": U,
    "Another consideration is A.": U,
    "Small A may be obscured.": U,
    "A may not be seen.": U,
    "A is seen behind the heart, which is obscured.": P,
    "Doubt A.": U,
    "A is doubtful.": U,
    "No doubt there is A.": P,
    "? A": U,
    "? a small A": U,
    "Opacity ?A": U,
    "A?": U,
    "A is present.": P,
    "-ve for A.": A,
    "Chest -ve for A.": A,
    "+ve for A.": P,
    "A -ve.": A,
    "A - none.": A,
    "A – none.": A,
    "A — absent.": A,
    "A (none).": A,
    "A (resolved).": R,
    "A (possible).": U,
    "A (small).": P,
    "A - small.": P,
    "Left A, now completely resolved.": R,
    "A, not seen today.": A,
    "A, resolved since yesterday.": R,
    "A, not seen on the lateral view.": P,
    "Previously described A is not seen.": A,
    "Formerly described A at the left base is not seen.": A,
    "The A which was described previously is not seen.": A,
    "Previously described A is unchanged.": P,
    "On the earlier film there was A.": R,
    "The previous CT showed A.": R,
    "On the earlier film there was A, which persists.": P,
    "The A is on this film as on the earlier film.": P,
    "No enlargement of the known A.": P,
    "No extension of the previously seen A.": P,
    "No A.": A,
    "No recurrence of A.": A,
    "Followup to document resolution of the A.": U,
    "Resolution of the A.": R,
    "A is a skin fold.": A,
    "A likely represents a skin fold.": U,
    "A beside a skin fold.": P,
}

# A list of denials ends where a statement of its own begins, "or" or not.
LISTS = {
    "No A, large B, opacity.": (A, A),
    "No A, B, opacity.": (A, A),
    "No A, small left B.": (A, P),
    "No A, B is small.": (A, P),
    "No A, B has increased.": (A, P),
    "No A and B persists.": (A, P),
    "No A, B or opacity is seen.": (A, A),
    "No A, or B has developed.": (A, A),
    "No A and positive for B.": (A, P),
    "-ve for A, +ve for B.": (A, P),
    "Negative for A/B.": (A, A),
    "The chest is negative for A/B.": (A, A),
    "Without A, B, or opacity.": (A, A),
    "Left A (no B).": (P, A),
    "No A (small left B).": (A, P),
    "No A (or B).": (A, A),
    "A is favored over B.": (U, U),
    "Cannot distinguish A from B.": (U, U),
    "A is indistinguishable from B.": (U, U),
    "A is separated from B.": (P, P),
    "A is not excluded (no B).": (U, A),
    "Absence of A does not exclude B.": (A, U),
    "A - none; B - small.": (A, P),
    "Left A, B has resolved.": (P, R),
}


@pytest.mark.parametrize(("sentence", "finding", "state"), of_one(DIRECTION))
def test_a_cue_that_looks_the_other_way_silences_none(sentence, finding, state):
    assert said(sentence)[finding] is state


@pytest.mark.parametrize(("sentence", "finding", "state"), of_one(CUES))
def test_each_kind_of_cue_says_what_it_says_of_every_finding(sentence, finding, state):
    assert said(sentence)[finding] is state


@pytest.mark.parametrize(("sentence", "states"), of_two(LISTS))
def test_a_list_of_denials_ends_where_a_statement_begins(sentence, states):
    read = said(sentence)
    assert {finding: read[finding] for finding in states} == states


DENIED_BEHIND = [
    "has not recurred",
    "has not reaccumulated",
    "have not returned",
    "is effectively excluded",
    "has been reasonably excluded",
    "is not supported by these images",
    "is not borne out",
    "could not be demonstrated",
    "cannot be identified",
    "can not be clearly seen",
    "is not a feature",
    "are all absent",
]
DOUBTED_BEHIND = [
    "would be difficult to see on this film",
    "may be hard to appreciate in this position",
    "is likely due to AP projection",
    "is probably related to portable technique",
    "cannot be assessed",
    "could not be confirmed",
    "can't be evaluated on this film",
    "is a differential consideration",
]
DOUBTED_BEFORE = [
    "Supine positioning does not allow exclusion of a {}.",
    "This projection does not permit assessment for a {}.",
    "Exclusion of a {} is not possible.",
    "The absence of a {} cannot be confirmed on this view.",
    "The film limits sensitivity for a {}.",
    "Rotation reduces the sensitivity for a {}.",
    "Whether there is a {} is unclear.",
    "The presence of a {} is uncertain.",
    "Cannot comment on {}.",
    "Unable to assess for {}.",
    "Assessment of {} is not possible.",
]
ASKED = [
    "Watch for {}.",
    "Please monitor for {}.",
    "F/u {}.",
    "Follow-up of {}.",
]
EARLIER = [
    "On the CT from two days ago there was a small {}.",
    "In the radiograph of last week there was a {}.",
    "Comparison is made with the previous radiograph which demonstrated a {}.",
    "The prior film, that showed a {}, was reviewed.",
    "There was a {} yesterday.",
]
OVER = [
    "The {} has been drained.",
    "The {} has completely normalised.",
    "The {} has been fully evacuated.",
    "Interval clearance of {}.",
]
NOT_OVER = [
    "The {} has been partially drained.",
    "The {} was drained and has reaccumulated.",
    "There was a {} yesterday and it persists.",
    "There is a {} that has not been drained.",
    "The prior {} has increased.",
    "Stable prior {}.",
    "Follow-up chest radiograph shows a {}.",
    "Follow-up film. There is a {}.",
    "The cause of the {} is unclear.",
    "Unable to assess change in the {}.",
]
DENIED_BEFORE = ["Nil {}.", "Zero evidence of {}.", "Nothing to indicate {}.", "Nothing in keeping with {}."]


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("cue", DENIED_BEHIND)
def test_a_denial_behind_its_finding_is_heard(cue, finding):
    assert said(f"{finding.title()} {cue}.")[NAMES[finding]] is A


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("cue", DOUBTED_BEHIND)
def test_what_could_not_be_seen_or_comes_of_the_technique_is_uncertain(cue, finding):
    assert said(f"A {finding} {cue}.")[NAMES[finding]] is U


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("sentence", DOUBTED_BEFORE)
def test_what_a_film_cannot_exclude_is_uncertain(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is U


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("sentence", ASKED)
def test_what_is_looked_for_is_not_there_yet(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is U


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("sentence", EARLIER + OVER)
def test_what_was_there_then_is_not_there_now(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is R


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("sentence", NOT_OVER)
def test_what_is_there_still_is_present(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is P


@pytest.mark.parametrize("finding", ["effusion", "pneumothorax", "consolidation", "pneumonia", "edema"])
@pytest.mark.parametrize("when", ["Previous", "Prior", "Remote"])
def test_an_earlier_illness_and_no_more_is_over(when, finding):
    assert said(f"{when} {finding}.")[NAMES[finding]] is R
    assert said(f"Cardiomegaly with {when.lower()} left {finding}.") == {
        "cardiomegaly": P,
        NAMES[finding]: R,
    }


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_either_of_two_is_uncertain(one, other):
    both = {NAMES[one]: U, NAMES[other]: U}
    assert said(f"Either a loculated {one} or a pleural based {other} at the right base.") == both
    assert said(f"Dense left base, {one}, {other}, or both.") == both
    assert said(f"This is {one}, {other} or a combination.") == both


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_either_side_is_no_alternative(one, other):
    assert said(f"No {one} on either side or {other}.") == {NAMES[one]: A, NAMES[other]: A}
    assert said(f"Either new or larger {one}.") == {NAMES[one]: P}
    assert said("Airspace disease, either atelectasis or infiltrate.")["infiltrate"] is P
    assert said(f"Without either {one} or {other}.") == {NAMES[one]: A, NAMES[other]: A}


@pytest.mark.parametrize("when", ["Prior", "Previous", "Residuals of prior", "Evidence of previous"])
def test_what_an_earlier_granulomatous_infection_left_is_there(when):
    assert said(f"{when} granulomatous infection.") == {"granuloma": P}


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("sentence", DENIED_BEFORE)
def test_nil_and_nothing_deny(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is A


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_list_is_absent_as_a_whole_and_what_is_accompanied_is_there(one, other):
    assert said(f"{one}, {other} and fracture are all absent.")[NAMES[one]] is A
    assert said(f"{one} nil, {other} nil.") == {NAMES[one]: A, NAMES[other]: A}
    assert said(f"No {one} accompanies the {other}.") == {NAMES[one]: A, NAMES[other]: P}


SAME = [
    "No significant change",
    "No interval increase",
    "No appreciable change",
    "No decrease",
    "Without any significant change",
]


@pytest.mark.parametrize(
    "since", ["since the prior study", "from prior", "compared to yesterday", "since 5/12", ""]
)
@pytest.mark.parametrize("same", SAME)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_has_not_changed_since_then_is_there(one, other, same, since):
    assert said(f"{same} in {one} {since}.") == {NAMES[one]: P}
    assert said(f"{same} in the small left {one} {since}.") == {NAMES[one]: P}
    assert said(f"{same} in {one} or {other} {since}.") == {NAMES[one]: P, NAMES[other]: P}
    assert said(f"{same} in the {one} and {other} {since}.") == {NAMES[one]: P, NAMES[other]: P}


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize(
    "kind", ["homogenous", "specific", "segmental", "calcified", "obstructing", "loculated"]
)
def test_non_belongs_to_the_word_behind_it(kind, finding):
    assert said(f"Non-{kind} {finding} in the left mid zone.")[NAMES[finding]] is P


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_signs_in_brackets_deny(one, other):
    assert said(f"{one} (-), {other} (+).") == {NAMES[one]: A, NAMES[other]: P}


@pytest.mark.parametrize("place", ["Left lower lobe", "Right", "Left lung", "Segmental"])
def test_collapse_consolidation_is_one_thing(place):
    for behind in ("", " with effusion"):
        read = said(f"{place} collapse/consolidation{behind}.")
        assert (read["atelectasis"], read["consolidation"]) == (P, P)


def test_a_lobe_that_has_expanded_again_is_no_longer_collapsed():
    assert said("Right upper lobe atelectasis has re-expanded.") == {"atelectasis": R}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_denial_ends_before_what_it_is_told_of(one, other):
    for text in (
        f"The film shows no {one}, with reduction of the right {other}.",
        f"No {one}, with reaccumulation of the {other}.",
        f"No underlying {one} is identified beneath the right {other}.",
        f"No {one} in addition to the {other}.",
    ):
        assert said(text) == {NAMES[one]: A, NAMES[other]: P}


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize(
    "sentence",
    [
        "Evaluation of the left base for {} is limited.",
        "A delayed {} may occur after stab wounds.",
        "Should fever develop, {} would be the leading consideration.",
        "Late {} can still develop.",
    ],
)
def test_what_may_come_is_not_there_yet(sentence, finding):
    assert said(sentence.format(finding))[NAMES[finding]] is U


TURNS = ["however", "nevertheless", "nonetheless", "of course", "still", "therefore", "at this time"]
UNSURE = [
    "cannot be excluded",
    "could not be entirely excluded",
    "can not be ruled out",
    "is not excluded",
    "is difficult to exclude",
    "may be present",
]


@pytest.mark.parametrize("commas", [" {} ", ", {}, ", ", {} "])
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("unsure", UNSURE)
@pytest.mark.parametrize("word", ["effusion", "pneumonia"])
def test_a_turn_of_speech_before_a_hedge_does_not_cut_it_off(word, unsure, turn, commas):
    text = f"A {word}{commas.format(turn)}{unsure}."
    assert said(text) == {NAMES[word]: U}
    assert said(f"The heart is enlarged; {text.lower()}") == {"cardiomegaly": P, NAMES[word]: U}


PERHAPS = ["likely", "probably", "possibly", "presumably", "likely also", "most likely"]


@pytest.mark.parametrize("perhaps", PERHAPS)
@pytest.mark.parametrize("seen", ["present", "developing", "seen"])
@pytest.mark.parametrize("word", ["effusion", "pneumothorax", "pneumonia"])
def test_what_is_likely_present_is_uncertain(word, seen, perhaps):
    assert said(f"A right {word} is {perhaps} {seen}.") == {NAMES[word]: U}
    assert said(f"A right {word} is {seen}.") == {NAMES[word]: P}


SETTINGS = ["setting", "clinical setting", "clinical context", "context"]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("fitting", ["right", "appropriate", "proper", "correct"])
@pytest.mark.parametrize("unsure", ["is possible", "may be considered", "is a consideration", "is likely"])
def test_a_setting_that_would_fit_hedges_and_lies_on_no_side(unsure, fitting, setting):
    text = f"Left basilar atelectasis; pneumonia {unsure} in the {fitting} {setting}."
    reading = ReportReader().read(f"FINDINGS: {text}")
    found = {m.finding: m for s in reading.sentences for m in s.mentions}
    assert found["pneumonia"].assertion is U
    assert found["pneumonia"].side is not Side.RIGHT
    assert found["atelectasis"].side is Side.LEFT


CAUSES = ["from CPR", "due to a fall", "related to trauma", "secondary to an old injury", "from a fall"]


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("perhaps", ["likely", "probably", "are likely", "possibly"])
@pytest.mark.parametrize("comma", [" ", ", "])
def test_a_cause_that_is_only_likely_does_not_make_its_effect_so(comma, perhaps, cause):
    assert said(f"Left rib fractures{comma}{perhaps} {cause}.") == {"fracture": P}
    assert said("Left rib fractures are likely.") == {"fracture": U}


@pytest.mark.parametrize("perhaps", ["likely", "probably", "possibly"])
def test_what_is_likely_the_cause_is_uncertain(perhaps):
    assert said(f"Left effusion, {perhaps} from pneumonia.") == {"pleural_effusion": P, "pneumonia": U}


@pytest.mark.parametrize("word", ["effusion", "pneumothorax", "consolidation"])
@pytest.mark.parametrize(
    "unsure",
    ["is presumed", "is tiny if any", "is small, if present", "is minimal, if any", "is small if at all"],
)
def test_what_is_there_if_at_all_is_uncertain(unsure, word):
    assert said(f"A right {word} {unsure}.") == {NAMES[word]: U}


@pytest.mark.parametrize("word", ["effusion", "pneumothorax", "consolidation"])
@pytest.mark.parametrize("limit", ["Little if any right {}.", "Trace, if any, right {}."])
def test_little_if_any_is_uncertain(limit, word):
    assert said(limit.format(word)) == {NAMES[word]: U}
