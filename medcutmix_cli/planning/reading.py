"""From a data set to read reports: which studies count, which picture stands for each, what each report says.

Every study that is left out is left out by name. Reading is the slow part of a plan (scispaCy's sentence
component), so it may run in several processes.
"""

from __future__ import annotations

import math
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.engines import Progress
from medcutmix_cli.findings import CHEXPERT, is_open
from medcutmix_cli.pairing.clauses import reread_by
from medcutmix_cli.pairing.cohort import PackedStudy, pack_study
from medcutmix_cli.planning.exclusions import ExcludedIds
from medcutmix_cli.records import (
    FRONTAL_VIEWS,
    Assertion,
    Drop,
    Image,
    Reading,
    ReadStudy,
    SentenceKind,
    Study,
)
from medcutmix_cli.reports.labels import chexpert_labels, counted_sentences
from medcutmix_cli.reports.lexicon import label_of
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import Lexicon, lexicon_in_use, use_lexicon
from medcutmix_cli.system.worker_pool import map_in_processes

LONGEST_REPORT = 20_000
"""Characters. The longest radiology reports have about half; sentence rules are quadratic on what is no prose."""

LONGEST_STRETCH = 400
"""Words without a stop. The rules of a sentence compare its findings with each other: 133 of them take half a second, a
thousand take minutes."""

LONGEST_WORD = 1000
"""Characters. spaCy takes brackets off one by one, and looks at all that is left each time."""

_STOP = re.compile(r"[.!?](?=\s|$)|\n\s*\n")
_CHUNK = 64
_PARALLEL_FROM = 1000
"""Below this many studies a pool of reading processes costs more (3 s each to start) than it saves."""


def sorted_studies(studies: Iterable[Study | Drop]) -> list[Study | Drop]:
    """Sort by study id, drops among them: the order on disk decides nothing."""
    return sorted(studies, key=lambda s: s.study_id if isinstance(s, Study) else s.identifier)


def choose_image(images: Iterable[Image]) -> Image | str:
    """Choose the one picture that stands for a study: PA before AP, then the smallest id; or say why there is none."""
    known = tuple(images)
    frontal = sorted(
        (i for i in known if i.view in FRONTAL_VIEWS), key=lambda i: (FRONTAL_VIEWS.index(i.view), i.image_id)
    )
    if frontal:
        return frontal[0]
    return "view-unknown" if any(not image.view for image in known) else "no-frontal-view"


def studies_to_read(
    studies: Iterable[Study | Drop],
    settings: PlanSettings,
    excluded: ExcludedIds,
    dropped: list[Drop],
    *,
    whole: bool = True,
) -> Iterator[tuple[Study, Image]]:
    """Yield the studies that count with their picture; those left out are appended to `dropped`.

    Raises:
        UsageError: `studies` are the `whole` data set, they have all been yielded, and no id of `excluded` is theirs.
    """
    for study in studies:
        out = excluded.match(study)
        if isinstance(study, Drop):
            dropped.append(study)
            continue
        reason = "excluded-by-id" if out else _reason_to_drop(study, settings)
        image = choose_image(study.images)
        if reason or isinstance(image, str):
            dropped.append(Drop("study", study.study_id, reason or str(image)))
        else:
            yield study, image
    if whole:
        excluded.require_match()


def _reason_to_drop(study: Study, settings: PlanSettings) -> str:
    if study.split not in settings.splits:
        return f"split-not-mixed:{study.split}"
    if reason := why_unread(study.report):
        return reason
    return "labels-missing" if settings.labels != "rules" and not study.labels else ""


def why_unread(report: str) -> str:
    """Return the reason for which no report of this kind is read, by anybody: it would take minutes; "" for none."""
    if len(report) > LONGEST_REPORT:
        return "report-too-long"
    return "report-runs-on" if runs_on(report) else ""


def runs_on(report: str) -> bool:
    """Tell whether a report is no prose: words without a stop or an empty line, or a word without an end.

    The limits are `LONGEST_STRETCH` and `LONGEST_WORD`.
    """
    if len(report) < 2 * LONGEST_STRETCH:
        return False
    stretches = [part.split() for part in _STOP.split(report)]
    return any(
        len(words) > LONGEST_STRETCH or max(map(len, words), default=0) > LONGEST_WORD for words in stretches
    )


@dataclass(frozen=True, slots=True)
class PackedReports:
    """Some studies, read and put away, and the sums of what was read in them.

    Attributes:
        counts: "sentences", "diagnostic_sentences", "mentions", "candidates" (of the NLP model), "finding:<id>" for
            the studies in which that finding is present, "open_findings" for all that are outside the lexicon, and
            "labels-disagree:<observation>" for those whose label table says another thing than the report.
        said: Studies by (observation, what their labels say of it: 1, 0 or -1).
    """

    studies: list[PackedStudy]
    counts: Counter[str]
    said: Counter[tuple[str, float]] = field(default_factory=Counter)

    def never_denied(self) -> tuple[str, ...]:
        """Return the observations that some study asserts and none denies: silence is all that speaks against them."""
        return tuple(name for name in CHEXPERT if self.said[name, 1.0] and not self.said[name, 0.0])


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How reports are taken in.

    Attributes:
        findings: What may be exchanged: for these it is noted who can give.
        labels: Who says which findings a study has (see `PlanSettings`).
        lexicon: What is known of findings: the lexicon in use, for processes that start without it.
    """

    reader: ReportReader
    findings: tuple[str, ...]
    labels: str
    lexicon: Lexicon = field(default_factory=lexicon_in_use)


def read_all(
    chosen: Iterable[tuple[Study, Image]], rules: ReadingRules, workers: int, report: Progress
) -> PackedReports:
    """Read reports, in processes where there are many; the result does not depend on how many.

    Args:
        chosen: Studies with the picture that stands for each.
        rules: How they are read.
        workers: Processes.
        report: Called with ("reading", done, total).
    """
    todo = deque(chosen)
    total = len(todo)
    whole = PackedReports(
        [], Counter(studies=total, sentences=0, diagnostic_sentences=0, mentions=0, candidates=0)
    )
    read = partial(_read_chunk, rules=rules)
    known: dict[object, Any] = {}
    processes = workers if total >= _PARALLEL_FROM else 1
    with closing(map_in_processes(read, _chunks(todo), processes, doing="read reports")) as parts:
        for part in parts:
            whole.studies.extend(_with_known_parts(study, known) for study in part.studies)
            whole.counts.update(part.counts)
            whole.said.update(part.said)
            report("reading", len(whole.studies), total)
    return whole


_REPEATED = ("split", "gives", "lacks", "named", "attributes", "traits", "row_traits")
"""Of these some thousand serve all studies: one of each is kept, in every process that holds the studies."""


def _with_known_parts(study: PackedStudy, known: dict[object, Any]) -> PackedStudy:
    """Return a study that shares with others what is equal in them; `known` holds one of each."""
    parts = ((name, getattr(study, name)) for name in _REPEATED)
    return replace(study, **{name: known.setdefault(part, part) for name, part in parts})


Chunk = list[tuple[Study, Image]]


def _chunks(todo: deque[tuple[Study, Image]]) -> Iterator[Chunk]:
    """Take chunks off what is to do: a text that has been read is not kept."""
    while todo:
        yield [todo.popleft() for _ in range(min(_CHUNK, len(todo)))]


def _read_chunk(chunk: Chunk, rules: ReadingRules) -> PackedReports:
    filed = PackedReports([], Counter())
    with use_lexicon(rules.lexicon), reread_by(rules.reader):
        for study, image in chunk:
            read = read_study(study, image, rules.reader, rules.labels)
            filed.studies.append(pack_study(read, rules.findings))
            _count(read, filed.counts)
            labels = zip(CHEXPERT, read.labels, strict=True)
            filed.said.update((name, value) for name, value in labels if not math.isnan(value))
    return filed


def _count(read: ReadStudy, counts: Counter[str]) -> None:
    for sentence in read.reading.sentences:
        counts["sentences"] += 1
        counts["diagnostic_sentences"] += sentence.kind is SentenceKind.DIAGNOSTIC
        counts["mentions"] += len(sentence.mentions)
        counts["candidates"] += len(sentence.candidates)
    present = _present(read.reading)
    # Names of open findings are words of reports: no count holds them that another patient does not share.
    counts.update("open_findings" if is_open(finding) else f"finding:{finding}" for finding in present)
    rules, table = chexpert_labels(read.reading), table_labels(read.study)
    counts.update(
        f"labels-disagree:{name}" for name, a, b in zip(CHEXPERT, rules, table, strict=True) if _differ(a, b)
    )


def _present(reading: Reading) -> frozenset[str]:
    return frozenset(f for sentence in reading.sentences for f in sentence.findings(Assertion.PRESENT))


def _differ(one: float, other: float) -> bool:
    """Say whether both say something, and not the same."""
    return one != other and not (math.isnan(one) or math.isnan(other))


def table_labels(study: Study) -> tuple[float, ...]:
    """Return the labels that came with a study in `CHEXPERT` order, NaN where it has none."""
    return tuple(study.labels.get(name, math.nan) for name in CHEXPERT)


def read_study(study: Study, image: Image, reader: ReportReader, labels: str = "rules") -> ReadStudy:
    """Read one report; only the sentences of its counting sections are kept.

    `labels` is who says which findings the study has (see `PlanSettings`).
    """
    reading = reader.read(study.report, study.study_id)
    kept = replace(reading, sentences=tuple(counted_sentences(reading)))
    by_rules, by_table = chexpert_labels(reading), table_labels(study)
    if labels == "rules":
        return ReadStudy(study, image, kept, by_rules, _present(kept))
    name_of = label_of("chexpert")
    both = frozenset(f for f in _present(kept) if study.labels.get(name_of.get(f, "")) == 1.0)
    said = by_table if labels == "csv" else _agreed(by_rules, by_table)
    return ReadStudy(study, image, kept, said, both)


def _agreed(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    """Keep what two label vectors both say; NaN where they differ or one says nothing."""
    return tuple(a if a == b else math.nan for a, b in zip(one, other, strict=True))
