"""Findings and impression tell one story, and nothing else is lost."""

import pytest

from tests.reports.critic.reports import HEART, SENTENCES, report, rules_broken, sentence, told


@pytest.mark.parametrize("came", SENTENCES)
def test_sides_of_findings_and_impression_that_differ_are_seen(came):
    mixed = told(came, "left").replace("IMPRESSION: ", f"IMPRESSION: {sentence(came, 'right')} ")
    mixed = mixed[: mixed.rindex(sentence(came, "right")) + len(sentence(came, "right"))]
    found = rules_broken(report(HEART, "Normal."), mixed, "", came, "none", "left")
    assert "story-sides-apart" in found


def test_degrees_that_differ_are_seen():
    mixed = report("Large left pleural effusion.", "Small left pleural effusion.")
    found = rules_broken(report(HEART, "Normal."), mixed, "", "pleural_effusion", "none", "left")
    assert "story-degrees-apart" in found
    mixed = report("Large left pleural effusion.", "Massive left pleural effusion.")
    found = rules_broken(report(HEART, "Normal."), mixed, "", "pleural_effusion", "none", "left")
    assert "story-degrees-apart" not in found


@pytest.mark.parametrize("gone", SENTENCES)
def test_an_impression_that_lost_its_finding_and_got_none_is_seen(gone):
    came = "pneumothorax" if gone != "pneumothorax" else "nodule"
    mixed = report(f"{HEART} {sentence(came, 'left')}", "Cardiomegaly.")
    recipient = told(gone, "left").replace("IMPRESSION:", "IMPRESSION: Cardiomegaly.")
    assert "story-silent-impression" in rules_broken(recipient, mixed, gone, came, "left", "left")


def test_another_finding_that_was_lost_is_seen():
    recipient = report(f"{HEART} Left pneumonia and right rib fracture.")
    mixed = report(f"{HEART} Right pneumothorax.")
    found = rules_broken(recipient, mixed, "pneumonia", "pneumothorax", "left", "right")
    assert "story-finding-lost" in found


def test_a_finding_that_nobody_gave_is_seen():
    mixed = report(f"{HEART} Right pneumothorax and rib fracture.")
    found = rules_broken(report(HEART), mixed, "", "pneumothorax", "none", "right")
    assert "story-finding-invented" in found


@pytest.mark.parametrize(
    "shown",
    [
        "Low lung volumes with",
        "Hypoinflated lungs with",
        "Elevated right hemidiaphragm with",
        "Tortuous aorta and",
        "Prior sternotomy and",
        "Scoliosis and",
    ],
)
@pytest.mark.parametrize("gone", ["atelectasis", "pneumonia"])
def test_what_the_picture_still_shows_may_not_leave_with_a_finding(shown, gone):
    recipient = report(f"{HEART} {shown} left basilar {gone}.")
    lost, kept = report(f"{HEART} Right pneumothorax."), report(f"{HEART} {shown} right pneumothorax.")
    found = rules_broken(recipient, lost, gone, "pneumothorax", "left", "right")
    assert "story-observation-lost" in found
    found = rules_broken(recipient, kept, gone, "pneumothorax", "left", "right")
    assert "story-observation-lost" not in found


def test_an_arrival_on_another_side_than_the_exchanged_one_is_seen():
    mixed = report(f"{HEART} Right pneumothorax.")
    assert "story-other-side" in rules_broken(report(HEART), mixed, "", "pneumothorax", "none", "left")


@pytest.mark.parametrize(
    ("lost", "seen"),
    [
        ("Left perihilar scarring.", True),  # a sentence of its own in the same section
        ("Right apical scarring.", True),
        ("", False),
    ],
)
def test_a_related_name_with_a_sentence_of_its_own_is_another_thing(lost, seen):
    recipient = report(f"{HEART} {lost} Left atelectasis.".replace("  ", " "))
    mixed = report(f"{HEART} Left basilar atelectasis.")
    found = rules_broken(recipient, mixed, "atelectasis", "atelectasis", "left", "left")
    assert ("story-finding-lost" in found) is seen


def test_markings_that_left_with_a_focal_shadow_are_seen():
    recipient = report(f"{HEART} Right upper lobe opacity. Chronic interstitial changes.")
    mixed = report(f"{HEART} Left pneumothorax.")
    found = rules_broken(recipient, mixed, "opacity", "pneumothorax", "right", "left")
    assert "story-markings-lost" in found


@pytest.mark.parametrize("sign", ["Small left pleural effusion.", "Blunted left costophrenic angle."])
def test_what_came_into_the_impression_alone_leaves_the_findings_silent(sign):
    recipient = report(f"{HEART} {sign}", "Left pleural effusion.")
    mixed = report(HEART, "Large left pleural effusion.")
    finding = "pleural_effusion"
    assert "story-silent-findings" in rules_broken(recipient, mixed, finding, finding, "left", "left")


@pytest.mark.parametrize(
    ("came", "seen"), [("Small pleural effusion.", True), ("Bilateral pleural effusions.", False)]
)
def test_an_effusion_without_a_side_does_not_stand_for_one_with_a_side(came, seen):
    recipient, mixed = report(f"{HEART} Left pleural effusion."), report(f"{HEART} {came}")
    side = "none" if seen else "bilateral"
    found = rules_broken(recipient, mixed, "pleural_effusion", "pleural_effusion", "left", side)
    assert ("story-side-unsaid" in found) is seen


@pytest.mark.parametrize("shown", ["Central vascular prominence and", "Lower thoracic vertebral body"])
def test_vessels_and_vertebrae_do_not_leave_with_a_shadow(shown):
    recipient, mixed = report(f"{HEART} {shown} opacities."), report(f"{HEART} Left pneumothorax.")
    assert "story-observation-lost" in rules_broken(
        recipient, mixed, "opacity", "pneumothorax", "none", "left"
    )


@pytest.mark.parametrize(
    "lost", ["No pleural effusion or pneumothorax.", "No acute infiltrate or pleural effusion."]
)
@pytest.mark.parametrize("came", ["opacity", "atelectasis"])
def test_a_denial_that_would_still_be_true_is_missed(lost, came):
    told_before = report(f"{HEART} {lost}")
    found = rules_broken(told_before, report(f"{HEART} Left basilar {came}."), "", came, "none", "left")
    assert "story-denial-lost" in found
    kept = report(f"{HEART} No pneumothorax or pleural effusion. Left basilar {came}.")
    assert "story-denial-lost" not in rules_broken(told_before, kept, "", came, "none", "left")


@pytest.mark.parametrize("came", ["consolidation", "nodule"])
def test_the_other_lung_that_is_clear_is_missed(came):
    recipient = report(f"{HEART} Left lung is clear.")
    lost, kept = (report(f"{HEART} {part}{sentence(came, 'right')}") for part in ("", "Left lung is clear. "))
    assert "story-other-side-lost" in rules_broken(recipient, lost, "", came, "none", "right")
    assert "story-other-side-lost" not in rules_broken(recipient, kept, "", came, "none", "right")


@pytest.mark.parametrize("shown", ["Underinflated lungs with", "Tortuous aorta and"])
def test_what_came_says_nothing_of_other_parts_of_the_picture(shown):
    mixed = report(f"{HEART} {shown} left basilar atelectasis.")
    found = rules_broken(report(HEART), mixed, "", "atelectasis", "none", "left")
    assert "story-observation-invented" in found


@pytest.mark.parametrize(
    "lost",
    [
        "The lungs and pleural spaces show no acute abnormality.",
        "No acute osseous abnormality.",
        "Heart size is normal and lungs are clear.",
    ],
)
def test_a_part_that_was_called_normal_is_missed(lost):
    recipient = report(f"Trachea is midline. {lost}")
    gone, kept = (report(f"Trachea is midline. {part}Left basilar infiltrate.") for part in ("", f"{lost} "))
    assert "story-part-lost" in rules_broken(recipient, gone, "", "infiltrate", "none", "left")
    assert "story-part-lost" not in rules_broken(recipient, kept, "", "infiltrate", "none", "left")


@pytest.mark.parametrize("came", ["infiltrate", "consolidation"])
@pytest.mark.parametrize(
    ("own", "seen"),
    [
        ("Patchy left basal airspace opacity.", True),
        ("Left lower lobe atelectasis.", True),
        ("Right basal airspace opacity.", False),
        ("Left upper lobe opacity.", False),
    ],
)
def test_one_place_is_not_told_of_twice(came, own, seen):
    recipient, mixed = report(f"{HEART} {own}"), report(f"{HEART} {own} Left lower lobe {came}.")
    found = rules_broken(recipient, mixed, "pleural_effusion", came, "left", "left")
    assert ("story-one-place-twice" in found) is seen


@pytest.mark.parametrize("disease", ["Interstitial lung disease.", "Pulmonary fibrosis."])
@pytest.mark.parametrize(("gone", "seen"), [("Reticular opacities.", False), ("Left basilar opacity.", True)])
def test_the_disease_that_markings_are_read_as_leaves_with_them(gone, seen, disease):
    recipient = report(f"{HEART} {gone}", disease)
    mixed = report(f"{HEART} Left pneumothorax.", "Left pneumothorax.")
    found = rules_broken(recipient, mixed, "opacity", "pneumothorax", "none", "left")
    assert bool({"story-finding-lost", "story-markings-lost"} & found) is seen


@pytest.mark.parametrize(
    "collapse", ["collapse of a substantial portion of the left lung", "collapse of the left upper lobe"]
)
def test_the_collapse_by_a_pneumothorax_leaves_with_it(collapse):
    recipient = report(f"{HEART} Left pneumothorax with {collapse}.")
    mixed = report(f"{HEART} Small left apical pneumothorax.")
    found = rules_broken(recipient, mixed, "pneumothorax", "pneumothorax", "left", "left")
    assert "story-finding-lost" not in found


def test_a_report_that_holds_a_copy_of_itself_is_seen():
    findings = "The heart is normal in size. There is a small left pleural effusion. The bones are intact."
    recipient = report(findings, f"Small left pleural effusion. {findings}")
    mixed = recipient.replace("small left pleural effusion", "small left pneumothorax", 1)
    assert "story-told-in-a-copy" in rules_broken(recipient, mixed, "pleural_effusion", "pneumothorax")
    single = report(findings, "Small left pleural effusion.")
    assert "story-told-in-a-copy" not in rules_broken(single, single, "mass", "mass")


BLUNTING = [
    "There is a left basilar opacity with left costophrenic angle blunting.",
    "Left basilar opacity. Mild blunting of the left costophrenic angle.",
    "Left basilar opacity. The left costophrenic sulcus is blunted.",
]


@pytest.mark.parametrize("shown", BLUNTING)
def test_a_blunted_angle_does_not_leave_with_an_opacity(shown):
    mixed = report(f"{HEART} Right upper lobe atelectasis.")
    found = rules_broken(report(f"{HEART} {shown}"), mixed, "opacity", "atelectasis", "left", "right")
    assert "story-observation-lost" in found


@pytest.mark.parametrize("gone", ["pleural_effusion", "pleural_thickening"])
def test_it_leaves_with_what_it_is_a_sign_of(gone):
    name = gone.replace("_", " ")
    recipient = report(f"{HEART} Left {name} with blunting of the costophrenic angle.")
    found = rules_broken(recipient, report(f"{HEART} Right upper lobe atelectasis."), gone, "atelectasis")
    assert "story-observation-lost" not in found


@pytest.mark.parametrize(
    "joined", ["a combination of {} and {}", "a mixture of {} and {}", "components of {} and {}"]
)
@pytest.mark.parametrize("pair", [("atelectasis", "consolidation"), ("consolidation", "atelectasis")])
def test_of_a_combination_the_other_one_is_missed(pair, joined):
    recipient = report(f"Patchy disease in the left lung, {joined.format(*pair)}.")
    mixed = report("Right pneumothorax.")
    assert "story-finding-lost" in rules_broken(recipient, mixed, pair[0], "pneumothorax")


@pytest.mark.parametrize(
    "own", ["Bibasilar airspace opacities.", "Basilar opacity.", "Opacities in both bases."]
)
@pytest.mark.parametrize("came", ["Basilar atelectasis.", "Bibasilar atelectasis."])
def test_both_bases_are_not_told_of_twice(came, own):
    found = rules_broken(report(own), report(f"{own} {came}"), "pleural_effusion", "atelectasis")
    assert "story-one-place-twice" in found


@pytest.mark.parametrize(
    ("own", "came", "seen"),
    [
        ("Opacities in both bases.", "Left basilar atelectasis.", True),
        ("Bibasilar opacities.", "Atelectasis at the right base.", True),
        ("Left basilar opacity.", "Bibasilar atelectasis.", True),
        ("Right lower lobe airspace disease.", "Atelectasis in both bases.", True),
        ("Bilateral apical opacities.", "Left basilar atelectasis.", False),
        ("Opacities in both bases.", "Left apical atelectasis.", False),
        ("Right basilar opacity.", "Left basilar atelectasis.", False),
        ("Diffuse bilateral opacities.", "Left basilar atelectasis.", False),
    ],
)
def test_one_base_is_told_of_by_what_is_said_of_both(own, came, seen):
    found = rules_broken(report(own), report(f"{own} {came}"), "pleural_effusion", "atelectasis")
    assert ("story-one-place-twice" in found) is seen


@pytest.mark.parametrize(
    ("came", "seen"),
    [
        ("There is a mediastinal mass.", False),
        ("There is a left hilar mass.", False),
        ("Left apical mass.", True),
    ],
)
def test_a_normal_mediastinum_is_missed_unless_something_lies_in_it(came, seen):
    mixed = report(f"{HEART} {came}")
    found = rules_broken(report(f"{HEART} The mediastinum is normal."), mixed, "", "mass")
    assert ("story-denial-lost" in found) is seen
