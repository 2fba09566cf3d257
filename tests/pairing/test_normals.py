import pytest

from medcutmix_cli.pairing.clauses import reread
from medcutmix_cli.pairing.normals import normal_beside_finding, whole_chest
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
