import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

import medcutmix_cli
from medcutmix_cli.attention import attention_mass
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.encoders.base import Picture
from medcutmix_cli.encoders.clip import Clip
from medcutmix_cli.encoders.clip_pooling import Pooling
from medcutmix_cli.errors import UsageError
from medcutmix_cli.images.placement import letterbox
from medcutmix_cli.records import Placement
from tests.encoders.clip_folders import GRID, SIDE, clip_folder, edit, siglip_folder
from tests.trees import write_manifest

SENTENCE = "There is a small right pleural effusion."
SENTENCES = [SENTENCE, "Right upper lobe consolidation is present.", "Large left effusion."]
METHODS = ("projected-patch", "value-path", "gradient")
MAKERS = {"clip": clip_folder, "siglip": siglip_folder}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return {name: make(root / name) for name, make in MAKERS.items()}


@pytest.fixture(params=MAKERS)
def folder(folders, request):
    return folders[request.param]


def make_encoder(folder, **options):
    return Clip(folder, device="cpu", **options)


def make_picture(seed=0, height=150, width=130, canvas=112):
    place = letterbox(height, width, canvas)
    pixels = np.zeros((canvas, canvas), np.uint8)
    inside = pixels[place.top : place.top + place.height, place.left : place.left + place.width]
    inside[...] = np.random.default_rng(seed).integers(0, 256, inside.shape)
    return Picture(str(seed), pixels, place)


def attended(encoder, picture, sentence=SENTENCE):
    [image] = encoder.encode_images([picture])
    [query] = encoder.encode_sentences([sentence])
    return encoder.attend(image, query.features)


# --- against transformers, computed another way --------------------------------------------------------------


class Direct:
    """The same model, asked through transformers' own forward with eager attention."""

    def __init__(self, folder, picture):
        self.model = AutoModel.from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32
        ).eval()
        self.clip = self.model.config.model_type == "clip"
        tokenizer = AutoTokenizer.from_pretrained(folder)
        length = self.model.config.text_config.max_position_embeddings
        ids = tokenizer([SENTENCE], padding="max_length", max_length=length, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            pixels = processed(folder, picture.pixels)
            self.out = self.model(input_ids=ids, pixel_values=pixels)
            self.states = self.model.vision_model(pixels, output_hidden_states=True).hidden_states
            self.tokens = self.model.vision_model(pixels).last_hidden_state
        self.pixels, self.ids = pixels, ids

    def text(self):
        return self.out.text_embeds[0]

    def project(self, tokens):
        return self.model.visual_projection(self.model.vision_model.post_layernorm(tokens))

    @torch.no_grad()
    def logits(self, vectors):
        scale, bias = self.model.logit_scale.exp(), getattr(self.model, "logit_bias", torch.zeros(1))
        return scale * functional.cosine_similarity(vectors, self.text()[None]) + bias


def processed(folder, pixels):
    name = json.loads((folder / "preprocessor_config.json").read_text())["image_processor_type"]
    processor = getattr(transformers, f"{name}Pil").from_pretrained(folder)
    return processor(Image.fromarray(pixels), return_tensors="pt")["pixel_values"]


def whole_canvas():
    """A picture that is its canvas: what the letterbox shows is what transformers is given."""
    pixels = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)
    return Picture("w", pixels, letterbox(SIDE, SIDE, SIDE))


@torch.no_grad()
def direct_projected_patch(direct):
    return direct.logits(direct.project(direct.tokens[0, 1:]) if direct.clip else direct.tokens[0])


@torch.no_grad()
def direct_value_path(direct):
    """CLIP: the last layer under a mask that lets each token see itself only. SigLIP: the head, one token at a time."""
    vision = direct.model.vision_model
    if not direct.clip:
        return direct.logits(torch.cat([vision.head(token[None, None]) for token in direct.tokens[0]]))
    count = direct.tokens.shape[1]
    mask = torch.full((1, 1, count, count), -torch.inf).masked_fill(torch.eye(count, dtype=torch.bool), 0.0)
    tokens = vision.encoder.layers[-1](direct.states[-2], mask)
    return direct.logits(direct.project(tokens[0, 1:]))


def direct_gradient(direct):
    with torch.enable_grad():
        weights, similarity = attention_of_class_token(direct) if direct.clip else attention_of_probe(direct)
        (gradient,) = torch.autograd.grad(similarity, weights)
    relevance = (gradient * weights).clamp(min=0)[0].mean(dim=0).detach()
    return relevance[0, 1:] if direct.clip else relevance[0]


def attention_of_class_token(direct):
    out = direct.model(input_ids=direct.ids, pixel_values=direct.pixels, output_attentions=True)
    return out.vision_model_output.attentions[-1], out.logits_per_image.squeeze()


def attention_of_probe(direct):
    """Take torch's own weights of the head, rebuild the rest of it head by head, and see that it is the head."""
    head = direct.model.vision_model.head
    _, weights = head.attention(
        head.probe, direct.tokens, direct.tokens, need_weights=True, average_attn_weights=False
    )
    weights = weights.detach().requires_grad_()  # (1, heads, 1, cells)
    w, b = (part.chunk(3)[2] for part in (head.attention.in_proj_weight, head.attention.in_proj_bias))
    values = (direct.tokens @ w.T + b).chunk(weights.shape[1], dim=-1)
    mixed = torch.cat([weights[:, h] @ values[h] for h in range(len(values))], dim=-1)
    mixed = head.attention.out_proj(mixed)
    vector = (mixed + head.mlp(head.layernorm(mixed)))[:, 0]
    torch.testing.assert_close(vector, direct.out.vision_model_output.pooler_output, atol=1e-5, rtol=1e-5)
    return weights, direct.model.logit_scale.exp().squeeze() * functional.cosine_similarity(
        vector, direct.text()[None]
    ).squeeze()


DIRECT = dict(zip(METHODS, (direct_projected_patch, direct_value_path, direct_gradient), strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_a_map_equals_what_transformers_itself_computes(folder, method, tmp_path):
    other = shutil.copytree(folder, tmp_path / folder.name)
    if folder.name == "clip":  # no crop, so that the letterbox is what the processor shows
        edit(other / "preprocessor_config.json", size={"shortest_edge": SIDE})
    picture = whole_canvas()
    expected = DIRECT[method](Direct(other, picture)).numpy()
    encoder = make_encoder(other, method=method, fit="letterbox")
    [image] = encoder.encode_images([picture])
    [query] = encoder.encode_sentences([SENTENCE])
    if method == "gradient":
        np.testing.assert_allclose(encoder._relevance(image, query.features), expected, atol=1e-5, rtol=1e-4)
        found = attention_mass(encoder.attend(image, query.features).scores)
        np.testing.assert_allclose(found.ravel(), expected / expected.sum(), atol=1e-3)
    else:
        loaded = encoder._loaded
        exact = loaded.scale * (image.features @ query.features) + loaded.bias
        np.testing.assert_allclose(exact, expected, atol=1e-5, rtol=1e-5)
        found = encoder.attend(image, query.features).scores.ravel()
        np.testing.assert_allclose(found, expected.astype(np.float16), atol=0.01)


def test_the_vectors_of_picture_and_sentence_equal_those_of_transformers(folder):
    picture = whole_canvas()
    direct = Direct(folder, picture)
    encoder = make_encoder(folder, method="gradient")
    [image] = encoder.encode_images([picture])
    [query] = encoder.encode_sentences([SENTENCE])
    tower = encoder._loaded.tower
    vector = tower.embed(Pooling.unpack(torch.tensor(image.features), tower.heads))
    whole = functional.normalize(vector, dim=0).detach().numpy()
    np.testing.assert_allclose(query.features, direct.text().numpy(), atol=1e-5)
    np.testing.assert_allclose(whole, direct.out.image_embeds[0].numpy(), atol=1e-5)
    logit = encoder._loaded.scale * whole @ query.features + encoder._loaded.bias
    np.testing.assert_allclose(logit, direct.out.logits_per_image.item(), atol=1e-4)


@pytest.mark.parametrize(
    ("height", "width"),
    [(64, 64), (75, 75), (101, 77), (77, 101), (200, 131), (131, 333), (64, 63)],
    ids=lambda length: str(length),
)
def test_a_picture_is_prepared_as_by_the_processor_of_transformers_bit_for_bit(folder, height, width):
    side = max(height, width)
    place = Placement(height, width, side, (side - height) // 2, (side - width) // 2, height, width)
    pixels = np.random.default_rng(height).integers(0, 256, (side, side), dtype=np.uint8)
    proper = pixels[place.top : place.top + height, place.left : place.left + width]
    look = make_encoder(folder)._loaded.look
    ours = look.values(look.see(Picture("i", pixels, place), "published"))
    assert np.array_equal(ours, processed(folder, np.ascontiguousarray(proper))[0].numpy())


# --- what every encoder keeps --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_does_not_know_which_others_are_encoded_with_it(folder, method):
    encoder = make_encoder(folder, method=method)
    pictures = [make_picture(seed) for seed in range(3)]
    together = encoder.encode_images(pictures)
    alone = [encoder.encode_images([picture])[0] for picture in pictures]
    assert all(np.array_equal(a.features, b.features) for a, b in zip(together, alone, strict=True))


def test_a_sentence_does_not_know_which_others_are_encoded_with_it(folder):
    encoder = make_encoder(folder)
    together = encoder.encode_sentences(SENTENCES)
    alone = [encoder.encode_sentences([sentence])[0] for sentence in SENTENCES]
    assert all(np.array_equal(a.features, b.features) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("method", METHODS)
def test_threads_give_the_bits_of_one(folder, method):
    encoder = make_encoder(folder, method=method)
    pictures = [make_picture(seed) for seed in range(4)]
    alone = [attended(encoder, picture).scores for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda picture: attended(encoder, picture).scores, pictures * 3))
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(alone * 3, found, strict=True))


@pytest.fixture(scope="module")
def light_meters(tmp_path_factory):
    root = tmp_path_factory.mktemp("light-meters")
    made = {name: make(root / name, layers=1) for name, make in MAKERS.items()}
    for path in made.values():
        model = AutoModel.from_pretrained(path)
        with torch.no_grad():
            turn_into_light_meter(model)
        model.save_pretrained(path)
    return made


def turn_into_light_meter(model):
    """Let each patch point from (1, -1, 0, 0, ...) towards (0, 0, 1, -1, ...) by its grey, and attention be even."""
    for name, weight in model.vision_model.named_parameters():
        weight.zero_()
        if "norm" in name and name.endswith("weight"):
            weight.fill_(1.0)
        elif name.endswith(("v_proj.weight", "out_proj.weight")):
            weight.copy_(torch.eye(len(weight)))
        elif name.endswith("in_proj_weight"):
            weight[-32:].copy_(torch.eye(32))
        elif name.endswith(("position_embedding.weight", "class_embedding")):
            weight[..., 0], weight[..., 1] = 1.0, -1.0
        elif name.endswith("patch_embedding.weight"):
            weight[2], weight[3] = 1 / weight[2].numel(), -1 / weight[3].numel()
    if hasattr(model, "visual_projection"):
        model.visual_projection.weight.copy_(torch.eye(24, 32))


def light(dimensions):
    return np.array([0, 0, 1, -1] + [0] * (dimensions - 4), dtype=np.float32) / np.float32(np.sqrt(2))


@pytest.mark.parametrize("family", MAKERS)
@pytest.mark.parametrize("fit", ["published", "letterbox"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("height", "width", "row", "column"),
    [
        pytest.param(224, 160, 0.35, 0.6, id="portrait"),
        pytest.param(160, 224, 0.6, 0.4, id="landscape"),
        pytest.param(171, 223, 0.6, 0.65, id="odd"),
    ],
)
def test_a_bright_square_comes_back_where_it_was(
    light_meters, family, fit, method, height, width, row, column
):
    encoder = make_encoder(light_meters[family], fit=fit, method=method)
    place = letterbox(height, width, 224)
    middle = np.array([place.top + row * place.height, place.left + column * place.width])
    pixels = np.zeros((224, 224), np.uint8)
    top, left = (int(at) - 30 for at in middle)
    pixels[top : top + 60, left : left + 60] = 255  # more than two cells wide: one at least is all white
    [image] = encoder.encode_images([Picture("i", pixels, place)])
    scores = encoder.attend(image, light(24 if family == "clip" else 32)).scores
    share = scores.shape[0] / 224
    brightest = np.argwhere(scores >= np.nanmax(scores) - 0.02) + 0.5
    assert np.abs(brightest.mean(axis=0) / share - middle).max() <= 14  # half a native cell
    assert np.isnan(scores).any()  # the bars
    assert np.isfinite(scores[tuple((middle * share).astype(int))])


def test_the_card_says_what_kind_of_map_it_is(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / folder.name)
    (other / "README.md").write_text("---\nlicense: other\nlicense_name: some-terms\n---\n# Model\n")
    card = make_encoder(other, fit="letterbox").card
    assert (card.map_kind, card.demonstration, card.licence) == ("untrained-local", False, "some-terms")
    assert card.grid == (GRID, GRID)
    assert card.reads == 112
    assert card.text_limit == (40 if folder.name == "clip" else 16)
    assert make_encoder(other).card.grid == (2 * GRID, 2 * GRID)
    assert len(card.weights_sha256) == 64


# --- sentences -----------------------------------------------------------------------------------------------


def test_a_too_long_sentence_is_refused_by_name(folder):
    short, long = make_encoder(folder).encode_sentences([SENTENCE, "right effusion " * 30])
    assert (short.refused, long.refused) == ("", "sentence-too-long")
    assert long.features is None


def test_a_too_long_sentence_is_cut_and_counted_when_asked(folder):
    encoder = make_encoder(folder, long_text="truncate")
    [query] = encoder.encode_sentences(["effusion " * 100])
    tokens = encoder._loaded.sentences.tokens(["effusion " * 100])[0]
    assert query.cut_tokens == len(tokens) - encoder.card.text_limit > 0
    assert np.isfinite(query.features).all()


# --- options and the whole run -------------------------------------------------------------------------------


def test_options_are_checked_by_name_and_type(folder):
    chosen = build("encoder", "clip", {"weights": folder, "method": "gradient", "trust_remote_code": True})
    assert (chosen.method, chosen.trust_remote_code) == ("gradient", True)
    with pytest.raises(UsageError, match="method must be one of"):
        build("encoder", "clip", {"method": "rollout"})
    with pytest.raises(UsageError, match="trust_remote_code"):
        build("encoder", "clip", {"trust_remote_code": "yes"})


def test_a_tiny_checkpoint_runs_the_whole_augment(folder, tmp_path):
    source = write_manifest(tmp_path / "in", studies=8)
    status = medcutmix_cli.augment(
        source, tmp_path / "out", encoder="clip", weights=folder, shard_size=5, workers=2
    )
    assert status.balanced
    assert status.planned == status.written + sum(status.rejected.values())
    assert not status.failed
