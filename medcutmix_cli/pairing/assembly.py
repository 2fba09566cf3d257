"""From a proposal that keeps the rules to a frozen pair: ids, sections, entities, neighbours, text weights."""

from __future__ import annotations

from medcutmix_cli.pairing.causes import doubted_labels
from medcutmix_cli.pairing.consistency import impression_consistent
from medcutmix_cli.pairing.proposal import Proposal
from medcutmix_cli.records import (
    MAPPED_MODES,
    Assertion,
    Entity,
    MapTarget,
    Neighbour,
    Pair,
    Parent,
    Reading,
    ReadStudy,
    Sentence,
    Side,
    TextWeights,
)
from medcutmix_cli.reports.labels import chexpert_labels, counted_sentences, labels_of_mix
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.reports.words import common_word
from medcutmix_cli.seeds import stable_hash


def pair_id_of(strategy: str, proposal: Proposal) -> str:
    """Return 16 hex digits: a hash of who gives what to whom, never of when or where it is rendered."""
    recipient, donor = proposal.recipient, proposal.donor
    gone = finding_leaving(proposal)
    exchanged = (proposal.finding,) if gone == proposal.finding else (proposal.finding, gone)
    of_recipient = recipient.study.study_id, recipient.image.image_id
    return hash_pair(strategy, exchanged, of_recipient, (donor.study.study_id, donor.image.image_id))


def hash_pair(
    strategy: str, exchanged: tuple[str, ...], recipient: tuple[str, str], donor: tuple[str, str]
) -> str:
    """Return the id of a pair: of what comes and leaves, and of the study and image of both parents."""
    return stable_hash(strategy, *exchanged, *recipient, *donor)


def finding_leaving(proposal: Proposal) -> str:
    """Return the finding that leaves; "" where none does."""
    return proposal.finding if proposal.finding_a is None else proposal.finding_a


def labels_of(sentences: tuple[Sentence, ...]) -> tuple[float, ...]:
    """Return what some sentences say by themselves, as `Parent.labels`."""
    return chexpert_labels(Reading(sections=(), sentences=sentences))


def mixed_labels(
    own: tuple[float, ...], recipient: Reading, given: tuple[float, ...], mixed: Reading
) -> tuple[float, ...]:
    """Return `Pair.labels`; see `labels_of_mix`."""
    return labels_of_mix(own, chexpert_labels(recipient), given, chexpert_labels(mixed))


def make_pair(strategy: str, proposal: Proposal, report: str, reading: Reading) -> Pair:
    """Freeze a proposal whose mixed report keeps all rules.

    Args:
        strategy: Registered name.
        proposal: Who gives what to whom.
        report: The mixed report.
        reading: The mixed report, read again.
    """
    kept, inserted = proposal.kept, proposal.inserted
    labels_given = labels_of(inserted)
    leaving = finding_leaving(proposal)
    stays, not_given = _guarded(proposal.pictures_of or proposal)
    own = _asked(proposal.recipient_sentence, leaving, proposal.recipient_side)
    given = _asked(proposal.donor_sentence, proposal.finding, proposal.donor_side)
    return Pair(
        pair_id=pair_id_of(strategy, proposal),
        strategy=strategy,
        split=proposal.recipient.study.split,
        finding=proposal.finding,
        recipient=_parent(proposal.recipient, proposal.recipient_sentence, own, stays),
        donor=_parent(proposal.donor, proposal.donor_sentence, given, not_given),
        edits=proposal.edits,
        report=report,
        findings_text=section_text(report, reading, "findings"),
        impression_text=section_text(report, reading, "impression"),
        given=labels_given,
        labels=mixed_labels(proposal.recipient.labels, proposal.recipient.reading, labels_given, reading),
        text_weights=text_weights(kept, inserted),
        finding_a=leaving,
        image_mode=proposal.image_mode,
        last_paragraph_text=section_text(report, reading, "last_paragraph"),
        comparison_text=section_text(report, reading, "comparison"),
        indication_text=section_text(report, reading, "indication"),
        impression_consistent=impression_consistent(reading),
        entities=entities_of(reading),
        doubted=doubted_labels(proposal.donor.reading, proposal.finding),
    )


def entities_of(reading: Reading) -> tuple[Entity, ...]:
    """Return every finding named in the counting sections of a report."""
    return tuple(
        Entity(m.start, m.end, m.finding, m.assertion, m.side, sentence.section)
        for sentence in counted_sentences(reading)
        for m in sentence.mentions
    )


def _guarded(proposal: Proposal) -> tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]:
    """Return what of the recipient must stay, and what of the donor must not come; nothing where no map decides.

    What the exchanged sentences name beside the finding ("opacity consistent with pneumonia") goes along with it. A
    finding of the donor's that has just left the recipient must not come back.
    """
    if proposal.image_mode not in MAPPED_MODES:
        return (), ()
    gone = {finding_leaving(proposal), proposal.finding} | _asserted(proposal.recipient_sentence)
    come = {proposal.finding} | _asserted(proposal.donor_sentence, *proposal.inserted)
    return _neighbours(proposal.kept, gone), _neighbours(proposal.donor.reading.sentences, come)


def _asserted(*sentences: Sentence | None) -> set[str]:
    return {finding for sentence in sentences if sentence for finding in sentence.findings(Assertion.PRESENT)}


def _neighbours(sentences: tuple[Sentence, ...], exchanged: set[str]) -> tuple[Neighbour, ...]:
    """Return what else the sentences assert, each finding once: by its first sentence."""
    found: dict[str, Neighbour] = {}
    for sentence in sentences:
        for m in sentence.mentions:
            if m.assertion is Assertion.PRESENT and m.finding not in exchanged:
                found.setdefault(m.finding, Neighbour(m.finding, fold(sentence.text), m.side))
    return tuple(found.values())


def _asked(sentence: Sentence | None, finding: str, side: Side) -> MapTarget:
    """Return what a map is asked for: the side of the whole statement, the rest as the sentence alone words it."""
    about = [m for m in sentence.mentions if m.finding == finding] if sentence else []
    present = [m for m in about if m.assertion is Assertion.PRESENT]
    severity, location = (common_word(getattr(m, name) for m in present) for name in ("severity", "location"))
    return MapTarget(finding, side, severity, location)


def _parent(
    study: ReadStudy, sentence: Sentence | None, target: MapTarget, neighbours: tuple[Neighbour, ...]
) -> Parent:
    report = study.study.report
    return Parent(
        study_id=study.study.study_id,
        subject_id=study.study.subject_id,
        image_id=study.image.image_id,
        image_path=study.image.path,
        view=study.image.view,
        report=report,
        sentence=fold(sentence.text) if sentence else "",
        side=target.side,
        labels=study.labels,
        findings_text=section_text(report, study.reading, "findings"),
        impression_text=section_text(report, study.reading, "impression"),
        last_paragraph_text=section_text(report, study.reading, "last_paragraph"),
        comparison_text=section_text(report, study.reading, "comparison"),
        indication_text=section_text(report, study.reading, "indication"),
        neighbours=neighbours,
        prompted=study.study.prompted,
        severity=target.severity,
        location=target.location,
    )


def section_text(report: str, reading: Reading, name: str) -> str | None:
    """Return the body of a section, None where there is none."""
    section = reading.section(name)
    return report[section.start : section.end] if section else None


def text_weights(kept: tuple[Sentence, ...], inserted: tuple[Sentence, ...]) -> TextWeights:
    """Return the recipient's share of the mixed text by words, sentences and finding mentions."""
    return TextWeights(
        tokens=_share(_words(kept), _words(inserted)),
        sents=_share(len(kept), len(inserted)),
        entities=_share(_mentions(kept), _mentions(inserted)),
    )


def _words(sentences: tuple[Sentence, ...]) -> int:
    return sum(len(sentence.text.split()) for sentence in sentences)


def _mentions(sentences: tuple[Sentence, ...]) -> int:
    return sum(len(sentence.mentions) for sentence in sentences)


def _share(own: int, given: int) -> float:
    """Return own / (own + given); 1 where neither parent has any: nothing came from the donor."""
    return own / (own + given) if own + given else 1.0
