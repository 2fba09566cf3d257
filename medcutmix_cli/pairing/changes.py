"""One report's text changed by another's: who leaves, who comes, and the edits that make it so. Knows no pixel.

Every change is a list of edits on exact spans of the recipient's original report: `splice(report, edits)` is the
mixed report. Text that enters is the donor's; what is neither (source -1) is only numbers of a list, punctuation,
blanks, a capital letter, or the recipient's own conjunction in another place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from medcutmix_cli.pairing.clauses import exceptions
from medcutmix_cli.pairing.connectives import loosen_ties
from medcutmix_cli.pairing.drafting import Draft, SentenceChange
from medcutmix_cli.pairing.form_labels import labels_over, stands_elsewhere
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.pairing.likeness import (
    overtaken_cause,
    shows_no_lesion,
    stays_as_mass,
    unlikeness,
)
from medcutmix_cli.pairing.normals import is_acute, of_the_lung
from medcutmix_cli.pairing.removals import Removal, departure
from medcutmix_cli.pairing.statements import Refusal, Statement, statement_of
from medcutmix_cli.pairing.text_change import TextChange, change_by
from medcutmix_cli.records import Assertion, Edit, ReadStudy, Section, Sentence
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.relations import words_of

_SENTENCES = 3
_PLACES = 3
_MAIN = ("findings", "impression", "last_paragraph")


def swap(recipient: ReadStudy, donor: ReadStudy, finding: str) -> TextChange | Refusal:
    """Exchange the recipient's statement of a finding for the donor's of the same finding.

    Measurements of the donor's stay in its sentence: its picture comes with it.
    """
    gone = departure(recipient.reading, finding)
    if isinstance(gone, Refusal):
        return gone
    given = statement_of(donor, finding)
    if isinstance(given, Refusal):
        return given
    asserting = _asserting(gone, finding)
    if _several(asserting, finding):
        return Refusal("recipient-tells-of-several")
    gone = _without_the_rule(gone, finding)
    # A label knows no side: a prompt made of it says that the finding is there, and no more.
    theirs = given.side if donor.study.prompted else gone.side
    unlike = unlikeness(asserting, given.sentences, finding, (theirs, given.side))
    if unlike:
        return Refusal(unlike)
    arriving = Insertion.of(given.sentences).beside_untold(donor.reading, given)
    beside = arriving.without(recipient.findings, moved=_moves(asserting, given, finding))
    cleared = beside.clear(recipient.reading, [change.sentence for change in gone.changes])
    if isinstance(cleared, Refusal):
        return cleared
    draft = _draft([*gone.changes, *cleared], given, recipient, everywhere=is_acute(finding))
    kept = draft.kept_sentences(recipient.reading)
    if stays_as_mass(finding, gone.side, kept):
        return Refusal("recipient-calls-it-a-mass")
    if overtaken_cause(gone.query, given.sentences, finding, kept):
        return Refusal("cause-of-a-greater-finding-stays")
    return change_by(recipient, draft, gone, given, beside)


def _asserting(gone: Removal, finding: str) -> list[Sentence]:
    """Return what asserts the finding that leaves, the map's query first."""
    others = (change.sentence for change in gone.changes if change.left is None)
    asserting = [s for s in others if any(m.finding == finding for m in s.mentions)]
    return [gone.query, *asserting]


def _without_the_rule(gone: Removal, coming: str) -> Removal:
    """Let what was said but for the finding that leaves go with it: "The lungs are clear except for atelectasis."."""
    changes = tuple(SentenceChange(c.sentence) if _is_the_rule(c, coming) else c for c in gone.changes)
    return replace(gone, changes=changes)


def _is_the_rule(change: SentenceChange, coming: str) -> bool:
    """Say whether what is left of a sentence was said with an exception; lungs are clear beside what lies in none."""
    left = change.left
    if left is None or any(m.assertion is not Assertion.ABSENT for s in left.sentences for m in s.mentions):
        return False
    excepted, words = exceptions(), words_of(left.text)
    excepts = excepted.search(words_of(change.sentence.text)) and not excepted.search(words)
    beside = not of_the_lung(coming) and {"lung", "lungs"} & set(words.split())
    return bool(excepts) and not beside


def _moves(asserting: Iterable[Sentence], given: Statement, finding: str) -> bool:
    """Say whether what comes lies in none of the places of what leaves."""
    coming = {(m.side, m.location) for m in given.main.mentions if m.finding == finding}
    return coming.isdisjoint(
        (m.side, m.location) for s in asserting for m in s.mentions if m.finding == finding
    )


def _several(asserting: Sequence[Sentence], finding: str) -> bool:
    """Say whether one statement would say too little: of more than three sentences, or of three places."""
    told = Counter(s.section for s in dict.fromkeys(asserting))
    places = {
        (s.section, m.side, m.location)
        for s in asserting
        for m in s.mentions
        if m.finding == finding and m.location
    }
    apart = Counter(section for section, _, _ in places)
    return any(count > _SENTENCES for count in told.values()) or any(n >= _PLACES for n in apart.values())


def cross(recipient: ReadStudy, donor: ReadStudy, leaving: str, coming: str) -> TextChange | Refusal:
    """Exchange the recipient's statement of `leaving` for the donor's of `coming`.

    What the recipient says against `coming`, by name or by a statement of normality, leaves as well.
    """
    if leaving == coming:
        return swap(recipient, donor, leaving)
    gone = departure(recipient.reading, leaving)
    if isinstance(gone, Refusal):
        return gone
    if any(shows_no_lesion(s) for s in _asserting(gone, leaving)):
        return Refusal("recipient-shadow-is-of-no-lesion")
    given = statement_of(donor, coming)
    if isinstance(given, Refusal):
        return given
    there = _already_there(recipient, coming)
    if there is not None:
        return there
    gone = _without_the_rule(gone, coming)
    arriving = Insertion.of(given.sentences).beside_untold(donor.reading, given).in_place_of(gone.changes)
    cleared = arriving.clear(recipient.reading, [change.sentence for change in gone.changes])
    if isinstance(cleared, Refusal):
        return cleared
    draft = _draft([*gone.changes, *cleared], given, recipient, everywhere=True)
    if stays_as_mass(leaving, gone.side, draft.kept_sentences(recipient.reading)):
        return Refusal("recipient-calls-it-a-mass")
    return change_by(recipient, draft, gone, given, arriving)


def host(recipient: ReadStudy, donor: ReadStudy, coming: str) -> TextChange | Refusal:
    """Insert the donor's statement of `coming` into a report without findings.

    It stands where the report denied it or called the chest normal, else at the end, in findings and impression.
    """
    given = statement_of(donor, coming)
    if isinstance(given, Refusal):
        return given
    there = _already_there(recipient, coming)
    if there is not None:
        return there
    arriving = Insertion.of(given.sentences).beside_untold(donor.reading, given)
    cleared = arriving.clear(recipient.reading, ())
    if isinstance(cleared, Refusal):
        return cleared
    if not _main_sections(recipient):
        return Refusal("recipient-has-no-text-to-host")
    draft = _draft(cleared, given, recipient, everywhere=True)
    return change_by(recipient, draft, None, given, arriving)


def concatenation(recipient: ReadStudy, donor: ReadStudy) -> TextChange:
    """Append the donor's findings and impression to the recipient's (MixGen, arXiv 2206.08358).

    A section that the recipient does not have is appended to its last main one. Nothing is taken out, so the
    text may contradict itself as that method's does.
    """
    report, main = recipient.study.report, _main_sections(recipient)
    edits: list[Edit] = []
    inserted: list[Sentence] = []
    for name in _main_sections(donor) if main else ():
        target = recipient.reading.section(name if name in main else main[-1])
        source = donor.reading.section(name)
        if target is not None and source is not None:
            edits.append(_appended(report, target, donor.study.report, source))
            within = (s for s in donor.reading.sentences if source.start <= s.start and s.end <= source.end)
            inserted += [replace(s, section=target.name) for s in within]
    ordered = tuple(sorted(edits, key=lambda edit: edit.start))
    return TextChange(ordered, recipient.reading.sentences, tuple(inserted))


def _appended(report: str, target: Section, other: str, source: Section) -> Edit:
    stop = "" if report[: target.end].endswith((".", "!", "?", ":")) else "."
    text = f"{stop}\n {other[source.start : source.end]}"
    return Edit(target.end, target.end, text, target.name, "", source.start, source.end)


def _main_sections(study: ReadStudy) -> tuple[str, ...]:
    """Return the counting sections in the order of the report, addenda left out."""
    names = [s.section for s in counted_sentences(study.reading) if s.section != "addendum"]
    return tuple(dict.fromkeys(names))


def _already_there(recipient: ReadStudy, coming: str) -> Refusal | None:
    said_of_it = {
        m.assertion for s in counted_sentences(recipient.reading) for m in s.mentions if m.finding == coming
    }
    if Assertion.PRESENT in said_of_it or coming in recipient.findings:
        return Refusal("recipient-has-the-coming-finding")
    return Refusal("recipient-hedges-the-coming-finding") if Assertion.UNCERTAIN in said_of_it else None


def _draft(
    changes: Sequence[SentenceChange], given: Statement, recipient: ReadStudy, *, everywhere: bool
) -> Draft:
    """Give sections the donor's sentence: in the best place that became free, else at the end.

    Args:
        changes: Of the sentences that leave, or lose something.
        given: The donor's statement.
        recipient: Whose report it is.
        everywhere: Whether sections that lose nothing are told too, so that findings and impression tell one story.
    """
    changes = loosen_ties(recipient.reading.sentences, changes)
    places = _places(changes, recipient, given)
    main = _main_sections(recipient)
    losing = {change.sentence.section for change in changes if change.sentence.section in main}
    told = [name for name in main if name not in places and (everywhere or name in losing)]
    placed = tuple(
        replace(change, coming=_worded(given, change.sentence.section, recipient))
        if change in places.values()
        else change
        for change in changes
    )
    return Draft(placed, tuple((name, _worded(given, name, recipient)) for name in told))


def _places(
    changes: Sequence[SentenceChange], recipient: ReadStudy, given: Statement
) -> dict[str, SentenceChange]:
    """Return section -> where the donor's sentence goes: a whole sentence's place before a clause's.

    In a list no clause's place will do: what comes is an item of its own. Nor will one behind the label of another
    organ: a form has a line for it.
    """
    labels = labels_over(recipient.reading.sentences)
    listed = {s.section for s in recipient.reading.sentences if "list-marker" in s.flags}
    places: dict[str, SentenceChange] = {}
    for change in changes:
        name = change.sentence.section
        free = change.left is None or name not in listed
        free = free and not stands_elsewhere(change.sentence, labels, given.main)
        if name != "addendum" and free and (name not in places or _better(change, places[name])):
            places[name] = change
    return places


def _worded(given: Statement, section: str, recipient: ReadStudy) -> Sentence:
    """Return the donor's statement in the style of the section it comes into."""
    own = [s for s in recipient.reading.sentences if s.section == section]
    says_there_is = any(s.text.lower().startswith("there ") for s in own)
    return given.in_style(section, telegraphic=section == "impression" and not says_there_is)


def _better(change: SentenceChange, than: SentenceChange) -> bool:
    """Say whether a place is better: a whole sentence's before a clause's."""
    return change.left is None and than.left is not None
