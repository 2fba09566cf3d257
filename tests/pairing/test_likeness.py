"""What comes is of the kind of what leaves: families of templates x kinds x words, and what is near and let pass."""

from itertools import product

import pytest

from medcutmix_cli.pairing.likeness import (
    denied_filling,
    denied_nodules,
    misfits,
    overtaken_cause,
    shows_no_lesion,
    stays_as_mass,
    still_normal,
    unlikeness,
)
from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader

READER = ReportReader()
INTERSTITIAL = (
    "Diffuse interstitial opacities.",
    "Bilateral reticular opacities.",
    "Prominent interstitial markings.",
)
AIRSPACE = ("Bibasilar airspace opacities.", "Bilateral alveolar opacities.", "Bilateral airspace disease.")
NODULAR = ("Several small circular opacities.", "Rounded left opacity.", "Nodular opacities.")
PLAIN = ("Bibasilar opacities.", "Patchy bilateral opacities.")
SIDED = {
    "pleural_effusion": "pleural effusion",
    "pneumothorax": "pneumothorax",
    "consolidation": "consolidation",
    "opacity": "opacity",
    "mass": "mass",
    "nodule": "nodule",
}
BOTH = (Side.BILATERAL, Side.BILATERAL)


def say(text):
    return READER.read(f"FINDINGS: {text}").sentences[-1]


def unlike(leaving, coming, finding="opacity", sides=BOTH):
    return unlikeness([say(leaving)], [say(coming)], finding, sides)


@pytest.mark.parametrize(
    ("leaving", "coming"),
    [
        *product(INTERSTITIAL, AIRSPACE + PLAIN),
        *product(AIRSPACE + PLAIN, INTERSTITIAL),
        *product(PLAIN, AIRSPACE),
    ],
)
def test_an_opacity_of_another_kind_is_refused(leaving, coming):
    assert unlike(leaving, coming) == "donor-has-another-kind-of-opacity"


@pytest.mark.parametrize(
    ("leaving", "coming"),
    [*product(INTERSTITIAL, repeat=2), *product(AIRSPACE, AIRSPACE + PLAIN), *product(PLAIN, repeat=2)],
)
def test_an_opacity_of_the_same_kind_may_come(leaving, coming):
    assert unlike(leaving, coming) == ""


@pytest.mark.parametrize(("nodular", "plain"), list(product(NODULAR, PLAIN)))
def test_round_shadows_are_of_a_kind_of_their_own(nodular, plain):
    assert unlike(nodular, plain) == unlike(plain, nodular) == "donor-has-another-kind-of-opacity"
    assert unlike(nodular, nodular) == ""


@pytest.mark.parametrize("text", ["4 cm mass in the left lower lobe.", "Possible left lung mass."])
def test_an_opacity_does_not_leave_where_a_mass_of_its_side_stays(text):
    assert stays_as_mass("opacity", Side.LEFT, [say(text)])
    assert not stays_as_mass("opacity", Side.RIGHT, [say(text)])
    assert not stays_as_mass("pleural_effusion", Side.LEFT, [say(text)])
    assert not stays_as_mass("opacity", Side.LEFT, [say("No mass.")])


@pytest.mark.parametrize("coming", [INTERSTITIAL[0], AIRSPACE[0]])
def test_a_shadow_that_two_sections_call_otherwise_is_replaced_by_either_kind(coming):
    leaving = [say(INTERSTITIAL[0]), say(AIRSPACE[0])]
    assert unlikeness(leaving, [say(coming)], "opacity", BOTH) == ""
    nodular = say("Bilateral nodular opacities.")
    assert unlikeness(leaving, [nodular], "opacity", BOTH) == "donor-has-another-kind-of-opacity"


@pytest.mark.parametrize(("finding", "side"), list(product(SIDED, (Side.LEFT, Side.RIGHT, Side.BILATERAL))))
def test_what_names_no_side_does_not_replace_what_lies_on_one(finding, side):
    noun = SIDED[finding]
    assert (
        unlike(f"Small left {noun}.", f"Small {noun}.", finding, (side, Side.NONE)) == "donor-names-no-side"
    )


@pytest.mark.parametrize("finding", SIDED)
def test_what_names_no_side_may_replace_its_like(finding):
    noun = SIDED[finding]
    assert unlike(f"Small {noun}.", f"Large {noun}.", finding, (Side.NONE, Side.NONE)) == ""


@pytest.mark.parametrize(
    ("coming", "refusal"),
    [("Mild basilar atelectasis.", ""), ("Mild atelectasis.", "donor-names-no-side")],
)
def test_basilar_atelectasis_needs_no_side(coming, refusal):
    assert unlike("Bibasilar atelectasis.", coming, "atelectasis", (Side.BILATERAL, Side.NONE)) == refusal


@pytest.mark.parametrize(
    "cause", ["Large left pneumothorax.", "Large left pleural effusion.", "Left hilar mass."]
)
def test_a_collapse_is_not_made_slight_beside_its_cause(cause):
    collapse, slight = say("Complete collapse of the left lung."), [say("Minimal left basilar atelectasis.")]
    assert overtaken_cause(collapse, slight, "atelectasis", [say(cause)])
    assert not overtaken_cause(collapse, slight, "atelectasis", [say("Normal heart size.")])
    assert not overtaken_cause(say("Mild left atelectasis."), slight, "atelectasis", [say(cause)])


@pytest.mark.parametrize("denial", ["There are no nodules or masses.", "No mass.", "No suspicious nodules."])
def test_a_nodular_shadow_does_not_come_where_nodules_are_denied(denial):
    assert denied_nodules([say("Bilateral reticulonodular opacities.")], [say(denial)])
    assert not denied_nodules([say("Bilateral streaky opacities.")], [say(denial)])
    assert not denied_nodules([say("Bilateral reticulonodular opacities.")], [say("No pleural effusion.")])


@pytest.mark.parametrize("denial", ["No focal consolidation.", "No pneumonia.", "No infiltrate."])
def test_filled_air_space_does_not_come_where_it_is_denied(denial):
    assert denied_filling([say("Left lower lobe air space opacities.")], "opacity", [say(denial)])
    assert not denied_filling([say("Streaky left base opacity.")], "opacity", [say(denial)])


@pytest.mark.parametrize(
    "text",
    [
        "Opacity over the bases from breast tissue.",
        "Nipple shadow over the left base.",
        "Vertebral body opacities.",
        "Prominent pulmonary XXXX.",
        "Prominent lung vascularity.",
    ],
)
def test_shadows_of_no_lesion_are_known(text):
    assert shows_no_lesion(say(text))
    assert not shows_no_lesion(say("Patchy left base opacity."))


@pytest.mark.parametrize(
    "text",
    [
        "The lungs are hypoinflated but grossly clear.",
        "Low lung volumes, with lungs otherwise grossly clear.",
    ],
)
def test_clear_lungs_do_not_stay_where_a_shadow_comes(text):
    opacity = say("Left base opacity.")
    assert still_normal(opacity, "opacity", Side.LEFT, [say(text)])
    assert not still_normal(say("Cardiomegaly."), "cardiomegaly", Side.NONE, [say(text)])


def test_the_other_lung_may_stay_clear():
    opacity = say("Left base opacity.")
    assert not still_normal(opacity, "opacity", Side.LEFT, [say("The right lung is clear.")])
    assert still_normal(opacity, "opacity", Side.LEFT, [say("The left lung is clear.")])


@pytest.mark.parametrize("size", ["Small", "Large"])
@pytest.mark.parametrize(
    ("finding", "noun"), [("pleural_effusion", "pleural effusion"), ("pneumothorax", "pneumothorax")]
)
def test_a_lung_beside_air_or_fluid_is_not_called_clear(finding, noun, size):
    coming = say(f"{size} right {noun}.")
    assert still_normal(coming, finding, Side.RIGHT, [say("Right lung is clear.")])
    assert not still_normal(coming, finding, Side.RIGHT, [say("Left lung is clear.")])
    assert not still_normal(coming, finding, Side.RIGHT, [say("The lungs are clear.")])


def test_a_stable_chest_is_no_place_for_what_is_new():
    assert still_normal(
        say("Left base opacity."), "opacity", Side.LEFT, [say("Stable appearance of the chest.")]
    )


@pytest.mark.parametrize("noun", ["pneumothorax", "pleural effusion"])
def test_focal_does_not_go_with_every_noun(noun):
    assert misfits(f"No focal {noun}.")
    assert not misfits(f"No focal consolidation or {noun}.")


MEASURED = [
    "A 7 mm opacity overlies the left fifth rib.",
    "There is a 1.2 cm left opacity.",
    "9 x 8 mm opacity.",
]
LARGE = ["There is a 7 x 5 cm left opacity.", "Left basilar opacity measuring 6 cm."]


@pytest.mark.parametrize("coming", [*PLAIN, *AIRSPACE])
@pytest.mark.parametrize("leaving", MEASURED)
def test_an_opacity_of_a_nodules_size_is_one_of_its_kind(leaving, coming):
    assert unlike(leaving, coming) == "donor-has-another-kind-of-opacity"


@pytest.mark.parametrize("leaving", MEASURED)
def test_it_gives_way_to_a_nodular_one(leaving):
    assert unlike(leaving, "Nodular left opacity.") == ""


@pytest.mark.parametrize("leaving", LARGE)
def test_a_larger_one_is_any_opacity(leaving):
    assert unlike(leaving, PLAIN[0]) == ""
