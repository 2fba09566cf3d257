"""The nouns: what each stage hands to the next, frozen. Knows no file format, no model and no heavy library.

    study -> reading -> pair, plan -> placement -> mix

Frames: character offsets count Unicode code points of the original report, `report[start:end] == text`.
Sides are the patient's: the patient's left is the right half of a frontal picture.
"""

from medcutmix_cli.records.mix import Cut, ImageWeights, MixedParent, MixedSample
from medcutmix_cli.records.pair import (
    IMAGE_MODES,
    MAPPED_MODES,
    Edit,
    Entity,
    MapTarget,
    Neighbour,
    Pair,
    Parent,
    TextWeights,
)
from medcutmix_cli.records.placement import Placement, ThoraxPlacement, Warp
from medcutmix_cli.records.plan import Guarantee, NullPicture, TargetOutcome
from medcutmix_cli.records.reading import (
    Assertion,
    Candidate,
    Mention,
    Reading,
    ReadStudy,
    Section,
    Sentence,
    SentenceKind,
    Side,
)
from medcutmix_cli.records.study import FRONTAL_VIEWS, Drop, Image, PictureRules, Study

__all__ = [
    "FRONTAL_VIEWS",
    "IMAGE_MODES",
    "MAPPED_MODES",
    "Assertion",
    "Candidate",
    "Cut",
    "Drop",
    "Edit",
    "Entity",
    "Guarantee",
    "Image",
    "ImageWeights",
    "MapTarget",
    "Mention",
    "MixedParent",
    "MixedSample",
    "Neighbour",
    "NullPicture",
    "Pair",
    "Parent",
    "PictureRules",
    "Placement",
    "ReadStudy",
    "Reading",
    "Section",
    "Sentence",
    "SentenceKind",
    "Side",
    "Study",
    "TargetOutcome",
    "TextWeights",
    "ThoraxPlacement",
    "Warp",
]
