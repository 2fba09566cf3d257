import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE, WordLevel, WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer, WordPieceTrainer

from medcutmix_cli.attention import read_energy
from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import attmim_mask, attmim_rank, entity_mask
from medcutmix_cli.mixing.ranks import rank_of
from medcutmix_cli.rendering.rows import row_grid
from tests.loader.mixes import GRID, make_mix

UNKNOWN, PADDING = "[UNK]", "[PAD]"
REPORT = "  FINDINGS:  Small naïve pleural\n effusion – 3 µm.  No pneumo\u00adthorax; œdème présumé.\n"


def entity(words, finding, assertion="present", section="findings", report=REPORT):
    start = report.index(words)
    return {
        "start": start,
        "end": start + len(words),
        "finding": finding,
        "assertion": assertion,
        "side": "none",
        "section": section,
    }


def make_report(**changes):
    entities = [
        entity("pleural\n effusion", "pleural_effusion"),
        entity("pneumo\u00adthorax", "pneumothorax", "absent"),
        entity("œdème", "edema", "uncertain", "impression"),
    ]
    return {"pair_id": "00ff", "report": REPORT, "entities": entities, **changes}


def byte_level():
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)  # spaces and line breaks are parts of tokens
    tokenizer.train_from_iterator([REPORT], BpeTrainer(vocab_size=300, initial_alphabet=ByteLevel.alphabet()))
    return tokenizer


def word_piece():
    tokenizer = Tokenizer(WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = BertNormalizer(lowercase=True, strip_accents=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    special = [UNKNOWN, "[CLS]", "[SEP]", PADDING]
    trainer = WordPieceTrainer(vocab_size=60, special_tokens=special)
    tokenizer.train_from_iterator([REPORT], trainer)
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.enable_padding(pad_id=3, pad_token=PADDING, length=120)
    return tokenizer


def words():
    tokenizer = Tokenizer(WordLevel({UNKNOWN: 0}, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return tokenizer


@pytest.mark.parametrize("make", [byte_level, word_piece, words])
def test_every_character_of_an_entity_is_hidden_and_no_word_that_has_none(make):
    encoded, row = make().encode(REPORT), make_report()
    hidden = entity_mask(row, encoded.offsets)
    assert (hidden.shape, hidden.dtype) == ((len(encoded.offsets),), torch.bool)
    covered, left = set(), set()
    for (start, end), masked in zip(encoded.offsets, hidden.tolist(), strict=True):
        (covered if masked else left).update(range(start, end))
    for found in row["entities"]:
        letters = {k for k in range(found["start"], found["end"]) if REPORT[k].isalpha()}
        assert letters <= covered
        assert not letters & left
    naive = REPORT.index("naïve")
    assert set(range(naive, naive + 5)) <= left


def test_special_and_padding_tokens_are_never_hidden():
    encoded = word_piece().encode(REPORT)
    row = make_report(entities=[{**entity("Small", "x"), "start": 0}])
    hidden = entity_mask(row, encoded.offsets)
    assert hidden.any()
    assert not hidden[torch.tensor(encoded.special_tokens_mask, dtype=torch.bool)].any()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        pytest.param({}, ["pleural", "effusion", "pneumo\u00adthorax", "œdème"], id="all"),
        pytest.param({"assertions": ("present",)}, ["pleural", "effusion"], id="assertion"),
        pytest.param({"findings": ("edema", "pneumothorax")}, ["pneumo\u00adthorax", "œdème"], id="finding"),
        pytest.param({"sections": ("impression",)}, ["œdème"], id="section"),
        pytest.param({"findings": ("edema",), "assertions": ("absent",)}, [], id="both"),
        pytest.param({"ratio": 0.0}, [], id="none"),
    ],
)
def test_entities_are_chosen_by_what_they_are(choice, expected):
    spans = [(REPORT.index(w), REPORT.index(w) + len(w)) for w in REPORT.replace(";", " ").split()]
    hidden = entity_mask(make_report(), spans, **choice)
    assert [REPORT[a:b] for (a, b), masked in zip(spans, hidden.tolist(), strict=True) if masked] == expected


def test_a_token_that_overlaps_by_one_character_is_hidden_and_one_that_touches_is_not():
    found = make_report()["entities"][0]
    start, end = found["start"], found["end"]
    spans = [
        (start - 3, start),
        (start - 3, start + 1),
        (end - 1, end + 4),
        (end, end + 1),
        (0, end),
        (start, start),
    ]
    assert entity_mask(make_report(), spans).tolist() == [False, True, True, False, True, False]


def test_a_part_of_the_report_is_tokenized_from_its_start():
    start = REPORT.index("No pneumo")
    part = byte_level().encode(REPORT[start:])
    whole = entity_mask(make_report(), [(a + start, b + start) for a, b in part.offsets])
    assert torch.equal(entity_mask(make_report(), part.offsets, start=start), whole)
    assert whole.any()


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 50))
@settings(max_examples=60)
def test_choices_of_entities_are_whole_nested_and_of_their_seed(one, other, seed):
    many = [{**entity("Small", "x"), "start": k * 3, "end": k * 3 + 2} for k in range(20)]
    row, spans = make_report(entities=many), [(k, k + 1) for k in range(60)]
    less, more = (entity_mask(row, spans, ratio=ratio, seed=seed) for ratio in sorted((one, other)))
    assert not (less & ~more).any()
    assert int(more.sum()) == 2 * int(np.floor(max(one, other) * 20 + 0.5))
    by_entity = more.reshape(20, 3)
    assert torch.equal(by_entity[:, 0], by_entity[:, 1])
    assert torch.equal(more, entity_mask(row, spans, ratio=max(one, other), seed=seed))


def test_offsets_of_another_text_are_refused_without_any_text():
    with pytest.raises(UsageError, match="00ff") as caught:
        entity_mask(make_report(), [(0, len(REPORT) + 1)])
    assert "effusion" not in str(caught.value)
    with pytest.raises(UsageError, match="'entities'"):
        entity_mask({"pair_id": "1", "report": ""}, [])
    assert entity_mask(make_report(), []).shape == (0,)


@given(
    st.integers(0, 99),
    st.floats(0, 1),
    st.sampled_from([None, (7, 7), (14, 14), (5, 3), (28, 28)]),
    st.booleans(),
)
@settings(max_examples=60)
def test_the_ratio_is_exact_and_masks_are_nested(seed, ratio, grid, strongest):
    row, *_ = make_mix(seed)
    hidden = attmim_mask(row, ratio, grid, strongest=strongest)
    height, width = grid or (GRID, GRID)
    assert (hidden.shape, hidden.dtype) == ((height, width), torch.bool)
    assert int(hidden.sum()) == int(np.floor(ratio * height * width + 0.5))
    assert not (hidden & ~attmim_mask(row, min(1, ratio + 0.2), grid, strongest=strongest)).any()
    opposite = attmim_mask(row, 1 - ratio, grid, strongest=not strongest)
    assert int((hidden & opposite).sum()) <= 1  # half a patch, rounded up on both sides


def test_the_strongest_patches_go_first():
    row, *_ = make_mix(1)
    hidden = attmim_mask(row, 3 / 49)
    assert sorted(row["attmim_rank"].reshape(7, 7)[hidden.numpy()].tolist()) == [0, 1, 2]
    weakest = attmim_mask(row, 3 / 49, strongest=False)
    assert sorted(row["attmim_rank"].reshape(7, 7)[weakest.numpy()].tolist()) == [46, 47, 48]


def test_a_finer_grid_hides_the_same_cells():
    row, *_ = make_mix(2)
    coarse, fine = attmim_mask(row, 10 / 49), attmim_mask(row, 10 / 49, (14, 14))
    assert torch.equal(fine, coarse.repeat_interleave(2, 0).repeat_interleave(2, 1))


def test_a_coarser_grid_hides_the_cell_with_the_strongest_mean():
    rank = rank_of(np.kron(np.array([[1.0, 3.0], [2.0, 0.0]]), np.ones((3, 3))))
    assert attmim_mask(rank, 0.25, (2, 2)).tolist() == [[False, True], [False, False]]
    assert attmim_mask(rank, 0.75, (2, 2)).tolist() == [[True, True], [True, False]]


@pytest.mark.parametrize("which", ["a", "b"])
def test_a_parents_patches_are_ranked_by_its_own_map(which):
    row, *_ = make_mix(3)
    own = rank_of(read_energy(row_grid(row, f"map_{which}")))
    assert np.array_equal(attmim_rank(row, which), own)
    assert torch.equal(attmim_mask(row, 0.3, (14, 14), which=which), attmim_mask(own, 0.3, (14, 14)))


@pytest.mark.parametrize("answering", [0, 10], ids=["study-as-it-is", "recipient-without-a-map"])
def test_cells_that_answer_nothing_are_hidden_anywhere_and_not_from_the_top(answering):
    """A shard has them in reading order: half of every picture would always be the same half."""
    energy = np.zeros((GRID, GRID))
    energy.flat[np.random.default_rng(0).permutation(GRID * GRID)[:answering]] = 1 + np.arange(answering)
    rows = [make_mix(seed)[0] | {"pair_id": f"{seed}", "attmim_rank": rank_of(energy)} for seed in range(60)]
    hidden = torch.stack([attmim_mask(row, 0.5) for row in rows]).float()
    assert hidden[:, energy > 0].all()
    often = hidden.mean(0)[energy == 0]
    assert often.min() > 0.15
    assert often.max() < 0.8
    assert torch.equal(attmim_mask(rows[0], 0.5), hidden[0].bool())
    assert not torch.equal(attmim_mask(rows[0], 0.5, seed=1), hidden[0].bool())
    assert not (hidden[0].bool() & ~attmim_mask(rows[0], 0.7)).any()


def test_what_cannot_be_ranked_is_an_error():
    row, *_ = make_mix(4)
    with pytest.raises(UsageError, match="no map"):
        attmim_mask(row | {"map_a": np.full(49, np.nan, np.float16)}, 0.5, which="a")
    with pytest.raises(UsageError, match="mix, a or b"):
        attmim_mask(row, 0.5, which="c")
    with pytest.raises(UsageError, match=r"\[0, 1\]"):
        attmim_mask(row, 1.5)
    with pytest.raises(UsageError, match="grid_h"):
        attmim_mask(np.arange(49, dtype=np.uint16), 0.5)
