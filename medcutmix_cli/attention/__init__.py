"""Maps to masks: which cells of the grid carry the evidence, and whether there is any.

Knows no encoder, no report and no pixel.
"""

from medcutmix_cli.attention.areas import AreaRange, expected_area
from medcutmix_cli.attention.cells import (
    Mask,
    Scores,
    Strength,
    agrees_with_side,
    cells_in_half,
    cells_inside,
    cells_on_side,
    cells_with_score,
    erode,
    grow,
    keep_hills,
    smooth,
    top_cells,
    widen,
)
from medcutmix_cli.attention.energies import attention_mass, check_energy, evidence, read_energy
from medcutmix_cli.attention.gate import Gate, NoGate, NullMax
from medcutmix_cli.attention.masks.mass import Mass
from medcutmix_cli.attention.masks.otsu import Otsu, otsu_threshold
from medcutmix_cli.attention.masks.region_growing import RegionGrowing
from medcutmix_cli.attention.masks.soft import Soft
from medcutmix_cli.attention.masks.topk import TopK
from medcutmix_cli.attention.rule import CellRule, GridRule, MaskRule, Region

__all__ = [
    "AreaRange",
    "CellRule",
    "Gate",
    "GridRule",
    "Mask",
    "MaskRule",
    "Mass",
    "NoGate",
    "NullMax",
    "Otsu",
    "Region",
    "RegionGrowing",
    "Scores",
    "Soft",
    "Strength",
    "TopK",
    "agrees_with_side",
    "attention_mass",
    "cells_in_half",
    "cells_inside",
    "cells_on_side",
    "cells_with_score",
    "check_energy",
    "erode",
    "evidence",
    "expected_area",
    "grow",
    "keep_hills",
    "otsu_threshold",
    "read_energy",
    "smooth",
    "top_cells",
    "widen",
]
