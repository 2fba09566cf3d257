"""One host, one donor and one finding, tried by the rules of a plan. Knows no other pair and no cell."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.pairing.clauses import reread_by
from medcutmix_cli.pairing.cohort import Cohort, PackedStudy, build_cohort
from medcutmix_cli.pairing.shared_studies import SharedStudies
from medcutmix_cli.planning.proposals import Chooser, Trial
from medcutmix_cli.reports.tables import use_lexicon

NOT_PROPOSED = "not-proposed"


@dataclass(frozen=True, slots=True)
class Match:
    """Who is to be given what by whom.

    Attributes:
        host: Position of the recipient in the cohort's studies (likewise donor).
        finding: Lexicon id of what comes.
        cell: Number of the cell that it is tried for.
        draw: How many pairs the host has.
    """

    host: int
    donor: int
    finding: str
    cell: int
    draw: int


def try_match(match: Match, chooser: Chooser, studies: tuple[PackedStudy, ...]) -> Trial:
    """Try one match: the strategy is shown a cohort in which this donor alone gives, and this finding alone."""
    host, donor = studies[match.host], studies[match.donor]
    trials = list(chooser.try_proposals(host, _donor_alone(donor, match.finding), match.draw))
    with_donor = [trial for trial in trials if trial.donor]
    last = (with_donor or trials or [Trial(NOT_PROPOSED)])[-1]
    if last.pair is not None and last.pair.finding not in ("", match.finding):
        return Trial(NOT_PROPOSED, last.donor)
    return last


def _donor_alone(donor: PackedStudy, finding: str) -> Cohort:
    sides = [side for given, side in donor.gives if given == finding]
    split = donor.split
    return Cohort(
        studies=(),
        donors={(split, finding, side): (donor,) for side in sides},
        frequency={(split, finding): len(sides)} if sides else {},
        members={split: (donor,)},
    )


class _MatchWorker:
    """What a process that tries matches holds."""

    chooser: Chooser
    studies: tuple[PackedStudy, ...]


def prepare_matching(chooser: Chooser, shelf: SharedStudies) -> None:
    """Make a process ready to `try_matches`."""
    _MatchWorker.chooser, _MatchWorker.studies = chooser, build_cohort(shelf.studies()).studies


def try_matches(matches: list[Match]) -> list[Trial]:
    """Try some matches in a process that was made ready."""
    chooser = _MatchWorker.chooser
    with use_lexicon(chooser.lexicon), reread_by(chooser.reader):
        return [try_match(match, chooser, _MatchWorker.studies) for match in matches]
