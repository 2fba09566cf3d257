import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.errors import UsageError
from medcutmix_cli.planning.targets import Balance, PlanTarget, TargetNames, known_values, read_targets

NAMES = TargetNames(values=known_values({"sex": ("f", "m"), "age": ("0-17", "18-39")}))


def read(text):
    [target] = read_targets([text], NAMES)
    return target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("consolidation@device=no", {"where": (("device", "no"),)}),
        ("consolidation @ device = no", {"where": (("device", "no"),)}),
        ("consolidation@view=pa,device=no", {"where": (("device", "no"), ("view", "PA"))}),
        ("consolidation@sex=f:even", {"where": (("sex", "f"),), "amount": "even"}),
        ("consolidation:200", {"amount": "200"}),
        ("consolidation:+50", {"amount": "50", "more": True}),
        ("consolidation.left.small:200", {"side": "left", "severity": "small", "amount": "200"}),
        ("consolidation.small.left:200", {"side": "left", "severity": "small", "amount": "200"}),
        ("consolidation@pneumothorax=absent", {"where": (("pneumothorax", "absent"),)}),
        ("consolidation@age=18-39", {"where": (("age", "18-39"),)}),
        ("no-consolidation@device=yes", {"where": (("device", "yes"),), "without": True}),
        (
            "no-consolidation@device=yes:+9",
            {"where": (("device", "yes"),), "without": True, "amount": "9", "more": True},
        ),
    ],
)
def test_a_target_is_read_as_it_is_typed(text, target):
    assert read(text) == PlanTarget(read(text).text, "consolidation", **target)


@pytest.mark.parametrize("finding", ["pleural_effusion", "pleural effusion", "Pleural-Effusion"])
def test_a_finding_may_be_typed_as_it_is_said(finding):
    assert read(f"{finding}:+1").finding == "pleural_effusion"


@pytest.mark.parametrize(
    ("text", "balance"),
    [
        ("balance", {}),
        ("balance:consolidation", {"finding": "consolidation"}),
        ("balance/view", {"names": ("view",)}),
        ("balance:consolidation/view,sex", {"finding": "consolidation", "names": ("view", "sex")}),
        (
            "balance:consolidation/view:even",
            {"finding": "consolidation", "names": ("view",), "amount": "even"},
        ),
    ],
)
def test_a_balance_is_read_as_it_is_typed(text, balance):
    assert read(text) == Balance(text, **balance)


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        pytest.param("", "is no target", "for example", id="nothing"),
        pytest.param(
            "consolidaton@view=AP", "which there is not", "did you mean 'consolidation'", id="finding"
        ),
        pytest.param("consolidation@vew=AP", "attribute 'vew'", "did you mean 'view'", id="attribute"),
        pytest.param(
            "consolidation@vew=AP", "attribute 'vew'", "--attributes TABLE", id="a-table-could-help"
        ),
        pytest.param("consolidation@view=lat", "'lat' as view", "known: AP, PA", id="value"),
        pytest.param("no-consolidation.left@device=no", "absent", "no-consolidation", id="a-side-of-nothing"),
        pytest.param("consolidation@device", "ATTRIBUTE=VALUE", "for example", id="no-value"),
        pytest.param("consolidation@device=", "ATTRIBUTE=VALUE", "for example", id="blank-value"),
        pytest.param("consolidation", "neither where nor how many", "consolidation:200", id="no-end"),
        pytest.param("consolidation:many", "amount 'many'", "as-many, even, a number", id="amount"),
        pytest.param("consolidation:-3", "amount '-3'", "a number", id="fewer"),
        pytest.param("consolidation@view=AP,view=PA", "'view' twice", "a target for each", id="twice"),
        pytest.param("consolidation.left.right:3", "two sides", "a target for each", id="sides"),
        pytest.param("balance:consolidation/view:7", "amount '7'", "as-many or even", id="balance-amount"),
        pytest.param("balance/vew", "attribute 'vew'", "did you mean 'view'", id="balance-attribute"),
        pytest.param("balance:consolidaton", "which there is not", "did you mean", id="balance-finding"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_try(text, what, hint):
    with pytest.raises(UsageError, match="--target") as caught:
        read(text)
    assert what in caught.value.what
    assert hint in caught.value.hint


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_target_or_an_error_that_says_what_to_try(text):
    found = None
    try:
        found = read(text)
    except UsageError as error:
        found = error.hint
    assert found


def test_values_of_a_table_join_those_that_studies_have():
    values = known_values({"view": ("AP", "swimmer"), "sex": ("f", "m")})
    assert values == {"view": ("AP", "PA", "swimmer"), "device": ("yes", "no"), "sex": ("f", "m")}
