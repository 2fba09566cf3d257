"""Targets for losses: soft and masked contrastive ones, and weighted multi-label ones. Knows no loss's temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.loader.rows import require
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import UNMIXED, Row, is_unmixed

CONTRASTIVE = check_names("study_id_a", "study_id_b", "lam_img_area", "lam_txt_sents", *UNMIXED)
"""The columns that contrastive targets and `parent_mask` need (by patient: `subject_id_a`, `subject_id_b`)."""

LABELS = check_names("label_w", "label_mixed", "label_state")
"""The columns that multi-label targets need: the first where they are weighted, else the second; the last always."""


def contrastive_targets(
    rows: Sequence[Row],
    ids: Sequence[str] = (),
    *,
    image_weight: str = "lam_img_area",
    text_weight: str = "lam_txt_sents",
    strength: float = 1.0,
) -> torch.Tensor:
    """Return soft targets for the image-text logits of a batch: B mixed pairs, then the original pairs `ids`.

    Let p_i(s) be the share of study s in item i: of a mix, w for its recipient and 1 - w for its donor, w a weight of
    its row; of an original pair, 1 for itself. With shares p of the pictures and q of the reports,

        K[i, i] = 1,   K[i, j] = strength * sum_s p_i(s) * q_j(s),   T[i, j] = K[i, j] / sum_k K[i, k].

    So a mix gives its recipient's original pair w, and its donor's 1 - w, of what it gives its own; two mixes of one
    recipient share w_i * w_j; without a common parent T is the identity.

    "lam" for both is one number, as in CutMix: right for a run made with `--weight img-area`, wrong for a default one,
    whose `lam_img_mass` is near 0 by design where both masks are pasted.

    Args:
        rows: The mixed pairs, in the order of the batch.
        ids: Study ids of the original pairs that follow them, none twice.
        image_weight: The weight column of the pictures' shares.
        text_weight: The weight column of the reports' shares, "lam_txt_tokens" for instance.
        strength: How much common parents count, in [0, 1]; 0 gives the identity.

    Returns:
        (B + len(ids), B + len(ids)) float32, rows sum to 1: targets of image -> text. For text -> image call it
        with both weights exchanged; with equal ones it is the same matrix.

    Raises:
        UsageError: A weight was not read, or `strength` is outside [0, 1].
    """
    if not 0 <= strength <= 1:
        raise UsageError(f"strength must lie in [0, 1], not {strength}")
    affinity = strength * _shares(rows, ids, image_weight) @ _shares(rows, ids, text_weight).T
    np.fill_diagonal(affinity, 1.0)
    return torch.from_numpy((affinity / affinity.sum(axis=1, keepdims=True)).astype(np.float32))


def parent_mask(rows: Sequence[Row], ids: Sequence[str] = (), *, by: str = "study") -> torch.Tensor:
    """Mark the pairs of a batch that must not count as negatives, since they have a parent in common.

    Use it as `logits.masked_fill(mask, -inf)` before the softmax. Parents count whatever their weight; a study that is
    as it was has one, since nothing of its donor came.

    Args:
        rows: The mixed pairs, in the order of the batch.
        ids: Study ids (or patients, with `by`) of the original pairs that follow them.
        by: "study" or "subject": whether two studies of one patient count as one parent.

    Returns:
        (B + len(ids), B + len(ids)) bool, symmetric, False on the diagonal.
    """
    if by not in ("study", "subject"):
        raise UsageError(f"parents are told apart by study or by subject, not by {by!r}")
    names = (f"{by}_id_a", f"{by}_id_b")
    for row in rows:
        require(row, (*names, *UNMIXED), "the mask of common parents")
    parents = [names[:1] if is_unmixed(row) else names for row in rows]
    found = [{row[name] for name in own} for row, own in zip(rows, parents, strict=True)]
    found += [{name} for name in ids]
    shared = [
        [i != j and not one.isdisjoint(other) for j, other in enumerate(found)] for i, one in enumerate(found)
    ]
    return torch.tensor(shared, dtype=torch.bool).reshape(len(found), len(found))


def label_conflicts(rows: Sequence[Row]) -> torch.Tensor:
    """Mark the pairs of a batch that say opposite things: one asserts an observation that the other denies.

    Such pairs are negatives, whoever their parents are. A mix and its own recipient are the ones that teach most, since
    little but the finding tells them apart: `parent_mask(rows) & ~label_conflicts(rows)` leaves them in.

    Args:
        rows: Mixed pairs and studies as they are, with the columns `LABELS`. What a report leaves open, and what it
            does not name, is no conflict.

    Returns:
        (B, B) bool, symmetric, False on the diagonal.

    Raises:
        UsageError: A column was not read.
    """
    labels = multilabel(rows, weighted=False, never_denied=None)
    asserted, denied = (labels.said & (labels.targets == value) for value in (1, 0))
    opposed = (asserted.float() @ denied.float().T) > 0
    return opposed | opposed.T


def _shares(
    rows: Sequence[Row], ids: Sequence[str], weight: str
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the share of each study in each item, (B + len(ids), studies)."""
    for row in rows:
        require(row, (*CONTRASTIVE[:2], weight), "contrastive targets")
    parents = [name for row in rows for name in (row["study_id_a"], row["study_id_b"])]
    place = {study: k for k, study in enumerate(dict.fromkeys([*parents, *ids]))}
    shares = np.zeros((len(rows) + len(ids), len(place)))
    for k, row in enumerate(rows):
        shares[k, place[row["study_id_a"]]] += row[weight]
        shares[k, place[row["study_id_b"]]] += 1 - row[weight]
    for k, study in enumerate(ids):
        shares[len(rows) + k, place[study]] = 1.0
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class MultiLabel:
    """Targets for a binary loss per observation.

    Attributes:
        targets: (B, 14) float32 in [0, 1], CheXpert order; 0 where nothing is said, never NaN.
        said: (B, 14) bool, where the report says something: only there is there a loss.
    """

    targets: torch.Tensor
    said: torch.Tensor

    def to(self, device: torch.device | str) -> MultiLabel:
        """Return it on another device."""
        return MultiLabel(self.targets.to(device), self.said.to(device))


def multilabel(
    rows: Sequence[Row],
    *,
    weighted: bool = True,
    uncertain: float | None = None,
    never_denied: float | None = 0.0,
) -> MultiLabel:
    """Return the targets of a batch for the 14 CheXpert observations.

    Args:
        rows: In the order of the batch.
        weighted: Take `label_w`: lam * y_a + (1 - lam) * y_given over those that say something, an uncertain
            statement (-1) counting 0.5. Otherwise what the mixed report says: `label_mixed`, 1 or 0, with what
            `label_state` calls uncertain being so.
        uncertain: Unweighted only: what "uncertain" counts; None ignores it (U-Ignore, U-Zeros and U-Ones of
            CheXpert, arXiv 1901.07031, are None, 0 and 1).
        never_denied: What silence counts of an observation that the data set never denies: 0, since a loss that
            leaves it out sees nothing but the value 1 and learns to say so of everyone. None leaves it out. What a mix
            removed is left out in any case: a picture may still show it.

    Raises:
        UsageError: A column was not read, or `uncertain` is given for weighted targets, which have 0.5 there.
    """
    if weighted and uncertain is not None:
        raise UsageError(
            "weighted targets count what is uncertain as 0.5", hint="uncertain= goes with weighted=False"
        )
    column = "label_w" if weighted else "label_mixed"
    for row in rows:
        require(row, (column, "label_state"), "multi-label targets")
    values = np.array([row[column] for row in rows], dtype=np.float32).reshape(-1, len(CHEXPERT))
    states = np.array([list(row["label_state"]) for row in rows], dtype=object).reshape(values.shape)
    if never_denied is not None:
        values[states == "never-denied"] = never_denied
    if not weighted:
        values[states == "uncertain"] = -1
        values[values < 0] = np.nan if uncertain is None else uncertain
    said = ~np.isnan(values)
    return MultiLabel(torch.from_numpy(np.where(said, values, np.float32(0))), torch.from_numpy(said))


def multilabel_loss(logits: torch.Tensor, labels: MultiLabel) -> torch.Tensor:
    """Return the mean binary cross-entropy over what is said; 0, with a gradient of 0, where nothing is.

    Args:
        logits: (B, 14) of the model.
        labels: Of the same batch and device.
    """
    each = functional.binary_cross_entropy_with_logits(
        logits, labels.targets.to(logits.dtype), reduction="none"
    )
    return (each * labels.said).sum() / labels.said.sum().clamp(min=1)
