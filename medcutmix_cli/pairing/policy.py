"""What may be done with each finding, as data (`policy.toml`), with what a recipe overrides. Knows no report."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from importlib import resources
from typing import Any

from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.pairing.cohort import Cohort
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
        if name not in policy:
            raise UsageError(f"[plan.policy.{name}]: there is no such finding", hint=suggest(name, policy))
        policy[name] = _changed(policy[name], name, said)
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
    """

    findings: tuple[str, ...] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    rules: Policy = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Resolve the policy, and refuse findings there are not."""
        rules = overridden(self.policy)
        for name in self.findings:
            if name not in rules:
                raise UsageError(f"there is no finding {name!r}", hint=suggest(name, rules))
        chosen = self.findings or tuple(name for name, rule in rules.items() if rule.default)
        # What is settled here cannot be a default value: it depends on two fields.
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "findings", chosen)

    def view_refusal(self, recipient: ReadStudy, donor: ReadStudy, findings: Iterable[str]) -> str:
        """Return "different-view" where one of the findings asks for the same view position and there are two."""
        asked = any(self.rules[finding].same_view for finding in findings)
        return "different-view" if asked and recipient.image.view != donor.image.view else ""

    def givable(self, cohort: Cohort, split: str) -> list[str]:
        """Return the findings that somebody can give and that can be put into a picture."""
        return [f for f in self.findings if (split, f) in cohort.frequency and self.rules[f].image != "keep"]
