"""Help pages: every choice is listed, no type of a flag is shown, and one thing has one name."""

import re
import subprocess
import sys

import pytest

from medcutmix_cli.commands.help_page import names_of, with_names
from medcutmix_cli.configuration.choices import choices_of
from medcutmix_cli.configuration.registry import GROUPS, names
from medcutmix_cli.configuration.settings import OF_TABLES, SETTINGS
from medcutmix_cli.main import command_line
from tests.calls import medcutmix
from tests.fresh_process import run_statements

BY_FLAG = {
    one.flag.partition("/")[0]: one for one in (*SETTINGS.values(), *OF_TABLES) if one.declared.keyword
}
PLACES = {
    *("DATASET", "CACHE", "RUN", "RECIPE", "REPORTS", "IMAGES", "IMAGE", "SENTENCE", "TEXT", "FILE", "NAME"),
    "RUN OUT",  # of export, whose OUT is no run
}
"""What arguments are called."""


def commands(command, words=()):
    inner = getattr(command, "commands", {})
    for name, each in inner.items():
        yield from commands(each, (*words, name))
    if not inner:
        yield pytest.param(words, command, id=" ".join(words))


ALL = list(commands(command_line()))


def page(capsys, words):
    assert medcutmix(*words, "--help") == 0
    return capsys.readouterr().out


def plain(shown):
    """Return the words of a page, its frames and breaks of lines taken out."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown).split())


@pytest.mark.parametrize(("words", "command"), ALL)
def test_every_choice_of_an_option_is_listed(capsys, words, command):
    shown = plain(page(capsys, words))
    kinds = {"--to": names("export")} if words == ("export",) else {}
    for option in (option for entry in command.params for option in entry.opts):
        known = kinds.get(option) or (choices_of(BY_FLAG[option]) if option in BY_FLAG else ())
        lacking = [name for name in known if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", shown)]
        assert not lacking, option


@pytest.mark.parametrize(("words", "command"), ALL)
def test_a_page_shows_no_marks_of_its_making(capsys, words, command):
    shown = page(capsys, words)
    assert "<bool>" not in shown
    assert not re.search(r"\{\w+", shown), "names in braces"
    for entry in command.params:
        if entry.param_type_name == "argument":
            assert entry.metavar in PLACES, entry.metavar


@pytest.mark.parametrize(("words", "command"), ALL)
def test_the_line_of_usage_has_no_brace_and_each_bracket_is_closed(capsys, words, command):
    usage = plain(page(capsys, words)).partition("Usage: ")[2].partition(f"{' '.join(words)} ")[2]
    line = usage.partition(command.help.split()[0] + " ")[0]
    assert not re.search(r"[{}]", line)
    while re.search(r"\[[^][]*\]", line):
        line = re.sub(r"\[[^][]*\]", "", line)
    assert not re.search(r"[][]", line)
    places = [
        entry.metavar for entry in command.params if entry.param_type_name == "argument" and entry.required
    ]
    assert line.strip() == " ".join(places)


@pytest.mark.parametrize("words", [(), ("config",), ("batch",), ("evaluate",)])
def test_a_group_shows_no_type_of_a_flag(capsys, words):
    assert "<bool>" not in page(capsys, words)


@pytest.mark.parametrize("kind", GROUPS)
def test_names_are_put_in_when_the_page_is_printed(kind):
    assert with_names(f"Which. {names_of(kind)}") == f"Which. One of: {', '.join(names(kind))}."


def test_names_that_a_text_tells_are_not_listed_again():
    told = " ".join(names("gate"))
    assert with_names(f"{told} {names_of('gate')}") == told
    assert with_names(None) is None


def test_a_command_that_prints_no_page_looks_up_no_name():
    code = "import sys, medcutmix_cli.main; print('importlib.metadata' in sys.modules)"
    assert run_statements(code) == "False\n"


def test_the_first_page_takes_little_time():
    """0.3 s of a CPU that adds a million numbers in 0.06 s; a slower one, or one in use, is given as much more.

    Whichever try is quiet enough counts.
    """
    code = (
        "import sys, time\n"
        "began, x = time.process_time(), 0\n"
        "for k in range(1_000_000): x += k\n"
        "slow, began = max(1, (time.process_time() - began) / 0.06), time.process_time()\n"
        "from medcutmix_cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print((time.process_time() - began) / slow)"
    )
    command = [sys.executable, "-c", code]
    took = [float("inf")]
    while min(took) >= 0.3 and len(took) <= 40:
        took.append(
            float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])
        )
    assert min(took) < 0.3
