import math
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.errors import DatasetError, UsageError
from medcutmix_cli.evaluation import evaluate_reports
from medcutmix_cli.evaluation.gold import key_of, lay_out, read_texts

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
EFFUSION, NORMAL = "There is a small pleural effusion.", "No pleural effusion. The heart is normal."


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def texts(tmp_path):
    return write(
        tmp_path / "texts.csv", "uid,findings,impression", f"1,{EFFUSION},", f"2,{NORMAL},", f"3,,{EFFUSION}"
    )


def test_scores_count_what_agrees_and_what_does_not(texts, tmp_path):
    gold = write(
        tmp_path / "gold.csv", "filename,Effusion,Mass,normal", "CXR1,1,0,0", "CXR2,1,0,0", "CXR3,0,0,1"
    )
    found = evaluate_reports(texts, gold)
    (score,) = found.scores  # no mass in gold, so no score of masses
    assert (score.name, score.hits, score.extra, score.missed) == ("Effusion", 1, 1, 1)
    assert (score.precision, score.recall, score.f1) == (0.5, 0.5, 0.5)
    assert found.micro.f1 == found.macro_f1 == 0.5
    assert [(d.identifier, d.missed, d.extra) for d in found.worst] == [
        ("CXR2", ("Effusion",), ()),
        ("CXR3", (), ("Effusion",)),
    ]


def test_a_table_in_the_manner_of_chexpert_is_gold(texts, tmp_path):
    gold = write(
        tmp_path / "gold.csv",
        "subject_id,study_id,Pleural Effusion,No Finding,Edema",
        "9,1,1.0,,",
        "9,2,0.0,1.0,",
        "9,3,-1.0,,1.0",
        "9,4,1.0,,",
    )
    found = evaluate_reports(texts, gold)
    assert {s.name: (s.hits, s.extra, s.missed) for s in found.scores} == {
        "Pleural Effusion": (1, 0, 0),
        "No Finding": (1, 0, 0),
        "Edema": (0, 0, 1),
    }
    assert (found.reports, found.without_report, found.uncertain) == (3, 1, 1)


def test_columns_may_be_named_as_the_lexicon_does(texts, tmp_path):
    gold = write(tmp_path / "gold.csv", "id,pleural_effusion,vascular_congestion", "1,1,0", "2,0,1")
    assert {s.name: s.f1 for s in evaluate_reports(texts, gold).scores} == {
        "pleural_effusion": 1.0,
        "vascular_congestion": 0.0,
    }


def test_texts_may_lie_in_a_folder(tmp_path):
    (tmp_path / "reports").mkdir()
    write(tmp_path / "reports" / "s1.txt", EFFUSION)
    gold = write(tmp_path / "gold.csv", "study_id,Pleural Effusion", "1,1")
    assert evaluate_reports(tmp_path / "reports", gold).micro.f1 == 1.0


def test_texts_may_lie_as_mimic_lays_them_out(tmp_path):
    folder = tmp_path / "files" / "p10" / "p10000032"
    folder.mkdir(parents=True)
    write(folder / "s50414267.txt", EFFUSION)
    gold = write(tmp_path / "gold.csv", "subject_id,study_id,Pleural Effusion", "10000032,50414267,1.0")
    assert evaluate_reports(tmp_path, gold).micro.f1 == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [("CXR12", "12"), ("12.xml", "s12"), ("s12.txt", "12"), ("a-b", "a-b.txt"), ("7.0", "7")],
)
def test_ids_of_one_report_meet(one, other):
    assert key_of(one) == key_of(other)


def test_sections_of_a_table_are_laid_out_as_a_report():
    assert lay_out({"findings": "A.", "impression": "", "indication": "B."}) == (
        " FINAL REPORT\n INDICATION: B.\n \n FINDINGS: A.\n \n"
    )


def test_a_text_column_is_taken_as_it_is(tmp_path):
    table = write(tmp_path / "t.csv", "report_id,report", f'7,"{EFFUSION}"')
    assert read_texts(table).read("", "7") == EFFUSION


def test_negation_is_asked_of_the_marked_concept(tmp_path):
    table = write(
        tmp_path / "sentences.tsv",
        "id\tconcept\tsentence\tstatus",
        "a\tpleural effusion\tNo PLEURAL EFFUSION but a mass.\tNegated",
        "b\tmass\tNo pleural effusion but a MASS.\tAffirmed",
        "c\tfever\tShe denies chills or FEVER.\tNegated",
        "d\tfever\tFEVER, no chills.\tNegated",
    )
    found = evaluate_reports(table, task="negation")
    assert {s.name: (s.hits, s.extra, s.missed) for s in found.scores} == {
        "negated (all)": (2, 0, 1),
        "negated (chest)": (1, 0, 0),
    }
    assert found.micro.positives == 3
    assert math.isnan(found.macro_f1)
    assert [d.identifier for d in found.worst] == ["d"]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(["id,colour", "1,1"], "no column names a finding", id="no-finding"),
        pytest.param(["id,Mass", "1,large mass"], "is not 1, 0, -1 or blank", id="no-value"),
        pytest.param(["id,Mass", "1,1", "1,0"], "contradict", id="two-rows"),
        pytest.param(["id,Mass", "77,1"], "no report has an id", id="no-id-in-common"),
    ],
)
def test_gold_that_makes_no_sense_is_refused_without_its_text(lines, said, texts, tmp_path):
    with pytest.raises(DatasetError, match=said) as refused:
        evaluate_reports(texts, write(tmp_path / "gold.csv", *lines))
    assert "large mass" not in str(refused.value)


@pytest.mark.parametrize(
    ("gold", "task", "said"),
    [
        pytest.param(None, "findings", "nothing to compare", id="no-gold"),
        pytest.param("gold.csv", "negation", "its own gold", id="gold-too-many"),
        pytest.param(None, "maps", "no task called", id="unknown-task"),
    ],
)
def test_what_makes_no_sense_is_refused(gold, task, said, texts, tmp_path):
    with pytest.raises(UsageError, match=said):
        evaluate_reports(texts, tmp_path / gold if gold else None, task=task)


def test_a_table_without_text_is_refused(tmp_path):
    table = write(tmp_path / "t.csv", "id,colour", "1,red")
    with pytest.raises(DatasetError, match="no column of report text"):
        evaluate_reports(table, write(tmp_path / "g.csv", "id,Mass", "1,1"))


def test_sentences_with_too_few_columns_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="line 2"):
        evaluate_reports(write(tmp_path / "t.tsv", "a\tb", "secret\tx"), task="negation")


def test_it_is_public():
    assert medcutmix_cli.evaluate_reports is evaluate_reports


def test_the_reader_keeps_its_promise_on_public_gold():
    folder = SHARED / "open-i"
    if not folder.is_dir():
        pytest.skip("the Open-i reports are not here")
    found = evaluate_reports(folder / "indiana_reports.csv", folder / "gold14.csv")
    assert found.micro.f1 >= 0.915
    assert found.macro_f1 >= 0.88


def test_the_assertion_rules_keep_theirs_on_the_negex_sentences():
    table = SHARED / "negex" / "sentences.tsv"
    if not table.is_file():
        pytest.skip("the NegEx sentences are not here")
    scores = {s.name: s.f1 for s in evaluate_reports(table, task="negation").scores}
    assert scores["negated (all)"] >= 0.975
    assert scores["negated (chest)"] >= 0.985
