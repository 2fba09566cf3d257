import pytest

from medcutmix_cli.pairing.clauses import reread
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.pairing.normals import contradicted_statements, normal_beside_finding, whole_chest
from medcutmix_cli.records import Reading, Side
from medcutmix_cli.reports.critic.words import says


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("No acute cardiopulmonary process.", "no-acute"),
        ("No evidence of active disease.", "no-acute"),
        ("There is no acute pulmonary abnormality.", "no-acute"),
        ("No acute or active cardiac, pulmonary or pleural disease.", "no-acute"),
        ("Normal chest in two views without change.", "normal"),
        ("The examination is normal as before.", "normal"),
        ("Negative chest radiograph in expiration.", "normal"),
    ],
)
def test_a_statement_of_the_whole_chest_is_known(text, kind):
    assert [found.kind for found in whole_chest(text)] == [kind]


WORDS = ("normal", "unremarkable", "within normal limits", "WNL", "negative", "clear")
PLAIN = (
    "{}",
    "CXR {}",
    "CXR: {}",
    "Chest x-ray - {}",
    "Chest radiograph {}",
    "Appearances are {}",
    "Essentially {}",
    "The chest radiograph is entirely {}",
    "Patient 5 - CXR: {}",
    "{} for age",
)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("form", PLAIN)
@pytest.mark.parametrize("end", [".", ""])
def test_a_sentence_that_says_normal_and_no_more_is_of_the_whole_chest(form, word, end):
    text = form.format(word).capitalize() + end
    [found] = whole_chest(text)
    assert (found.kind, found.start, found.end) == ("plain", 0, len(text) - len(end))
    assert says(text, "contradiction", "normal"), "the critic has words of its own"
    assert normal_beside_finding(reread(f"Right pneumothorax. {text}"))


@pytest.mark.parametrize("word", WORDS[:4])
@pytest.mark.parametrize(
    "form", ["Heart: {}", "Bones are {}", "Previously {}", "{} variant", "Aorta {}", "{} hila"]
)
def test_normal_said_of_a_part_or_of_then_is_not_of_the_whole_chest(form, word):
    text = form.format(word).capitalize() + "."
    assert whole_chest(text) == ()
    assert not says(text, "contradiction", "normal")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("No other acute process.", id="of-the-rest"),
        pytest.param("Otherwise normal chest.", id="of-the-rest-too"),
        pytest.param("No acute osseous abnormality.", id="of-bones"),
        pytest.param("No acute fracture.", id="of-one-finding"),
        pytest.param("The heart size is normal.", id="of-one-organ"),
        pytest.param("No significant interval change.", id="of-time"),
    ],
)
def test_a_statement_of_something_else_is_none(text):
    assert whole_chest(text) == ()


DENIALS = ("No {} abnormality.", "No acute {} process.", "There is no active {} disease.", "No {} pathology.")
ORGANS = {
    "cardiac": {"edema"},
    "cardiac or pleural": {"edema", "pleural_effusion", "pneumothorax"},
    "heart": {"edema"},
    "pleural": {"pleural_effusion", "pneumothorax"},
}
"""What a denial is about -> what of these it denies."""
COMING = ("consolidation", "edema", "mass", "pleural_effusion", "pneumonia", "pneumothorax")
WIDE = ("cardiopulmonary", "pleural or pulmonary", "pulmonary", "cardiac, pulmonary or pleural")


@pytest.mark.parametrize("form", DENIALS)
@pytest.mark.parametrize("organ", sorted(ORGANS))
@pytest.mark.parametrize("finding", COMING)
def test_a_denial_of_an_organ_is_untrue_beside_what_is_in_that_organ_alone(form, organ, finding):
    [sentence] = reread(form.format(organ))
    assert bool(contradicted_statements(sentence, finding)) is (finding in ORGANS[organ])


@pytest.mark.parametrize("form", DENIALS[:2])
@pytest.mark.parametrize("organ", WIDE)
@pytest.mark.parametrize("finding", COMING)
def test_a_denial_of_the_chest_or_lungs_is_untrue_beside_all(form, organ, finding):
    [sentence] = reread(form.format(organ))
    assert contradicted_statements(sentence, finding)


@pytest.mark.parametrize("organ", sorted(ORGANS))
def test_a_consolidation_may_stand_beside_a_denial_of_another_organ(organ):
    assert not normal_beside_finding(reread(f"Left lower lobe consolidation. No acute {organ} process."))


def test_edema_may_not_stand_beside_a_denial_of_heart_disease():
    assert normal_beside_finding(reread("Pulmonary edema. No acute cardiac process."))


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Right pneumothorax. No acute cardiopulmonary process.", True),
        ("Bibasilar atelectasis. No acute cardiopulmonary process.", False),
        ("Left lower lobe consolidation. The lungs are clear.", True),
        ("Left lower lobe consolidation. The right lung is clear.", False),
        ("Left lower lobe consolidation. The left lung is clear.", True),
        ("Left lower lobe consolidation. The lungs are otherwise clear.", False),
        ("Small pleural effusion. The lungs are clear.", False),
        ("Left lower lobe consolidation. Normal.", True),
        ("Left lower lobe consolidation. Otherwise normal.", False),
        ("Calcified granuloma. Normal chest.", False),
    ],
)
def test_normal_beside_an_acute_finding_is_noticed(text, broken):
    assert normal_beside_finding(reread(text)) is broken


LISTED = {"pneumonia": "pneumonia", "consolidation": "focal consolidation", "edema": "pulmonary edema"}
REST = ("other acute abnormality", "other acute cardiopulmonary process", "any other active disease", "other finding",
        "other pulmonary pathology")  # fmt: skip
LISTS = (
    "No {}, or {}.",
    "No evidence of {} or {}.",
    "There is no {} or {}.",
    "Heart is normal without {} or {}.",
)


@pytest.mark.parametrize("finding", LISTED)
@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("coming", ["pleural_effusion", "pneumothorax", "mass"])
def test_the_last_of_a_list_of_denials_denies_what_the_list_does_not_name(form, finding, rest, coming):
    text = form.format(LISTED[finding], rest)
    [sentence] = reread(text)
    found = [text[s.start : s.end] for s in contradicted_statements(sentence, coming)]
    assert found == [rest.removeprefix("any ")]
    change = Insertion(((coming, Side.LEFT),)).clear(Reading((), (sentence,)), ())[0]
    assert change.left is not None, "what the list names stays denied"
    assert [m.finding for s in change.left.sentences for m in s.mentions if m.finding == finding] == [finding]
    assert rest not in change.left.text
    assert says(text, "contradiction", "no-acute")
    assert not says(text, "contradiction", "rest"), "nor does the critic take it for the rest"


@pytest.mark.parametrize("rest", REST[:2])
@pytest.mark.parametrize(
    "form", ["No {}.", "Stable heart, and no {}.", "Opacity may be pneumonia or {}.", "Effusion, but no {}."]
)
def test_all_but_what_was_said_before_is_no_list_of_denials(form, rest):
    assert whole_chest(form.format(rest)) == ()
