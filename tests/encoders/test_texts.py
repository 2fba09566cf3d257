import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.encoders import runtime
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.encoders.texts import BUCKET, encode_texts

START, END, PADDING = 1, 2, 0
LIMIT = 77

WORDS = st.lists(st.integers(3, 50), max_size=100)


@pytest.fixture(autouse=True)
def _as_a_new_process():
    runtime._FITS.clear()
    yield
    runtime._FITS.clear()


def sentence(*words):
    return [START, *words, END]


def spelled(ids, mask):
    """Return what the network is given, side by side."""
    return torch.stack([ids, mask], dim=-1)


def encoded(token_lists, forward=spelled, batch=0, **options):
    own = Runtime("cpu", batch_size=batch)
    usual = {"limit": LIMIT, "long_text": "refuse", "padding": PADDING}
    return encode_texts(token_lists, forward, own, **(usual | options))


def tokens_seen(query):
    return [int(token) for token, there in query.features if there]


def make_network():
    """Return a small network whose every output depends on every input of its row."""
    torch.manual_seed(0)
    table = torch.nn.Embedding(64, 24)
    layer = torch.nn.TransformerEncoderLayer(24, 4, 33, batch_first=True).eval().requires_grad_(False)

    def forward(ids, mask):
        states = layer(table(ids), src_key_padding_mask=mask == 0)
        return (states * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)

    return forward


@pytest.mark.parametrize("long_text", ["refuse", "truncate"])
def test_no_sentences_give_no_queries(long_text):
    assert encoded([], long_text=long_text) == []


def test_a_sentence_at_the_limit_is_whole():
    [query] = encoded([sentence(*range(3, LIMIT + 1))])
    assert (query.refused, query.cut_tokens) == ("", 0)
    assert tokens_seen(query) == sentence(*range(3, LIMIT + 1))


@pytest.mark.parametrize("more", [1, 5, 300])
def test_a_sentence_beyond_the_limit_is_refused_by_name(more):
    [query] = encoded([sentence(*[9] * (LIMIT - 2 + more))])
    assert (query.features, query.refused, query.cut_tokens) == (None, "sentence-too-long", 0)


@pytest.mark.parametrize("more", [1, 5, 300])
def test_a_sentence_beyond_the_limit_is_cut_and_counted_and_keeps_its_end_mark(more):
    words = [3 + place % 40 for place in range(LIMIT - 2 + more)]
    [query] = encoded([sentence(*words)], long_text="truncate")
    assert (query.refused, query.cut_tokens) == ("", more)
    assert tokens_seen(query) == sentence(*words[: LIMIT - 2])


def test_only_refused_sentences_wake_no_network():
    def forward(*_):
        raise AssertionError("nothing to encode")

    assert [q.refused for q in encoded([[1] * 99] * 3, forward)] == ["sentence-too-long"] * 3


@settings(max_examples=60)
@given(
    words=st.lists(WORDS, max_size=12),
    batch=st.integers(0, 5),
    long_text=st.sampled_from(["refuse", "truncate"]),
)
def test_queries_come_back_in_the_order_of_the_sentences(words, batch, long_text):
    token_lists = [sentence(*own) for own in words]
    queries = encoded(token_lists, batch=batch, long_text=long_text)
    assert len(queries) == len(token_lists)
    for own, query in zip(token_lists, queries, strict=True):
        if len(own) <= LIMIT:
            assert tokens_seen(query) == own
        elif long_text == "truncate":
            assert tokens_seen(query) == [*own[: LIMIT - 1], END]
        else:
            assert query.refused == "sentence-too-long"


@pytest.mark.parametrize("batch", [0, 2, 4, 7])
@pytest.mark.parametrize("pad_to", [0, LIMIT])
def test_neither_batches_nor_neighbours_change_a_bit(batch, pad_to):
    draw = np.random.default_rng(3)
    token_lists = [sentence(*draw.integers(3, 50, count)) for count in (1, 7, 30, 31, 40, 62, 63, 75, 7, 90)]
    forward = make_network()
    together = encoded(token_lists, forward, batch, pad_to=pad_to, long_text="truncate")
    backwards = encoded(token_lists[::-1], forward, batch, pad_to=pad_to, long_text="truncate")[::-1]
    for own, query, other in zip(token_lists, together, backwards, strict=True):
        [alone] = encoded([own], forward, batch, pad_to=pad_to, long_text="truncate")
        assert np.array_equal(alone.features, query.features)
        assert np.array_equal(alone.features, other.features)


@pytest.mark.parametrize(
    ("words", "length"),
    [
        (0, BUCKET),
        (BUCKET - 2, BUCKET),
        (BUCKET - 1, 2 * BUCKET),
        (2 * BUCKET - 1, LIMIT),
        (LIMIT - 2, LIMIT),
    ],
)
def test_lengths_are_padded_to_a_bucket_and_never_beyond_the_limit(words, length):
    [query] = encoded([sentence(*[5] * words)])
    assert query.features.shape == (length, 2)
    assert query.features.dtype == np.float32
    assert (query.features[words + 2 :] == (PADDING, 0)).all()


@pytest.mark.parametrize("words", [0, 10, 62])
def test_a_fixed_length_is_kept(words):
    [query] = encoded([sentence(*[5] * words)], limit=64, pad_to=64, padding=7)
    assert query.features.shape == (64, 2)
    assert (query.features[words + 2 :] == (7, 0)).all()
