import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.findings import CHEXPERT, SHADOW_CAUSES
from medcutmix_cli.mixing.label_states import (
    doubted_observations,
    doubted_targets,
    label_states,
    removed_observations,
)
from medcutmix_cli.records import IMAGE_MODES
from medcutmix_cli.reports.lexicon import finding_ids
from tests.builders import make_pair

NAN = math.nan
values = st.tuples(*[st.sampled_from([1.0, 0.0, -1.0, NAN])] * len(CHEXPERT))
names = st.frozensets(st.sampled_from(CHEXPERT))


def labels(**said):
    return tuple(said.get(name.replace(" ", "_"), NAN) for name in CHEXPERT)


def pair_of(finding, donor, mixed, image_mode="attended", doubted=None):
    """Return a pair whose donor doubts, of what came, all that it doubts, or only `doubted`."""
    pair = make_pair(0)
    unsure = {name for name, value in zip(CHEXPERT, donor, strict=True) if value == -1}
    causes = unsure.intersection(SHADOW_CAUSES.get(finding, ()))
    return replace(
        pair,
        finding=finding,
        image_mode=image_mode,
        donor=replace(pair.donor, labels=donor),
        labels=mixed,
        doubted=tuple(sorted(causes)) if doubted is None else doubted,
    )


@pytest.mark.parametrize(
    ("value", "state"), [(1.0, "present"), (0.0, "absent"), (-1.0, "uncertain"), (NAN, "not-said")]
)
def test_a_state_names_what_the_mixed_report_says(value, state):
    found = label_states(labels(Edema=value), *[frozenset()] * 3)
    assert found[CHEXPERT.index("Edema")] == state


def test_silence_has_a_state_of_its_own_where_the_data_set_never_denies():
    found = label_states(
        labels(Fracture=1.0), frozenset(), frozenset({"Support Devices", "Fracture"}), frozenset()
    )
    told = dict(zip(CHEXPERT, found, strict=True))
    assert told["Support Devices"] == "never-denied"
    assert told["Fracture"] == "present"
    assert told["Edema"] == "not-said"


@pytest.mark.parametrize("finding", SHADOW_CAUSES)
@pytest.mark.parametrize("mixed", [0.0, NAN, -1.0], ids=["denied", "silent", "doubted"])
def test_a_shadow_that_came_may_be_what_its_donor_doubts(finding, mixed):
    for cause in SHADOW_CAUSES[finding]:
        said = {cause.replace(" ", "_"): mixed}
        pair = pair_of(finding, labels(**{cause.replace(" ", "_"): -1.0}), labels(**said))
        assert doubted_observations(pair) == {cause}
        states = label_states(
            pair.labels, doubted_observations(pair), frozenset(CHEXPERT), frozenset(CHEXPERT)
        )
        assert states[CHEXPERT.index(cause)] == "uncertain"


def test_what_the_donor_asserts_or_denies_by_name_is_not_doubted():
    for value in (1.0, 0.0, NAN):
        pair = pair_of("opacity", labels(Consolidation=value), labels(Consolidation=0.0))
        assert doubted_observations(pair) == frozenset()


def test_what_the_donor_doubts_of_another_lesion_is_not_doubted_of_this_one():
    pair = pair_of("opacity", labels(Lung_Lesion=-1.0, Edema=-1.0), labels(), doubted=("Edema",))
    assert doubted_observations(pair) == {"Edema"}


def test_what_the_mixed_report_asserts_by_name_is_not_doubted():
    pair = pair_of("opacity", labels(Consolidation=-1.0), labels(Consolidation=1.0))
    assert doubted_observations(pair) == frozenset()


def test_only_a_shadow_is_doubted_and_only_as_what_it_may_be():
    everything = (-1.0,) * len(CHEXPERT)
    assert not doubted_observations(pair_of("pleural_effusion", everything, labels()))
    assert "Pneumothorax" not in doubted_observations(pair_of("opacity", everything, labels()))
    assert "Lung Opacity" not in doubted_observations(pair_of("opacity", everything, labels()))


@pytest.mark.parametrize("mode", IMAGE_MODES)
def test_nothing_is_doubted_where_no_pixels_came(mode):
    pair = pair_of("opacity", labels(Consolidation=-1.0), labels(Consolidation=0.0), mode)
    assert bool(doubted_observations(pair)) == (mode != "keep")


def test_the_shadows_and_their_causes_are_names_that_there_are():
    assert set(SHADOW_CAUSES) <= set(finding_ids())
    assert {cause for causes in SHADOW_CAUSES.values() for cause in causes} <= set(CHEXPERT)


@given(values, names)
def test_doubt_is_one_half_and_touches_nothing_else(targets, doubted):
    for name, before, after in zip(CHEXPERT, targets, doubted_targets(targets, doubted), strict=True):
        assert after == 0.5 if name in doubted else after is before


@pytest.mark.parametrize("own", [1.0, -1.0, 0.0, NAN])
@pytest.mark.parametrize("mixed", [1.0, -1.0, 0.0, NAN])
def test_what_the_recipient_had_and_the_mix_is_silent_of_was_removed(own, mixed):
    for name in CHEXPERT:
        said = name.replace(" ", "_")
        pair = make_pair(0)
        pair = replace(
            pair,
            recipient=replace(pair.recipient, labels=labels(**{said: own})),
            labels=labels(**{said: mixed}),
        )
        gone = own in (1, -1) and math.isnan(mixed) and name != "No Finding"
        assert removed_observations(pair) == ({name} if gone else set())


@given(values, names, names, names)
def test_every_observation_has_one_state(mixed, doubted, never, removed):
    states = label_states(mixed, doubted, never, removed)
    for name, value, state in zip(CHEXPERT, mixed, states, strict=True):
        silent = math.isnan(value) and name not in doubted
        assert (state == "removed") == (silent and name in removed)
        assert (state == "never-denied") == (silent and name in never and name not in removed)
        assert (state == "present") == (value == 1 and name not in doubted)
