"""Parts that break their contract, one for each check: a check that nothing can break is none."""

from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np
import pytest

from medcutmix_cli.attention import NullMax, Region, Soft, TopK
from medcutmix_cli.datasets.manifest import Manifest
from medcutmix_cli.errors import UsageError
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.region_rule import JoinedRegion
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.mixing.shifts import Shift
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.records import Drop, Guarantee, MapTarget
from medcutmix_cli.registration.alignments.elastic import ElasticAlignment
from medcutmix_cli.testing import BrokenContractError, check, checks_of
from tests.toy_encoder import ToyEncoder
from tests.trees import write_manifest


def broken(base, **members):
    """Return an instance of a subclass with some members replaced, a frozen dataclass as its base is."""
    return dataclass(frozen=True)(type(f"Broken{base.__name__}", (base,), {"__doc__": "Broken.", **members}))


def selecting(change):
    """Return a mask rule whose region is changed before it is given."""

    def select(self, scores, target, placement):
        return change(TopK().select(scores, target, placement), scores, target)

    return broken(TopK, select=select)()


def counting():
    """Return a mask rule that gives another region each time."""
    calls = iter(range(10**6))

    def select(self, scores, target, placement):
        return TopK(fraction=0.2 if next(calls) % 2 else 0.1).select(scores, target, placement)

    return broken(TopK, select=select)()


def everywhere(region, scores, target):
    return Region(np.ones_like(region.mask))


def joining(change):
    return broken(InPlaceUnion, join=lambda self, a, b: change(a, b, InPlaceUnion().join(a, b)))()


def softening(change):
    def soften(self, strength, rng=None):
        return change(Feather().soften(strength, rng), strength)

    return broken(Feather, soften=soften)()


@dataclass(frozen=True)
class Inside(ToyEncoder):
    """A toy that keeps its contract: NaN on the bars, and each sentence is whole."""

    beside: ClassVar[bool] = False

    def encode_images(self, pictures):
        """Keep the placement with the features."""
        from medcutmix_cli.attention import cells_inside

        found = super().encode_images(pictures)
        inside = [cells_inside(p.placement, (self.grid, self.grid)) for p in pictures]
        extra = len(pictures) if self.beside else 0
        return [(image + extra, mask) for image, mask in zip(found, inside, strict=True)]

    def attend(self, image, sentence):
        """Leave the bars out."""
        found = super().attend(image[0], sentence)
        return replace(found, scores=np.where(image[1], found.scores, np.float16(np.nan)).astype(np.float16))


def attending(change):
    def attend(self, image, sentence):
        return change(Inside.attend(self, image, sentence))

    return broken(Inside, attend=attend)()


def carded(**changes):
    return broken(Inside, card=property(lambda self: replace(Inside().card, **changes)))()


def shaking():
    rng = np.random.default_rng()

    def attend(self, image, sentence):
        found = Inside.attend(self, image, sentence)
        return replace(found, scores=(found.scores + rng.normal()).astype(np.float16))

    return broken(Inside, attend=attend)()


def blackening():
    def encode_images(self, pictures):
        found = Inside.encode_images(self, pictures)
        for picture in pictures:
            picture.pixels[:] = 0
        return found

    return broken(Inside, encode_images=encode_images)()


def gated(**members):
    return broken(NullMax, **members)()


def flawed(base=SameFinding, **members):
    return broken(base, **members)()


class Unfrozen:
    """No dataclass."""


@cache
def _calls():
    return iter(range(10**6))


def aligning(change, base=ElasticAlignment):
    """Return an alignment whose answer is changed before it is given."""

    def align(self, recipient, donor, *evidence):
        return change(base().align(recipient, donor, *evidence))

    return broken(base, align=align)()


def with_warp(**changes):
    """Return an alignment whose warps are changed."""
    return aligning(
        lambda found: found if found.warp is None else replace(found, warp=replace(found.warp, **changes))
    )


@dataclass(frozen=True)
class InGroups(Inside):
    """The toy, answering for groups; `off` is what its group maps are wrong by."""

    off: float = 0.0
    in_groups: bool = True

    def look(self, picture):
        return picture

    def see_group(self, looks, asked, *, keep):
        images = self.encode_images(looks)
        return [
            (image, [self.moved(self.attend(image, query)) for query in queries])
            for image, queries in zip(images, asked, strict=True)
        ]

    def moved(self, attention):
        return replace(attention, scores=attention.scores + np.float16(self.off))


CASES = {
    ("encoder", "answers_a_group_as_it_answers_one"): lambda: InGroups(off=0.1),
    ("alignment", "says_whether_pictures_are_registered"): lambda: broken(
        ElasticAlignment, registers=False
    )(),
    ("alignment", "gives_a_warp_as_it_is_stored"): lambda: with_warp(field=np.zeros((8, 8, 2))),
    ("alignment", "states_its_quality_as_a_correlation"): lambda: aligning(
        lambda found: replace(found, quality=1.5)
    ),
    ("alignment", "refuses_pairs_by_name"): lambda: aligning(
        lambda found: replace(found, rejected="Poor alignment!")
    ),
    ("alignment", "leaves_a_thorax_on_itself"): lambda: with_warp(
        affine=np.array([[1, 0, 0.1], [0, 1, 0]], np.float32)
    ),
    ("alignment", "decides_by_the_two_pictures_alone"): lambda: aligning(
        lambda found: replace(found, quality=next(_calls()) * 1e-9)
    ),
    ("mask", "is_a_frozen_record"): lambda: Unfrozen(),
    ("mask", "survives_pickling"): lambda: selecting(everywhere),  # a class that nobody can import
    ("mask", "says_whether_it_is_graded"): lambda: broken(Soft, graded=False)(),
    ("mask", "returns_a_mask_on_the_grid_of_the_map"): lambda: selecting(
        lambda region, scores, target: replace(region, mask=~region.mask)
    ),
    ("mask", "reaches_at_least_what_it_takes"): lambda: selecting(
        lambda region, scores, target: replace(region, reach=region.reach * 0)
    ),
    ("mask", "takes_cells_of_the_picture_only"): lambda: selecting(everywhere),
    ("mask", "keeps_to_the_stated_side"): lambda: broken(
        TopK, select=lambda self, scores, target, placement: TopK().select(scores, MapTarget(), placement)
    )(),
    ("mask", "refuses_by_name"): lambda: selecting(
        lambda region, scores, target: replace(region, rejected=region.rejected and "Too small!")
    ),
    ("mask", "decides_by_its_input_alone"): counting,
    ("gate", "asks_for_enough_pictures"): lambda: gated(min_nulls=lambda self: 1),
    ("gate", "reduces_a_map_to_a_number_that_grows_with_it"): lambda: gated(
        statistic=lambda self, scores, placement: -float(np.nanmax(scores))
    ),
    ("gate", "counts_nulls_that_reach_the_peak"): lambda: gated(p_value=lambda self, peak, nulls: 0.0),
    ("gate", "keeps_what_few_enough_nulls_reach"): lambda: gated(keeps=lambda self, peak, nulls: True),
    ("gate", "guarantees_what_it_keeps"): lambda: gated(
        guarantee=lambda self, count: Guarantee(count, 0, 0.05, 0.95, 0.95)
    ),
    ("region", "joins_on_the_recipients_grid"): lambda: joining(
        lambda a, b, joined: JoinedRegion(joined.strength * 2)
    ),
    ("region", "moves_by_whole_cells"): lambda: joining(
        lambda a, b, joined: JoinedRegion(joined.strength, Shift(99, 0))
    ),
    ("region", "refuses_by_name_alone"): lambda: joining(
        lambda a, b, joined: JoinedRegion(joined.strength, rejected="No!")
    ),
    ("region", "leaves_the_evidence_as_it_is"): lambda: joining(
        lambda a, b, joined: JoinedRegion(a.strength)
    ),
    ("blend", "says_how_weights_are_brought_to_pixels"): lambda: broken(Feather, interpolation="cubic")(),
    ("blend", "gives_weights_as_they_are_stored"): lambda: softening(
        lambda weights, strength: weights.astype(np.float32)
    ),
    ("blend", "leaves_far_cells_alone"): lambda: softening(
        lambda weights, strength: np.maximum(weights, np.float16(0.1))
    ),
    ("blend", "draws_from_its_generator_alone"): lambda: softening(
        lambda weights, strength: (weights * np.random.default_rng().random()).astype(np.float16)
    ),
    ("weight", "lies_between_0_and_1"): lambda: lambda weights: 2 * weights.area,
    ("weight", "is_all_or_nothing_at_the_ends"): lambda: lambda weights: 0.5,
    ("pairing", "names_itself_and_its_findings"): lambda: flawed(name="Same Finding"),
    ("pairing", "pairs_two_patients_of_one_split"): lambda: flawed(proposals=lambda self, *given: iter(())),
    ("encoder", "says_who_it_is"): lambda: carded(weights_sha256="unknown"),
    ("encoder", "maps_on_the_grid_of_its_card"): lambda: carded(grid=(7, 7)),
    ("encoder", "does_not_see_what_is_encoded_beside"): lambda: broken(Inside, beside=True)(),
    ("encoder", "gives_the_same_map_to_several_threads"): shaking,
    ("encoder", "leaves_pictures_as_they_are"): blackening,
    ("encoder", "refuses_or_counts_what_is_too_long"): lambda: carded(text_limit=8),
    ("encoder", "keeps_patch_features_on_the_grid"): lambda: broken(
        Inside, patch_features=lambda self, image: np.ones((3, 3, 2), np.float32)
    )(),
}

PICKLED = "survives_pickling"


@pytest.mark.parametrize(("kind", "name"), CASES, ids=lambda part: part)
def test_a_part_that_breaks_one_rule_is_caught_by_the_check_of_that_rule(kind, name):
    with pytest.raises(BrokenContractError):
        checks_of(kind)[name](CASES[kind, name]())


def study_of(dataset, **changes):
    return [replace(study, **changes) for study in Manifest.studies(dataset)]


DATASETS = {
    "says_what_it_is": {"looks_for": ""},
    "recognises_itself_and_no_empty_folder": {"recognises": classmethod(lambda cls, root: True)},
    "yields_every_study_once_in_order": {"studies": lambda self: reversed(list(Manifest.studies(self)))},
    "drops_by_name": {"studies": lambda self: [Drop("study", "s1", "No report!")]},
    "says_splits_and_labels_in_the_fields_words": {"studies": lambda self: study_of(self, split="Train")},
    "finds_every_picture": {"resolve": lambda self, path: self.root / "gone" / path},
    "tells_its_provenance_without_its_place": {"provenance": lambda self: {"root": str(self.root)}},
    "keeps_patients_within_a_split": {
        "studies": lambda self: [
            replace(study, subject_id="p", split=split)
            for study in Manifest.studies(self)
            for split in ("train", "test")
        ]
    },
}


@pytest.mark.parametrize("name", DATASETS)
def test_a_data_set_that_breaks_one_rule_is_caught_by_the_check_of_that_rule(tmp_path, name):
    dataset = broken(Manifest, **DATASETS[name])(write_manifest(tmp_path / "in", 3))
    with pytest.raises(BrokenContractError):
        checks_of("dataset")[name](dataset)


def test_a_toy_that_keeps_its_contract_passes():
    check("encoder", Inside())
    check("encoder", InGroups())


def test_every_check_of_arrays_can_be_broken():
    """The checks of plans are of what `make_plan` makes sure of: a strategy cannot break them."""
    by_plan = {
        ("pairing", "writes_reports_that_are_what_they_say"),
        ("pairing", "says_what_leaves_and_what_comes"),
        ("pairing", "gives_the_same_plan_whatever_the_order"),
    }
    kinds = ("alignment", "blend", "encoder", "gate", "mask", "pairing", "region", "weight")
    own = {(kind, name) for kind in kinds for name in checks_of(kind)}
    common = {(kind, name) for kind in kinds for name in ("is_a_frozen_record", PICKLED)}
    assert own - set(CASES) - common == by_plan
    assert set(checks_of("dataset")) - {"is_a_frozen_record", PICKLED} == set(DATASETS)


def test_the_message_says_which_part_and_which_check():
    with pytest.raises(BrokenContractError, match=r"mask Unfrozen: is_a_frozen_record: .* dataclass"):
        check("mask", Unfrozen())


def test_there_is_no_contract_of_another_kind():
    with pytest.raises(UsageError, match="no contract of the kind 'masks'") as caught:
        checks_of("masks")
    assert "did you mean 'mask'" in caught.value.hint
