"""What speaks of a finding that left is seen: by name, by another word, by a sign, by pointing."""

import pytest

from tests.reports.critic.reports import HEART, report, rules_broken, sentence, told

POINTING = [
    "Decreased from the prior film.",
    "The etiology of these is unclear.",
    "This may represent scarring.",
    "These are of unknown significance.",
    "It is unchanged.",
    "Aspiration is also possible.",
    "Increased.",
]


@pytest.mark.parametrize("text", POINTING)
@pytest.mark.parametrize("gone", ["pneumonia", "nodule", "pleural_effusion", "atelectasis"])
def test_a_sentence_that_points_at_what_left_is_seen(gone, text):
    recipient, mixed = told(gone, "left", after=text), told("pneumothorax", "right", after=text)
    assert "departed-pointed-at" in rules_broken(recipient, mixed, gone, "pneumothorax", "left", "right")
    assert "departed-pointed-at" not in rules_broken(recipient, recipient, "mass", "mass")


def test_a_denial_between_does_not_hide_what_is_pointed_at():
    after = "No pleural effusion. This may represent scarring."
    recipient, mixed = told("nodule", "left", after=after), told("pneumothorax", "right", after=after)
    assert "departed-pointed-at" in rules_broken(recipient, mixed, "nodule", "pneumothorax", "left", "right")


@pytest.mark.parametrize(
    "text", ["Stable cardiomegaly.", "Stable wedging of a vertebral body.", "This examination is portable."]
)
def test_a_sentence_with_a_subject_of_its_own_may_stay(text):
    recipient, mixed = told("nodule", "left", after=text), told("pneumothorax", "right", after=text)
    assert rules_broken(recipient, mixed, "nodule", "pneumothorax", "left", "right") == set()


SIGNS = [
    ("pneumothorax", "There is mediastinal shift to the right."),
    ("pneumothorax", "A deep sulcus sign is seen."),
    ("pneumothorax", "A visceral pleural line is visible."),
    ("pleural_effusion", "Blunting of the left costophrenic angle."),
    ("pleural_effusion", "A meniscus is seen at the left base."),
    ("atelectasis", "There is volume loss on the left."),
    ("consolidation", "Air bronchograms are seen."),
    ("pneumonia", "Air bronchograms are seen."),
]


@pytest.mark.parametrize(("gone", "text"), SIGNS)
def test_a_sign_of_what_left_is_seen(gone, text):
    recipient = told(gone, "left", after=text)
    mixed = recipient.replace(sentence(gone, "left"), "There is a rib fracture on the right.")
    assert any(
        rule.startswith("departed-")
        for rule in rules_broken(recipient, mixed, gone, "fracture", "left", "right")
    )


@pytest.mark.parametrize(("gone", "text"), SIGNS)
def test_a_sign_that_is_denied_may_stay(gone, text):
    denial = "No mediastinal shift. No air bronchograms."
    recipient = told(gone, "left", after=denial)
    mixed = told("fracture" if gone == "x" else "nodule", "right", after=denial)
    assert "departed-shown-by-a-sign" not in rules_broken(recipient, mixed, gone, "nodule", "left", "right")


def test_a_sign_that_another_finding_explains_may_stay():
    blunted = "Blunting of the left costophrenic angle. There is a left pleural effusion."
    recipient, mixed = told("pneumothorax", "left", blunted), told("nodule", "right", blunted)
    assert "departed-shown-by-a-sign" not in rules_broken(
        recipient, mixed, "pneumothorax", "nodule", "left", "right"
    )


@pytest.mark.parametrize("word", ["adjacent", "compressive", "associated"])
def test_what_lies_beside_a_departed_effusion_is_seen(word):
    beside = f"There is {word} atelectasis."
    recipient = told("pleural_effusion", "left", after=beside)
    mixed = told("nodule", "right", after=beside)
    found = rules_broken(recipient, mixed, "pleural_effusion", "nodule", "left", "right")
    assert "departed-others-depend" in found


@pytest.mark.parametrize("word", ["opacity", "infiltrate", "consolidation"])
def test_another_word_for_the_departed_shadow_is_seen_at_its_place_only(word):
    named = f"Left lower lobe {word}."
    recipient = told("pneumonia", "left", after=named)
    mixed = told("pneumothorax", "right", after=named)
    found = rules_broken(recipient, mixed, "pneumonia", "pneumothorax", "left", "right")
    assert "departed-called-otherwise" in found
    apart = f"Right upper lobe {word}."
    recipient, mixed = told("pneumonia", "left", after=apart), told("pneumothorax", "right", after=apart)
    assert rules_broken(recipient, mixed, "pneumonia", "pneumothorax", "left", "right") == set()


@pytest.mark.parametrize(
    "text", ["Recommend CT for further evaluation.", "Repeat films after treatment to document clearing."]
)
def test_advice_because_of_what_left_is_seen(text):
    recipient = told("pneumonia", "left", after=text)
    mixed = report(f"{HEART} There is a rib fracture on the right. {text}", "Right rib fracture.")
    found = rules_broken(recipient, mixed, "pneumonia", "hernia", "left", "right")
    assert "departed-advised-on" in found


def test_what_left_by_name_may_not_stay_in_the_impression():
    recipient, mixed = told("pneumonia", "left"), told("pneumothorax", "right")
    mixed = mixed.replace("IMPRESSION:", "IMPRESSION: Left lower lobe pneumonia.")
    found = rules_broken(recipient, mixed, "pneumonia", "pneumothorax", "left", "right")
    assert "departed-still-stated" in found


def test_the_size_of_what_left_may_not_stay():
    before = "There is a 1.4 cm nodule in the left lung. Rounded 1.4 cm density projecting over the heart."
    after = "There is a right pneumothorax. Rounded 1.4 cm density projecting over the heart."
    found = rules_broken(report(before), report(after), "nodule", "pneumothorax", "left", "right")
    assert "departed-same-size" in found


@pytest.mark.parametrize("stays", ["Chronic interstitial and bullous disease.", "Pulmonary fibrosis."])
@pytest.mark.parametrize("gone", ["Diffuse interstitial opacities.", "Coarse reticular opacities."])
def test_what_still_speaks_of_the_interstitium_is_seen_when_its_markings_left(gone, stays):
    recipient = report(f"{HEART} {gone}", stays)
    mixed = report(f"{HEART} Right pneumothorax.", f"{stays} Right pneumothorax.")
    found = rules_broken(recipient, mixed, "opacity", "pneumothorax", "none", "right")
    assert "departed-markings-stay" in found
    focal = report(f"{HEART} Left basilar opacity.", stays)
    assert "departed-markings-stay" not in rules_broken(
        focal, mixed, "opacity", "pneumothorax", "left", "right"
    )


def test_another_focus_with_a_size_may_be_the_one_that_left():
    recipient = report(f"{HEART} A 4 cm left lower lobe opacity.", "A 4.8 cm mass in the left lower lobe.")
    mixed = report(f"{HEART} Right basilar opacity.", "A 4.8 cm mass in the left lower lobe.")
    assert "departed-same-size" in rules_broken(recipient, mixed, "opacity", "opacity", "left", "right")


@pytest.mark.parametrize("advice", ["Recommend followup films to document resolution.", "CT is recommended."])
@pytest.mark.parametrize("finding", ["consolidation", "mass"])
def test_advice_that_was_given_for_what_left_is_seen_where_its_like_came(finding, advice):
    recipient = report(f"{HEART} Left {finding}. {advice}")
    mixed = report(f"{HEART} Left upper lobe {finding}. {advice}")
    assert "departed-advised-on" in rules_broken(recipient, mixed, finding, finding, "left", "left")


@pytest.mark.parametrize(
    "stays", ["Loculated component on the left.", "Subpulmonic component.", "Layering density on the left."]
)
def test_another_word_for_what_left_is_seen(stays):
    recipient = report(f"{HEART} Left pleural effusion. {stays}")
    mixed = report(f"{HEART} Right basilar nodule. {stays}")
    found = rules_broken(recipient, mixed, "pleural_effusion", "nodule", "left", "right")
    assert "departed-named-by-a-synonym" in found


@pytest.mark.parametrize(
    "stays",
    [
        "Comparison examinations would be useful.",
        "The findings were faxed.",
        "Dr. Smith was notified by telephone.",
    ],
)
@pytest.mark.parametrize("came", ["mass", "nodule"])
def test_calls_and_wishes_for_older_films_are_left_over(came, stays):
    recipient = report(f"{HEART} Left upper lobe mass. {stays}")
    mixed = report(f"{HEART} Right upper lobe {came}. {stays}")
    assert "departed-left-something-over" in rules_broken(recipient, mixed, "mass", came, "left", "right")
    assert "departed-left-something-over" not in rules_broken(recipient, mixed, "", came, "none", "right")


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ("Known right lung mass.", True),
        ("Followup mass.", True),
        ("Chest pain.", False),
        ("Evaluate for mass.", None),  # a question: either is right
    ],
)
def test_a_history_that_states_what_left_is_seen(said, seen):
    recipient = f"INDICATION: {said}\n\n" + report(f"{HEART} Right upper lobe mass.")
    mixed = f"INDICATION: {said}\n\n" + report(f"{HEART} Left pleural effusion.")
    found = rules_broken(recipient, mixed, "mass", "pleural_effusion", "right", "left")
    assert seen is None or ("departed-named-in-the-history" in found) is seen
    same = f"INDICATION: {said}\n\n" + report(f"{HEART} Right apical mass.")
    assert "departed-named-in-the-history" not in rules_broken(
        recipient, same, "mass", "mass", "right", "right"
    )


@pytest.mark.parametrize("stays", ["The remainder of the lungs appear clear.", "Lungs are otherwise clear."])
@pytest.mark.parametrize(("came", "seen"), [("pleural effusion", True), ("consolidation", False)])
def test_the_remainder_of_lungs_that_show_nothing_is_seen(stays, came, seen):
    recipient = report(f"{HEART} Right basilar opacity. {stays}")
    mixed = report(f"{HEART} Left {came}. {stays}")
    finding = came.replace(" ", "_")
    found = rules_broken(recipient, mixed, "opacity", finding, "right", "left")
    assert ("departed-leaves-a-rest" in found) is seen


def rules_beside(after, gone="pneumonia", came="pneumothorax"):
    """Return the rules that break where `after` stays, and what it followed has left."""
    recipient, mixed = told(gone, "left", after=after), told(came, "right", after=after)
    return rules_broken(recipient, mixed, gone, came, "left", "right")


@pytest.mark.parametrize("gone", ["pneumonia", "consolidation"])
def test_what_a_pneumonia_has_caused_is_not_called_so_without_it(gone):
    assert "departed-named-by-a-synonym" in rules_beside("Small left parapneumonic effusion.", gone)


@pytest.mark.parametrize("part", ["The cardiac silhouette", "The mediastinum"])
def test_otherwise_normal_is_seen_where_the_exception_has_left(part):
    before = f"There is a slight mediastinal shift. {part} is otherwise normal."
    recipient = told("pneumothorax", "left", before=before)
    mixed = recipient.replace("There is a slight mediastinal shift. ", "").replace(
        sentence("pneumothorax", "left"), sentence("pneumonia", "right")
    )
    assert "departed-leaves-a-rest" in rules_broken(recipient, mixed, "pneumothorax", "pneumonia")


@pytest.mark.parametrize("place", ["basilar", "lower lobe"])
def test_the_lower_parts_of_a_lung_are_one_place(place):
    assert "departed-called-otherwise" in rules_beside(f"Left {place} airspace disease.")


@pytest.mark.parametrize("rest", ["further sequela of infection", "additional foci of infection"])
def test_a_further_one_is_seen_where_the_first_has_left(rest):
    assert "departed-needed-by-another" in rules_beside(f"A right nodule may represent {rest}.")


@pytest.mark.parametrize("when", ["Prior", "The previous"])
def test_what_an_older_film_showed_of_it_is_seen(when):
    after = f"{when} radiograph from May reveals no evidence of pneumonia."
    assert "departed-left-something-over" in rules_beside(after, came="mass")


def test_two_parts_that_disagree_about_the_side_of_a_shadow_are_seen():
    recipient = report("There is right lower lobe consolidation.", "Left lower lobe pneumonia.")
    mixed = report(
        "There is right lower lobe consolidation. There is a left upper lobe mass.", "Left upper lobe mass."
    )
    broken = rules_broken(recipient, mixed, "pneumonia", "mass", "left", "left")
    assert "departed-called-otherwise" in broken


PLACED = [
    "There is a granuloma in the same region.",
    "A calcified granuloma is seen at this level.",
    "Mild scarring in the adjacent lung.",
    "There is a rib fracture beside it.",
    "A surgical clip is seen in this area.",
]
KNOWN = [
    "There are other scattered calcified granulomas.",
    "Additional rib fractures are noted.",
    "The lesion is well defined.",
    "The abnormality has sharp borders.",
    "The density projects over the sixth rib.",
    "The left focus has a smooth margin.",
]


@pytest.mark.parametrize("stays", [*PLACED, *KNOWN])
@pytest.mark.parametrize("gone", ["pneumonia", "consolidation", "pleural_effusion", "mass"])
def test_what_lies_where_the_departed_lay_or_takes_it_as_known_is_seen(gone, stays):
    assert "departed-gives-a-place" in rules_beside(stays, gone)
    before = told(gone, "left", after=stays)
    again = before.replace(sentence(gone, "left"), sentence(gone, "left") + " It is new.")
    assert "departed-gives-a-place" not in rules_broken(before, again, gone, gone, "left", "left")


@pytest.mark.parametrize(
    "stays", ["There is a granuloma in the right upper lobe.", "The lesser fissure is thick."]
)
def test_a_place_of_its_own_may_stay(stays):
    assert "departed-gives-a-place" not in rules_beside(stays)


SUMS = [
    "Constellation of findings is most compatible with volume overload.",
    "The combination of findings suggests volume overload.",
    "Overall, findings of volume overload.",
    "Taken together, this suggests volume overload.",
]


@pytest.mark.parametrize("stays", SUMS)
@pytest.mark.parametrize("gone", ["pleural_effusion", "pneumonia"])
def test_a_sum_of_findings_does_not_stay_when_one_has_left(gone, stays):
    assert "departed-summed-up" in rules_beside(stays, gone)
    like = told(gone, "right", after=stays)
    assert "departed-summed-up" not in rules_broken(told(gone, "left", after=stays), like, gone, gone)


@pytest.mark.parametrize("disease", ["interstitial lung disease", "pulmonary fibrosis"])
def test_what_an_older_film_showed_of_the_disease_behind_markings_is_seen(disease):
    after = f"Prior radiograph from May reveals no evidence of {disease}."
    recipient = report(f"{HEART} Increased basilar interstitial opacity. {after}")
    mixed = report(f"{HEART} Mild reticular interstitial opacity. {after}")
    assert "departed-left-something-over" in rules_broken(recipient, mixed, "opacity", "opacity")


@pytest.mark.parametrize("kind", ["nodule", "mass"])
@pytest.mark.parametrize(
    ("shadow", "called", "seen"),
    [
        ("There is a faint opacity in the left infrahilar region.", "Left perihilar lung {}.", True),
        ("There is an opacity in the right apex.", "Right apical {}.", True),
        ("There is an opacity in the right apex.", "Left basilar {}.", False),
        ("There is a left basilar opacity. There is a {} in the left base.", "Left basilar lung {}.", False),
    ],
)
def test_an_impression_that_calls_the_departed_shadow_a_lesion_is_seen(shadow, called, seen, kind):
    other = "There is a calcified nodule in the left mid lung."
    recipient = report(f"{shadow.format(kind)} {other}", called.format(kind))
    left = shadow.format(kind).split(". ")[1:] or [""]
    mixed = report(
        f"{' '.join(left)} {other} Small right effusion.", f"{called.format(kind)} Small right effusion."
    )
    found = rules_broken(recipient, mixed, "opacity", "pleural_effusion", "none", "right")
    assert ("departed-called-otherwise" in found) is seen


WET_READS = ["WET READ: ___ {time}\n {told}\n _____\n FINAL REPORT\n", "Wet read: {told}\n FINAL REPORT\n"]


@pytest.mark.parametrize("wet", WET_READS)
@pytest.mark.parametrize(
    ("gone", "other"),
    [("consolidation", "pneumonia"), ("pneumonia", "consolidation"), ("pneumothorax", ""), ("mass", "")],
)
def test_a_wet_read_that_still_tells_of_what_left_is_seen(gone, other, wet):
    before = wet.format(time="9:14 PM", told=sentence(other or gone, "right"))
    recipient = before + told(gone, "right")
    mixed = before + told("atelectasis", "left")
    assert "departed-told-beside" in rules_broken(recipient, mixed, gone, "atelectasis", "right", "left")
    quiet = wet.format(time="9:14 PM", told=HEART)
    assert not rules_broken(
        quiet + told(gone, "right"), quiet + told("atelectasis", "left"), gone, "atelectasis", "right", "left"
    )


@pytest.mark.parametrize("wet", WET_READS)
@pytest.mark.parametrize("gone", ["pneumothorax", "pleural_effusion", "pneumonia"])
def test_a_wet_read_has_the_side_of_what_came(gone, wet):
    before = wet.format(time="", told=sentence(gone, "right"))
    recipient = before + told(gone, "right")
    assert "departed-told-beside" in rules_broken(
        recipient, before + told(gone, "left"), gone, gone, "right", "left"
    )
    assert "departed-told-beside" not in rules_broken(recipient, recipient, gone, gone, "right", "right")


@pytest.mark.parametrize(
    "text",
    [
        "Improved left lower lobe aeration, no pneumothorax.",
        "The left base has aeration that is worse.",
        "Poor aeration of the left base.",
    ],
)
def test_aeration_is_a_sign_of_the_atelectasis_that_left(text):
    recipient, mixed = (
        told("atelectasis", "left", after=text),
        report(f"{HEART} There is a rib fracture on the right. {text}"),
    )
    assert "departed-shown-by-a-sign" in rules_broken(
        recipient, mixed, "atelectasis", "fracture", "left", "right"
    )


SIGNS = [
    "The heart borders are obscured.",
    "The left heart border is partially obscured.",
    "The left hemidiaphragm is not well seen.",
    "The left hemidiaphragm is obscured.",
]


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("gone", ["consolidation", "opacity", "pneumonia", "infiltrate"])
def test_a_border_that_a_shadow_hides_is_seen_again_without_it(gone, sign):
    name = gone if gone != "infiltrate" else "infiltrates"
    recipient = report(f"Left basilar {name}. {sign} Scoliosis.", f"Left basilar {name}.")
    came = "Small right pneumothorax."
    mixed = report(f"{came} {sign} Scoliosis.", came)
    found = rules_broken(recipient, mixed, gone, "pneumothorax", "left", "right")
    assert "departed-shown-by-a-sign" in found


@pytest.mark.parametrize("word", ["Subsequent", "Resultant", "Ensuing"])
def test_what_followed_from_what_left_does_not_stay(word):
    recipient = report(f"Moderate right effusion. {word} atelectasis at the right base.")
    mixed = report(f"Left upper lobe mass. {word} atelectasis at the right base.")
    found = rules_broken(recipient, mixed, "pleural_effusion", "mass", "right", "left")
    assert "departed-gives-a-place" in found


@pytest.mark.parametrize(
    "call",
    ["ICU team aware.", "The surgical team is aware.", "Team was called.", "Clinicians already alerted."],
)
@pytest.mark.parametrize("came", ["consolidation", "atelectasis"])
def test_who_knows_of_what_left_does_not_stay(came, call):
    recipient = told("pneumothorax", "left", after=call)
    mixed = told(came, "right", after=call)
    found = rules_broken(recipient, mixed, "pneumothorax", came, "left", "right")
    assert "departed-left-something-over" in found


@pytest.mark.parametrize("sign", ["Cardiac silhouette is partially obscured.", "The heart is obscured."])
def test_a_heart_that_fluid_hides_is_seen_again_without_it(sign):
    recipient = report(f"Large left pleural effusion. {sign}", "Large left pleural effusion.")
    mixed = report(f"Right upper lobe nodule. {sign}", "Right upper lobe nodule.")
    found = rules_broken(recipient, mixed, "pleural_effusion", "nodule", "left", "right")
    assert "departed-shown-by-a-sign" in found


SHIFTS = [
    "Heart is shifted to the left.",
    "The mediastinum is shifted to the left.",
    "Leftward mediastinal shift.",
]


@pytest.mark.parametrize("shift", SHIFTS)
@pytest.mark.parametrize(("gone", "came"), [("pleural_effusion", "pneumothorax"), ("pneumothorax", "mass")])
def test_what_comes_does_not_explain_a_shift_that_was_there(gone, came, shift):
    recipient, mixed = told(gone, "right", after=shift), told(came, "left", after=shift)
    found = rules_broken(recipient, mixed, gone, came, "right", "left")
    assert "departed-shown-by-a-sign" in found


@pytest.mark.parametrize("shift", SHIFTS[2:])
@pytest.mark.parametrize("gone", ["pleural_effusion", "pneumothorax"])
def test_its_like_or_another_finding_explains_a_shift(gone, shift):
    recipient = told(gone, "right", after=shift)
    assert not rules_broken(recipient, told(gone, "right", after=shift), gone, gone, "right", "right")
    other = "Complete collapse of the left lung."
    recipient = told(gone, "right", after=f"{shift} {other}")
    mixed = told("nodule", "right", after=f"{shift} {other}")
    found = rules_broken(recipient, mixed, gone, "nodule", "right", "right")
    assert "departed-shown-by-a-sign" not in found


@pytest.mark.parametrize(
    "rest", ["The remaining aerated right lung is clear.", "The aerated portion of the right lung is clear."]
)
def test_what_was_left_of_a_lung_beside_fluid_is_no_rest_without_it(rest):
    recipient, mixed = told("pleural_effusion", "right", after=rest), told("nodule", "left", after=rest)
    found = rules_broken(recipient, mixed, "pleural_effusion", "nodule", "right", "left")
    assert "departed-gives-a-place" in found
