from dataclasses import replace

import cv2
import numpy as np
import pytest

from medcutmix_cli.mixing.movement import Movement
from medcutmix_cli.registration.alignment_rule import Alignment
from medcutmix_cli.registration.alignments.affine import AffineAlignment
from medcutmix_cli.registration.alignments.elastic import ElasticAlignment
from medcutmix_cli.registration.alignments.none import NoAlignment
from medcutmix_cli.registration.thumbnails import SIDE
from medcutmix_cli.registration.warps import warp_places
from tests.builders import make_placement
from tests.thoraxes import (
    CANVAS,
    Chest,
    deformed,
    dice,
    inside,
    phantom_chest,
    real_chests,
    registered_phantom,
    thumbnail_places,
    whole,
)

ANY = ElasticAlignment(least_quality=-1.0)
SEEDS = range(8)


def places_of(recipient, donor, rule=ANY):
    """Return where in the donor each thumbnail pixel of the recipient is found, thumbnail pixels."""
    warp = rule.align(recipient, donor).warp
    return warp_places(warp, SIDE, SIDE) * SIDE - 0.5


def apart(one, other, where):
    """Return the median distance of two maps over some places, in shares of the canvas."""
    return float(np.median(np.linalg.norm(one - other, axis=-1)[where])) / SIDE


DEFORMATIONS = {
    "smaller": ([[1.15, 0, 0], [0, 1.1, 0]], 0),
    "larger-and-moved": ([[0.85, 0, 3], [0, 0.9, -3]], 0),
    "tilted": ([[1, 0.06, -4], [-0.06, 1, 2]], 0),
    "bent": ([[1, 0, 0], [0, 1, 0]], 1.5),
    "all-at-once": ([[1.1, 0.04, 2], [-0.04, 0.95, -2]], 1.0),
}


@pytest.mark.parametrize("how", DEFORMATIONS)
def test_a_known_deformation_is_brought_back(how):
    """The warp says where the donor has what the deformed recipient shows, to a hundredth of the canvas."""
    matrix, bend = DEFORMATIONS[how]
    places, off, before, after = thumbnail_places(np.array(matrix), bend), [], [], []
    for seed in SEEDS:
        donor = whole(phantom_chest(seed))
        recipient = deformed(donor, places)
        alignment = ANY.align(recipient.registered(), donor.registered())
        where = cv2.remap(inside(donor).astype(np.float32), *np.moveaxis(places, -1, 0).copy(), 1) > 0.5
        found = warp_places(alignment.warp, SIDE, SIDE) * SIDE - 0.5
        off.append(apart(found, places, where))
        pixels = Movement(alignment.warp).move_pixels(donor.pixels)
        lungs = cv2.resize(where.astype(np.uint8), (CANVAS, CANVAS)) > 0
        difference = [
            np.abs(p[lungs].astype(float) - recipient.pixels[lungs]).mean() for p in (donor.pixels, pixels)
        ]
        before.append(difference[0])
        after.append(difference[1])
        assert alignment.quality > 0.9
    assert np.median(off) < 0.006
    assert max(off) < 0.012
    assert np.mean(after) < 0.4 * np.mean(before)


def test_an_affine_deformation_is_found_by_the_affine_alone():
    places = thumbnail_places(np.array([[1.12, 0.03, 2], [-0.03, 0.94, -1]]))
    for seed in SEEDS[:4]:
        donor = whole(phantom_chest(seed))
        recipient = deformed(donor, places)
        warp = AffineAlignment().align(recipient.registered(), donor.registered()).warp
        found = warp_places(warp, SIDE, SIDE) * SIDE - 0.5
        assert not warp.field.any()
        assert apart(found, places, inside(recipient_lungs(donor, places))) < 0.02


def recipient_lungs(donor, places):
    lungs = deformed(replace(donor, pixels=donor.lungs.astype(np.uint8) * 255), places).pixels > 127
    return replace(donor, lungs=lungs)


def test_a_picture_and_itself_need_no_warp():
    for seed in SEEDS:
        one = registered_phantom(seed)
        assert apart(places_of(one, one), thumbnail_places(np.eye(2, 3)), inside(phantom_chest(seed))) < 0.003
        assert ANY.align(one, one).quality > 0.97


EXPOSURES = {
    "darker": lambda grey: 0.6 * grey,
    "brighter": lambda grey: 0.6 * grey + 90,
    "steeper": lambda grey: 255 * (grey / 255) ** 1.5,
    "flatter": lambda grey: 255 * (grey / 255) ** 0.65,
}


@pytest.mark.parametrize("exposure", EXPOSURES)
def test_another_exposure_of_the_donor_is_aligned_alike(exposure):
    off = []
    for seed in SEEDS:
        recipient, donor = registered_phantom(seed + 20), phantom_chest(seed)
        shown = replace(donor, pixels=EXPOSURES[exposure](donor.pixels.astype(float)).astype(np.uint8))
        own = places_of(recipient, donor.registered())
        off.append(apart(places_of(recipient, shown.registered()), own, inside(phantom_chest(seed + 20))))
    assert np.median(off) < 0.008
    assert max(off) < 0.025


@pytest.mark.parametrize(
    "matrix", [[[1.15, 0, 0], [0, 1.15, 0]], [[0.9, 0, 0], [0, 0.9, 0]], [[1, 0, 5], [0, 1, -3]]],
    ids=["smaller", "larger", "moved"],
)  # fmt: skip
def test_a_donor_of_another_scale_or_place_is_found_where_it_lies_then(matrix):
    places, off = thumbnail_places(np.array(matrix)), []
    for seed in SEEDS:
        recipient, donor = registered_phantom(seed + 20), whole(phantom_chest(seed))
        own = places_of(recipient, donor.registered())
        then = places_of(recipient, deformed(donor, places).registered())
        back = cv2.remap(places, *np.moveaxis(then, -1, 0).astype(np.float32).copy(), cv2.INTER_LINEAR)
        off.append(apart(back, own, inside(phantom_chest(seed + 20))))
    assert np.median(off) < 0.015
    assert max(off) < 0.05


def test_evidence_says_nothing_of_where_the_thorax_lies():
    """A disc that comes into the donor's lung pulls the warp; told of it, the warp goes where it went without."""
    pulled, told = [], []
    rows, columns = np.mgrid[:CANVAS, :CANVAS]
    for seed in SEEDS:
        recipient, donor = registered_phantom(seed + 20), phantom_chest(seed)
        y, x = (int(v) for v in np.argwhere(donor.lungs & (columns > CANVAS / 2)).mean(axis=0))
        disc = np.hypot(rows - y - 10, columns - x) < 22
        sick = replace(donor, pixels=np.where(disc, 235, donor.pixels).astype(np.uint8)).registered()
        own = places_of(recipient, donor.registered())
        evidence = (
            np.zeros((14, 14), bool),
            cv2.resize(disc.astype(np.float32), (14, 14), interpolation=3) > 0.1,
        )
        for off, given in ((pulled, None), (told, evidence)):
            warp = ANY.align(recipient, sick, given).warp
            found = warp_places(warp, SIDE, SIDE) * SIDE - 0.5
            away = np.linalg.norm(found - own, axis=-1)
            near = (
                cv2.remap(
                    disc.astype(np.float32),
                    *np.moveaxis((own + 0.5) * CANVAS / SIDE, -1, 0).astype(np.float32).copy(),
                    1,
                )
                > 0.5
            )
            off.append(away[near].mean())
    assert np.mean(told) < np.mean(pulled)


def cropped(chest, share=0.06):
    """Return the chest with less around it: the rest of the canvas is bar."""
    at = chest.placement
    rows, columns = int(share * at.height), int(share * at.width)
    at = replace(
        at,
        top=at.top + rows,
        left=at.left + columns,
        height=at.height - 2 * rows,
        width=at.width - 2 * columns,
    )
    pixels = np.zeros_like(chest.pixels)
    kept = slice(at.top, at.top + at.height), slice(at.left, at.left + at.width)
    pixels[kept] = chest.pixels[kept]
    return replace(chest, pixels=pixels, placement=at)


def test_a_cropped_donor_is_aligned_alike():
    off = []
    for seed in SEEDS:
        recipient, donor = registered_phantom(seed + 20), phantom_chest(seed)
        own, then = (places_of(recipient, chest.registered()) for chest in (donor, cropped(donor)))
        off.append(apart(then, own, inside(phantom_chest(seed + 20))))
    assert np.median(off) < 0.012
    assert max(off) < 0.04


def test_lungs_of_two_phantoms_lie_on_each_other_better_than_before():
    before, after, straight = [], [], []
    for seed in range(24):
        recipient, donor = phantom_chest(seed), phantom_chest(seed + 24)
        pair = recipient.registered(), donor.registered()
        before.append(dice(recipient.lungs, donor.lungs))
        after.append(dice(recipient.lungs, moved_lungs(donor, ANY.align(*pair).warp)))
        straight.append(dice(recipient.lungs, moved_lungs(donor, AffineAlignment(-1).align(*pair).warp)))
    assert np.median(before) < np.median(straight) < np.median(after)
    assert np.median(after) > 0.9
    assert np.quantile(after, 0.1) > 0.8


def moved_lungs(donor, warp):
    """Bring the donor's lungs to the recipient, as its pixels are brought."""
    return Movement(warp).move_pixels(donor.lungs.astype(np.uint8) * 255) > 127


def test_real_lungs_lie_on_each_other_in_pairs_that_are_kept():
    """Random pairs of different patients, against the lungs that people outlined; what is left is not overwritten."""
    chests = real_chests()
    registered = [chest.registered() for chest in chests]
    rng, agreement, overwritten, tried = np.random.default_rng(12), [], [], 0
    while tried < 150:
        own, given = rng.integers(len(chests), size=2)
        if chests[own].patient == chests[given].patient:
            continue
        tried += 1
        alignment = ElasticAlignment().align(registered[own], registered[given])
        if alignment.rejected:
            continue
        lungs, moved = chests[own].lungs, moved_lungs(chests[given], alignment.warp)
        agreement.append(dice(lungs, moved))
        overwritten.append((lungs & ~moved).sum() / lungs.sum())
    assert len(agreement) / tried >= 0.72
    assert np.median(agreement) >= 0.88
    assert np.quantile(agreement, 0.1) >= 0.78
    assert np.mean(overwritten) <= 0.095
    assert np.mean(np.array(overwritten) > 0.25) <= 0.08


def noise(seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (CANVAS, CANVAS), dtype=np.uint8)
    return Chest(pixels, make_placement(CANVAS)).registered()


@pytest.mark.parametrize("rule", [AffineAlignment(), ElasticAlignment()], ids=["affine", "elastic"])
def test_a_poor_fit_is_refused_by_name_with_its_quality(rule):
    found = rule.align(registered_phantom(0), replace(noise(), oddity=""))
    assert found.rejected == "poor-alignment"
    assert found.quality < rule.least_quality
    good = rule.align(registered_phantom(0), registered_phantom(0))
    assert good.rejected == ""
    assert good.quality >= rule.least_quality


@pytest.mark.parametrize("rule", [AffineAlignment, ElasticAlignment])
def test_an_odd_picture_is_refused_by_its_name_where_that_is_wanted(rule):
    own, odd = registered_phantom(0), replace(registered_phantom(0), oddity="mirrored")
    assert rule().align(own, odd).rejected == "donor-mirrored"
    assert rule().align(odd, own).rejected == "recipient-mirrored"
    assert rule().align(odd, odd).rejected == "recipient-mirrored"
    assert rule(refuse_odd=False).align(own, odd).rejected == ""


@pytest.mark.parametrize("rule", [AffineAlignment, ElasticAlignment])
@pytest.mark.parametrize("least", [-1.1, 1.01, float("nan")])
def test_what_is_no_correlation_is_refused(rule, least):
    with pytest.raises(ValueError, match="least_quality"):
        rule(least_quality=least)


def test_none_leaves_the_donor_as_it_lies():
    found = NoAlignment().align(registered_phantom(0), noise())
    assert (found.warp, found.quality, found.rejected) == (None, None, "")
    assert isinstance(found, Alignment)
    assert not NoAlignment.registers
