"""One pair of a run: its picture, its report and what was exchanged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import decode_picture
from medcutmix_cli.images.picture_bytes import data_uri
from medcutmix_cli.inspection.pair_record import PairView, ParentView
from medcutmix_cli.system.fact_table import fact_table
from medcutmix_cli.system.plain_text import escape_html as escape

_TAGS = {"removed": "del", "inserted": "ins"}


@dataclass(frozen=True, slots=True, repr=False)
class RunPair:
    """One row of a run; a notebook shows picture, exchange and the report's diff.

    Attributes:
        view: Everything that the row says; see `inspection.pair_record.PairView`.
    """

    view: PairView

    @property
    def pair_id(self) -> str:
        """16 hex digits."""
        return self.view.pair_id

    @property
    def finding(self) -> str:
        """Lexicon id of what came in, "" where nothing did."""
        return self.view.finding

    @property
    def report(self) -> str:
        """The mixed report."""
        return self.view.report

    @property
    def image(self) -> npt.NDArray[np.uint8]:
        """The mixed picture: (canvas, canvas) uint8, bright = radio-opaque."""
        return decode_picture(self.view.picture or b"")

    @property
    def lam(self) -> float:
        """The run's named weight: the recipient's share."""
        return self.view.weights["lam"]

    def __repr__(self) -> str:
        return f"RunPair({self.pair_id}: {self.view.exchange}, lam {self.lam:.3f})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: as private as the report is."""
        view = self.view
        facts = {
            "Exchange": escape(view.exchange),
            "Recipient": _parent(view.recipient),
            "Donor": _parent(view.donor),
            "Weights": ", ".join(f"{escape(name)} {share:.3f}" for name, share in view.weights.items()),
            "Report": _diff(view),
        }
        return _picture(view.picture) + fact_table(f"{view.pair_id}, {view.split}, {view.strategy}", facts)


def _picture(content: bytes | None) -> str:
    if not content:
        return ""
    try:
        source = data_uri(content)
    except ImageError:  # of no kind that a browser shows
        return ""
    return f'<img src="{source}" alt="Mixed chest radiograph" style="max-width:24em">'


def _parent(parent: ParentView) -> str:
    known = (parent.study_id, parent.subject_id, parent.view, parent.side if parent.side != "none" else "")
    return escape(", ".join(part for part in known if part))


def _diff(view: PairView) -> str:
    pieces = [(_TAGS.get(piece.change), escape(piece.text)) for piece in view.diff]
    text = "".join(f"<{tag}>{said}</{tag}>" if tag else said for tag, said in pieces)
    return f'<span style="white-space:pre-wrap">{text}</span>'
