"""What contradicts the finding that came is seen, and what does not is left alone."""

import pytest

from tests.reports.critic.reports import HEART, SENTENCES, report, rules_broken, sentence, told

NORMAL = report(HEART, "No acute cardiopulmonary abnormality.")


def mixed_with(came, side, stays):
    return report(f"{stays} {sentence(came, side)}")


@pytest.mark.parametrize("came", ["consolidation", "pneumonia", "atelectasis", "nodule", "mass"])
@pytest.mark.parametrize("stays", ["The lungs are clear.", "Clear lungs.", "Lungs are grossly clear."])
def test_clear_lungs_beside_a_shadow_that_came_are_seen(came, stays):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert "came-is-called-normal" in found


@pytest.mark.parametrize("came", ["consolidation", "atelectasis", "mass"])
@pytest.mark.parametrize("stays", ["The right lung is clear.", "The lungs are otherwise clear."])
def test_the_other_lung_or_the_rest_may_be_clear(came, stays):
    mixed = report(f"{sentence(came, 'left')} {stays}")
    assert rules_broken(report(stays), mixed, "", came, "none", "left") == set()


@pytest.mark.parametrize("came", ["consolidation", "atelectasis", "mass"])
@pytest.mark.parametrize(
    "stays", ["The lungs are otherwise clear.", "Low volumes, lungs otherwise grossly clear."]
)
def test_otherwise_clear_before_what_came_means_something_else(came, stays):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert "came-beside-otherwise-clear" in found


@pytest.mark.parametrize("stays", ["Stable appearance of the chest.", "No significant interval change."])
@pytest.mark.parametrize("gone", ["", "consolidation"])
def test_an_unchanged_chest_beside_what_came_is_seen(gone, stays):
    recipient = report(f"{HEART} {sentence(gone, 'left') if gone else ''}", stays)
    found = rules_broken(recipient, report(f"{HEART} Left basilar nodule.", stays), gone, "nodule")
    assert "came-beside-no-change" in found


@pytest.mark.parametrize("name", ["pleural effusion", "pneumothorax", "pneumonia", "consolidation"])
def test_a_denial_of_what_came_is_seen_unless_it_is_of_a_larger_one(name):
    came = name.replace(" ", "_")
    for stays, seen in ((f"No {name}.", True), (f"No large {name}.", False), (f"No right {name}.", False)):
        found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
        assert ("came-is-denied" in found) is seen, stays


STATEMENTS = ["No acute cardiopulmonary abnormality.", "No active disease.", "No acute disease."]


@pytest.mark.parametrize("stays", STATEMENTS)
@pytest.mark.parametrize("came", sorted(set(SENTENCES) - {"atelectasis"}))
def test_no_acute_process_beside_an_acute_finding_that_came_is_seen(came, stays):
    mixed = report(sentence(came, "left"), f"{stays} {sentence(came, 'left')}")
    found = rules_broken(report(HEART, stays), mixed, "", came, "none", "left")
    assert "came-beside-normal-chest" in found


@pytest.mark.parametrize(
    "stays", ["No other acute abnormality.", "No acute bony abnormality.", "No acute traumatic finding."]
)
def test_a_statement_about_the_rest_or_the_bones_may_stay(stays):
    mixed = report(f"{sentence('pneumonia', 'left')} {stays}")
    assert rules_broken(report(stays), mixed, "", "pneumonia", "none", "left") == set()


def test_a_midline_trachea_beside_a_complete_collapse_is_seen_and_not_beside_a_mild_one():
    stays = "The trachea is midline."
    complete = report(f"{stays} Complete collapse of the left lung.")
    assert "came-is-called-normal" in rules_broken(report(stays), complete, "", "atelectasis", "none", "left")
    mild = report(f"{stays} Mild left basilar atelectasis.")
    assert rules_broken(report(stays), mild, "", "atelectasis", "none", "left") == set()


def test_what_the_recipient_said_beside_a_like_finding_may_stay():
    before = report(f"{sentence('atelectasis', 'left')} The lungs are clear.")
    after = report("Minimal left basilar atelectasis. The lungs are clear.")
    assert rules_broken(before, after, "atelectasis", "atelectasis", "left", "left") == set()


FILLED = ["air space disease", "consolidation", "infiltrate"]


@pytest.mark.parametrize("came", FILLED)
@pytest.mark.parametrize(
    ("stays", "seen"),
    [
        ("No pneumonia.", True),
        ("No focal airspace consolidation.", True),
        ("No radiographic evidence of aspiration.", True),
        ("No other consolidation.", False),
        ("No right lower lobe pneumonia.", False),
        ("No pleural effusion.", False),
    ],
)
def test_filled_air_space_is_denied_by_each_of_its_names(came, stays, seen):
    finding = {"air space disease": "opacity"}.get(came, came)
    mixed = report(f"{stays} Left basilar {came}.")
    found = rules_broken(report(stays), mixed, "", finding, "none", "left")
    assert ("came-is-denied-by-another-name" in found) is seen


@pytest.mark.parametrize(
    ("came", "seen"), [("reticulonodular opacities", True), ("streaky opacities", False)]
)
def test_nodules_that_are_denied_do_not_come_as_reticulonodular_opacities(came, seen):
    stays = "There are no nodules or masses."
    found = rules_broken(report(stays), report(f"Left {came}. {stays}"), "", "opacity", "none", "left")
    assert ("came-is-denied-by-another-name" in found) is seen


@pytest.mark.parametrize("came", ["mass", "atelectasis", "nodule"])
@pytest.mark.parametrize(
    ("stays", "seen"),
    [
        ("No focal lung opacity.", True),
        ("No focal consolidation, suspicious pulmonary opacity or effusion.", True),
        ("No other opacity.", False),
        ("No focal consolidation.", False),
    ],
)
def test_no_shadow_comes_where_opacities_are_denied(came, stays, seen):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert ("came-is-denied-by-another-name" in found) is seen


@pytest.mark.parametrize(
    ("came", "stays", "seen"),
    [
        ("consolidation", "The cardiac contours, lungs, pleura and bones are normal.", True),
        ("consolidation", "The lungs are normally aerated.", True),
        ("consolidation", "The heart and mediastinum are normal.", False),
        ("pleural_effusion", "The cardiac contours, lungs, pleura and bones are normal.", True),
        ("pleural_effusion", "The heart and mediastinum are normal.", False),
    ],
)
def test_a_part_that_is_called_normal_among_others_is_seen(came, stays, seen):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert ("came-is-called-normal" in found) is seen


@pytest.mark.parametrize(("degree", "seen"), [("Large", True), ("Small", False)])
def test_lungs_are_not_clear_and_expanded_beside_a_large_effusion(degree, seen):
    stays = "Both lungs are clear and expanded."
    mixed = report(f"{degree} left pleural effusion. {stays}")
    found = rules_broken(report(stays), mixed, "", "pleural_effusion", "none", "left")
    assert ("came-is-called-normal" in found) is seen


def test_clear_lungs_under_a_header_that_does_not_count_are_seen():
    start = "COMPARISON: Both lungs are clear.\n\n"
    recipient, mixed = start + report(HEART), start + report(f"{HEART} Left basilar consolidation.")
    found = rules_broken(recipient, mixed, "", "consolidation", "none", "left")
    assert "came-is-called-normal" in found


@pytest.mark.parametrize(
    "came", ["Large left lower lobe opacity.", "There is a focal area of opacity on the left."]
)
def test_no_consolidation_is_said_beside_a_large_or_focal_opacity(came):
    stays = "No focal consolidation."
    found = rules_broken(report(stays), report(f"{stays} {came}"), "", "opacity", "none", "left")
    assert "came-is-denied-by-another-name" in found


def test_negative_alone_does_not_stand_before_what_came():
    mixed = report(HEART, "Negative. Left basilar consolidation.")
    found = rules_broken(report(HEART, "Negative."), mixed, "", "consolidation", "none", "left")
    assert "came-beside-normal-chest" in found


@pytest.mark.parametrize("came", ["consolidation", "pneumonia", "pneumothorax", "pleural_effusion"])
@pytest.mark.parametrize(
    ("stays", "seen"),
    [
        ("No acute cardiopulmonary or osseous abnormality.", True),
        ("No acute pulmonary, pleural or bony abnormality.", True),
        ("No acute osseous or pulmonary findings.", True),
        ("No acute osseous abnormality.", False),
        ("No acute bony or soft tissue abnormality.", False),
    ],
)
def test_the_chest_in_one_list_with_the_bones_is_not_free_of_what_came(came, stays, seen):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert ("came-beside-normal-chest" in found) is seen


PRESSING = [
    ("pleural_effusion", "Large left pleural effusion."),
    ("pleural_effusion", "Left pleural effusion with compressive atelectasis."),
    ("pneumothorax", "Large left pneumothorax."),
    ("pneumothorax", "Left pneumothorax with partial collapse of the left lung."),
    ("pneumothorax", "Left tension pneumothorax."),
]


@pytest.mark.parametrize(("came", "entering"), PRESSING)
@pytest.mark.parametrize(
    ("stays", "seen"),
    [
        ("The lungs are clear.", True),
        ("The left lung is clear.", True),
        ("Clear lungs.", True),
        ("The right lung is clear.", False),
    ],
)
def test_a_lung_that_is_pressed_on_is_not_clear(came, entering, stays, seen):
    found = rules_broken(report(stays), report(f"{stays} {entering}"), "", came, "none", "left")
    assert ("came-is-called-normal" in found) is seen


@pytest.mark.parametrize("came", ["pleural_effusion", "pneumothorax"])
def test_beside_a_small_one_it_may_be(came):
    stays = "The lungs are clear."
    assert rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left") == set()


@pytest.mark.parametrize("outline", ["irregular", "rounded", "ovoid", "spiculated", "well-defined"])
def test_the_outline_of_a_nodule_is_seen_beside_no_nodules(outline):
    stays = "No nodules or masses."
    mixed = report(f"{stays} There is an {outline} opacity at the left apex.")
    assert "came-is-denied-by-another-name" in rules_broken(
        report(stays), mixed, "", "opacity", "none", "left"
    )


@pytest.mark.parametrize("came", ["consolidation", "pneumothorax", "pleural_effusion", "mass"])
@pytest.mark.parametrize("denied", ["without", "negative for", "free of"])
def test_without_disease_of_the_chest_is_seen_as_no_disease_is(denied, came):
    stays = f"Low lung volumes {denied} focal cardiopulmonary disease."
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert "came-beside-normal-chest" in found


UNCHANGED_LUNGS = [
    f"{subject} {course}."
    for subject in ("The lungs", "The heart and lungs", "Both lungs")
    for course in (
        "have not changed in the interval",
        "are unchanged",
        "remain stable",
        "have ____ in the interval",
    )
]


@pytest.mark.parametrize("came", ["atelectasis", "pneumonia", "pleural_effusion"])
@pytest.mark.parametrize(
    "stays",
    [
        *UNCHANGED_LUNGS,
        f"{HEART} Unchanged.",
        f"{HEART} No change.",
        "No XXXX of active cardiopulmonary disease. Unchanged.",
    ],
)
def test_lungs_that_stay_unchanged_beside_what_came_are_seen(stays, came):
    found = rules_broken(report(stays), mixed_with(came, "left", stays), "", came, "none", "left")
    assert "came-beside-no-change" in found


@pytest.mark.parametrize(
    "stays",
    [
        "The heart is unchanged.",
        "Lung volumes are stable.",
        "Right central line. Unchanged.",
        "A rib is unchanged.",
    ],
)
def test_another_part_may_stay_unchanged(stays):
    found = rules_broken(report(stays), mixed_with("atelectasis", "left", stays), "", "atelectasis")
    assert "came-beside-no-change" not in found


NORMAL_PLACES = [
    ("Left hilar", "The hila are unremarkable."),
    ("Left hilar", "Hilar contours are normal."),
    ("Left hilar", "The mediastinal and hilar contours are within normal limits."),
    ("Left hilar", "Mediastinal contours are normal."),
    ("Right paratracheal", "The mediastinum is normal."),
    ("Right paratracheal", "Normal mediastinal contours."),
    ("Right paratracheal", "Cardiomediastinal silhouette is within normal limits."),
    ("Mediastinal", "The heart and mediastinum are normal."),
    ("Mediastinal", "Unremarkable cardiomediastinal silhouette."),
]


@pytest.mark.parametrize("came", ["mass", "opacity", "nodule"])
@pytest.mark.parametrize(("place", "stays"), NORMAL_PLACES)
def test_a_place_that_is_called_normal_beside_what_lies_in_it_is_seen(place, stays, came):
    mixed = report(f"{stays} {place} {came}.")
    assert "came-into-a-normal-place" in rules_broken(report(stays), mixed, "", came)


@pytest.mark.parametrize("place", ["Left perihilar", "Right upper lobe", "Left basilar"])
@pytest.mark.parametrize("stays", sorted({stays for _, stays in NORMAL_PLACES}))
def test_another_place_may_be_normal(place, stays):
    mixed = report(f"{stays} {place} opacity.")
    assert "came-into-a-normal-place" not in rules_broken(report(stays), mixed, "", "opacity")


@pytest.mark.parametrize(
    ("came", "told_wet", "rule"),
    [
        ("pleural_effusion", "No pleural effusion.", "came-is-denied"),
        ("pneumothorax", "No consolidation or pneumothorax.", "came-is-denied"),
        ("pneumonia", "no acute cardiopulm process", "came-beside-normal-chest"),
        ("pneumothorax", "Normal chest.", "came-beside-normal-chest"),
    ],
)
def test_a_wet_read_that_denies_what_came_is_seen(came, told_wet, rule):
    before = f"WET READ: ___ 11:20 PM\n {told_wet}\n ____\n FINAL REPORT\n"
    recipient = before + report(HEART, "Scoliosis.")
    mixed = before + told(came, "right")
    assert rule in rules_broken(recipient, mixed, "", came, "none", "right")
    asked = f" FINAL REPORT\n INDICATION: Rule out effusion. {told_wet}\n \n FINDINGS: {HEART} "
    assert "came-is-denied" not in rules_broken(
        asked, asked + sentence(came, "right"), "", came, "none", "right"
    )


@pytest.mark.parametrize("lung", ["left", "right"])
@pytest.mark.parametrize("said", ["{Lung} lung is unchanged.", "The {lung} lung appears stable."])
@pytest.mark.parametrize("gone", ["left", "right", "bilateral"])
@pytest.mark.parametrize("came", ["left", "right"])
def test_a_lung_called_unchanged_is_one_that_nothing_left_or_came_to(came, gone, said, lung):
    stays = said.format(lung=lung, Lung=lung.capitalize())
    recipient = report(f"{HEART} There is {gone} pneumonia. {stays}")
    mixed = report(f"{HEART} {sentence('pleural_effusion', came)} {stays}")
    broken = "came-beside-no-change" in rules_broken(
        recipient, mixed, "pneumonia", "pleural_effusion", gone, came
    )
    assert broken is (lung in (gone, came) or gone == "bilateral")


@pytest.mark.parametrize(
    "said", ["There is little overall change.", "As compared to ___, there is minimal change."]
)
@pytest.mark.parametrize("came", ["consolidation", "mass", "pneumothorax"])
def test_little_change_is_not_said_beside_what_came(came, said):
    recipient = report(f"{said} {HEART} Scoliosis.")
    mixed = report(f"{said} {HEART} Scoliosis. {sentence(came, 'right')}")
    assert "came-beside-no-change" in rules_broken(recipient, mixed, "", came, "none", "right")


@pytest.mark.parametrize("came", ["consolidation", "pneumonia", "pneumothorax"])
def test_a_symptom_without_a_cause_is_not_said_beside_one(came):
    said = "No radiographic explanation for chest pain."
    recipient, mixed = report(HEART, said), report(f"{HEART} {sentence(came, 'right')}", said)
    assert "came-beside-normal-chest" in rules_broken(recipient, mixed, "", came, "none", "right")


@pytest.mark.parametrize(
    "said", ["The left lung is unremarkable.", "The lungs are normal.", "Both lungs appear normal."]
)
def test_a_lung_beside_a_pneumothorax_is_not_called_normal(said):
    recipient, mixed = report(f"{HEART} {said}"), report(f"{HEART} {said} {sentence('pneumothorax', 'left')}")
    assert "came-is-called-normal" in rules_broken(recipient, mixed, "", "pneumothorax", "none", "left")
    other = report(f"{HEART} The right lung is unremarkable. {sentence('pneumothorax', 'left')}")
    assert "came-is-called-normal" not in rules_broken(recipient, other, "", "pneumothorax", "none", "left")


@pytest.mark.parametrize("came", ["pleural_effusion", "pneumothorax"])
@pytest.mark.parametrize(
    "parts", ["lungs and", "heart, lungs, hila, mediastinum and", "lungs, mediastinum, and"]
)
def test_a_list_of_normal_parts_denies_what_lies_in_the_last(parts, came):
    said = f"Normal {parts} pleural surfaces."
    recipient, mixed = report(f"Scoliosis. {said}"), report(f"Scoliosis. {said} {sentence(came, 'left')}")
    broken = rules_broken(recipient, mixed, "", came, "none", "left")
    assert {"came-is-denied", "came-is-called-normal"} & broken


REGAINED = [
    "The {side} lung has re-expanded.",
    "Re-expansion of the {side} lung.",
    "Improved aeration of the {side} lung.",
    "Improved aeration of the {side} base.",
    "The {side} lung is now better aerated.",
    "The {side} lung is fully expanded.",
    "The lungs are symmetrically expanded.",
    "Both lungs are expanded.",
    "Better aeration of the lungs.",
]


@pytest.mark.parametrize("said", REGAINED)
@pytest.mark.parametrize("degree", ["Moderate", "Large", "New"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_lung_that_has_expanded_is_not_beside_a_pneumothorax(side, degree, said):
    told_so = said.format(side=side)
    entering = f"{degree.replace('New', 'A')} {side} pneumothorax."
    recipient, mixed = report(f"{HEART} {told_so}"), report(f"{HEART} {told_so} {entering}", entering)
    assert "came-is-called-normal" in rules_broken(recipient, mixed, "", "pneumothorax", "none", side)
    small = report(f"{HEART} {told_so.replace('fully', 'mostly')} Tiny {side} apical pneumothorax.")
    found = rules_broken(recipient, small, "", "pneumothorax", "none", side)
    assert "came-is-called-normal" not in found or "fully" in said


@pytest.mark.parametrize("said", REGAINED[:6])
def test_the_other_lung_may_have_expanded(said):
    told_so = said.format(side="left")
    mixed = report(f"{HEART} {told_so} Moderate right pneumothorax.")
    found = rules_broken(report(f"{HEART} {told_so}"), mixed, "", "pneumothorax", "none", "right")
    assert "came-is-called-normal" not in found


LASTING = [
    "Coarse interstitial markings throughout both lungs.",
    "Prominent bronchovascular markings.",
    "Linear opacity in the left base, chronic.",
    "Streaky opacities in both bases.",
    "Chronic interstitial opacities.",
]
ACTIVE = [
    "Left base opacity.",
    "Reticulonodular opacities in the mid lungs.",
    "Diffuse ground-glass opacities.",
]


@pytest.mark.parametrize("verdict", STATEMENTS)
@pytest.mark.parametrize("left", LASTING)
@pytest.mark.parametrize("came", ACTIVE)
def test_no_active_disease_was_said_of_what_lasts(came, left, verdict):
    recipient, mixed = report(f"{HEART} {left}", verdict), report(f"{HEART} {came}", f"{verdict} {came}")
    assert "came-beside-normal-chest" in rules_broken(recipient, mixed, "opacity", "opacity")


@pytest.mark.parametrize("verdict", STATEMENTS)
@pytest.mark.parametrize("left", [*LASTING, "Left base opacity."])
@pytest.mark.parametrize("came", ["Chronic interstitial opacities.", "Linear opacity in the right base."])
def test_what_lasts_may_come_beside_no_active_disease(came, left, verdict):
    recipient, mixed = report(f"{HEART} {left}", verdict), report(f"{HEART} {came}", f"{verdict} {came}")
    assert "came-beside-normal-chest" not in rules_broken(recipient, mixed, "opacity", "opacity")


REMOVED = [
    "Status post {side} pneumonectomy.",
    "Postoperative changes of {side} pneumonectomy.",
    "The patient is status post pneumonectomy on the {side}.",
    "Status post pneumonectomy.",
]


@pytest.mark.parametrize("came", SENTENCES)
@pytest.mark.parametrize("said", REMOVED)
def test_nothing_comes_to_the_side_of_a_lung_that_was_removed(said, came):
    told_so = said.format(side="left")
    recipient = report(f"{told_so} {HEART}")
    mixed = report(f"{told_so} {HEART} {sentence(came, 'left')}")
    assert "came-into-a-removed-part" in rules_broken(recipient, mixed, "", came, "none", "left")
    other = report(f"{told_so} {HEART} {sentence(came, 'right')}")
    found = rules_broken(recipient, other, "", came, "none", "right")
    assert ("came-into-a-removed-part" in found) is (told_so == REMOVED[3])


@pytest.mark.parametrize("came", ["consolidation", "pneumonia", "nodule", "mass"])
@pytest.mark.parametrize(
    "said", ["Status post {side} {lobe} lobectomy.", "Changes of {side} {lobe} lobe lobectomy."]
)
def test_nothing_comes_into_a_lobe_that_was_removed(said, came):
    lobe = "lower" if "lower" in sentence(came, "left") else "upper"
    for side, there, seen in (("left", lobe, True), ("right", lobe, False), ("left", "middle", False)):
        told_so = said.format(side=side, lobe=there)
        recipient = report(f"{told_so} {HEART}")
        mixed = report(f"{told_so} {HEART} {sentence(came, 'left')}")
        found = rules_broken(recipient, mixed, "", came, "none", "left")
        assert ("came-into-a-removed-part" in found) is seen


def test_what_lies_on_the_side_of_a_removed_lung_does_not_leave_it():
    said = "Status post left pneumonectomy with opacification of the left hemithorax."
    recipient = report(f"{said} {HEART}")
    mixed = report(f"Status post left pneumonectomy. {HEART} Right base opacity.")
    found = rules_broken(recipient, mixed, "opacity", "opacity", "left", "right")
    assert "came-into-a-removed-part" in found


def test_the_history_tells_of_a_removed_lung():
    recipient = f"INDICATION: left pneumonectomy\n\n{report(HEART)}"
    mixed = f"INDICATION: left pneumonectomy\n\n{report(f'{HEART} Left base opacity.')}"
    assert "came-into-a-removed-part" in rules_broken(recipient, mixed, "", "opacity", "none", "left")


@pytest.mark.parametrize("above", ["A 1 cm nodule in the left mid lung is noted.", "Small right effusion."])
@pytest.mark.parametrize("came", ["consolidation", "mass", "pneumothorax"])
def test_a_chest_of_which_an_addendum_finds_something_hosts_nothing(came, above):
    for told_so, seen in ((f"Discussed by phone. {above}", True), ("Discussed by phone.", False)):
        head = f" ADDENDUM {told_so}\n ______\n FINAL REPORT\n "
        body = f"{HEART} {sentence(came, 'left')}"
        recipient, mixed = f"{head}{report(HEART)}", f"{head}{report(body)}"
        found = rules_broken(recipient, mixed, "", came, "none", "left")
        assert ("came-beside-an-addendum" in found) is seen
        exchanged = rules_broken(recipient, mixed, "atelectasis", came, "left", "left")
        assert "came-beside-an-addendum" not in exchanged


UNCHANGED = ["On the left, no changes are seen.", "No relevant changes.", "No other changes on the left."]


@pytest.mark.parametrize("said", UNCHANGED)
@pytest.mark.parametrize("came", ["consolidation", "pneumothorax", "pleural_effusion"])
def test_no_changes_are_no_change(came, said):
    recipient = report(f"{HEART} {said} Scoliosis.")
    mixed = report(f"{HEART} {said} Scoliosis. {sentence(came, 'left')}")
    assert "came-beside-no-change" in rules_broken(recipient, mixed, "", came, "none", "left")
    other = report(f"{HEART} {said} Scoliosis. {sentence(came, 'right')}")
    found = rules_broken(recipient, other, "", came, "none", "right")
    assert ("came-beside-no-change" in found) is ("left" not in said)


@pytest.mark.parametrize("kind", ["degenerative", "acute bony", "osseous", "chronic", "emphysematous"])
def test_changes_of_a_kind_are_another_thing(kind):
    said = f"No {kind} changes."
    recipient = report(f"{HEART} {said}")
    mixed = report(f"{HEART} {said} {sentence('pneumothorax', 'left')}")
    found = rules_broken(recipient, mixed, "", "pneumothorax", "none", "left")
    assert "came-beside-no-change" not in found


IMPROVED = [
    "Improved aeration at the left base.",
    "The left base is better aerated.",
    "There is improved aeration of the left lung.",
    "Aeration of the left lung has improved.",
]


@pytest.mark.parametrize("said", IMPROVED)
@pytest.mark.parametrize("came", ["consolidation", "pneumonia", "atelectasis"])
@pytest.mark.parametrize("gone", ["", "pleural_effusion"])
def test_no_shadow_comes_into_a_lung_that_is_said_to_improve(gone, came, said):
    before = sentence(gone, "right") if gone else ""
    recipient = report(f"{HEART} {said} Scoliosis. {before}")
    for side, seen in (("left", True), ("right", False)):
        mixed = report(f"{HEART} {said} Scoliosis. {sentence(came, side)}")
        found = rules_broken(recipient, mixed, gone, came, "right" if gone else "none", side)
        assert ("came-is-called-normal" in found) is seen


@pytest.mark.parametrize("said", IMPROVED)
def test_a_lung_improves_beside_what_came_in_the_place_of_its_like(said):
    recipient = report(f"{HEART} {said} Left lower lobe atelectasis.")
    mixed = report(f"{HEART} {said} Mild left basilar atelectasis.")
    found = rules_broken(recipient, mixed, "atelectasis", "atelectasis", "left", "left")
    assert "came-is-called-normal" not in found


@pytest.mark.parametrize("stays", STATEMENTS)
@pytest.mark.parametrize(
    "collapse", ["Left upper lobe collapse.", "Collapse of the left lower lobe.", "LUL collapse."]
)
def test_no_acute_process_beside_a_collapsed_lobe_that_came_is_seen(collapse, stays):
    for words, seen in ((collapse, True), ("Minor left basal atelectasis.", False)):
        found = rules_broken(
            report(HEART, stays), report(words, f"{stays} {words}"), "", "atelectasis", "none", "left"
        )
        assert ("came-beside-normal-chest" in found) is seen, words
