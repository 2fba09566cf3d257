from dataclasses import replace

from medcutmix_cli.attention import NullMax
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.terminal.guarantees import gate_view
from tests.terminal.printing import printed

GATE = NullMax()


def told(**nulls):
    return printed(gate_view("null-max", {f"train/{name}": GATE.guarantee(n) for name, n in nulls.items()}))


def test_one_line_is_enough_where_every_finding_has_the_whole_promise():
    whole = {f"train/{name}": GATE.guarantee(59 + n) for n, name in enumerate(CHEXPERT)}
    text = printed(gate_view("null-max", whole), width=71)  # of 80, beside the name of the row
    assert text.rstrip() == "95% confidence that at most 5% without the finding pass: 14 findings"


def test_findings_with_less_are_told_with_their_negatives_the_surest_first():
    lines = [line.split() for line in told(edema=20, mass=200, pleural_effusion=24).splitlines()[1:]]
    assert [line[0] for line in lines] == ["95%", "70%", "64%"]
    assert [" ".join(line[1:]) for line in lines] == [
        "1 finding",
        "pleural_effusion: 24 negatives",
        "edema: 20 negatives",
    ]


def test_what_is_not_mixed_is_on_one_line_with_its_negatives():
    text = told(mass=19, pneumothorax=3, edema=200)
    assert "95% confidence that at most 5%" in text
    assert "Not mixed, too few negatives (20 needed): mass (19), pneumothorax (3)" in text


def test_the_split_is_told_where_there_are_several():
    both = {f"{split}/mass": GATE.guarantee(30) for split in ("train", "test")}
    assert "train/mass" in printed(gate_view("null-max", both))


def test_a_plain_p_value_promises_on_average():
    gate = NullMax(confidence=0.0)
    assert "On average at most 5%" in printed(gate_view("null-max", {"train/mass": gate.guarantee(100)}))


def test_without_a_gate_nothing_is_guaranteed():
    assert printed(gate_view("none", {})).strip() == "none: nothing is guaranteed"


def test_a_share_is_told_as_it_is():
    few = replace(GATE.guarantee(20), alpha=0.025)
    assert "at most 2.5% of pictures" in printed(gate_view("null-max", {"train/mass": few}))
