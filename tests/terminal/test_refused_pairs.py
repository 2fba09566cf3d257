"""A pair that was not written, in a terminal."""

from dataclasses import replace

import pytest

from medcutmix_cli.inspection.refused_view import RefusedPairs
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.terminal import refused_panel
from tests.refused_runs import refused_run, toy_encoders
from tests.terminal.printing import printed


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    with toy_encoders():
        run = refused_run(tmp_path_factory.mktemp("refused"))
        pairs = RefusedPairs(run)
        yield {one.outcome: pairs.view(one.pair_id) for one in read_outcomes(RunFolder(run).failures_file(0))}


def test_the_rule_is_told_in_words_and_drawn(views):
    view = views["rejected"]
    text = printed(refused_panel(view))
    said = " ".join(text.split())
    for words in (view.pair_id, "rejected: not written", view.rule, view.reason.what, "mask takes"):
        assert words in said
    who = view.rule.partition("-")[0]
    assert f"what broke it, {who}" in text
    assert "[" in text.partition("what broke it")[2]


def test_a_picture_that_cannot_be_read_is_told(views):
    text = printed(refused_panel(views["failed"]))
    assert "not read" in text
    assert "image-missing" in text
    assert "recipient's map" not in text


def test_what_the_rule_advises_keeps_its_brackets(views):
    view = views["rejected"]
    advised = replace(view.reason, advice="[mixing.options.guards] says what is spared")
    assert "[mixing.options.guards]" in printed(refused_panel(replace(view, reason=advised)))


def test_no_text_steers_a_terminal(views):
    hostile = "\x1b]0;owned\x07"
    parent = replace(views["rejected"].donor, study_id=hostile)
    view = replace(views["rejected"], donor=parent, split=hostile, details=(hostile,), now=hostile)
    assert hostile not in printed(refused_panel(view))
