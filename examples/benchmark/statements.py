"""What each sentence of a text says of the observations, and of which rows that is true. Knows no model and no loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from examples.benchmark.cases import Floats
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, Sentence
from medcutmix_cli.reports.labels import labels_of_states
from medcutmix_cli.reports.reader import ReportReader

_READER = ReportReader()


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A sentence that asserts or denies something, or a text none of whose sentences does.

    Attributes:
        said: (14,) float32, CheXpert order: 1 asserted, 0 denied, NaN not named.
    """

    text: str
    said: Floats


@lru_cache(maxsize=8192)
def statements(text: str) -> tuple[Statement, ...]:
    """Return the sentences of a text that name an observation and are sure of it; else the text, as saying nothing."""
    found = [Statement(sentence.text, _said(sentence)) for sentence in _READER.read(text).sentences]
    sure = tuple(each for each in found if not np.isnan(each.said).all() and not (each.said < 0).any())
    return sure or (Statement(text, np.full(len(CHEXPERT), np.nan, np.float32)),)


def _said(sentence: Sentence) -> Floats:
    order = (Assertion.RESOLVED, Assertion.ABSENT, Assertion.UNCERTAIN, Assertion.PRESENT)
    states = {finding: state for state in order for finding in sentence.findings(state)}
    labels = labels_of_states(states)
    return np.array([labels.get(name, np.nan) for name in CHEXPERT], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Of which rows of a batch its statements are true.

    Attributes:
        true: (rows, statements) float32 in [0, 1]; 0 where it is unknown.
        unknown: (rows, statements) bool: the row's labels do not tell.
    """

    true: Floats
    unknown: npt.NDArray[np.bool_]


def agreement(
    said: Sequence[Floats], labels: Floats, own: npt.NDArray[np.intp], unmentioned: float
) -> Agreement:
    """Compare statements with the labels of rows.

    A statement is true of a row that has all that it asserts and nothing that it denies; of soft labels, the product
    counts. One that names nothing, or that is true of no row, is true of the row that it comes from.

    Args:
        said: Of each statement, as `Statement.said`.
        labels: (rows, 14) float32 in [0, 1], -1 uncertain, NaN not said.
        own: (statements,) the row that each comes from.
        unmentioned: What a label counts that is not said; NaN for unknown.
    """
    stated = np.stack(list(said))
    asserted, denied = stated == 1, stated == 0
    known = np.where(np.isnan(labels), np.float32(unmentioned), labels)
    hidden = np.isnan(known) | (known < 0)
    chance = np.where(hidden, 0, known)[:, None]
    true = np.where(asserted, chance, np.where(denied, 1 - chance, 1)).prod(axis=2).astype(np.float32)
    unknown = (hidden[:, None] & (asserted | denied)).any(axis=2)
    true[unknown] = 0
    mine = np.arange(len(labels))[:, None] == own
    alone = ~(asserted | denied).any(axis=1)
    true[:, alone] = 0
    alone |= true.sum(axis=0) == 0
    true[mine & alone] = 1
    return Agreement(true, unknown & ~(mine & alone))
