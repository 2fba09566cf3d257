"""The worked example of docs/weights.md: two small maps, a region and two reports, weighed by the code itself."""

from __future__ import annotations

from functools import cache
from math import isnan, nan

import numpy as np
import numpy.typing as npt

from medcutmix_cli.mixing.weights import ImageWeights, image_weights, label_targets
from medcutmix_cli.pairing.assembly import text_weights
from medcutmix_cli.records import Sentence, TextWeights
from medcutmix_cli.reports.reader import ReportReader
from tests.pages.markdown import code, table

Scores = npt.NDArray[np.float32]

MAP_A: Scores = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 4, 2], [0, 0, 1, 1]], np.float32)
MAP_B: Scores = np.array([[0, 0, 0, 0], [0, 0, 0, 2], [0, 0, 4, 8], [0, 0, 2, 4]], np.float32)
MASK_A = np.array([[0] * 4, [0] * 4, [0, 0, 1, 1], [0] * 4], bool)
MASK_B = np.array([[0] * 4, [0] * 4, [0, 0, 0, 1], [0, 0, 0, 1]], bool)
MASK = MASK_A | MASK_B
DONOR: npt.NDArray[np.float16] = MASK.astype(np.float16)
"""The donor's weight of each cell: the union of both masks, with hard edges."""

ENERGIES = ("relu", "softmax")
FINDINGS = " FINDINGS:  "
OWN = "There is a small right pleural effusion."
KEPT = "The heart size is normal. The aorta is tortuous. No pneumothorax."
GIVEN = "A large right pleural effusion is present."


@cache
def image_side(energy: str) -> ImageWeights:
    """Return the image weights of the example, its maps being read as `energy`."""
    return image_weights(float(DONOR.mean()), DONOR, MAP_A, MAP_B, energy)


@cache
def text_side() -> TextWeights:
    """Return the text weights of the example."""
    return text_weights(_sentences(KEPT), _sentences(GIVEN))


def _sentences(text: str) -> tuple[Sentence, ...]:
    return ReportReader().read(f"{FINDINGS}{text}\n").sentences


def values(energy: str) -> dict[str, float]:
    """Return every weight column of the example."""
    image, text = image_side(energy), text_side()
    return {
        "lam_img_area": image.area,
        "mass_kept_a": image.mass_kept_a,
        "mass_got_b": image.mass_got_b,
        "lam_img_mass": image.mass,
        "lam_img_transmix": image.transmix,
        "lam_txt_tokens": text.tokens,
        "lam_txt_sents": text.sents,
        "lam_txt_entities": text.entities,
    }


def weights_table() -> str:
    """Return the weights of the example with the arithmetic, written out for the `relu` reading."""
    relu, softmax = values("relu"), values("softmax")
    rows = (
        (code(name), said, f"{relu[name]:.3f}", f"{softmax[name]:.3f}" if _of_maps(name) else "the same")
        for name, said in arithmetic().items()
    )
    return table(("column", "by hand", "`relu`", "`softmax`"), rows)


def _of_maps(name: str) -> bool:
    return "mass" in name or "transmix" in name


def arithmetic() -> dict[str, str]:
    """Write out what the code computes; the test evaluates each of these lines."""
    cells, inside = MASK.size, int(MASK.sum())
    kept, own = int(MAP_A[~MASK].sum()), int(MAP_A.sum())
    got, given = int(MAP_B[MASK].sum()), int(MAP_B.sum())
    words, sentences = len(KEPT.split()), KEPT.count(".")
    mentions = sum(len(sentence.mentions) for sentence in _sentences(KEPT))
    return {
        "lam_img_area": f"1 - {inside} / {cells}",
        "mass_kept_a": f"{kept} / {own}",
        "mass_got_b": f"{got} / {given}",
        "lam_img_mass": f"({kept} / {own}) / ({kept} / {own} + {got} / {given})",
        "lam_img_transmix": f"{kept} / ({kept} + {got})",
        "lam_txt_tokens": f"{words} / ({words} + {len(GIVEN.split())})",
        "lam_txt_sents": f"{sentences} / ({sentences} + 1)",
        "lam_txt_entities": f"{mentions} / ({mentions} + 1)",
    }


CASES = (
    ("both say present: the finding that is exchanged", 1.0, 1.0, 1.0),
    ("only the recipient says it, and it stays", 0.0, nan, 0.0),
    ("only the donor says it, and its sentence came", nan, 1.0, 1.0),
    ("the recipient denied it, the donor's sentence asserts it", 0.0, 1.0, 1.0),
    ("the recipient is uncertain, the donor's sentence asserts it", -1.0, 1.0, 1.0),
    ("only the recipient says it, uncertainly, and it stays", -1.0, nan, -1.0),
    ("the recipient said it, its sentence left, nothing came", 1.0, nan, nan),
)
"""(what happened to one observation, label_a, label_given, label_mixed)."""


def labels_table() -> str:
    """Return the soft target of each case, at two values of lambda."""
    rows = (
        (said, *(_label(value) for value in case), *(_label(_target(case, lam)) for lam in (0.25, 0.75)))
        for said, *case in CASES
    )
    headers = (
        "one observation",
        "`label_a`",
        "`label_given`",
        "`label_mixed`",
        "`label_w`, lam 0.25",
        "lam 0.75",
    )
    return table(headers, rows)


def _target(case: list[float], lam: float) -> float:
    own, given, mixed = ((value,) for value in case)
    return label_targets(own, given, mixed, lam)[0]


def _label(value: float) -> str:
    return "-" if isnan(value) else f"{value:g}"
