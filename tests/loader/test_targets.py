import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.loader import (
    contrastive_targets,
    label_conflicts,
    multilabel,
    multilabel_loss,
    parent_mask,
)
from medcutmix_cli.run.shards import UNMIXED

NAN = float("nan")


def mix(a, b, lam=0.75, **changes):
    patients = {"subject_id_a": f"p{a}"[:2], "subject_id_b": f"p{b}"[:2]}
    mixed = {"image_mode": "in-place", "finding": "edema", "finding_a": "edema"}
    weights = {"lam_img_area": lam, "lam_txt_sents": lam}
    return {"study_id_a": a, "study_id_b": b, **weights, **patients, **mixed, **changes}


def test_a_mix_gives_its_weight_to_its_recipients_original_pair():
    targets = contrastive_targets([mix("a", "b", 0.75)], ["a", "b", "c"])
    assert torch.allclose(targets[0], torch.tensor([1, 0.75, 0.25, 0]) / 2)
    assert torch.allclose(targets[1], torch.tensor([0.75, 1, 0, 0]) / 1.75)
    assert torch.allclose(targets[3], torch.tensor([0, 0, 0, 1.0]))


def test_two_mixes_of_one_recipient_share_the_product_of_their_weights():
    targets = contrastive_targets([mix("a", "b", 0.8), mix("a", "c", 0.5)])
    assert torch.allclose(targets[0], torch.tensor([1, 0.4]) / 1.4)


def test_without_a_common_parent_the_targets_are_the_identity():
    assert torch.equal(contrastive_targets([mix("a", "b"), mix("c", "d")], ["e"]), torch.eye(3))
    assert torch.equal(contrastive_targets([mix("a", "b")], ["a"], strength=0), torch.eye(2))


studies = st.sampled_from("abcdef")
mixes = st.lists(st.builds(mix, studies, studies, st.floats(0, 1)), max_size=6)


@given(mixes, st.lists(studies, unique=True), st.floats(0, 1))
@settings(max_examples=80)
def test_targets_are_shares_with_the_own_pair_first(rows, ids, strength):
    targets = contrastive_targets(rows, ids, strength=strength)
    count = len(rows) + len(ids)
    assert (targets.shape, targets.dtype) == ((count, count), torch.float32)
    assert torch.allclose(targets.sum(1), torch.ones(count))
    assert ((targets >= 0) & (targets <= targets.diagonal()[:, None] + 1e-6)).all()
    masked = parent_mask(rows, ids)
    assert not (targets > 0)[~(masked | torch.eye(count, dtype=torch.bool))].any()


def test_a_study_as_it_is_has_no_parent_but_itself():
    kept = {"image_mode": "keep", "finding": "", "finding_a": ""}
    rows = [
        mix("a", "b", 1.0, **kept),
        mix("b", "c", 1.0, **kept),
        mix("d", "b", **kept | {"finding": "mass"}),
    ]
    assert parent_mask(rows, ["b"]).nonzero().tolist() == [[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]]
    assert torch.equal(contrastive_targets(rows[:2]), torch.eye(2))


@given(mixes, st.lists(studies))
@settings(max_examples=80)
def test_a_parent_in_common_is_no_negative(rows, ids):
    mask = parent_mask(rows, ids)
    sets = [{row["study_id_a"], row["study_id_b"]} for row in rows] + [{name} for name in ids]
    assert (mask.dtype, mask.shape) == (torch.bool, (len(sets), len(sets)))
    assert torch.equal(mask, mask.T)
    for i, one in enumerate(sets):
        for j, other in enumerate(sets):
            assert mask[i, j].item() == (i != j and bool(one & other))


def test_parents_may_be_told_apart_by_patient():
    rows = [mix("a1", "b1"), mix("a2", "c1")]
    assert not parent_mask(rows).any()
    assert parent_mask(rows, ["pb"], by="subject").tolist() == [
        [False, True, True],
        [True, False, False],
        [True, False, False],
    ]


def test_a_study_that_is_as_it_was_has_no_donor():
    """Its row names one, of which nothing came: what that one gave elsewhere is a negative as any other."""
    rows = [mix("a", "b", 1.0, **UNMIXED), mix("c", "b"), mix("d", "a")]
    assert parent_mask(rows, ["a", "b"]).int().tolist() == [
        [0, 0, 1, 1, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 0, 1, 0],
        [1, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
    ]


def test_pictures_and_reports_may_have_other_weights():
    rows = [mix("a", "b", 0.9, lam_txt_tokens=0.5)]
    to_text = contrastive_targets(rows, ["a"], text_weight="lam_txt_tokens")
    assert to_text[0, 1] == pytest.approx(0.9 / 1.9)
    to_image = contrastive_targets(rows, ["a"], image_weight="lam_txt_tokens", text_weight="lam_img_area")
    assert to_image[0, 1] == pytest.approx(0.5 / 1.5)


def test_the_named_weight_of_a_default_run_decides_nothing_unless_it_is_asked_for():
    """It is `lam_img_mass`, near 0 by design: a mix that is nine tenths its recipient would be its donor's."""
    rows = [mix("a", "b") | {"lam": 0.01, "lam_img_area": 0.9, "lam_txt_sents": 0.5}]
    targets = contrastive_targets(rows, ["a", "b"])
    assert torch.allclose(targets[0], torch.tensor([1, 0.9, 0.1]) / 2)
    to_pictures = contrastive_targets(
        rows, ["a", "b"], image_weight="lam_txt_sents", text_weight="lam_img_area"
    )
    assert torch.allclose(to_pictures[0], torch.tensor([1, 0.5, 0.5]) / 2)
    as_cutmix = contrastive_targets(rows, ["a"], image_weight="lam", text_weight="lam")
    assert as_cutmix[0, 1] == pytest.approx(0.01 / 1.01)


def labels(**values):
    return np.array([values.get(name.replace(" ", "_"), NAN) for name in CHEXPERT], np.float32)


def states(**values):
    return [values.get(name.replace(" ", "_"), "not-said") for name in CHEXPERT]


def labelled(column="label_w", state=None, **values):
    return {column: labels(**values), "label_state": states(**(state or {}))}


def test_multilabel_targets_say_where_the_report_says_something():
    rows = [labelled(Edema=0.75, Pneumonia=0.5), labelled() | {"label_w": labels().tolist()}]
    found = multilabel(rows)
    assert found.targets.shape == found.said.shape == (2, 14)
    assert found.said.sum(1).tolist() == [2, 0]
    assert found.targets[0, CHEXPERT.index("Edema")] == 0.75
    assert not found.targets.isnan().any()


@pytest.mark.parametrize(
    ("uncertain", "said", "value"), [(None, False, 0), (0, True, 0), (1, True, 1), (0.5, True, 0.5)]
)
def test_uncertain_statements_count_as_asked(uncertain, said, value):
    rows = [labelled("label_mixed", Edema=-1, Fracture=1)]
    found, at = multilabel(rows, weighted=False, uncertain=uncertain), CHEXPERT.index("Edema")
    assert (found.said[0, at].item(), found.targets[0, at].item()) == (said, value)
    assert rows[0]["label_mixed"][at] == -1
    assert found.targets[0, CHEXPERT.index("Fracture")] == 1


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    ("never_denied", "said", "value"),
    [(0.0, True, 0), (None, False, 0), (0.25, True, 0.25)],
    ids=["silence-is-no", "left-out", "softly"],
)
def test_silence_counts_as_asked_where_the_data_set_never_denies(weighted, never_denied, said, value):
    column = "label_w" if weighted else "label_mixed"
    rows = [labelled(column, {"Support_Devices": "never-denied"}, Edema=0.0)]
    found = multilabel(rows, weighted=weighted, never_denied=never_denied)
    devices, fracture = (CHEXPERT.index(name) for name in ("Support Devices", "Fracture"))
    assert (found.said[0, devices].item(), found.targets[0, devices].item()) == (said, value)
    assert not found.said[0, fracture]
    assert found.said[0, CHEXPERT.index("Edema")]


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("never_denied", [0.0, None, 0.25])
def test_what_was_removed_is_left_out_whatever_silence_counts(weighted, never_denied):
    """A device that left was counted 0, as in every report without one, though the picture may still show it."""
    column = "label_w" if weighted else "label_mixed"
    rows = [labelled(column, {"Support_Devices": "removed", "Fracture": "removed"}, Edema=1.0)]
    found = multilabel(rows, weighted=weighted, never_denied=never_denied)
    assert found.said[0].nonzero().flatten().tolist() == [CHEXPERT.index("Edema")]


def test_by_default_silence_is_a_negative_where_nothing_else_is():
    rows = [labelled(state={"Support_Devices": "never-denied"}), labelled(Support_Devices=1.0)]
    found, at = multilabel(rows), CHEXPERT.index("Support Devices")
    assert found.targets[:, at].tolist() == [0, 1]
    assert found.said[:, at].all()


def test_what_is_doubted_is_uncertain_whatever_the_report_says():
    rows = [labelled("label_mixed", {"Consolidation": "uncertain"}, Consolidation=0.0)]
    at = CHEXPERT.index("Consolidation")
    assert not multilabel(rows, weighted=False).said[0, at]
    assert multilabel(rows, weighted=False, uncertain=1.0).targets[0, at] == 1


def test_the_loss_is_the_mean_over_what_is_said():
    rows = [labelled(Edema=0.75, Pneumonia=0.0), labelled(Edema=1.0)]
    logits, found = torch.randn(2, 14, requires_grad=True), multilabel(rows)
    loss = multilabel_loss(logits, found.to("cpu"))
    said = found.said
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits[said], found.targets[said])
    assert torch.allclose(loss, expected)
    loss.backward()
    assert (logits.grad[~said] == 0).all()
    assert multilabel_loss(logits, multilabel([labelled()] * 2)) == 0


def test_what_uncertain_counts_is_no_choice_of_weighted_targets():
    """It was taken and passed over: U-Zeros trained on 0.5."""
    with pytest.raises(UsageError, match=r"0\.5"):
        multilabel([labelled(Edema=0.5)], uncertain=0.0)


SAID = st.sampled_from(
    [
        (1, "present"),
        (0, "absent"),
        (-1, "uncertain"),
        (NAN, "not-said"),
        (NAN, "never-denied"),
        (NAN, "removed"),
    ]
)


@st.composite
def told(draw):
    """Return a row of which every observation says something by chance."""
    said = [draw(SAID) for _ in CHEXPERT]
    values = np.array([value for value, _ in said], np.float32)
    return {"label_mixed": values, "label_state": [state for _, state in said]}


@given(st.lists(told(), max_size=4))
def test_rows_conflict_where_one_asserts_what_the_other_denies(rows):
    found = label_conflicts(rows)
    assert found.shape == (len(rows), len(rows))
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            both = set(zip(one["label_mixed"].tolist(), other["label_mixed"].tolist(), strict=True))
            assert found[i, j].item() == bool(both & {(1.0, 0.0), (0.0, 1.0)})


@pytest.mark.parametrize(("of_host", "negative"), [(0, True), (1, False), (NAN, False), (-1, False)])
def test_a_mix_is_a_negative_of_its_own_recipient_where_the_finding_tells_them_apart(of_host, negative):
    state = {0: "absent", 1: "present", -1: "uncertain"}.get(of_host, "not-said")
    host = mix("a", "a") | labelled("label_mixed", {"Edema": state}, Edema=of_host)
    mixed = mix("a", "b") | labelled("label_mixed", {"Edema": "present"}, Edema=1)
    mask = parent_mask([host, mixed]) & ~label_conflicts([host, mixed])
    assert mask[0, 1].item() is not negative


def test_misuse_is_an_error():
    with pytest.raises(UsageError, match="'label_mixed'"):
        label_conflicts([{}])
    with pytest.raises(UsageError, match="strength"):
        contrastive_targets([], strength=2)
    with pytest.raises(UsageError, match="'image_mode'"):
        parent_mask([{"study_id_a": "a", "study_id_b": "b"}])
    with pytest.raises(UsageError, match="'lam_img_area'"):
        contrastive_targets([{"study_id_a": "a", "study_id_b": "b"}])
    with pytest.raises(UsageError, match="subject"):
        parent_mask([], by="image")
    with pytest.raises(UsageError, match="'label_w'"):
        multilabel([{}])
    with pytest.raises(UsageError, match="'label_state'"):
        multilabel([{"label_w": labels()}])
