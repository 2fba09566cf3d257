"""What planning says of itself: goals of its targets, and the counts that run.json has."""

import json

from medcutmix_cli.pairing.packing import PackedPairs
from medcutmix_cli.planning.plan_result import PlanResult
from medcutmix_cli.records import Drop, TargetOutcome


def test_a_goal_is_what_a_cell_still_wants_beside_what_it_has():
    outcome = TargetOutcome("mass:8", "train", have=3, wanted=8, planned=0, hosts=0, donors=0)
    result = PlanResult(PackedPairs(), 0, (), {}, {}, 0, {}, targets=(outcome,))
    assert result.goals() == {outcome.cell: 5}


def test_counts_are_plain_values_that_add_up():
    dropped = tuple(
        Drop("study", name, reason) for name, reason in (("s1", "late"), ("s2", "empty"), ("s3", "late"))
    )
    result = PlanResult(PackedPairs(), 5, dropped, {"same-patient": 4}, {}, 0, {}, warnings=("look",))
    counts = result.counts()
    assert json.loads(json.dumps(counts)) == counts
    assert counts["studies"] == {"inputs": 5, "planned": 2, "dropped": 3}
    assert list(counts["dropped"].items()) == [("empty", 1), ("late", 2)]
    assert (counts["refused"], counts["warnings"], counts["shape"]) == ({"same-patient": 4}, ["look"], {})
