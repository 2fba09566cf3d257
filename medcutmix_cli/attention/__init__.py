"""Maps to masks: which cells of the grid carry the evidence, and whether there is any. Knows no encoder."""

from medcutmix_cli.attention.gate import Gate, NoGate, NullMax
from medcutmix_cli.attention.masks import (
    Mask,
    MaskRule,
    Region,
    Scores,
    TopK,
    agrees_with_side,
    attention_mass,
    cells_inside,
    erode,
    keep_pieces,
    on_image_right,
    smooth,
    top_cells,
)

__all__ = [
    "Gate",
    "Mask",
    "MaskRule",
    "NoGate",
    "NullMax",
    "Region",
    "Scores",
    "TopK",
    "agrees_with_side",
    "attention_mass",
    "cells_inside",
    "erode",
    "keep_pieces",
    "on_image_right",
    "smooth",
    "top_cells",
]
