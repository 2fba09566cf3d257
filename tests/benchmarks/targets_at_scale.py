"""Fill targets among as many studies as MIMIC-CXR has; time and memory of choosing go into TARGETS.md.

Studies are made of attributes alone: what is measured is who is matched with whom, round by round. A match is refused
by a hash of its ids, three of ten; what the rules of a real pair take is measured in PLAN.md.

    python -m tests.benchmarks.targets_at_scale [--studies 227835]
"""

import argparse
import random
import resource
import time
from pathlib import Path

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.attributes import StatedFinding, StudyAttributes
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, build_cohort
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.planning import target_choice
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.proposals import Chooser, Trial
from medcutmix_cli.planning.target_choice import TargetedChoice, plan_targets
from medcutmix_cli.records import Side
from medcutmix_cli.seeds import stable_hash

HERE = Path(__file__).resolve().parent
STUDIES = 227_835
ASKED = ("consolidation@device=no", "balance:consolidation", "balance/view", "balance")
SHARES = (0.25, 0.05, 0.04, 0.02, 0.2, 0.08, 0.22, 0.03)
"""How often each finding that is exchanged by default is there, about as in MIMIC-CXR."""


def made_cohort(count: int) -> Cohort:
    """Return studies of three a patient, whose findings and devices go with the view."""
    rng, known = random.Random(0), {}
    return build_cohort(made_study(number, rng, known) for number in range(count))


def made_study(number: int, rng: random.Random, known: dict[StudyAttributes, StudyAttributes]) -> PackedStudy:
    findings = NormalHost().findings
    portable = rng.random() < 0.5
    device = rng.random() < (0.6 if portable else 0.2)
    often = (1.5 if portable else 0.5) * (1.5 if device else 0.6)
    there = [name for name, share in zip(findings, SHARES, strict=True) if rng.random() < share * often]
    stated = [
        StatedFinding(name, "present", rng.choice(list(Side)), rng.choice(["", "small", "large"]))
        for name in there
    ]
    denied = [StatedFinding(name, "absent") for name in rng.sample(findings, 2) if name not in there]
    values = (("device", "yes" if device else "no"), ("view", "AP" if portable else "PA"))
    attributes = StudyAttributes(tuple(sorted([*stated, *denied], key=lambda s: s.finding)), values)
    return PackedStudy(
        study_id=f"s{number}",
        subject_id=f"p{number // 3}",
        split="train",
        image_id=f"i{number}",
        gives=tuple((one.finding, one.side) for one in stated),
        lacks=(),
        packed=b"",
        findings=len(stated),
        clear=not stated,
        attributes=known.setdefault(attributes, attributes),
    )


def tried(match, _chooser, studies):
    """Refuse three matches of ten, always the same."""
    donor, drawn = studies[match.donor].study_id, stable_hash(match.host, match.donor, match.finding)
    if int(drawn, 16) % 10 < 3:
        return Trial("refused", donor)
    pair = PackedPair(drawn, match.finding, studies[match.host].study_id, "", "", b"")
    return Trial("", donor, drawn, pair)


def measure(cohort: Cohort, target: str) -> str:
    """Fill a target, and return its row of the table."""
    settings, strategy = PlanSettings(target=(target,)), NormalHost()
    chooser = Chooser(settings, strategy, DEFAULT_READER, None)
    choice = TargetedChoice(chooser, plan_targets(settings, strategy, {}))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    choice.choose_all(cohort, None, 1, lambda *_: None)
    took = time.perf_counter() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
    lacked = sum(outcome.wanted - outcome.have for outcome in choice.outcomes)
    counts = (len(choice.outcomes), lacked, len(choice.pairs), choice.refused.total())
    return f"| `{target}` | {' | '.join(f'{n:,}' for n in counts)} | {took:.0f} s | {more:,.0f} MB |"


def main() -> None:
    """Measure, and keep the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=STUDIES)
    count = parser.parse_args().studies
    target_choice.try_match = tried
    cohort = made_cohort(count)
    rows = [measure(cohort, target) for target in ASKED]
    head = "| target | cells | pairs lacked, summed over cells | planned | refused | time | more memory |"
    text = f"""# Targets at the size of MIMIC-CXR

Who is matched with whom among {count:,} studies made of attributes alone, by

    python -m tests.benchmarks.targets_at_scale --studies {count}

in one process of a machine with 2 CPUs that others used as well. Three of ten matches are refused; what the rules of a
real pair take comes on top (PLAN.md). Memory is the growth of the peak, which later rows share.

{head}
|---|---|---|---|---|---|---|
"""
    (HERE / "TARGETS.md").write_text(text + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
