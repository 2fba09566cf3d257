"""What may be done with each finding, as data (`policy.toml`), with what a recipe overrides. Knows no report."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import resources
from typing import Any, ClassVar

from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.findings import is_open
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy
from medcutmix_cli.records import ReadStudy
from medcutmix_cli.reports.lexicon import finding_ids

IMAGES = ("attended", "soft", "keep")
"""How pictures may follow the text; see `policy.toml`."""


@dataclass(frozen=True, slots=True)
class FindingPolicy:
    """The policy of one finding.

    Attributes:
        default: Whether it is exchanged where no findings are named.
        image: How the pictures follow: one of `IMAGES`.
        same_view: Whether both pictures must have the same view position.
        same_severity: Whether both sentences must give the same degree, or one of them none.
    """

    default: bool = False
    image: str = "attended"
    same_view: bool = False
    same_severity: bool = False


OPEN_POLICY = FindingPolicy(default=True)
"""Of every open finding: exchanged, by its evidence, between studies that both name it; no anatomy is known of it."""

Policy = Mapping[str, FindingPolicy]
"""Lexicon id -> what may be done with it, in the order in which findings are drawn."""


@cache
def packaged_policy() -> Policy:
    """Return the policy that comes with the package."""
    text = resources.files("medcutmix_cli.pairing").joinpath("policy.toml").read_text(encoding="utf-8")
    return {name: _changed(FindingPolicy(), name, said) for name, said in tomllib.loads(text).items()}


def overridden(changes: Mapping[str, Any]) -> Policy:
    """Return the packaged policy with some values changed: {"cardiomegaly": {"image": "soft"}}.

    Raises:
        UsageError: A finding or key there is not, with the nearest known one, or a value that does not fit.
    """
    packaged = packaged_policy()
    # A user's own finding is off unless it is named: nobody has looked at its maps.
    policy = {name: rule for name, rule in packaged.items() if name in finding_ids()}
    policy |= {name: FindingPolicy() for name in finding_ids() if name not in packaged}
    for name, said in changes.items():
        if name not in policy and not is_open(name):
            raise UsageError(f"[plan.policy.{name}]: there is no such finding", hint=suggest(name, policy))
        policy[name] = _changed(policy.get(name, OPEN_POLICY), name, said)
    return policy


_KNOWN = {entry.name: type(entry.default) for entry in fields(FindingPolicy)}


def _changed(policy: FindingPolicy, finding: str, said: Any) -> FindingPolicy:
    where = f"[plan.policy.{finding}]"
    if not isinstance(said, Mapping):
        raise UsageError(f"{where} must be a table, not {said!r}", hint=f'{where} image = "soft"')
    for key, value in said.items():
        if key not in _KNOWN:
            raise UsageError(f"{where}: there is no {key!r}", hint=suggest(key, _KNOWN))
        if not isinstance(value, _KNOWN[key]):
            kind = "a text" if _KNOWN[key] is str else "true or false"
            raise UsageError(f"{where} {key} must be {kind}, not {value!r}")
    if said.get("image", IMAGES[0]) not in IMAGES:
        raise UsageError(f"{where}: there is no image {said['image']!r}", hint=suggest(said["image"], IMAGES))
    return replace(policy, **said)


@dataclass(frozen=True, slots=True)
class ByPolicy:
    """What every strategy that exchanges findings can be given.

    Attributes:
        findings: What may be exchanged, by lexicon id; none named means those that the policy has on by default.
        policy: What differs from the packaged policy, by lexicon id.
        rules: The policy that results.
        any_open: Whether open findings are exchanged beside those: no findings were named.
    """

    findings: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    rules: Policy = field(init=False, repr=False, compare=False)
    any_open: bool = field(init=False, repr=False, compare=False)
    takes_open: ClassVar[bool] = False
    """Whether the strategy exchanges open findings at all."""

    unmixed: ClassVar[str] = "drop"

    def __post_init__(self) -> None:
        """Resolve the policy, and refuse findings there are not."""
        rules = overridden(self.policy)
        for name in self.findings:
            if is_open(name) and not self.takes_open:
                raise UsageError(
                    f"{name!r} can be exchanged for the same only", hint="--pairing same-finding"
                )
            if name not in rules and not is_open(name):
                raise UsageError(f"there is no finding {name!r}", hint=suggest(name, rules))
        named = tuple(name for name, rule in rules.items() if rule.default and not is_open(name))
        object.__setattr__(self, "any_open", self.takes_open and not self.findings)
        # What is settled here cannot be a default value: it depends on two fields.
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "findings", self.findings or named)

    def rule(self, finding: str) -> FindingPolicy:
        """Return the policy of a finding, open ones too."""
        return self.rules.get(finding, OPEN_POLICY)

    def exchangeable(self, stated: Iterable[str]) -> list[str]:
        """Return which findings of a report may be exchanged for the same: the strategy's, then open ones."""
        own = frozenset(stated)
        opened = (f for f in sorted(own) if is_open(f) and self.any_open and self.rule(f).default)
        return [*(f for f in self.findings if f in own), *opened]

    def view_refusal(self, recipient: ReadStudy, donor: ReadStudy, findings: Iterable[str]) -> str:
        """Return "different-view" where one of the findings asks for the same view position and there are two."""
        asked = any(self.rule(finding).same_view for finding in findings)
        return "different-view" if asked and recipient.image.view != donor.image.view else ""

    def may_come(self, finding: str) -> bool:
        """Say whether a finding can be what comes."""
        return finding in self.findings

    def may_receive(self, study: PackedStudy, finding: str) -> bool:
        """Say whether a finding may come to a study, before its report is asked."""
        return self.may_come(finding)

    def givable(self, cohort: Cohort, split: str) -> list[str]:
        """Return the findings that somebody can give and that can be put into a picture."""
        return [f for f in self.findings if (split, f) in cohort.frequency and self.rule(f).image != "keep"]
