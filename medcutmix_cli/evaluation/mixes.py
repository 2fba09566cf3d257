"""The written pairs of a run against the anatomy of their parents: outlined by people, or drawn by the generator.

What the critic finds in their reports is counted in every run, with anatomy or without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import open_run_dataset
from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.datasets.base import is_synthetic
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.evaluation.anatomy import AnatomySource, AnatomyStore
from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.lung_masks import LungMasks
from medcutmix_cli.evaluation.mix_geometry import PastedPair
from medcutmix_cli.evaluation.mix_measures import Exchange, judge
from medcutmix_cli.evaluation.mix_scores import MixEvaluation, MixMeasures, figures_of
from medcutmix_cli.evaluation.phantom_anatomy import PhantomAnatomy
from medcutmix_cli.evaluation.stated_place import stated_place
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.rendering.rows import CUT_COLUMNS
from medcutmix_cli.reports.critic import FindingExchange, read_and_criticise
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import use_lexicon
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.contents import Contents, open_contents
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.run.shards import Row, is_unmixed, read_rows
from medcutmix_cli.system.progress import show_progress

_OF_PARENTS = ("study_id", "image_id", "image_path", "placement", "side")
COLUMNS = check_names(
    *("pair_id", "subject_id_a", "finding", "finding_a", "image_mode", "sentence_b", "report_a", "report"),
    *(f"{name}_{letter}" for name in _OF_PARENTS for letter in "ab"),
    *CUT_COLUMNS,
)
"""What is read of each row: no stored picture."""

UNMIXED = "row-as-it-is"


@show_progress
def evaluate_mixes(
    out: Path | str,
    *,
    lungs: Path | str | None = None,
    dataset: Path | str | None = None,
    reports: Path | str | None = None,
    unpaired: Path | str | None = None,
    settings: IntervalSettings | None = None,
    progress: Progress | None = None,
) -> MixEvaluation:
    """Measure whether what was pasted lies where the recipient's anatomy allows it.

    Args:
        out: Run folder.
        lungs: Folder of lung masks, each with the name or the id of its picture; None for a run on phantoms, whose
            anatomy the generator knows, or where only the reports are judged.
        dataset: Where the phantoms are now, if they have moved.
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        settings: How intervals are drawn; None takes the defaults.
        progress: Called with ("comparing", pairs done, pairs).

    Raises:
        RunError: There is no run.
        DatasetError: There is anatomy, and no pair has that of both parents.
    """
    how = settings or IntervalSettings()
    folder = RunFolder(Path(out))
    record = read_run(folder)
    source = (
        LungMasks.below(Path(lungs))
        if lungs is not None
        else _phantoms(record, RunPlaces(dataset, reports, unpaired))
    )
    contents = open_contents(out)
    store = AnatomyStore(source) if source else None
    judge_of_rows = _MixJudge(store, ReportReader(record.settings["reports"]["section_rules"]))
    with single_threaded_opencv(), use_lexicon(lexicon_of_run(folder, record)):
        pairs = tuple(judge_of_rows.pairs(contents, progress))
    if not pairs and source:
        _explain_nothing(out, judge_of_rows.left_out)
    return MixEvaluation(
        anatomy="masks" if lungs is not None else "phantoms" if source else "none",
        written=contents.rows - judge_of_rows.left_out[UNMIXED],
        measured=len(pairs),
        left_out=dict(sorted(judge_of_rows.left_out.items())),
        settings=how,
        figures=tuple(figures_of(pairs, how)),
        pairs=pairs,
        faulty=judge_of_rows.faults["any"],
        faults={rule: n for rule, n in judge_of_rows.faults.most_common() if rule != "any"},
    )


def _phantoms(record: RunRecord, places: RunPlaces) -> AnatomySource | None:
    """Open the phantoms of a run; None where it was made of something else."""
    root = open_run_dataset(record, places).root if record.synthetic else None
    return PhantomAnatomy.of(root) if root is not None and is_synthetic(root) else None


def _explain_nothing(out: Path | str, left_out: Counter[str]) -> None:
    reasons = ", ".join(f"{name} {count:,}" for name, count in sorted(left_out.items()))
    raise DatasetError(
        f"no pair could be measured ({reasons or 'none is written'})",
        where=str(out),
        hint="both parents need a mask that has their picture's file name, or its id, and shows a lung",
    )


@dataclass(frozen=True, slots=True)
class _MixJudge:
    """Measures rows one by one; counts those that cannot be, and faulty reports by rule and as "any"."""

    store: AnatomyStore | None
    reader: ReportReader
    left_out: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    def pairs(self, contents: Contents, progress: Progress | None) -> Iterator[MixMeasures]:
        """Yield what each pair of a run scores."""
        done = 0
        for head in contents.heads:
            for row in read_rows(head.path, COLUMNS):
                done += 1
                if is_unmixed(row):
                    self.left_out[UNMIXED] += 1
                    continue
                self._criticise(row)
                found = self._measure(row)
                if isinstance(found, str):
                    self.left_out[found] += 1
                else:
                    yield found
                if progress:
                    progress("comparing", done, contents.rows)

    def _criticise(self, row: Row) -> None:
        exchanged = FindingExchange(row["finding_a"], row["finding"], row["side_a"], row["side_b"])
        found = read_and_criticise(self.reader, row["report_a"], row["report"], exchanged, row["study_id_a"])
        rules = {fault.rule for fault in found}
        self.faults.update(sorted(rules | {"any"}) if rules else ())

    def _measure(self, row: Row) -> MixMeasures | str:
        if self.store is None:
            return "no-anatomy"
        pair = PastedPair.of(row)
        if not pair.region.any():
            return "nothing-pasted"
        recipient, donor = self.store.get(row, "a"), self.store.get(row, "b")
        if isinstance(recipient, str) or isinstance(donor, str):
            return f"recipient-{recipient}" if isinstance(recipient, str) else f"donor-{donor}"
        exchange = Exchange(row["finding"], row["side_b"], row["finding_a"], row["side_a"])
        measures = judge(pair, recipient, donor, stated_place(row, self.reader), exchange)
        return MixMeasures(row["pair_id"], row["subject_id_a"], measures)
