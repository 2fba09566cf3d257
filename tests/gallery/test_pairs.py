import pytest

from tests.gallery.outlines import page_of
from tests.run_folders import make_row, write_run


def test_each_parent_says_how_strong_its_evidence_is(tmp_path):
    strong, ungated = make_row(0), make_row(1, ground_p_a=None, ground_p_b=None)
    for row, times in ((strong, 2), (ungated, 0)):
        run = write_run(tmp_path / str(times), ([row],))
        assert page_of(run, tmp_path)[0].count("ground_p 0.005") == times


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"finding_a": "pleural_other"}, 'pleural other <span class="to"', id="another-finding-left"
        ),
        pytest.param({"finding_a": ""}, "mass put in", id="nothing-left"),
        pytest.param({"image_mode": "box"}, "picture mixed in a random box", id="cutmix"),
        pytest.param({"image_mode": "soft"}, "picture mixed softly", id="a-soft-mix"),
        pytest.param({"impression_consistent": False}, "impression not consistent", id="impression"),
        pytest.param(
            {"prompted_a": True}, "recipient&#x27;s report made from labels", id="a-prompted-recipient"
        ),
        pytest.param(
            {"label_state": ["never-denied"] * 14}, "<td>never-denied</td>", id="what-a-loss-may-take-it-for"
        ),
        pytest.param({"shift_y": 7}, "the donor: moved 7 px down", id="a-donor-that-was-moved"),
        pytest.param({"edits": []}, "report as it was", id="a-report-that-was-kept"),
    ],
)
def test_what_is_unusual_about_a_pair_is_on_the_page(tmp_path, changes, said):
    usual, unusual = make_row(0, "mass"), make_row(0, **({"finding": "mass", "finding_a": "mass"} | changes))
    assert said not in page_of(write_run(tmp_path / "usual", ([usual],)), tmp_path)[0]
    assert said in page_of(write_run(tmp_path / "unusual", ([unusual],)), tmp_path)[0]
