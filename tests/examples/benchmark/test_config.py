from dataclasses import replace

import pytest

from examples.benchmark.config import OBSERVATION, StudySet, narrowed, read_config
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.errors import UsageError

WHOLE = read_config()


def test_the_configuration_has_the_sets_and_arms_that_the_page_promises():
    assert [studies.name for studies in WHOLE.sets] == [
        *("ordinary", "ordinary-250", "ordinary-1000"),
        "device",
        "view",
        "exposure",
        "rare",
        "site",
    ]
    assert [arm.name for arm in WHOLE.arms if arm.group == "main"] == [
        *("none", "identity", "oversampling", "mixgen", "cutmix-random", "sentence-only", "image-only"),
        *("default", "same-finding", "cross-finding", "normal-host", "targeted", "targeted-copies", "many"),
    ]
    assert WHOLE.chunks >= 10


def test_every_mixed_arm_names_a_pairing_that_there_is():
    mixed = [arm for arm in WHOLE.arms if arm.rows == "mixed"]
    told = [arm.options["pairing"] for arm in mixed]
    named = {name for said in told for name in ([said] if isinstance(said, str) else said)}
    assert named <= set(names("pairing"))


def test_ablations_are_run_where_they_are_asked_for():
    main, all_ = (narrowed(WHOLE, (), (), ablations=asked).arms for asked in (False, True))
    assert {arm.group for arm in main} == {"main"}
    assert all_ == WHOLE.arms
    assert {arm.layer for arm in all_} == {-1, 0, 1, 2}


def test_all_that_decides_a_result_is_in_the_digest():
    studies, arm = WHOLE.sets[1], WHOLE.arms[0]
    own = WHOLE.digest(studies, arm)
    others = [
        replace(WHOLE, rows=0.5).digest(studies, arm),
        replace(WHOLE, training=replace(WHOLE.training, steps=1)).digest(studies, arm),
        WHOLE.digest(replace(studies, together=0.8), arm),
        WHOLE.digest(studies, replace(arm, layer=1)),
    ]
    assert len({own, *others}) == 5


def test_the_share_of_a_batch_is_that_of_the_arm_then_of_the_set_then_of_the_training():
    studies, arm = WHOLE.set_named("ordinary"), next(arm for arm in WHOLE.arms if arm.name == "default")
    scarce = replace(studies, share=0.1)
    assert WHOLE.share_of(studies, arm) == WHOLE.training.share
    assert WHOLE.share_of(scarce, arm) == 0.1
    assert WHOLE.share_of(scarce, replace(arm, share=0.5)) == 0.5


def test_the_share_decides_a_result_by_what_it_comes_to_and_not_where_there_are_no_rows():
    studies, arm = WHOLE.set_named("ordinary"), next(arm for arm in WHOLE.arms if arm.name == "default")
    scarce, none = replace(studies, share=0.1), WHOLE.arms[0]
    assert none.rows == "none"
    assert WHOLE.digest(scarce, none) == WHOLE.digest(studies, none)
    assert WHOLE.digest(scarce, arm) == WHOLE.digest(studies, replace(arm, share=0.1))
    assert WHOLE.digest(scarce, arm) != WHOLE.digest(studies, arm)


def test_a_setting_that_is_as_it_is_by_default_leaves_results_what_they_are():
    studies, arm = WHOLE.set_named("device"), WHOLE.arms[0]
    known = {"name": studies.name, "finding": studies.finding, "attribute": studies.attribute}
    same = StudySet(**known, positives=studies.positives, contrastive=studies.contrastive)
    assert WHOLE.digest(same, arm) == WHOLE.digest(studies, arm)


def test_how_many_chunks_and_workers_there_are_is_not():
    studies, arm = WHOLE.sets[1], WHOLE.arms[0]
    assert replace(WHOLE, chunks=99, workers=7).digest(studies, arm) == WHOLE.digest(studies, arm)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sets.a]\ncolour = 1", "StudySet has no 'colour'"),
        ("[training]\nsteeps = 1", "Training has no 'steeps'"),
        ("[training]\nprecision = 'half'", "the precision is 'half'"),
        ("[arms.a]\nrows = 'many'", "the rows of arm 'a'"),
        ("[arms.a]\nnegatives = 'all'", "the negatives of arm 'a'"),
        ("[arms.a]\nremoved = 'denied'", "the removed findings of arm 'a'"),
        ("[arms.a]\ncopies = 0.5\nlayer = 1", "arm 'a' cannot have copies"),
        ("[arms.a]\nlike = 'b'\n[arms.b]\n", "arm 'a' is like 'b', which is not before it"),
        ("[other]\n", r"no table \[other\]"),
    ],
)
def test_a_mistake_is_named(tmp_path, text, message):
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        read_config(path)


def test_an_arm_like_another_has_its_keys_and_options(tmp_path):
    path = tmp_path / "c.toml"
    path.write_text(
        "[arms.a]\ntargeted = true\noptions = { pairing = 'normal-host', gate = 'none' }\n"
        "[arms.b]\nlike = 'a'\nshare = 0.5\noptions = { gate = 'null-max' }\n"
    )
    one, other = read_config(path).arms
    assert other == replace(one, name="b", share=0.5, options={"pairing": "normal-host", "gate": "null-max"})


def test_an_unknown_set_or_arm_is_named():
    with pytest.raises(UsageError, match="no set 'x'"):
        narrowed(WHOLE, ("x",), (), ablations=False)
    with pytest.raises(UsageError, match="no arm 'x'"):
        narrowed(WHOLE, (), ("x",), ablations=False)


def test_a_finding_counts_as_what_the_lexicon_says():
    told = [replace(WHOLE.sets[0], finding=finding).observation for finding in ("", "mass", "pneumonia")]
    assert told == ["", "Lung Lesion", "Pneumonia"]
    with pytest.raises(UsageError, match="'colour'"):
        _ = replace(WHOLE.sets[0], finding="colour").observation


def test_phantoms_findings_count_as_the_lexicon_says():
    assert {
        finding: replace(WHOLE.sets[0], finding=finding).observation for finding in OBSERVATION
    } == OBSERVATION
