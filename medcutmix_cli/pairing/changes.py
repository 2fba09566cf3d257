"""One report's text changed by another's: who leaves, who comes, and the edits that make it so. Knows no pixel.

Every change is a list of edits on exact spans of the recipient's original report: `splice(report, edits)` is the
mixed report. Text that enters is the donor's; what is neither (source -1) is only numbers of a list, punctuation,
blanks, a capital letter, or the recipient's own conjunction in another place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from medcutmix_cli.pairing.clauses import exceptions, mention_content, reread
from medcutmix_cli.pairing.connectives import loosen_ties
from medcutmix_cli.pairing.drafting import Draft, SentenceChange, draft_edits, format_entering
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.form_labels import labels_over, stands_elsewhere
from medcutmix_cli.pairing.grammar import has_sentence_shape
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.pairing.likeness import (
    denied_filling,
    denied_nodules,
    misfits,
    overtaken_cause,
    shows_no_lesion,
    stays_as_mass,
    still_normal,
    unlikeness,
)
from medcutmix_cli.pairing.normals import is_acute, normal_beside_finding, of_the_lung
from medcutmix_cli.pairing.references import POINTS_BACK
from medcutmix_cli.pairing.removals import Removal, departure
from medcutmix_cli.pairing.statements import Refusal, Statement, statement_of
from medcutmix_cli.records import Assertion, Edit, ReadStudy, Section, Sentence, Side
from medcutmix_cli.reports.corrections import CORRECTED
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.relations import words_of

_SENTENCES = 3
_PLACES = 3
_MAIN = ("findings", "impression", "last_paragraph")


@dataclass(frozen=True, slots=True)
class TextChange:
    """How a recipient's report changes.

    Attributes:
        edits: Sorted by start, without overlap; offsets into the recipient's original report.
        kept: The recipient's sentences as they stay: one that was cut down has its remaining mentions.
        inserted: The donor's sentences as they enter, with the recipient's section.
        leaving: The sentence whose evidence leaves, None where nothing does: a map's query.
        coming: The donor's sentence whose evidence comes, None where nothing does: a map's query.
    """

    edits: tuple[Edit, ...]
    kept: tuple[Sentence, ...]
    inserted: tuple[Sentence, ...]
    leaving: Sentence | None = None
    coming: Sentence | None = None
    recipient_side: Side = Side.NONE
    donor_side: Side = Side.NONE


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
    return _change(recipient, draft, gone, given, beside)


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
    return _change(recipient, draft, gone, given, arriving)


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
    return _change(recipient, draft, None, given, arriving)


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


def _change(
    recipient: ReadStudy, draft: Draft, gone: Removal | None, given: Statement, arriving: Insertion
) -> TextChange | Refusal:
    report, reading = recipient.study.report, recipient.reading
    if any(_breaks(change) for change in draft.changes):
        return Refusal("recipient-sentence-would-break")
    if any(CORRECTED in change.sentence.flags for change in draft.changes):
        return POINTS_BACK  # it explains, answers or puts right what would be gone
    edits = draft_edits(report, reading, draft)
    if isinstance(edits, Refusal):
        return edits
    kept, inserted = draft.kept_sentences(reading), draft.inserted_sentences()
    counting = _counting(recipient)
    new = given.finding not in recipient.findings
    untrue = _untruth(recipient, kept, inserted, arriving)
    if untrue:
        return Refusal(untrue)
    if any(arriving.conflicts(s) for s in kept if s.section in counting):
        return Refusal("contradiction-would-be-left")
    if new and denied_filling(inserted, given.finding, kept):
        return Refusal("recipient-denies-filled-lung")
    plain = (s for s in kept if s.section in counting and not arriving.leaves_the_rest(s))
    if new and still_normal(given.main, given.finding, given.side, plain):
        return Refusal("recipient-stays-normal")
    if normal_beside_finding(s for s in (*kept, *inserted) if s.section in counting):
        # The mixed report would be refused for it; not reading it first saves most of the time of pairing.
        return Refusal("normal-beside-acute-finding")
    if not _reads_as_meant(recipient, edits, (*kept, *inserted)):
        return Refusal("mixed-text-reads-differently")
    return TextChange(
        edits,
        kept,
        inserted,
        leaving=gone.query if gone else None,
        coming=given.main,
        recipient_side=gone.side if gone else Side.NONE,
        donor_side=given.side,
    )


def _untruth(
    recipient: ReadStudy, kept: Sequence[Sentence], inserted: Sequence[Sentence], arriving: Insertion
) -> str:
    """Name what the mixed report would say wrongly, though no two of its sentences deny each other; "" for nothing."""
    if denied_nodules(inserted, kept):
        return "recipient-denies-nodules"
    if _says_twice(kept, inserted):
        return "statement-would-stand-twice"
    if _denial_lost(recipient, kept, arriving.findings):
        return "denial-of-another-would-be-lost"
    return "other-finding-lost-in-a-section" if _lost_in_a_section(recipient, kept, inserted) else ""


def _says_twice(kept: Iterable[Sentence], inserted: Iterable[Sentence]) -> bool:
    """Say whether a section that has a sentence is given it once more."""
    said = {(s.section, format_entering(s).lower()) for s in kept}
    coming = [(s.section, format_entering(s).lower()) for s in inserted]
    return len(set(coming)) < len(coming) or not said.isdisjoint(coming)


def _lost_in_a_section(recipient: ReadStudy, kept: Sequence[Sentence], inserted: Sequence[Sentence]) -> bool:
    """Say whether a finding that stays in one section of a report is gone from another that told it as well."""
    counting = _counting(recipient)
    coming = {m.finding for s in inserted for m in s.mentions}
    before, after = _told_in(recipient.reading.sentences), _told_in(kept)
    stays = {finding for section, finding in after if section in counting}
    lost = {finding for section, finding in before - after if section in counting}
    return bool((lost & stays) - coming)


def _denial_lost(recipient: ReadStudy, kept: Sequence[Sentence], coming: Set[str]) -> bool:
    """Say whether a report no longer denies a finding that what comes, told or not, does not touch."""
    counting = _counting(recipient)
    before, after = (
        _denied_in(s for s in of if s.section in counting) for of in (recipient.reading.sentences, kept)
    )
    lung = any(of_the_lung(finding) for finding in coming)
    return any(not (lung and of_the_lung(finding)) for finding in before - after - coming)


def _denied_in(sentences: Iterable[Sentence]) -> set[str]:
    return {m.finding for s in sentences for m in s.mentions if m.assertion is Assertion.ABSENT}


def _told_in(sentences: Iterable[Sentence]) -> set[tuple[str, str]]:
    return {(s.section, m.finding) for s in sentences for m in s.mentions if m.assertion is Assertion.PRESENT}


def _breaks(change: SentenceChange) -> bool:
    """Say whether a sentence loses its shape with what is cut out of it."""
    left = change.left
    if left is not None and misfits(left.text) and not misfits(change.sentence.text):
        return True
    return left is not None and has_sentence_shape(change.sentence.text) and not has_sentence_shape(left.text)


def _counting(study: ReadStudy) -> frozenset[str]:
    return frozenset(s.section for s in counted_sentences(study.reading))


def _reads_as_meant(recipient: ReadStudy, edits: Sequence[Edit], expected: Iterable[Sentence]) -> bool:
    """Read the edited sections again; say whether they hold exactly the mentions that they should."""
    touched = {edit.section for edit in edits}
    meant = Counter(
        (s.section, mention_content(m)) for s in expected if s.section in touched for m in s.mentions
    )
    found: Counter[tuple[str, tuple[object, ...]]] = Counter()
    for section in recipient.reading.sections:
        if section.name in touched:
            body = mixed_body(recipient.study.report, section, edits)
            found.update((section.name, mention_content(m)) for s in reread(body) for m in s.mentions)
    return meant == found


def mixed_body(report: str, section: Section, edits: Sequence[Edit]) -> str:
    """Return the body of one section after the edits."""
    inside = [e for e in edits if section.start <= e.start and e.end <= section.end]
    by = section.start
    shifted = [replace(edit, start=edit.start - by, end=edit.end - by) for edit in inside]
    return splice(report[section.start : section.end], shifted)
