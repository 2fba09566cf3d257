import numpy as np
import pytest

from medcutmix_cli.attention import Region
from medcutmix_cli.datasets.phantoms import draw_phantom, paint
from medcutmix_cli.mixing.anatomy_rules import (
    anatomy_table,
    broken_anatomy,
    cells_of_home,
    cells_to_clear,
    home_of,
    select_region,
)
from medcutmix_cli.mixing.movement import IN_ITS_PLACE
from medcutmix_cli.mixing.shifts import Shift
from medcutmix_cli.records import MapTarget, Side
from medcutmix_cli.registration.anatomy import picture_anatomy
from medcutmix_cli.registration.pictures import register_picture
from medcutmix_cli.reports.lexicon import finding_ids
from tests.builders import make_placement
from tests.thoraxes import CANVAS, on_canvas, phantom_chest, registered_phantom

GRID = (28, 28)
SEEDS = range(10)


def anatomy_of(seed=0):
    return picture_anatomy(registered_phantom(seed).pose, GRID)


def lung_cells(anatomy, side, low, high):
    """Mark the cells of one lung between two heights."""
    own = anatomy.leftness > 3 if side is Side.LEFT else anatomy.leftness < -3
    return own & (anatomy.lungs >= 0.5) & (anatomy.height >= low) & (anatomy.height <= high)


BANDS = {"upper": (0.05, 0.3), "middle": (0.4, 0.6), "lower": (0.7, 0.95)}


@pytest.mark.parametrize("zone", BANDS)
@pytest.mark.parametrize("side", [Side.RIGHT, Side.LEFT])
def test_a_right_mask_breaks_no_rule(zone, side):
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        mask = lung_cells(anatomy, side, *BANDS[zone])
        for said in (side, Side.NONE, Side.BILATERAL):
            for location in (zone, ""):
                assert broken_anatomy(mask, MapTarget("consolidation", said, "", location), anatomy) == ""


@pytest.mark.parametrize(("side", "other"), [(Side.RIGHT, Side.LEFT), (Side.LEFT, Side.RIGHT)])
def test_a_mask_in_the_other_lung_is_on_the_wrong_side(side, other):
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        mask = lung_cells(anatomy, other, 0.3, 0.8)
        assert broken_anatomy(mask, MapTarget("consolidation", side), anatomy) == "mask-wrong-side"
        assert broken_anatomy(mask, MapTarget("fracture", side), anatomy) == "mask-wrong-side"


def test_the_midline_is_of_both_sides():
    anatomy = anatomy_of()
    mask = (np.abs(anatomy.leftness) < 1.5) & (anatomy.height > 0.4) & (anatomy.height < 0.6)
    assert mask.any()
    for side in (Side.LEFT, Side.RIGHT):
        assert broken_anatomy(mask, MapTarget("hernia", side), anatomy) == ""


def test_a_picture_that_is_moved_takes_its_midline_along():
    """The middle of the canvas says nothing: a lung that lies across it is still one lung."""
    chest, width = phantom_chest(0), 2 * CANVAS // 7
    pixels = np.zeros_like(chest.pixels)
    pixels[:, width:] = chest.pixels[:, :-width]
    at = make_placement(CANVAS, left=width, width=CANVAS - width)
    anatomy = picture_anatomy(register_picture(pixels, at).pose, GRID)
    middle = int(np.argmin(np.abs(anatomy.leftness[10])))
    assert middle > 0.6 * GRID[1]
    mask = np.zeros(GRID, dtype=bool)
    mask[9:12, middle - 6 : middle - 3] = True
    assert mask[:, GRID[1] // 2 :].any()
    assert broken_anatomy(mask, MapTarget("consolidation", Side.RIGHT), anatomy) == ""
    assert broken_anatomy(mask, MapTarget("consolidation", Side.LEFT), anatomy) == "mask-wrong-side"


def test_what_lies_beside_or_below_the_lungs_is_outside_for_findings_of_the_lung_alone():
    anatomy = anatomy_of()
    below = (anatomy.height > 1.2) & (anatomy.leftness < -4)
    corner = np.zeros(GRID, dtype=bool)
    corner[:3, :3] = True
    for mask in (below, corner):
        assert broken_anatomy(mask, MapTarget("consolidation"), anatomy) == "mask-outside-lungs"
        assert broken_anatomy(mask, MapTarget("pneumothorax"), anatomy) == "mask-outside-lungs"
        for finding in ("fracture", "support_devices", "hernia", ""):
            assert broken_anatomy(mask, MapTarget(finding), anatomy) == ""


def test_fluid_may_gather_in_the_recess_below_the_lung():
    anatomy = anatomy_of()
    recess = (anatomy.pleura >= 0.5) & (anatomy.lungs < 0.5) & (anatomy.leftness > 3)
    assert broken_anatomy(recess, MapTarget("pleural_effusion", Side.LEFT), anatomy) == ""
    assert broken_anatomy(recess, MapTarget("consolidation", Side.LEFT), anatomy) == "mask-outside-lungs"


@pytest.mark.parametrize(
    ("said", "lies"),
    [
        ("upper", "lower"),
        ("apex", "lower"),
        ("lower", "upper"),
        ("base", "upper"),
        ("costophrenic", "middle"),
    ],
)
def test_a_mask_above_or_below_the_stated_zone_is_in_the_wrong_one(said, lies):
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        low, high = BANDS[lies]
        mask = lung_cells(anatomy, Side.RIGHT, low, min(high, 0.5) if lies == "middle" else high)
        target = MapTarget("consolidation", Side.RIGHT, "", said)
        assert broken_anatomy(mask, target, anatomy) == "mask-wrong-zone"


def test_the_side_is_asked_first_then_the_lungs_then_the_zone():
    anatomy = anatomy_of()
    below = (anatomy.height > 1.2) & (anatomy.leftness > 4)
    assert broken_anatomy(below, MapTarget("mass", Side.RIGHT, "", "upper"), anatomy) == "mask-wrong-side"
    assert broken_anatomy(below, MapTarget("mass", Side.LEFT, "", "upper"), anatomy) == "mask-outside-lungs"


ZONES = {"apical": "apex", "upper": "upper", "mid": "middle", "lower": "lower", "basal": "base"}


def lesions(finding, seeds):
    """Yield (zone, median height, mask) of the true lesions of phantoms that have one and a zone."""
    for seed in seeds:
        phantom = draw_phantom(seed, (finding,))
        painted = paint(phantom, CANVAS)
        for number, lesion in enumerate(phantom.lesions):
            if lesion.zone in ZONES and lesion.side in ("left", "right") and number in painted.masks:
                pixels, at = exposed(painted.image)
                anatomy = picture_anatomy(register_picture(pixels, at).pose, (112, 112))
                yield lesion, on_canvas(painted.masks[number].astype(np.uint8), at)[::2, ::2] > 0, anatomy


def exposed(image):
    from medcutmix_cli.images.placement import letterbox

    at = letterbox(*image.shape, CANVAS)
    return on_canvas((image * 255).astype(np.uint8), at), at


def test_lesions_of_phantoms_lie_in_the_zone_and_on_the_side_that_the_report_names():
    heights, broken, count = {}, [], 0
    for finding in ("consolidation", "nodule", "mass"):
        for lesion, mask, anatomy in lesions(finding, range(300, 312)):
            if not mask.any():
                continue
            heights.setdefault(lesion.zone, []).append(float(np.median(anatomy.height[mask])))
            target = MapTarget(finding, Side(lesion.side), "", ZONES[lesion.zone])
            broken.append(broken_anatomy(mask, target, anatomy))
            count += 1
    assert count > 25
    assert sum(name != "" for name in broken) <= 0.1 * count
    medians = {zone: np.median(found) for zone, found in heights.items() if len(found) > 2}
    assert {"upper", "mid", "lower"} <= set(medians)
    assert medians["upper"] < 0.45 < medians["lower"]
    assert medians["upper"] < medians["mid"] < medians["lower"]
    for zone, median in medians.items():
        low, high = anatomy_table().zones[ZONES[zone]]
        assert low < median < high


def test_the_table_names_findings_of_the_lexicon_and_zones_that_hold_something():
    table = anatomy_table()
    assert table.lung_findings <= set(finding_ids())
    assert table.pleural_findings <= table.lung_findings
    assert set(table.usual) <= table.lung_findings
    assert all(low < high for low, high in (*table.zones.values(), *table.usual.values()))
    assert table.zones["upper"][0] < table.zones["middle"][0] < table.zones["lower"][0]


def test_a_home_is_known_of_findings_of_lung_and_pleura_alone():
    anatomy = anatomy_of()
    assert home_of("nodule", anatomy) is anatomy.lungs
    assert home_of("pleural_effusion", anatomy) is anatomy.pleura
    assert home_of("cardiomegaly", anatomy) is None


def shifted(cells):
    """Return a movement that brings a donor so many columns to the right."""
    return IN_ITS_PLACE.with_shift(Shift(0, cells), CANVAS, GRID)


def test_cells_of_several_findings_are_those_that_all_can_lie_in():
    anatomy = anatomy_of()
    lungs = anatomy.lungs >= 0.5

    def cells(*findings):
        return cells_of_home(findings, anatomy, anatomy, IN_ITS_PLACE)

    assert np.array_equal(cells("nodule", "pleural_effusion"), lungs & (anatomy.upper_pleura >= 0.5))
    assert np.array_equal(cells("nodule", "fracture"), lungs)
    assert cells("fracture").all()
    assert cells().all()


@pytest.mark.parametrize("columns", [-4, 3, 6])
def test_lung_is_pasted_where_both_have_lung(columns):
    """A donor that was registered badly would bring its heart or its chest wall onto the recipient's lung."""
    for seed in SEEDS:
        own, given, movement = anatomy_of(seed), anatomy_of(seed + 1), shifted(columns)
        found = cells_of_home(["consolidation"], own, given, movement)
        brought = movement.move_values(given.lungs) >= 0.5
        assert np.array_equal(found, (own.lungs >= 0.5) & brought)
        assert found.any()
        assert found.sum() < (own.lungs >= 0.5).sum()


@pytest.mark.parametrize("finding", ["pleural_effusion", "nodule"])
@pytest.mark.parametrize("columns", [-4, 0, 3])
def test_what_leaves_is_pasted_over_by_lung_alone(finding, columns):
    """A donor's abdomen in the place of fluid would look like fluid."""
    for seed in SEEDS:
        own, given, movement = anatomy_of(seed), anatomy_of(seed + 1), shifted(columns)
        found = cells_to_clear(finding, own, given, movement)
        home = own.upper_pleura if finding == "pleural_effusion" else own.lungs
        assert np.array_equal(found, (home >= 0.5) & (movement.move_values(given.lungs) >= 0.5))
        assert found.any()
    assert cells_to_clear("fracture", own, given, movement).all()


FINDINGS_OF_THE_LUNG = sorted(anatomy_table().lung_findings)


@pytest.mark.parametrize("finding", FINDINGS_OF_THE_LUNG)
def test_the_mediastinum_is_no_home_of_a_finding_of_the_lung(finding):
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        rows, columns = np.nonzero(
            (np.abs(anatomy.leftness) < 1) & (anatomy.height > 0.2) & (anatomy.height < 0.9)
        )
        found = cells_of_home([finding], anatomy, anatomy, IN_ITS_PLACE)
        assert rows.size
        assert not found[rows, columns].any()
        mask = np.zeros(GRID, dtype=bool)
        mask[rows, columns] = True
        assert broken_anatomy(mask, MapTarget(finding), anatomy) == "mask-outside-lungs"


class WholeMap:
    """A mask rule that takes all of a map above 0, and reaches as far."""

    graded = False

    def select(self, scores, target, placement):
        return Region(scores > 0)


def two_zones(anatomy, said, other, share):
    """Return a map that lies in two zones of the right lung, for that share of it in the one that is said."""
    cells = [np.flatnonzero(lung_cells(anatomy, Side.RIGHT, *BANDS[zone])) for zone in (said, other)]
    count = min(own.size for own in cells)
    scores = np.zeros(GRID, dtype=np.float32)
    for own, part in zip(cells, (share, 1 - share), strict=True):
        scores.flat[own[: round(part * count)]] = 1.0
    return scores


@pytest.mark.parametrize(
    ("said", "other"), [("upper", "lower"), ("lower", "upper"), ("base", "upper"), ("apex", "lower")]
)
def test_what_lies_outside_of_the_stated_zone_is_not_exchanged(said, other):
    """Half of it in the zone is enough for its middle, but "upper lobes" do not reach a base."""
    lies = {"base": "lower", "apex": "upper"}.get(said, said)
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        target = MapTarget("consolidation", Side.RIGHT, "", said)
        region = select_region(
            WholeMap(), two_zones(anatomy, lies, other, 0.7), target, make_placement(CANVAS), anatomy
        )
        low, high = anatomy_table().zones[said]
        assert region.rejected == ""
        for part in (region.mask, region.strength >= 0.5, region.reach > 0):
            assert part.any()
            assert anatomy.height[part].min() >= low
            assert anatomy.height[part].max() <= high
        spread = select_region(
            WholeMap(), two_zones(anatomy, lies, other, 0.3), target, make_placement(CANVAS), anatomy
        )
        assert spread.rejected == "mask-wrong-zone"


def test_a_mask_is_whole_where_no_zone_is_said():
    anatomy = anatomy_of()
    scores = two_zones(anatomy, "upper", "lower", 0.7)
    region = select_region(WholeMap(), scores, MapTarget("consolidation"), make_placement(CANVAS), anatomy)
    assert np.array_equal(region.mask, scores > 0)


@pytest.mark.parametrize("finding", sorted(anatomy_table().usual))
def test_fluid_and_collapse_do_not_lie_at_the_top_of_a_lung_unless_the_report_says_so(finding):
    for seed in SEEDS:
        anatomy = anatomy_of(seed)
        top, bottom = (lung_cells(anatomy, Side.LEFT, *BANDS[zone]) for zone in ("upper", "lower"))
        assert broken_anatomy(top, MapTarget(finding, Side.LEFT), anatomy) == "mask-wrong-zone"
        assert broken_anatomy(top, MapTarget(finding, Side.LEFT, "", "upper"), anatomy) == ""
        assert broken_anatomy(bottom, MapTarget(finding, Side.LEFT), anatomy) == ""
        assert broken_anatomy(top, MapTarget("consolidation", Side.LEFT), anatomy) == ""
