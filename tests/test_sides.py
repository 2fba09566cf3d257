"""The tables were read off the functions that reasoned about sides before there was one module for it."""

import ast
from itertools import combinations
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli import sides
from medcutmix_cli.records import Side
from medcutmix_cli.sides import Half
from tests import syntax

ROOT = Path(medcutmix_cli.__file__).parent
SIDES = dict(zip("LRBN", (Side.LEFT, Side.RIGHT, Side.BILATERAL, Side.NONE), strict=True))
SUBSETS = ["".join(letters) for size in range(5) for letters in combinations("LRBN", size)]


def of(letters):
    return {SIDES[letter] for letter in letters}


def names(answer):
    """Return, for each side by its letter, the sides it is answered "yes" with."""
    return {one: "".join(other for other in "LRBN" if answer(SIDES[one], SIDES[other])) for one in "LRBN"}


def sets(answer, subsets=SUBSETS):
    rows = {one: " ".join(other for other in SUBSETS if answer(of(one), of(other))) for one in subsets}
    return {one: row for one, row in rows.items() if row}


def test_a_donor_stands_for_the_same_side_or_where_one_is_unsaid():
    assert names(sides.may_replace) == {"L": "LN", "R": "RN", "B": "BN", "N": "LRBN"}
    for letter in "LRBN":
        allowed = [side for side in Side if sides.may_replace(SIDES[letter], side)]
        assert list(sides.donor_sides(SIDES[letter])) == allowed


def test_only_left_and_right_do_not_meet():
    assert names(sides.meet) == {"L": "LBN", "R": "RBN", "B": "LRBN", "N": "LRBN"}


def test_a_lung_called_clear_is_one_that_is_filled():
    assert names(sides.covers) == {"L": "LB", "R": "RB", "B": "LRBN", "N": "LRBN"}
    clear = {
        letter: " ".join(
            subset for subset in SUBSETS if any(sides.covers(SIDES[letter], f) for f in of(subset))
        )
        for letter in "LRBN"
    }
    every = "L R B N LR LB LN RB RN BN LRB LRN LBN RBN LRBN"
    assert clear == {
        "L": "L B LR LB LN RB BN LRB LRN LBN RBN LRBN",
        "R": "R B LR LB RB RN BN LRB LRN LBN RBN LRBN",
        "B": every,
        "N": every,
    }


def test_two_parts_oppose_where_each_gives_the_other_single_side():
    assert sets(sides.oppose) == {"L": "R RN", "R": "L LN", "LN": "R RN", "RN": "L LN"}


def test_two_parts_differ_where_both_name_single_sides_and_not_the_same():
    left, right = "R LR RB RN LRB LRN RBN LRBN", "L LR LB LN LRB LRN LBN LRBN"
    both = "L R LB LN RB RN LBN RBN"
    assert sets(sides.differ) == {
        **dict.fromkeys(["L", "LB", "LN", "LBN"], left),
        **dict.fromkeys(["R", "RB", "RN", "RBN"], right),
        **dict.fromkeys(["LR", "LRB", "LRN", "LRBN"], both),
    }


@pytest.mark.parametrize("letters", SUBSETS)
def test_mentions_give_one_side_or_none_or_are_in_conflict(letters):
    given = letters.replace("N", "")
    expected = None if len(given) > 1 else SIDES[given or "N"]
    assert sides.common_side(of(letters)) is expected
    assert sides.joint_side(of(letters)) is (expected or Side.BILATERAL)


@pytest.mark.parametrize(
    ("letter", "half", "halves"),
    [("L", Half.RIGHT, 1), ("R", Half.LEFT, 1), ("B", Half.WHOLE, 2), ("N", Half.WHOLE, 1)],
)
def test_the_patients_left_is_the_right_half_of_a_frontal_picture(letter, half, halves):
    assert sides.image_half(SIDES[letter]) is half
    assert len(sides.mask_halves(SIDES[letter])) == halves
    if half is not Half.WHOLE:
        assert sides.side_in(half) is SIDES[letter]


@pytest.mark.parametrize(
    ("beyond", "letter"), [(-2e-6, "R"), (-9e-7, "N"), (0.0, "N"), (9e-7, "N"), (2e-6, "L"), (100.0, "L")]
)
def test_a_place_is_on_a_side_of_the_midline(beyond, letter):
    assert sides.side_at(beyond) is SIDES[letter]


@pytest.mark.parametrize(
    ("side", "word", "adjective"),
    [
        ("left", "left", "left-sided"),
        (Side.RIGHT, "right", "right-sided"),
        ("bilateral", "bilateral", "bilateral"),
        (Side.NONE, "", ""),
        ("none", "", ""),
        ("", "", ""),
    ],
)
def test_a_side_has_a_word(side, word, adjective):
    assert (sides.side_word(side), sides.side_adjective(side)) == (word, adjective)


def test_only_left_and_right_have_another_side():
    assert {letter: sides.other_side(SIDES[letter]) for letter in "LRBN"} == {
        "L": Side.RIGHT,
        "R": Side.LEFT,
        "B": None,
        "N": None,
    }


def test_named_single_sides_miss_the_one_that_is_wanted():
    missing = {one: {s for s in SUBSETS if sides.misses(of(s), SIDES[one])} for one in "LRBN"}
    assert missing == {
        "L": {s for s in SUBSETS if "R" in s and "L" not in s},
        "R": {s for s in SUBSETS if "L" in s and "R" not in s},
        "B": set(),
        "N": set(),
    }


@pytest.mark.parametrize(
    ("word", "side"),
    [("right", "R"), ("r", "R"), ("left-sided", "L"), ("l", "L"), ("bilateral", "N"), ("", "N")],
)
def test_a_word_names_a_single_side(word, side):
    assert sides.single_side(word) is SIDES[side]


@pytest.mark.parametrize("side", list(Side))
def test_a_side_of_a_shard_is_known_and_what_is_none_is_unsaid(side):
    assert sides.known_side(str(side)) is side
    assert sides.known_side(f"<p>{side}") is Side.NONE


REASONS_ELSEWHERE = {
    "records/reading.py": "names the sides",
    "reports/attributes.py": "the reader: it makes sides of words",
    "reports/attribute_words.py": "the words of it, which were in one module with that",
    "datasets/phantoms": "draws bodies, in names of its own",
    "registration/template.py": "the outlines of the two lungs",
    "evaluation/lung_sides.py": "measures by anatomy what the others decide, so it must not share their clauses",
    "evaluation/mix_measures.py": "the same",
    "exports/laterality.py": "what words say of a whole picture that may be flipped, whatever they say it of",
}
SAID = {"LEFT", "RIGHT", "BILATERAL"}


def compares_a_side(node):
    """Say whether code names a side that is said, or compares something with one, as a member or as a word."""
    if isinstance(node, ast.Attribute):
        return node.attr in SAID and isinstance(node.value, ast.Name) and node.value.id == "Side"
    words = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant)] if hasattr(node, "ops") else []
    none = [n for n in ast.walk(node) if isinstance(n, ast.Attribute)] if hasattr(node, "ops") else []
    return "bilateral" in words or any(
        n.attr == "NONE" and isinstance(n.value, ast.Name) and n.value.id == "Side" for n in none
    )


def modules_that_compare(root):
    found = set()
    for path in root.rglob("*.py"):
        parsed = syntax.tree(path)
        if any(compares_a_side(node) for node in ast.walk(parsed)):
            found.add(path.relative_to(root).as_posix())
    return found


def test_no_other_module_reasons_about_left_and_right():
    elsewhere = modules_that_compare(ROOT) - {"sides.py"}
    assert [name for name in elsewhere if not name.startswith(tuple(REASONS_ELSEWHERE))] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("x = side is Side.LEFT", True),
        ("x = {Side.RIGHT: 1}", True),
        ("x = side is not Side.NONE", True),
        ("x = side in ('left', 'bilateral')", True),
        ("def f(side: Side = Side.NONE): ...", False),
        ("anchor = 'left'", False),
    ],
)
def test_a_module_that_reasons_about_sides_is_seen(tmp_path, source, found):
    (tmp_path / "one.py").write_text(source, encoding="utf-8")
    assert bool(modules_that_compare(tmp_path)) is found


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("left lung is clear", Side.LEFT),
        ("the right base", Side.RIGHT),
        ("left and right", Side.NONE),
        ("lungs are clear", Side.NONE),
        ("leftward shift", Side.NONE),
    ],
)
def test_words_name_a_side_where_they_name_one_alone(words, side):
    assert sides.side_named(words) is side
