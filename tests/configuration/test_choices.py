import pytest

from medcutmix_cli.configuration.choices import choices_of, untold_choices
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.configuration.settings import SETTINGS


def test_registered_names_and_declared_choices_are_values():
    assert choices_of(SETTINGS["mixing.mask"]) == names("mask")
    assert choices_of(SETTINGS["image.format"]) == ("png", "jpeg", "webp")
    assert choices_of(SETTINGS["plan.seed"]) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("png, jpeg or webp.", ""),
        ("How pictures are stored.", "One of: png, jpeg, webp."),
        ("png, jpeg-2000 or webp.", "One of: png, jpeg, webp."),
    ],
)
def test_choices_are_told_where_the_text_leaves_one_out(text, told):
    assert untold_choices(SETTINGS["image.format"], text) == told


def test_what_has_no_choices_tells_none():
    assert untold_choices(SETTINGS["plan.seed"], "Of everything random.") == ""
