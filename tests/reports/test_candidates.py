import pickle

import pytest
import spacy

from medcutmix_cli.errors import MedcutmixError, UsageError
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.reader import ReportReader

REPORT = "x\n FINDINGS: Small left effusion and a\n tortuous aorta. No pneumothorax.\n"


@pytest.fixture
def model(tmp_path):
    """Keep a model that calls aortas and effusions entities."""
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "ENTITY", "pattern": word} for word in ("tortuous aorta", "effusion")])
    pipeline.to_disk(tmp_path / "model")
    return tmp_path / "model"


def test_what_the_lexicon_does_not_name_is_a_candidate(model):
    sentences = ReportReader(nlp_model=str(model)).read(REPORT).sentences
    ((candidate,),) = [s.candidates for s in sentences if s.candidates]
    assert REPORT[candidate.start : candidate.end] == "tortuous aorta"
    assert candidate.label == "ENTITY"


def test_a_model_changes_nothing_else(model):
    with_model, without = ReportReader(nlp_model=str(model)).read(REPORT), ReportReader().read(REPORT)
    assert [s.mentions for s in with_model.sentences] == [s.mentions for s in without.sentences]
    assert [s.kind for s in with_model.sentences] == [s.kind for s in without.sentences]
    assert str(chexpert_labels(with_model)) == str(chexpert_labels(without))


def test_the_folder_above_the_model_will_do(model):
    reading = ReportReader(nlp_model=str(model.parent)).read(REPORT)
    assert any(s.candidates for s in reading.sentences)


def test_a_reader_with_a_model_survives_pickling(model):
    reader = ReportReader(nlp_model=str(model))
    reader.read(REPORT)
    assert pickle.loads(pickle.dumps(reader)) == reader  # noqa: S301


@pytest.mark.parametrize("name", ["en_core_sci_md", "nowhere/at/all"])
def test_a_missing_model_is_refused_with_the_safe_way_to_get_one(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="never install it by its bare name"):
        ReportReader(nlp_model=name).read(REPORT)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("config.cfg", "[nlp]\nlang = 'xx'", id="a-config-that-is-none"),
        pytest.param("config.cfg", "", id="an-empty-config"),
        pytest.param("meta.json", "{", id="broken-json"),
        pytest.param("tokenizer", "\x00", id="a-damaged-tokenizer"),
        pytest.param("entity_ruler/cfg", "no", id="a-damaged-component"),
    ],
)
def test_a_damaged_model_is_one_clear_error(model, name, content):
    (model / name).write_text(content)
    with pytest.raises(MedcutmixError, match="cannot be loaded by spaCy") as refused:
        ReportReader(nlp_model=str(model)).read(REPORT)
    assert "effusion" not in str(refused.value)


def test_a_model_of_unknown_components_is_one_clear_error(model):
    config = model / "config.cfg"
    config.write_text(config.read_text().replace('factory = "entity_ruler"', 'factory = "of_another_age"'))
    with pytest.raises(MedcutmixError, match="cannot be loaded by spaCy"):
        ReportReader(nlp_model=str(model)).read(REPORT)


def test_a_model_without_entities_is_refused(tmp_path):
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(MedcutmixError, match="names no entities"):
        ReportReader(nlp_model=str(tmp_path)).read(REPORT)
