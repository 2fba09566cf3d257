import pytest

from medcutmix_cli.assembly.parts import build_pairings, resolve_options
from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.configuration.settings import PlanSettings, plain
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cross_finding import CrossFinding
from medcutmix_cli.pairing.policy import IMAGES, overridden, packaged_policy
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.reports.lexicon import finding_ids
from tests.builders import make_report, make_study

DEFAULTS = (
    "pleural_effusion", "consolidation", "pneumothorax", "mass", "atelectasis", "pneumonia", "opacity", "infiltrate",
)  # fmt: skip


def test_every_finding_of_the_lexicon_has_a_policy():
    assert sorted(packaged_policy()) == sorted(finding_ids())
    assert {rule.image for rule in packaged_policy().values()} == set(IMAGES)


def test_findings_with_a_place_are_on_and_tiny_ones_off():
    assert SameFinding().findings == DEFAULTS
    assert not {"nodule", "fracture", "granuloma", "cardiomegaly", "edema"} & set(SameFinding().findings)


def test_naming_findings_turns_them_on():
    assert SameFinding(findings=("nodule",)).findings == ("nodule",)


def test_a_recipe_turns_findings_on_and_off():
    chosen = SameFinding(policy={"nodule": {"default": True}, "mass": {"default": False}}).findings
    assert set(chosen) == {*DEFAULTS, "nodule"} - {"mass"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"cardiomegally": {}}, "did you mean 'cardiomegaly'?", id="finding"),
        pytest.param({"edema": {"images": "soft"}}, "did you mean 'image'?", id="key"),
        pytest.param({"edema": {"image": "sofd"}}, "did you mean 'soft'?", id="image"),
        pytest.param({"edema": {"same_view": 1}}, "must be true or false", id="type"),
        pytest.param({"edema": {"image": False}}, "must be a text", id="type-of-text"),
        pytest.param({"edema": "soft"}, "must be a table", id="no-table"),
    ],
)
def test_what_a_policy_does_not_know_is_refused_with_the_nearest_name(changes, said):
    with pytest.raises(UsageError, match=r"\[plan.policy") as refusal:
        overridden(changes)
    assert said in str(refusal.value)


def test_an_unknown_finding_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'nodule'"):
        SameFinding(findings=("nodul",))


def recipe(tmp_path, text):
    file = tmp_path / "recipe.toml"
    file.write_text(text)
    return resolve_options(tmp_path, file, {}).settings


def test_a_recipe_overrides_single_values(tmp_path):
    settings = recipe(tmp_path, '[plan.policy.cardiomegaly]\nimage = "soft"\ndefault = true\n')
    rule = build_pairings(settings)[0].rules["cardiomegaly"]
    assert (rule.image, rule.default, rule.same_view, rule.same_severity) == ("soft", True, True, True)
    assert from_plain(plain(settings)) == settings


def test_a_policy_is_part_of_what_a_run_is(tmp_path):
    one = semantic(recipe(tmp_path, '[plan.policy.edema]\nimage = "keep"\n'))
    assert one != semantic(recipe(tmp_path, ""))
    assert one["plan"]["policy"] == {"edema": {"image": "keep"}}


MILD, SEVERE, UNSAID = (
    "There is mild cardiomegaly.",
    "There is severe cardiomegaly.",
    "Cardiomegaly is present.",
)


def hearts(*texts, views=("PA", "PA"), **policy):
    studies = [
        make_study(n, make_report(text), view=view)
        for n, (text, view) in enumerate(zip(texts, views, strict=True))
    ]
    strategy = SameFinding(findings=("cardiomegaly",), policy={"cardiomegaly": policy} if policy else {})
    result = make_plan(studies, PlanSettings(), strategy)
    return tuple(result.pairs), {reason for reason in result.refused if reason != "same-patient"}  # itself


def test_a_size_is_exchanged_in_words_only():
    pairs, _ = hearts(MILD, "Mild cardiomegaly is seen.")
    assert [pair.image_mode for pair in pairs] == ["keep", "keep"]
    assert all(pair.edits for pair in pairs)


def test_a_size_is_not_exchanged_between_ap_and_pa():
    views = ("AP", "PA")
    assert hearts(MILD, MILD, views=views) == ((), {"different-view"})
    pairs, _ = hearts(MILD, MILD, views=views, same_view=False)
    assert len(pairs) == 2


@pytest.mark.parametrize(
    ("other", "refused"),
    [(SEVERE, {"different-severity"}), (UNSAID, set()), ("Mild cardiomegaly is seen.", set())],
    ids=["another-degree", "no-degree", "the-same"],
)
def test_a_picture_that_stays_keeps_its_degree(other, refused):
    pairs, reasons = hearts(MILD, other)
    assert reasons == refused
    assert bool(pairs) is not bool(refused)


def test_a_recipe_decides_how_pictures_follow():
    assert {pair.image_mode for pair in hearts(MILD, MILD, image="soft")[0]} == {"soft"}


def test_open_findings_are_exchanged_where_none_are_named_or_they_are():
    stated = ("entity:scoliosis", "pleural_effusion", "nodule", "entity:goiter")
    assert SameFinding().exchangeable(stated) == ["pleural_effusion", "entity:goiter", "entity:scoliosis"]
    assert SameFinding(findings=("nodule",)).exchangeable(stated) == ["nodule"]
    assert SameFinding(findings=("entity:goiter",)).exchangeable(stated) == ["entity:goiter"]
    left_out = SameFinding(policy={"entity:goiter": {"default": False}})
    assert left_out.exchangeable(stated) == ["pleural_effusion", "entity:scoliosis"]


def test_the_policy_of_an_open_finding_can_be_changed_by_name():
    changed = SameFinding(policy={"entity:goiter": {"image": "keep"}})
    assert (changed.rule("entity:goiter").image, changed.rule("entity:scoliosis").image) == (
        "keep",
        "attended",
    )
    assert changed.rule("entity:goiter").default


def test_strategies_between_findings_refuse_open_ones():
    assert not CrossFinding().any_open
    with pytest.raises(UsageError, match="for the same only"):
        CrossFinding(findings=("entity:goiter",))
