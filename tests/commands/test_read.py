"""`medcutmix read`: one report, for a person and for a program."""

import io
import json
import sys

import pytest
import spacy

from tests.calls import medcutmix

REPORT = (
    "                                 FINAL REPORT\n INDICATION:  Pneumonia?\n \n FINDINGS:  There is a small left\n"
    " pleural effusion. No pneumothorax. Stable cardiomegaly. Possible pneumonia.\n The heart is normal.\n"
)
KEYS = {"characters", "document", "findings", "labels", "sections", "sentences"}
SENTENCE_KEYS = {
    "candidates", "diagnostic", "end", "findings", "flags", "kind", "section", "start", "text", "why_not",
}  # fmt: skip
MENTION_KEYS = {
    "assertion",
    "end",
    "finding",
    "location",
    "measurement",
    "prior",
    "severity",
    "side",
    "start",
}


@pytest.fixture
def report(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text(REPORT)
    return path


def test_a_report_is_shown_with_what_was_read(report, capsys):
    assert medcutmix("read", report) == 0
    shown = capsys.readouterr().out
    assert "* There is a small left [pleural effusion]." in shown
    assert "pleural effusion: present, left, small" in shown
    for why in ("denies all that it names", "speaks by comparison", "hedges all that it names"):
        assert why in shown
    assert "indication  INDICATION  not counted" in shown


def test_no_line_is_wider_than_the_terminal(report, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    medcutmix("read", report)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 60


def test_colour_marks_findings_where_there_is_colour(report, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    medcutmix("read", report)
    shown = capsys.readouterr().out
    assert "\x1b[1;31mpleural effusion" in shown
    assert "[pleural effusion]" not in shown


def test_json_is_one_document_with_known_keys_and_offsets_that_slice_back(report, capsys):
    assert medcutmix("read", report, "--json") == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == KEYS
    assert {key for sentence in document["sentences"] for key in sentence} == SENTENCE_KEYS
    mentions = [mention for sentence in document["sentences"] for mention in sentence["findings"]]
    assert {key for mention in mentions for key in mention} == MENTION_KEYS
    assert all(REPORT[s["start"] : s["end"]] == s["text"] for s in document["sentences"])
    assert document["labels"]["Pleural Effusion"] == 1.0


def test_json_says_why_each_sentence_is_not_diagnostic(report, capsys):
    medcutmix("read", report, "--json")
    sentences = json.loads(capsys.readouterr().out)["sentences"]
    assert [s["why_not"] for s in sentences] == [
        "section", "section", "", "negative", "prior", "uncertain", "normal",
    ]  # fmt: skip
    assert [s["diagnostic"] for s in sentences].count(True) == 1


def test_standard_input_is_read_for_a_dash(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(REPORT.encode())))
    assert medcutmix("read", "-") == 0
    assert "pleural effusion" in capsys.readouterr().out


def test_section_rules_are_obeyed(tmp_path, capsys):
    path = tmp_path / "report.txt"
    path.write_text("\n FINDINGS: Small effusion.\nImpression: Small effusion.\n")
    for rules, sections in (("mimic-official", ["findings"]), ("strict", ["findings", "impression"])):
        medcutmix("read", path, "--json", "--section-rules", rules)
        document = json.loads(capsys.readouterr().out)
        assert [section["name"] for section in document["sections"]] == sections


def test_a_models_candidates_are_shown(report, tmp_path, capsys):
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "ENTITY", "pattern": "left"}])
    pipeline.to_disk(tmp_path / "model")
    assert medcutmix("read", report, "--nlp-model", tmp_path / "model") == 0
    assert "candidates: left (ENTITY)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "does not exist", id="missing-file"),
        pytest.param(b"secret \xff effusion", "not UTF-8", id="other-encoding"),
    ],
)
def test_what_cannot_be_read_is_said_without_its_text(content, said, tmp_path, capsys):
    path = tmp_path / "report.txt"
    if content is not None:
        path.write_bytes(content)
    assert medcutmix("read", path) == 1
    told = capsys.readouterr()
    assert said in told.err
    assert "secret" not in told.err + told.out


@pytest.mark.parametrize(
    "arguments", [("--section-rules", "loose"), ("--nlp-model", "en_core_sci_md")], ids=["rules", "model"]
)
def test_settings_that_make_no_sense_exit_2_without_text(arguments, report, capsys):
    assert medcutmix("read", report, *arguments) == 2
    assert "effusion" not in capsys.readouterr().err


def test_an_empty_report_has_no_sentence(tmp_path, capsys):
    (tmp_path / "report.txt").write_text("\n")
    assert medcutmix("read", tmp_path / "report.txt") == 0
    assert capsys.readouterr().out.strip() == "no sentence"


def test_control_characters_do_not_reach_the_terminal(tmp_path, capsys):
    (tmp_path / "report.txt").write_text("Small \x1b[2J effusion.")
    medcutmix("read", tmp_path / "report.txt")
    assert "\x1b" not in capsys.readouterr().out


LEXICON = '[[finding]]\nid = "bend"\nterms = ["bent spine"]\n'


@pytest.fixture
def lexicon(tmp_path):
    path = tmp_path / "my.toml"
    path.write_text(LEXICON)
    return path


def test_words_in_quotes_are_read_as_a_report(capsys):
    assert medcutmix("read", "No effusion, small left pneumothorax.") == 0
    assert "small left [pneumothorax]" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["report.txt", "my report.txt", "none", "Effusion."])
def test_one_word_or_the_name_of_a_text_is_a_file(missing, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert medcutmix("read", missing) == 1
    assert "does not exist" in capsys.readouterr().err


def test_why_names_phrase_cue_scope_file_and_line(lexicon, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    assert medcutmix("read", "No bent spine or mass.", "--findings", lexicon, "--explain") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"named bent spine {lexicon}:3" in shown
    assert "cue no (absent, before) assertion.toml:" in shown
    assert "scope bent spine or mass" in shown


def test_why_is_a_list_of_the_document(lexicon, capsys):
    assert medcutmix("read", "No bent spine.", "--findings", lexicon, "--explain", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == KEYS | {"explanations"}
    (one,) = document["explanations"]
    assert (one["finding"], one["assertion"], one["why"]) == ("bend", "absent", "")
    assert one["rules"] == [{"phrase": "bent spine", "file": str(lexicon), "line": 3}]
    assert one["cues"][0]["rule"]["file"] == "assertion.toml"


def test_a_report_without_findings_has_nothing_to_explain(capsys):
    assert medcutmix("read", "Thank you very much.", "--explain") == 0
    assert "no finding" in capsys.readouterr().out


def test_the_lexicon_of_one_call_is_not_that_of_the_next(lexicon, capsys):
    medcutmix("read", "A bent spine.", "--findings", lexicon, "--json")
    medcutmix("read", "A bent spine.", "--json")
    first, second = capsys.readouterr().out.split('"document"')[1:]
    assert '"bend"' in first
    assert '"bend"' not in second


def test_words_that_are_none_are_a_report_without_a_sentence(capsys):
    assert medcutmix("read", "") == 0
    assert "no sentence" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_letters_with_nothing_between_them_are_no_text(tmp_path, capsys, encoding):
    (tmp_path / "report.txt").write_bytes(REPORT.encode(encoding))  # all of it is valid UTF-8
    assert medcutmix("read", tmp_path / "report.txt") == 1
    said = capsys.readouterr().err
    assert "the text is not UTF-8" in said
    assert f"iconv -f {encoding} -t utf-8" in said


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("The heart is normal. " * 200_000, "report-too-long", id="200,000-sentences"),
        pytest.param("effusion " * 1_000, "report-runs-on", id="no-stop"),
    ],
)
def test_what_no_plan_reads_is_refused_by_the_same_name(tmp_path, capsys, text, reason):
    (tmp_path / "report.txt").write_text(text)
    assert medcutmix("read", tmp_path / "report.txt") == 1
    said = capsys.readouterr().err
    assert f"medcutmix reasons {reason}" in said
    assert "heart" not in said
    assert "effusion" not in said


def test_a_mark_alone_is_an_empty_text(tmp_path):
    (tmp_path / "report.txt").write_bytes(b"\xef\xbb\xbf")
    assert medcutmix("read", tmp_path / "report.txt") == 0
