import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.pairing.changes import concatenation, cross, host, swap
from medcutmix_cli.pairing.consistency import inconsistency
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.pairing.text_change import TextChange
from medcutmix_cli.records import Assertion, Reading, ReadStudy, Side
from medcutmix_cli.reports.labels import chexpert_labels, finding_states
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

READER = ReportReader()
DONOR = make_report(
    "A large right pleural effusion obscures the right base.", impression=("Large right effusion.",)
)


def read(report, number=0):
    study = make_study(number, report)
    reading = READER.read(report)
    present = (f for f, said in finding_states(reading).items() if said is Assertion.PRESENT)
    return ReadStudy(study, study.images[0], reading, chexpert_labels(reading), frozenset(present))


def mixed(change, report):
    assert isinstance(change, TextChange), change
    return splice(report, change.edits)


def hosted(*findings, impression=(), donor=DONOR, coming="pleural_effusion"):
    report = make_report(*findings, impression=impression)
    return mixed(host(read(report), read(donor, 1), coming), report)


def crossed(*findings, impression=(), leaving="atelectasis", donor=DONOR, coming="pleural_effusion"):
    report = make_report(*findings, impression=impression)
    return mixed(cross(read(report), read(donor, 1), leaving, coming), report)


def swapped(*findings, impression=()):
    report = make_report(*findings, impression=impression)
    return mixed(swap(read(report), read(DONOR, 1), "pleural_effusion"), report)


def swapped_report(report):
    return mixed(swap(read(report), read(DONOR, 1), "pleural_effusion"), report)


def test_findings_and_impression_are_edited_in_step():
    report = make_report(
        "The heart is normal in size. There is a small right pleural effusion. No pneumothorax.",
        impression=("Small right pleural effusion.",),
    )
    assert swapped_report(report) == make_report(
        "The heart is normal in size. A large right pleural effusion obscures the right base. No pneumothorax.",
        impression=("Large right effusion.",),
    )


def test_a_list_number_stays_when_its_sentence_is_replaced():
    report = make_report(impression=("\n \n 1. Small right pleural effusion.\n 2. Normal heart size.",))
    assert "1. Large right effusion.\n 2. Normal heart size." in swapped_report(report)


def test_a_second_sentence_of_the_statement_is_deleted():
    report = make_report(
        "There is a right pleural effusion. The right effusion is moderate in size. The heart is normal in size."
    )
    assert swapped_report(report) == make_report(
        "A large right pleural effusion obscures the right base. The heart is normal in size."
    )


def test_a_sentence_over_two_lines_is_replaced_whole():
    report = make_report("No pneumothorax. There is a small right\n pleural effusion. Normal heart size.")
    assert swapped_report(report) == make_report(
        "No pneumothorax. A large right pleural effusion obscures the right base. Normal heart size."
    )


def test_a_swap_leaves_another_finding_of_the_sentence_where_it_is():
    assert swapped("Small right effusion and bibasilar atelectasis. Normal heart size.") == make_report(
        "A large right pleural effusion obscures the right base. Bibasilar atelectasis. Normal heart size."
    )


def test_the_query_of_a_mixed_sentence_is_cut_down_to_the_finding():
    report = make_report("Small right effusion and bibasilar atelectasis.")
    change = swap(read(report), read(DONOR, 1), "pleural_effusion")
    assert change.leaving.text == "Small right effusion."


def test_a_swap_keeps_what_its_sentence_denies():
    assert swapped("Small right effusion, no pneumothorax.") == make_report(
        "A large right pleural effusion obscures the right base. No pneumothorax."
    )


def test_a_finding_comes_where_it_was_denied():
    text = hosted(
        "The heart is normal. No pleural effusion. The lungs are clear.", impression=("No acute process.",)
    )
    assert text == make_report(
        "The heart is normal. A large right pleural effusion obscures the right base.",
        impression=("Large right effusion.",),
    )


def test_one_finding_of_a_denied_list_is_denied_no_more():
    text = hosted("No edema, effusion, or pneumothorax. Normal heart.")
    assert text == make_report(
        "No edema or pneumothorax. A large right pleural effusion obscures the right base. Normal heart."
    )


def test_a_silent_section_gets_the_sentence_at_its_end():
    assert hosted("The heart is normal.") == make_report(
        "The heart is normal. A large right pleural effusion obscures the right base."
    )


def test_a_list_gets_the_sentence_as_its_next_item():
    text = hosted("The heart is normal.", impression=("\n \n 1. Normal heart size.\n 2. Tortuous aorta.",))
    assert text.endswith("1. Normal heart size.\n 2. Tortuous aorta.\n 3. Large right effusion.\n")


def test_clear_lungs_do_not_stay_beside_a_consolidation():
    donor = make_report("Left lower lobe consolidation.")
    text = hosted("The lungs are clear. No edema.", donor=donor, coming="consolidation")
    assert text == make_report("Left lower lobe consolidation. No edema.")


def test_the_other_side_may_stay_denied():
    text = hosted("No left pleural effusion. Normal heart.")
    assert text == make_report(
        "No left pleural effusion. Normal heart. A large right pleural effusion obscures the right base."
    )


def test_one_finding_goes_another_comes_and_its_denial_leaves():
    text = crossed(
        "Bibasilar atelectasis. No pneumothorax or pleural effusion.",
        impression=("Atelectasis without acute cardiopulmonary process.",),
    )
    assert text == make_report(
        "A large right pleural effusion obscures the right base. No pneumothorax.",
        impression=("Large right effusion.",),
    )


def test_numbers_close_up_when_an_item_leaves():
    text = crossed(
        "Bibasilar atelectasis.",
        impression=("\n \n 1. No pleural effusion.\n 2. Bibasilar atelectasis.\n 3. Mild cardiomegaly.",),
    )
    assert text.endswith("\n \n 1. Large right effusion.\n 2. Mild cardiomegaly.\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Small effusion. No effusion.", "recipient-contradicts-itself"),
        ("Possible right effusion.", "recipient-has-no-diagnostic-sentence"),
        ("The effusion and mass are small.", "recipient-sentence-has-other-findings"),
    ],
)
def test_a_statement_that_cannot_leave_is_refused_by_name(text, reason):
    report = make_report(text)
    assert swap(read(report), read(DONOR, 1), "pleural_effusion") == Refusal(reason)


def test_left_and_right_leave_together_as_both_sides():
    report = make_report("Small right effusion. Large left effusion. Normal heart.")
    change = swap(read(report), read(DONOR, 1), "pleural_effusion")
    assert isinstance(change, TextChange)
    assert change.recipient_side is Side.BILATERAL
    assert "left" not in splice(report, change.edits)


@pytest.mark.parametrize("text", ["The right effusion is unchanged.", "Stable small right effusion."])
def test_what_tells_only_of_its_course_may_leave(text):
    assert swapped(text + " Normal heart.") == swapped("Small right effusion. Normal heart.")


def test_hedged_and_prior_sentences_about_the_finding_leave_too():
    text = swapped("Small right effusion.", impression=("Right effusion, unchanged from the prior study.",))
    assert "unchanged" not in text


def test_a_denial_for_the_other_side_stays():
    assert "No left pleural effusion." in swapped("Small right pleural effusion. No left pleural effusion.")


def test_no_acute_process_of_the_rest_does_not_stay_beside_what_comes():
    text = hosted("Normal heart.", impression=("Low lung volumes. Otherwise, no acute process.",))
    assert text.endswith("Low lung volumes. Large right effusion.\n")


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        pytest.param(
            make_report("Bibasilar atelectasis. Small left effusion."),
            "recipient-has-the-coming-finding",
            id="it-is-there-already",
        ),
        pytest.param(
            make_report("Bibasilar atelectasis. Possible small effusion."),
            "recipient-hedges-the-coming-finding",
            id="it-may-be-there-already",
        ),
        pytest.param(
            make_report("Bibasilar atelectasis. This has caused a fracture."),
            "next-sentence-points-back",
            id="the-next-sentence-is-about-it-and-says-more",
        ),
        pytest.param(
            make_report("Bibasilar atelectasis. Bilateral pneumonia."),
            "recipient-names-the-shadow-otherwise",
            id="another-process-may-be-the-same-shadow",
        ),
        pytest.param(
            make_report("No pneumothorax.", impression=("Mild atelectasis 2. Normal heart size.",)),
            "sentence-holds-a-list-number",
            id="a-number-in-the-sentence",
        ),
        pytest.param(
            make_report("The mass and atelectasis are small."),
            "recipient-sentence-has-other-findings",
            id="it-cannot-be-cut-out",
        ),
    ],
)
def test_what_cannot_be_mended_is_refused_by_name(report, reason):
    assert cross(read(report), read(DONOR, 1), "atelectasis", "pleural_effusion") == Refusal(reason)


def test_a_concatenation_puts_the_donors_sections_behind_the_recipients():
    report = make_report("Bibasilar atelectasis.", impression=("Atelectasis.",))
    change = concatenation(read(report), read(DONOR, 1))
    assert splice(report, change.edits) == make_report(
        "Bibasilar atelectasis.\n A large right pleural effusion obscures the right base.",
        impression=("Atelectasis.\n Large right effusion.",),
    )
    assert change.kept == READER.read(report).sentences


@pytest.mark.parametrize(
    "denial", ["No cardiac abnormality.", "No acute pleural process.", "No pleural abnormality."]
)
def test_a_denial_of_another_organ_stays_beside_a_consolidation(denial):
    donor = make_report("Right lower lobe consolidation is present.")
    text = hosted(f"Normal heart. {denial}", donor=donor, coming="consolidation")
    assert denial in text
    assert "consolidation is present" in text
    assert "pulmonary" not in hosted(
        "Normal heart. No acute pulmonary process.", donor=donor, coming="consolidation"
    )


SENTENCES = (
    "There is a small right pleural effusion.",
    "Small right effusion and bibasilar atelectasis.",
    "Moderate right pleural effusion, no pneumothorax.",
    "Bibasilar atelectasis.",
    "Mild cardiomegaly with right basilar atelectasis.",
    "The lungs are clear without effusion or pneumothorax.",
    "No pleural effusion or pneumothorax.",
    "No focal consolidation, pleural effusion,\n or pneumothorax.",
    "The heart size is normal.",
    "The lungs are clear.",
    "No acute cardiopulmonary process.",
    "Left lower lobe consolidation.",
    "The right effusion is moderate",
    "A line ends in the superior vena cava.",
    "Osseous structures are intact.",
)


@st.composite
def made_up_reports(draw):
    def body(least):
        chosen = draw(st.lists(st.sampled_from(SENTENCES), min_size=least, max_size=5))
        if draw(st.booleans()):
            return "".join(f"\n {number}. {text}" for number, text in enumerate(chosen, 1))
        return draw(st.sampled_from([" ", "\n ", "  "])).join(chosen)

    return make_report(body(1), impression=(body(1),) if draw(st.booleans()) else ())


def changes_of(recipient, donor):
    found = {"pleural_effusion", "atelectasis", "consolidation"}
    for leaving in sorted(found & recipient.findings):
        for coming in sorted(found & donor.findings):
            yield cross(recipient, donor, leaving, coming)
    for coming in sorted(found & donor.findings):
        yield host(recipient, donor, coming)


@pytest.mark.parametrize("given_number", [0, 3, 11])
def test_reports_that_are_made_up_do_change(given_number):
    other = make_report(SENTENCES[given_number])
    changes = [
        change
        for number in range(len(SENTENCES))
        for change in changes_of(read(make_report(SENTENCES[number])), read(other, 1))
    ]
    assert sum(isinstance(change, TextChange) for change in changes) >= 5


@settings(max_examples=60)
@given(made_up_reports(), made_up_reports())
def test_a_change_reads_as_what_was_kept_and_what_came(report, other):
    recipient, donor = read(report), read(other, 1)
    for change in changes_of(recipient, donor):
        if isinstance(change, TextChange):
            reading = READER.read(splice(report, change.edits))
            said = sorted((m.finding, m.assertion, m.side) for s in reading.sentences for m in s.mentions)
            meant = [*change.kept, *change.inserted]
            assert said == sorted((m.finding, m.assertion, m.side) for s in meant for m in s.mentions)
            expected = chexpert_labels(Reading((), tuple(meant)))
            assert inconsistency(reading, expected, chexpert_labels(reading)) in (
                "",
                "present-and-absent",
                "normal-beside-acute-finding",
                "two-sides",
            )


@settings(max_examples=60)
@given(made_up_reports(), made_up_reports())
def test_what_enters_is_the_donors_and_the_rest_is_untouched(report, other):
    recipient, donor = read(report), read(other, 1)
    for change in (*changes_of(recipient, donor), concatenation(recipient, donor)):
        if isinstance(change, TextChange):
            text = splice(report, change.edits)
            position = shift = 0
            for edit in change.edits:
                assert text[position + shift : edit.start + shift] == report[position : edit.start]
                position, shift = edit.end, shift + len(edit.text) - (edit.end - edit.start)
                if edit.source_start < 0:
                    assert len(edit.text) <= len(" and ") + 1
                else:
                    source = " ".join(other[edit.source_start : edit.source_end].split())
                    assert source[1:].rstrip(".,;") in " ".join(edit.text.split())
            assert text[position + shift :] == report[position:]
            assert text.count("  ") <= report.count("  ") + other.count("  ")
            assert text.count(" .") <= report.count(" .")


EFFUSION = make_report("There is a small right pleural effusion.")
NEW = {
    "pleural_effusion": ("There is a small right pleural effusion.", "Small right pleural effusion."),
    "pneumothorax": ("There is a small right pneumothorax.", "Small right pneumothorax."),
    "mass": ("There is a right upper lobe mass.", "Right upper lobe mass."),
}


@pytest.mark.parametrize("coming", NEW)
@pytest.mark.parametrize("kept", ["Normal heart size.", "Tortuous aorta."])
def test_what_comes_into_the_findings_comes_into_the_impression_in_its_style(coming, kept):
    donor = make_report(NEW[coming][0])
    text = crossed("Bibasilar atelectasis. Normal heart.", impression=(kept,), donor=donor, coming=coming)
    assert text == make_report(f"{NEW[coming][0]} Normal heart.", impression=(f"{kept} {NEW[coming][1]}",))


@pytest.mark.parametrize("coming", NEW)
def test_an_impression_that_says_there_is_keeps_its_way(coming):
    donor = make_report(NEW[coming][0])
    impression = ("There is a tortuous aorta.",)
    text = crossed("Bibasilar atelectasis.", impression=impression, donor=donor, coming=coming)
    assert text == make_report(NEW[coming][0], impression=(f"{impression[0]} {NEW[coming][0]}",))


@pytest.mark.parametrize("coming", NEW)
@pytest.mark.parametrize("partner", ["cardiomegaly", "pulmonary edema"])
def test_in_a_list_what_comes_is_an_item_of_its_own(coming, partner):
    donor = make_report(NEW[coming][0])
    listed = f"\n \n 1. Mild {partner} and bibasilar atelectasis.\n 2. Tortuous aorta."
    text = crossed("Bibasilar atelectasis.", impression=(listed,), donor=donor, coming=coming)
    assert f"1. Mild {partner}.\n 2. Tortuous aorta.\n 3. {NEW[coming][1]}" in text


@pytest.mark.parametrize("size", ["There is a small", "There is a moderate"])
def test_a_swap_tells_an_impression_that_called_the_chest_normal(size):
    report = make_report(f"{size} right pleural effusion.", impression=("No acute process.",))
    text = mixed(swap(read(report), read(EFFUSION, 1), "pleural_effusion"), report)
    assert text == make_report(
        "There is a small right pleural effusion.", impression=("Small right pleural effusion.",)
    )


def test_a_word_that_explains_the_sentence_before_goes_with_it():
    donor = make_report("Left lower lobe consolidation.")
    text = hosted("The lungs are clear. Specifically, no effusion.", donor=donor, coming="consolidation")
    assert text == make_report("Left lower lobe consolidation. No effusion.")


def test_a_list_is_not_left_with_one_number():
    report = make_report(
        "Small right pleural effusion.",
        impression=("\n \n 1. Small right pleural effusion.\n 2. Right pleural effusion is stable.",),
    )
    assert swap(read(report), read(DONOR, 1), "pleural_effusion") == Refusal("list-would-be-of-one")


def test_a_denial_that_the_coming_does_not_touch_is_not_lost():
    report = make_report("The lungs are clear without effusion or pneumothorax. Normal heart size.")
    donor = make_report("Patchy left base opacity.")
    change = host(read(report), read(donor, 1), "opacity")
    assert isinstance(change, Refusal) or "pneumothorax" in splice(report, change.edits)


REST = [
    "The lungs are otherwise clear.",
    "Lungs otherwise grossly clear.",
    "The remainder of the lungs is clear.",
    "Otherwise, no acute abnormality.",
]
IN_A_LUNG = {
    "pneumonia": "Right upper lobe pneumonia.",
    "infiltrate": "Right upper lobe infiltrate.",
    "mass": "Right upper lobe mass.",
    "consolidation": "Right upper lobe consolidation.",
}


@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("coming", IN_A_LUNG)
def test_the_rest_of_the_lungs_stays_clear_behind_what_comes_into_one(rest, coming):
    donor = make_report(IN_A_LUNG[coming])
    text = crossed(f"Left basilar atelectasis. {rest}", donor=donor, coming=coming)
    assert text == make_report(f"{IN_A_LUNG[coming]} {rest}")


@pytest.mark.parametrize("rest", REST[:3])
def test_nothing_is_clear_otherwise_before_what_comes(rest):
    report = make_report(f"{rest} Left basilar atelectasis.")
    donor = read(make_report(IN_A_LUNG["pneumonia"]), 1)
    change = cross(read(report), donor, "atelectasis", "pneumonia")
    assert isinstance(change, Refusal) or "clear" not in mixed(change, report)


@pytest.mark.parametrize("extent", ["Diffuse", "Innumerable", "Widespread"])
@pytest.mark.parametrize("rest", REST[:3])
def test_nothing_is_left_of_the_lungs_beside_what_is_everywhere(extent, rest):
    report = make_report(f"Left basilar atelectasis. {rest}")
    donor = read(make_report(f"{extent} pulmonary masses."), 1)
    change = cross(read(report), donor, "atelectasis", "mass")
    assert isinstance(change, Refusal) or rest not in mixed(change, report)


CLEAR_AND_FULL = [
    ("Both lungs are clear and expanded.", "Both lungs are expanded."),
    ("The lungs are normally inflated and clear.", "The lungs are normally inflated."),
    ("Well-expanded and clear lungs.", "Well-expanded lungs."),
    ("The lungs are clear and well aerated.", "The lungs are well aerated."),
    ("Overall, well-expanded and grossly clear lungs.", "Overall, well-expanded lungs."),
]


@pytest.mark.parametrize(("said", "left"), CLEAR_AND_FULL)
@pytest.mark.parametrize("coming", IN_A_LUNG)
def test_lungs_that_are_no_longer_clear_are_still_expanded(said, left, coming):
    text = hosted(f"{said} Normal heart.", donor=make_report(IN_A_LUNG[coming]), coming=coming)
    assert text == make_report(f"{left} {IN_A_LUNG[coming]} Normal heart.")


@pytest.mark.parametrize("said", [said for said, _ in CLEAR_AND_FULL[:3]])
def test_a_lung_with_air_around_it_is_not_called_expanded(said):
    donor = read(make_report("Small right pneumothorax."), 1)
    report = make_report(f"{said} Normal heart.")
    change = host(read(report), donor, "pneumothorax")
    assert isinstance(change, Refusal) or "pand" not in mixed(change, report)


@pytest.mark.parametrize("normal", ["No acute disease.", "No acute cardiopulmonary abnormality."])
@pytest.mark.parametrize(
    ("given", "stays"),
    [
        ("Mild streaky left basilar opacity.", True),
        ("Minimal left basilar opacity.", True),
        ("Prominent interstitial markings.", False),  # of another kind than the one that leaves
        ("Large left basilar opacity.", False),
    ],
)
def test_no_acute_disease_stays_beside_a_slight_shadow_as_it_stood_beside_its_like(normal, given, stays):
    report = make_report("Subtle left basilar opacity.", impression=(normal,))
    change = swap(read(report), read(make_report(given), 1), "opacity")
    assert (isinstance(change, TextChange) and normal in mixed(change, report)) is stays


@pytest.mark.parametrize(
    "denial", ["No focal airspace disease.", "No infiltrate.", "No focal air space opacity."]
)
@pytest.mark.parametrize("given", ["Prominent interstitial markings.", "Coarse reticular opacities."])
def test_filled_air_space_is_still_denied_beside_markings(denial, given):
    text = hosted(f"Normal heart. {denial}", donor=make_report(given), coming="opacity")
    assert denial in text
    assert given in text


@pytest.mark.parametrize("finding", ["trauma", "traumatic", "posttraumatic"])
def test_what_is_said_of_an_injury_stays(finding):
    text = hosted(
        "The lungs are clear.",
        impression=(f"No acute {finding} finding.",),
        donor=make_report(IN_A_LUNG["pneumonia"]),
        coming="pneumonia",
    )
    assert f"No acute {finding} finding." in text


PRESSING = ("Large left pleural effusion.", "Small left pleural effusion with compressive atelectasis.")
CALLED_CLEAR = (
    "The lungs are clear.", "Lungs are normally inflated.", "The lungs are well expanded and clear.", "Clear lungs.",
    "Both lungs are normally aerated and clear.", "Lungs are fully expanded.", "Normal inflation of both lungs.",
)  # fmt: skip


@pytest.mark.parametrize("given", PRESSING)
@pytest.mark.parametrize("called", CALLED_CLEAR)
def test_no_lung_is_clear_or_expanded_beside_what_presses_on_it(given, called):
    text = hosted(f"{called} Normal heart.", donor=make_report(given))
    assert called not in text
    assert "Normal heart." in text


@pytest.mark.parametrize("called", ["The lungs are clear.", "Lungs are normally inflated."])
def test_a_small_effusion_leaves_clear_lungs_and_so_does_a_large_one_the_other_lung(called):
    assert called in hosted(f"{called} Normal heart.", donor=make_report("Small left pleural effusion."))
    assert "Right lung is clear." in hosted("Right lung is clear.", donor=make_report(PRESSING[0]))


DOUBTED = (
    "{}, which may represent pneumonia.",
    "{}. This may be pneumonia.",
    "{}. Possible left lower lobe pneumonia.",
)
NAMES = {"opacity": "Left basilar opacity", "infiltrate": "Left basilar infiltrate"}


@pytest.mark.parametrize("finding", NAMES)
@pytest.mark.parametrize("doubt", DOUBTED)
def test_no_pneumonia_is_denied_beside_a_shadow_that_may_be_one(doubt, finding):
    donor = make_report(doubt.format(NAMES[finding]))
    text = hosted("No pneumonia. Normal heart.", donor=donor, coming=finding)
    assert text == make_report(f"{NAMES[finding]}. Normal heart.")
    own = "Left basilar opacity. Normal heart."
    study = read(
        make_report(
            own if finding == "opacity" else own.replace("opacity", "infiltrate"),
            impression=("No pneumonia.",),
        )
    )
    change = swap(study, read(donor, 1), finding)
    assert isinstance(change, Refusal) or "No pneumonia" not in mixed(change, study.study.report)


def test_a_pneumonia_is_denied_still_beside_a_shadow_of_another_place_than_the_doubtful_one():
    donor = make_report("Left basilar opacity. Possible right apical pneumonia.")
    assert "No pneumonia." in hosted("No pneumonia. Normal heart.", donor=donor, coming="opacity")


ANSWERED = [
    ("Pleural effusion? None.", "pleural_effusion", "Small left pleural effusion."),
    ("Any pneumothorax? Not seen.", "pneumothorax", "Small left pneumothorax."),
    ("Is there a consolidation? No.", "consolidation", "Left lower lobe consolidation."),
]


@pytest.mark.parametrize(("said", "coming", "given"), ANSWERED)
def test_no_answer_is_left_without_its_question(said, coming, given):
    report = make_report(f"Normal heart size. {said}")
    change = host(read(report), read(make_report(given), 1), coming)
    assert change == Refusal("next-sentence-points-back")


@pytest.mark.parametrize("asked", ["Pleural effusion? Yes, small left.", "Any left effusion? Yes."])
def test_nor_does_what_an_answer_states_leave_without_it(asked):
    report = make_report(f"Normal heart size. {asked}")
    assert swap(read(report), read(DONOR, 1), "pleural_effusion") == Refusal("next-sentence-points-back")


EXCEPTED = [
    "Aside from {a}, the lungs are clear.",
    "Except for {a}, the lungs are clear.",
    "With the exception of {a}, the lungs are clear.",
    "The lungs are clear except for {a}.",
    "The lungs are clear other than {a}.",
    "The lungs are clear apart from {a}.",
    "Aside from {a}, no abnormality is seen.",
    "There is no abnormality other than {a}.",
]


@pytest.mark.parametrize("pattern", EXCEPTED)
@pytest.mark.parametrize("finding", ["atelectasis", "opacity", "consolidation", "nodule"])
def test_what_was_said_but_for_what_left_is_not_said_beside_what_comes(finding, pattern):
    noun = finding.replace("_", " ")
    report = make_report(f"{pattern.format(a=f'a small left {noun}')} The heart is normal.")
    change = swap(read(report), read(make_report(f"There is a large left {noun} in the apex."), 1), finding)
    if isinstance(change, Refusal):
        return
    told = mixed(change, report)
    assert noun in told.lower()
    assert not any(word in told.lower() for word in ("clear", "abnormality", "except", "other than", "aside"))


def test_lungs_stay_clear_beside_a_pneumothorax_that_comes_for_one():
    report = make_report("Except for a small left pneumothorax, the lungs are clear. The heart is normal.")
    donor = read(make_report("There is a left apical pneumothorax."), 1)
    told = mixed(swap(read(report), donor, "pneumothorax"), report)
    assert "The lungs are clear." in told


UNEXPLAINED = [
    "No radiographic explanation for chest pain.",
    "No cause of dyspnea is seen.",
    "No definite source for fever.",
]


@pytest.mark.parametrize("said", UNEXPLAINED[::2])
@pytest.mark.parametrize("coming", ["consolidation", "pneumothorax", "pneumonia"])
def test_what_was_not_explained_is_by_what_comes(coming, said):
    report = make_report("The heart is normal. The lungs are clear.", impression=(said,))
    donor = read(make_report(f"There is a left {coming}.", impression=(f"Left {coming}.",)), 1)
    change = host(read(report), donor, coming)
    assert isinstance(change, Refusal) or said.rstrip(".") not in mixed(change, report)


def test_better_aeration_leaves_with_the_atelectasis_that_it_is_of():
    told = crossed(
        "Left lower lobe atelectasis has improved. No pneumothorax.",
        impression=("Scoliosis. Improved left lower lobe aeration.",),
    )
    assert "aeration" not in told
    assert "Scoliosis." in told


LOST_LUNG = [
    *(f"Collapse of the {lobe} lobe." for lobe in ("left upper", "right lower", "right middle")),
    *(f"{lobe} collapse." for lobe in ("RML", "Left lower lobe", "Lobar", "Complete left lung")),
    "The right lower lobe is collapsed.",
    "Total right lung atelectasis.",
]
NOTHING_ACUTE = ["No acute cardiopulmonary abnormality.", "No active lung disease.", "No acute findings."]


@pytest.mark.parametrize("denial", NOTHING_ACUTE)
@pytest.mark.parametrize("collapse", LOST_LUNG)
def test_nothing_acute_does_not_stay_beside_a_lobe_that_lost_its_air(collapse, denial):
    donor = read(make_report(collapse, impression=(collapse,)), 1)
    report = make_report("The heart is normal. No pneumothorax.", impression=(denial,))
    told = mixed(host(read(report), donor, "atelectasis"), report)
    assert denial not in told, "a new collapse is acute"
    report = make_report("Minimal basilar atelectasis. The heart is normal.", impression=(denial,))
    change = swap(read(report), donor, "atelectasis")
    assert isinstance(change, Refusal) or denial not in mixed(change, report)


@pytest.mark.parametrize("denial", NOTHING_ACUTE)
@pytest.mark.parametrize(
    "band",
    ["Mild bibasilar atelectasis.", "Linear atelectasis in the left lower lobe.", "Minor basal collapse."],
)
def test_nothing_acute_stays_beside_a_band_of_atelectasis(band, denial):
    report = make_report("The heart is normal. No pneumothorax.", impression=(denial,))
    assert denial in mixed(host(read(report), read(make_report(band), 1), "atelectasis"), report)


@pytest.mark.parametrize("denial", ["No suspicious pulmonary opacity.", "No focal airspace disease."])
def test_no_opacity_is_said_beside_a_lobe_that_lost_its_air(denial):
    donor = read(make_report("Left lower lobe collapse.", impression=("Left lower lobe collapse.",)), 1)
    report = make_report(f"The heart is normal. {denial} No pneumothorax.", impression=("Normal heart.",))
    assert denial not in mixed(host(read(report), donor, "atelectasis"), report)


@pytest.mark.parametrize("rest", ["no effusion, heart normal.", "no effusion."])
@pytest.mark.parametrize("first", ["lungs clear", "clear lungs"])
def test_what_is_left_behind_what_comes_begins_with_a_capital(first, rest):
    donor = read(make_report("There is a left lower lobe consolidation."), 1)
    report = f" FINDINGS: {first}, {rest}\n"
    told = mixed(host(read(report), donor, "consolidation"), report)
    assert told == f" FINDINGS: There is a left lower lobe consolidation. {rest.capitalize()}\n"


WHITE_OUT = [
    "with complete opacification of the left hemithorax",
    "with near complete opacification of the left hemithorax",
    "with total white-out of the left hemithorax",
    "with a completely opacified left hemithorax",
]


@pytest.mark.parametrize("shift", ["", " and rightward shift of the mediastinum"])
@pytest.mark.parametrize("sign", WHITE_OUT)
@pytest.mark.parametrize("coming", ["mass", "pleural_effusion"])
def test_no_hemithorax_stays_opaque_without_the_effusion_that_filled_it(sign, shift, coming):
    report = make_report(f"Large left pleural effusion {sign}{shift}.", "Normal heart size.")
    donor = make_report("Right hilar mass.", "Moderate left effusion.")
    change = cross(read(report), read(donor, 1), "pleural_effusion", coming)
    left = "" if isinstance(change, Refusal) else splice(report, change.edits).lower()
    assert not any(word in left for word in ("opacif", "white", "shift"))


@pytest.mark.parametrize("words", ["in keeping with", "consistent with", "likely representing", "suggesting"])
@pytest.mark.parametrize("sign", ["opacification", "an opacity"])
@pytest.mark.parametrize("beside", ["", " with a meniscus", " obscuring the hemidiaphragm"])
def test_an_opacity_that_is_taken_for_an_effusion_leaves_with_it(words, sign, beside):
    said = f"There is {sign} at the right base{beside}, {words} a moderate pleural effusion."
    report = make_report(said, "Normal heart size.")
    change = cross(read(report), read(make_report("Left upper lobe mass."), 1), "pleural_effusion", "mass")
    assert isinstance(change, Refusal) or "opaci" not in splice(report, change.edits)


def test_an_opacity_beside_an_effusion_stays():
    text = crossed("Large left effusion and opacity in the left base.", leaving="pleural_effusion",
                   donor=make_report("Right upper lobe mass."), coming="mass")  # fmt: skip
    assert "pacity in the left base" in text


@pytest.mark.parametrize("denial", ["No focal lesion.", "No focal lung lesion.", "There is no focal lesion."])
@pytest.mark.parametrize("shadow", ["opacity", "consolidation", "infiltrate", "mass", "nodule"])
def test_no_focal_lesion_does_not_stay_beside_a_shadow_of_one_place(denial, shadow):
    donor = make_report(f"There is a left upper lobe {shadow}.")
    report = make_report("Normal heart size.", denial)
    text = mixed(host(read(report), read(donor, 1), shadow), report)
    assert "lesion" not in text


@pytest.mark.parametrize("denial", ["No focal lesion.", "No metastatic disease."])
def test_what_denies_a_lesion_stays_beside_an_effusion(denial):
    assert denial in hosted("Normal heart size.", denial)


@pytest.mark.parametrize("part", ["tension", "air-fluid level", "loculation", "septations"])
@pytest.mark.parametrize("denial", ["No {}.", "No evidence of {}."])
def test_what_a_finding_has_not_leaves_with_it(denial, part):
    report = make_report("Small left pneumothorax.", denial.format(part), "Normal heart size.")
    change = cross(read(report), read(make_report("Left upper lobe mass."), 1), "pneumothorax", "mass")
    assert isinstance(change, Refusal) or part not in splice(report, change.edits)


NOUNS = ["rim", "apical rim", "depth", "maximal depth", "thickness", "diameter", "width"]


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    "how", ["with a {} of 1.2 cm", "is present, {} 8 mm", "with {} up to 12 mm", "({} of 2 cm)", ", {}: 3 cm"]
)
def test_the_noun_of_a_measurement_goes_with_it(noun, how):
    donor = make_report(f"Small left pneumothorax {how.format(noun)}.")
    report = make_report("Normal heart size.")
    change = host(read(report), read(donor, 1), "pneumothorax")
    text = "" if isinstance(change, Refusal) else splice(report, change.edits)
    assert noun.split()[-1] not in text
    assert not any(figure in text for figure in ("1.2", "8 mm", "12 mm", "2 cm", "3 cm"))


def test_a_plus_begins_an_item_of_a_list():
    report = make_report("\n + Cardiomegaly\n + Small left pleural effusion\n + No pneumothorax")
    text = mixed(
        swap(read(report), read(make_report("Moderate left effusion."), 1), "pleural_effusion"), report
    )
    assert "\n + Cardiomegaly\n + Moderate left effusion.\n + No pneumothorax" in text
    plus = make_report("\n + Left upper lobe mass 3.2 cm\n + No pneumonia")
    assert "+" not in hosted("Normal heart size.", donor=plus, coming="mass")


TITLES = ["XR CHEST AP ERECT", "XR Chest", "CHEST (PA)", "Chest X-ray, PA and lateral", "Portable CXR"]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("said", ["Small left pneumothorax.", "There is a left pneumothorax."])
def test_what_was_taken_is_told_still_above_what_comes(title, said):
    report = f"{title}\n{said} Normal heart size."
    donor = make_report("Moderate left pneumothorax.")
    text = mixed(swap(read(report), read(donor, 1), "pneumothorax"), report)
    assert text == f"{title}\nModerate left pneumothorax. Normal heart size."


@pytest.mark.parametrize("normal", ["a normal heart", "normal heart size", "an unremarkable mediastinum"])
@pytest.mark.parametrize("between", [", and ", " and "])
@pytest.mark.parametrize("opening", ["Single view of the chest shows", "There is"])
def test_no_denial_reaches_what_is_normal_behind_it(opening, between, normal):
    report = make_report(f"{opening} bibasilar atelectasis, no pneumothorax{between}{normal}.")
    change = cross(read(report), read(DONOR, 1), "atelectasis", "pleural_effusion")
    assert isinstance(change, Refusal) or f"No pneumothorax{between}{normal}" not in splice(
        report, change.edits
    )
    both = make_report(f"No pneumothorax{between}{normal}.", "Bibasilar atelectasis.")
    kept = mixed(cross(read(both), read(DONOR, 1), "atelectasis", "pleural_effusion"), both)
    assert f"No pneumothorax{between}{normal}." in kept
