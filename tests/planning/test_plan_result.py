"""What a plan says of its targets."""

from medcutmix_cli.pairing.packing import PackedPairs
from medcutmix_cli.planning.plan_result import PlanResult
from medcutmix_cli.records import TargetOutcome


def test_a_goal_is_what_a_cell_still_wants_beside_what_it_has():
    outcome = TargetOutcome("mass:8", "train", have=3, wanted=8, planned=0, hosts=0, donors=0)
    result = PlanResult(PackedPairs(), 0, (), {}, {}, 0, {}, targets=(outcome,))
    assert result.goals() == {outcome.cell: 5}
