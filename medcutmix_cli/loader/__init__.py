"""Shards for trainers: torch data sets, manifold mix, targets, masks and section triples.

Reads shards and parents' pictures only; knows no pipeline. Importing it imports torch, so nothing else here does.
"""

from medcutmix_cli.loader.datasets import MixedPairs, Transform
from medcutmix_cli.loader.features import FEATURES, row_features
from medcutmix_cli.loader.manifold import RECIPE, LayerMix, layer_mix, layer_weights, manifold_mix
from medcutmix_cli.loader.masking import (
    ATTMIM,
    ATTMIM_PARENTS,
    ENTITIES,
    attmim_mask,
    attmim_rank,
    entity_mask,
)
from medcutmix_cli.loader.mix_share import MixShareSampler
from medcutmix_cli.loader.mix_share_stream import MixShareStream
from medcutmix_cli.loader.pairs import BASIC, MixedBatch, MixedPair, collate, picture_tensor, to_pair
from medcutmix_cli.loader.parents import (
    PARENTS,
    ParentPictures,
    as_pasted,
    parent_files,
    parent_pictures,
    read_parent,
)
from medcutmix_cli.loader.row_filter import RowChoice
from medcutmix_cli.loader.sections import (
    LEFT_OUT,
    SECTIONS,
    SectionTriple,
    SectionTriples,
    no_triple,
    section_triples,
)
from medcutmix_cli.loader.streaming import IterableMixedPairs
from medcutmix_cli.loader.targets import (
    CONTRASTIVE,
    LABELS,
    MultiLabel,
    contrastive_targets,
    label_conflicts,
    multilabel,
    multilabel_loss,
    parent_mask,
)
from medcutmix_cli.run.shards import is_unmixed

__all__ = [
    "ATTMIM",
    "ATTMIM_PARENTS",
    "BASIC",
    "CONTRASTIVE",
    "ENTITIES",
    "FEATURES",
    "LABELS",
    "LEFT_OUT",
    "PARENTS",
    "RECIPE",
    "SECTIONS",
    "IterableMixedPairs",
    "LayerMix",
    "MixShareSampler",
    "MixShareStream",
    "MixedBatch",
    "MixedPair",
    "MixedPairs",
    "MultiLabel",
    "ParentPictures",
    "RowChoice",
    "SectionTriple",
    "SectionTriples",
    "Transform",
    "as_pasted",
    "attmim_mask",
    "attmim_rank",
    "collate",
    "contrastive_targets",
    "entity_mask",
    "is_unmixed",
    "label_conflicts",
    "layer_mix",
    "layer_weights",
    "manifold_mix",
    "multilabel",
    "multilabel_loss",
    "no_triple",
    "parent_files",
    "parent_mask",
    "parent_pictures",
    "picture_tensor",
    "read_parent",
    "row_features",
    "section_triples",
    "to_pair",
]
