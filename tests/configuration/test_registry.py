from importlib import metadata

import pytest

from medcutmix_cli.configuration import registry
from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.errors import MissingExtraError, UsageError
from tests.fresh_process import run_statements


def test_every_named_plugin_loads():
    for kind in registry.GROUPS:
        assert registry.names(kind), kind
        for name in registry.names(kind):
            assert registry.load(kind, name) is not None


def test_listing_names_imports_no_plugin():
    code = (
        "import sys; from medcutmix_cli.configuration import registry; registry.names('encoder');"
        "print([m for m in sys.modules if m.startswith('medcutmix_cli.encoders')], 'torch' in sys.modules)"
    )
    assert run_statements(code).strip() == "[] False"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        registry.load("mask", "topkk")
    assert "did you mean 'topk'" in caught.value.hint


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch):
    point = metadata.EntryPoint("ghost", "no_such_module_at_all:Thing [ghost]", "medcutmix.encoders")
    monkeypatch.setattr(registry, "_entries", lambda _kind: {"ghost": point})
    with pytest.raises(MissingExtraError) as caught:
        registry.load("encoder", "ghost")
    line = "pip install --constraint constraints.txt '.[ghost]' in the folder of the source"
    assert caught.value.hint == f"{line} (the extra 'ghost')"
    assert "no_such_module_at_all" in caught.value.what


def test_a_package_that_an_extra_brings_only_by_others_is_told_which(monkeypatch):
    point = metadata.EntryPoint("ghost", "no_such_module_at_all:Thing [encoders]", "medcutmix.encoders")
    monkeypatch.setattr(registry, "_entries", lambda _kind: {"ghost": point})
    with pytest.raises(MissingExtraError) as caught:
        registry.load("encoder", "ghost")
    assert "'.[encoders]'" in caught.value.hint
    assert "transformers, sentencepiece, protobuf, and what they need" in caught.value.hint


def test_an_unknown_option_of_a_plugin_is_refused_with_the_nearest():
    with pytest.raises(UsageError) as caught:
        build("mask", "topk", {"fractoin": 0.1})
    assert "did you mean 'fraction'" in caught.value.hint


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"fraction": "a"}, "must be a number", id="text-for-a-number"),
        pytest.param({"fraction": 7.0}, r"fraction must be in \(0, 1\]", id="out-of-range"),
        pytest.param(3, "must stand in a table", id="no-table"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        build("mask", "topk", options)
