import pytest

from medcutmix_cli.pairing.clauses import reread
from medcutmix_cli.pairing.normals import normal_beside_finding, whole_chest


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("No acute cardiopulmonary process.", "no-acute"),
        ("No evidence of active disease.", "no-acute"),
        ("There is no acute pulmonary abnormality.", "no-acute"),
        ("No acute or active cardiac, pulmonary or pleural disease.", "no-acute"),
        ("Normal chest.", "normal"),
        ("Unremarkable examination of the chest.", "normal"),
        ("Negative chest radiograph.", "normal"),
    ],
)
def test_a_statement_of_the_whole_chest_is_known(text, kind):
    assert [found.kind for found in whole_chest(text)] == [kind]


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
    ],
)
def test_normal_beside_an_acute_finding_is_noticed(text, broken):
    assert normal_beside_finding(reread(text)) is broken
