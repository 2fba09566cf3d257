import numpy as np
import pytest

from examples.benchmark import phantoms
from examples.benchmark.config import OBSERVED, Benchmark, StudySet, Training
from medcutmix_cli.datasets.phantoms import draw_phantom
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT

WHOLE = Benchmark((), (), Training())
DEVICE = StudySet("device", finding="consolidation", attribute="device", positives=10, train=40, test=16)


def shows(drawn, finding):
    return finding in {lesion.finding for lesion in drawn.phantom.lesions}


def test_the_attribute_goes_with_the_finding_in_training_as_often_as_asked():
    chosen = phantoms.draw(WHOLE, DEVICE, "train", "0")
    cells = [(shows(drawn, "consolidation"), shows(drawn, "support_devices")) for drawn in chosen]
    counts = {cell: cells.count(cell) for cell in set(cells)}
    assert counts == {(True, True): 9, (True, False): 1, (False, True): 3, (False, False): 27}
    assert cells == [drawn.cell for drawn in chosen]


@pytest.mark.parametrize("attribute", ["device", "pacemaker", "view", "exposure"])
def test_in_the_test_part_every_cell_is_as_full(attribute):
    studies = StudySet("s", finding="consolidation", attribute=attribute, positives=10, train=40, test=16)
    cells = [drawn.cell for drawn in phantoms.draw(WHOLE, studies, "test", "0")]
    assert {cell: cells.count(cell) for cell in cells} == dict.fromkeys(
        [(True, True), (True, False), (False, True), (False, False)], 4
    )


def test_no_phantom_is_in_two_chunks_or_parts():
    parts = [("train", "0"), ("test", "0"), ("train", "1"), ("train", "tune-0")]
    names = [drawn.name for part in parts for drawn in phantoms.draw(WHOLE, DEVICE, *part)]
    assert len(set(names)) == len(names)


def test_exposure_is_seen_in_the_scatter_alone():
    studies = StudySet("s", finding="consolidation", attribute="exposure", positives=10, train=40, test=16)
    drawn = phantoms.draw(WHOLE, studies, "train", "0")
    assert {(one.cell[1], one.phantom.exposure.scatter) for one in drawn} == {(False, 0.12), (True, 0.42)}


def test_a_rare_finding_is_in_as_many_studies_as_asked():
    studies = StudySet("rare", finding="pneumothorax", positives=3, train=30)
    assert sum(shows(drawn, "pneumothorax") for drawn in phantoms.draw(WHOLE, studies, "train", "0")) == 3


def test_another_site_changes_test_pictures_only_and_no_lesion():
    here, there = (StudySet("site", site=site, train=4, test=4) for site in (False, True))
    trains = [phantoms.draw(WHOLE, studies, "train", "0") for studies in (here, there)]
    tests = [phantoms.draw(WHOLE, studies, "test", "0") for studies in (here, there)]
    assert trains[0] == trains[1]
    assert [d.phantom.lesions for d in tests[0]] == [d.phantom.lesions for d in tests[1]]
    assert all(a.phantom.exposure != b.phantom.exposure for a, b in zip(*tests, strict=True))


def test_the_truth_knows_the_observations_of_phantoms_and_no_other():
    [drawn] = phantoms.draw(WHOLE, StudySet("one", train=1), "train", "0")
    known = [
        name for name, value in zip(CHEXPERT, phantoms.truth(drawn.phantom), strict=True) if value == value
    ]
    assert known == list(OBSERVED)


def test_prompts_have_the_same_number_of_assertions_for_all_and_deny_by_name():
    prompts = phantoms.held_out_prompts()
    assert set(prompts) == set(OBSERVED)
    assert {len(there) for there, _ in prompts.values()} == {phantoms.SENTENCES}
    assert any("pneumothorax" in sentence.lower() for sentence in prompts["Pneumothorax"][1])


def test_a_test_picture_is_that_of_its_file(tmp_path):
    from examples.benchmark.sources import small_pictures

    chosen = phantoms.draw(WHOLE, StudySet("one", train=2, test=2), "test", "0")
    cases, probes = phantoms.paint_part(WHOLE, chosen)
    phantoms.write_tree(WHOLE, chosen, tmp_path, "train")
    read = small_pictures([tmp_path / f"{drawn.name}.jpg" for drawn in chosen], WHOLE)
    assert (
        np.abs(np.stack(read).astype(int) - cases.pictures).mean() < 2
    )  # files are read at a smaller scale first
    assert len(probes.cases) == len(probes.sentences) == len(probes.masks)


def test_a_look_is_handed_on_only_where_it_is_another():
    assert phantoms.phantom_of(WHOLE, "a1") == draw_phantom(0xA1)


@pytest.mark.parametrize("changes", [{"finding": "hernia"}, {"attribute": "stent"}])
def test_what_no_phantom_has_is_refused_before_any_is_drawn(changes):
    told = {"finding": "consolidation", "attribute": "view", "positives": 1, **changes}
    with pytest.raises(UsageError, match="no phantom has"):
        phantoms.draw(WHOLE, StudySet("s", **told), "train", "0")
