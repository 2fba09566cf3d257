"""What a targeted plan is asked for, as it is typed: which cells of the data set are to be filled, and how far.

    consolidation@device=no              until as many as in the fullest other cell: here, with a device
    consolidation@device=no,view=PA:even until as frequent as where it is most frequent
    pleural_effusion.left.small:200      until there are 200, originals and mixes together
    pneumothorax@sex=f:+50               50 mixes
    no-consolidation@device=yes          studies without it, as they are, until as many as in the fullest other cell
    balance:consolidation/view           one such target for each view (likewise balance, balance:FINDING, balance/NAME)

Knows names and numbers, no study.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.pairing.attributes import DEVICE, STATES, VIEW
from medcutmix_cli.records import FRONTAL_VIEWS, Side
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.sides import side_word

AS_MANY, EVEN = "as-many", "even"
WITHOUT = "no-"
BALANCE = "balance"
EXAMPLE = (
    "for example: consolidation@device=no, effusion.left:200, balance:consolidation/view (docs/targets.md)"
)
SIDES = tuple(word for side in Side if (word := side_word(side)))

KnownValues = Mapping[str, Sequence[str]]
"""Attribute -> the values it can have; findings are attributes too, with their states."""


@dataclass(frozen=True, slots=True)
class PlanTarget:
    """One target: a finding, where it is wanted, and how often.

    Attributes:
        text: As it is typed; of a part of a balance, as it would be typed alone.
        finding: Lexicon id.
        side: "left", "right", "bilateral", or "" for any.
        severity: Word of degree or size, or "" for any.
        where: (attribute, value), all of which a study must have.
        amount: "as-many", "even", or a number.
        more: Whether the number counts mixes alone, beside the originals.
        balanced: Whether it is part of a balance: where there is nothing to balance, nothing is wanted.
        without: Whether studies that lack the finding are wanted. Nothing is mixed in their rows.
    """

    text: str
    finding: str
    side: str = ""
    severity: str = ""
    where: tuple[tuple[str, str], ...] = ()
    amount: str = AS_MANY
    more: bool = False
    balanced: bool = False
    without: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """A target for each finding and each value of each attribute.

    Attributes:
        finding: Lexicon id, or "" for all that can be given (likewise names: attributes, empty for all).
        amount: "as-many" or "even".
    """

    text: str
    finding: str = ""
    names: tuple[str, ...] = ()
    amount: str = AS_MANY


@dataclass(frozen=True, slots=True)
class TargetNames:
    """What can be named in a target.

    Attributes:
        findings: Lexicon ids.
        values: Attribute -> its values.
    """

    findings: tuple[str, ...] = field(default_factory=finding_ids)
    values: KnownValues = field(default_factory=lambda: known_values({}))


def known_values(columns: KnownValues) -> dict[str, Sequence[str]]:
    """Return every attribute with its values: what each study has, and what a table says besides.

    A table may say the view or device of some studies only: what the others have can be named as well.
    """
    own: dict[str, Sequence[str]] = {VIEW: sorted(FRONTAL_VIEWS), DEVICE: ("yes", "no")}
    joined = {name: tuple(dict.fromkeys((*own.get(name, ()), *values))) for name, values in columns.items()}
    return {**own, **joined}


def read_targets(texts: Iterable[str], names: TargetNames) -> list[PlanTarget | Balance]:
    """Read what was typed.

    Raises:
        UsageError: It is no target, or names what there is not.
    """
    return [_read_target(text.strip(), names) for text in texts]


def named_findings(texts: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Return the findings that targets want given, each once; what makes no sense is left to `read_targets`."""
    wanted = (text.strip() for text in texts if not text.strip().startswith(WITHOUT))
    words = (re.split(r"[@:/.]", text.removeprefix(f"{BALANCE}:"))[0] for text in wanted)
    return tuple(dict.fromkeys(filter(None, (_finding_id(word, known) for word in words))))


_BALANCE = re.compile(rf"{BALANCE}(?::(?P<finding>[^/:]+))?(?:/(?P<names>[^:]+))?(?::(?P<amount>.+))?")
_TARGET = re.compile(r"(?P<what>[^@:]+)(?:@(?P<where>[^:]+))?(?::(?P<amount>.+))?")


def _read_target(text: str, names: TargetNames) -> PlanTarget | Balance:
    compact = re.sub(r"\s*([@=:/,.+])\s*", r"\1", text)
    if compact.split(":")[0].split("/")[0] == BALANCE:
        return _read_balance(text, compact, names)
    match = _TARGET.fullmatch(compact)
    if match is None:
        raise _unclear(text, "is no target")
    without = match["what"].startswith(WITHOUT)
    finding, side, severity = _read_what(text, match["what"].removeprefix(WITHOUT), names)
    if without and (side or severity):
        raise _unclear(text, "says of what is absent where or how large it is", f"{WITHOUT}{finding}")
    where = _read_where(text, match["where"] or "", names)
    amount = match["amount"] or AS_MANY
    more = amount.startswith("+")
    if amount not in (AS_MANY, EVEN) and not amount.removeprefix("+").isdecimal():
        raise _unclear(text, f"has the amount {amount!r}", "as-many, even, a number, or + and a number")
    if not where and amount in (AS_MANY, EVEN):
        hint = f"{finding}:200 for a number of studies, {finding}@device=no for a cell to compare with others"
        raise _unclear(text, "says neither where nor how many", hint)
    amount = amount.removeprefix("+")
    return PlanTarget(compact, finding, side, severity, where, amount, more, without=without)


def _read_balance(text: str, compact: str, names: TargetNames) -> Balance:
    match = _BALANCE.fullmatch(compact)
    if match is None:
        raise _unclear(
            text, "is no balance", "balance, balance:FINDING, balance/ATTRIBUTE, balance:FINDING/ATTRIBUTE"
        )
    amount = match["amount"] or AS_MANY
    if amount not in (AS_MANY, EVEN):
        raise _unclear(text, f"has the amount {amount!r}", f"a balance is {AS_MANY} or {EVEN}")
    finding = _known_finding(text, match["finding"], names) if match["finding"] else ""
    chosen = tuple(match["names"].split(",")) if match["names"] else ()
    for name in chosen:
        _values_of(text, name, names)
    return Balance(compact, finding, chosen, amount)


def _read_what(text: str, words: str, names: TargetNames) -> tuple[str, str, str]:
    """Return finding, side and severity."""
    finding, *more = words.split(".")
    sides = [word for word in more if word in SIDES]
    others = [word for word in more if word not in SIDES]
    if len(sides) > 1 or len(others) > 1:
        raise _unclear(text, "names two sides or two severities", "a target for each")
    return _known_finding(text, finding, names), "".join(sides), "".join(others)


def _known_finding(text: str, finding: str, names: TargetNames) -> str:
    known = _finding_id(finding, names.findings)
    if not known:
        hint = suggest(_plain(finding), names.findings)
        raise _unclear(text, f"names the finding {finding!r}, which there is not", hint)
    return known


def _finding_id(words: str, known: Sequence[str]) -> str:
    """Return the lexicon id of what was typed: "Pleural effusion" is understood, so is "effusion"; "" for none."""
    plain = _plain(words)
    ends = [finding for finding in known if finding.endswith(f"_{plain}")]
    if plain in known:
        return plain
    return ends[0] if len(ends) == 1 else ""


def _plain(words: str) -> str:
    return re.sub(r"[\s-]+", "_", words.strip().lower())


def _read_where(text: str, words: str, names: TargetNames) -> tuple[tuple[str, str], ...]:
    pairs: dict[str, str] = {}
    for pair in filter(None, words.split(",")):
        name, equals, value = pair.partition("=")
        if not equals or not value:
            raise _unclear(text, f"has {pair!r} where ATTRIBUTE=VALUE is wanted")
        if name in pairs:
            raise _unclear(text, f"says {name!r} twice", "a target for each value")
        pairs[name] = _known_value(text, name, value, names)
    return tuple(sorted(pairs.items()))


def _known_value(text: str, name: str, value: str, names: TargetNames) -> str:
    values = _values_of(text, name, names)
    found = next((known for known in values if known.lower() == value.lower()), None)
    if found is None:
        raise _unclear(text, f"has {value!r} as {name}", suggest(value, values))
    return found


def _values_of(text: str, name: str, names: TargetNames) -> Sequence[str]:
    if name in names.values:
        return names.values[name]
    if name in names.findings:
        return STATES
    hint = suggest(name, names.values)
    raise _unclear(
        text,
        f"names the attribute {name!r}, which there is not",
        f"{hint}; --attributes TABLE adds its columns",
    )


def _unclear(text: str, problem: str, hint: str = EXAMPLE) -> UsageError:
    return UsageError(f"--target {text!r} {problem}", hint=hint)
