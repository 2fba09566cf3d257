import inspect
from typing import get_type_hints

import pytest

import medcutmix_cli
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.settings import settings_of

WITH_OPTIONS = {
    "attend": "attend",
    "augment": "plan",
    "calibrate": "calibrate",
    "check_dataset": "check",
    "embed": "embed",
    "estimate_augment": "plan",
    "examine": "doctor",
    "estimate_render": "render",
    "find_shortcuts": "shortcuts",
    "plan": "plan",
    "prepare": "prepare",
    "render": "render",
}


@pytest.mark.parametrize("name", WITH_OPTIONS)
def test_help_lists_every_option_of_a_function_with_what_it_is(name):
    text = inspect.getdoc(getattr(medcutmix_cli, name))
    options = text.partition("\nOptions:\n")[2]
    for setting in settings_of(WITH_OPTIONS[name]):
        assert f"\n    {setting.declared.keyword}: {setting.declared.help[:20]}" in f"\n{options}"
    assert "Raises:" in text
    assert max(map(len, text.splitlines())) <= 120


def test_no_function_with_options_is_left_out():
    found = {
        name
        for name in medcutmix_cli.__all__
        if inspect.isfunction(thing := getattr(medcutmix_cli, name))
        and inspect.signature(thing).parameters.get("options")
        and inspect.signature(thing).parameters["options"].kind is inspect.Parameter.VAR_KEYWORD
    }
    assert found <= set(WITH_OPTIONS) | {"export", "export_sections", "write_gallery"}
    assert set(WITH_OPTIONS) <= found


def test_a_default_and_the_choices_are_said():
    @describe_options("plan")
    def mix(**options: object) -> None:
        """Mix."""

    assert mix.__doc__.startswith("Mix.\n\nOptions:\n")
    assert "splits: Split to mix, within itself: train, validate or test." in mix.__doc__
    assert "Default: train." in mix.__doc__
    assert "Default: ." not in mix.__doc__
    assert get_type_hints(mix)
