import json

from medcutmix_cli.run.reasons import reasons
from tests.calls import medcutmix


def test_one_reason_says_what_why_and_what_to_do(capsys):
    assert medcutmix("reasons", "mask:recipient-mask-too-small") == 0
    shown = capsys.readouterr().out
    for word in ("mask-too-small", "What", "Why", "What to do", "--mask"):
        assert word in shown


def test_all_of_them_are_listed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    assert medcutmix("reasons") == 0
    shown = capsys.readouterr().out
    assert all(reason.name in shown for reason in reasons())
    assert medcutmix("reasons", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["reasons"]) == len(reasons())


def test_a_name_that_is_none_is_an_error_of_usage(capsys):
    assert medcutmix("reasons", "bad-luck") == 2
