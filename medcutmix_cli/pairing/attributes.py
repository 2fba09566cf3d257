"""What a data set knows of a study, by name: its findings, its view, whether a device is in it, columns of a table.

Cells of a targeted plan, shortcuts and the shape of a set are all counted by these names. Opens no picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, Mention, ReadStudy, Side
from medcutmix_cli.reports.labels import counted_sentences, finding_states
from medcutmix_cli.reports.lexicon import label_of
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.reports.words import common_word

VIEW, DEVICE = "view", "device"
"""Attributes that every study has."""

DEVICES = "support_devices"
PRESENT, UNCERTAIN, ABSENT, UNSAID = "present", "uncertain", "absent", "unsaid"
STATES = (PRESENT, UNCERTAIN, ABSENT, UNSAID)
"""What can be known of a finding; one that has resolved is absent."""


@dataclass(frozen=True, slots=True)
class StatedFinding:
    """What a study's report, and its label table where that counts, say of one finding.

    Attributes:
        finding: Lexicon id, or an open finding.
        state: One of `STATES`, never "unsaid".
        side: Of what is present; bilateral where it is said of both, NONE where of none.
        severity: Word of degree or size of what is present, "" where there is none, or several.
    """

    finding: str
    state: str
    side: Side = Side.NONE
    severity: str = ""


@dataclass(frozen=True, slots=True)
class StudyAttributes:
    """What is known of one study and the picture that stands for it.

    Attributes:
        findings: What its report speaks of, by the order of names.
        values: (name, value) by the order of names: "view", "device" ("yes" or "no"), and what tables say, who have
            the last word. What is not known is not there: a view without a name, a device that is only suspected.
    """

    findings: tuple[StatedFinding, ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    def finding(self, name: str) -> StatedFinding | None:
        """Return what is said of a finding, None where nothing is."""
        return next((stated for stated in self.findings if stated.finding == name), None)

    def state(self, name: str) -> str:
        """Return one of `STATES` for a finding."""
        stated = self.finding(name)
        return stated.state if stated else UNSAID

    def value(self, name: str) -> str:
        """Return the value of an attribute, "" where it is not known."""
        return next((value for known, value in self.values if known == name), "")

    @property
    def present(self) -> tuple[str, ...]:
        """Return the findings that are there, devices among them."""
        return tuple(stated.finding for stated in self.findings if stated.state == PRESENT)


UNKNOWN = StudyAttributes()
"""Of a study that nobody looked at."""


def attributes_of(read: ReadStudy) -> StudyAttributes:
    """Name what is known of a read study."""
    states = _states(read)
    mentions = [m for s in counted_sentences(read.reading) for m in s.mentions]
    findings = tuple(_stated(name, state, mentions) for name, state in sorted(states.items()))
    own = {
        VIEW: read.image.view,
        DEVICE: _device(states.get(DEVICES, UNSAID), silent=not read.study.prompted),
    }
    known = {**own, **dict(read.study.attributes)}
    return StudyAttributes(findings, tuple(sorted((name, value) for name, value in known.items() if value)))


def _states(read: ReadStudy) -> dict[str, str]:
    """Return finding -> state of all that are spoken of, by the report or by a label that means one finding alone."""
    by_report = {f: _state(read, f, assertion) for f, assertion in finding_states(read.reading).items()}
    labels = dict(zip(CHEXPERT, read.labels, strict=True))
    by_label = {f: _BY_LABEL.get(labels[name], UNSAID) for f, name in _alone().items() if f not in by_report}
    return {finding: state for finding, state in (by_label | by_report).items() if state != UNSAID}


@remember()
def _alone() -> dict[str, str]:
    """Return finding -> observation, where no other finding of the lexicon counts as that observation."""
    named = {finding: name for finding, name in label_of("chexpert").items() if name in CHEXPERT}
    times = Counter(named.values())
    return {finding: name for finding, name in named.items() if times[name] == 1}


_BY_REPORT = {
    Assertion.PRESENT: PRESENT,
    Assertion.UNCERTAIN: UNCERTAIN,
    Assertion.ABSENT: ABSENT,
    Assertion.RESOLVED: ABSENT,
}
_BY_LABEL = {1.0: PRESENT, -1.0: UNCERTAIN, 0.0: ABSENT}


def _state(read: ReadStudy, finding: str, assertion: Assertion) -> str:
    """Return the state of a finding that a report speaks of: present only where the study's labels agree."""
    said = _BY_REPORT[assertion]
    observation = label_of("chexpert").get(finding, "")
    if observation not in CHEXPERT:
        return said
    labelled = _BY_LABEL.get(read.labels[CHEXPERT.index(observation)], UNSAID)
    return said if said != PRESENT or labelled == PRESENT else labelled


def _stated(name: str, state: str, mentions: Iterable[Mention]) -> StatedFinding:
    if state != PRESENT:
        return StatedFinding(name, state)
    own = [m for m in mentions if m.finding == name and m.assertion is Assertion.PRESENT]
    return StatedFinding(name, state, _side(m.side for m in own), common_word(m.severity for m in own))


def _side(sides: Iterable[Side]) -> Side:
    """Return the side that several mentions give together."""
    known = set(sides) - {Side.NONE}
    if len(known) > 1:
        return Side.BILATERAL
    return next(iter(known), Side.NONE)


def _device(state: str, *, silent: bool) -> str:
    """Say whether a device is there; "" where it is not known.

    Args:
        state: What is said of devices.
        silent: Whether silence says that there is none: in a report it does, in one made of labels it does not.
    """
    if state == UNCERTAIN or (state == UNSAID and not silent):
        return ""
    return "yes" if state == PRESENT else "no"
