import pytest

from medcutmix_cli.records import Candidate, Side
from medcutmix_cli.reports.entities import open_finding, read_open_findings
from medcutmix_cli.reports.words import canonical

NAMES = ("hiatal hernia", "scoliosis", "aortic aneurysm", "bronchiectasis", "thymoma")
MODIFIERS = (
    "{}",
    "small {}",
    "a large {}",
    "moderate-sized {}",
    "left {}",
    "right-sided {}",
    "bilateral {}",
    "mild to moderate {}",
    "stable {}",
    "unchanged chronic {}",
    "new {}",
    "increased {}",
    "probable {}",
    "evidence of {}",
    "no {}",
    "the known {}",
    "{}, unchanged",
    "severe left basilar {}",
)


def named(text, label="DISEASE"):
    words = canonical(text)
    found = open_finding(words, (0, len(words)), label)
    return found.finding if found else None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frame", MODIFIERS)
def test_what_says_how_much_where_and_since_when_is_no_part_of_a_name(frame, name):
    assert named(frame.format(name)) == f"entity:{name}"
    assert named(frame.format(name).upper()) == f"entity:{name}"


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("hiatal hernias", "hiatal hernia"),
        ("Hiatal-Hernia", "hiatal hernia"),
        ("coronary artery calcifications", "coronary artery calcification"),
        ("rib metastases", "rib metastasis"),
        ("aortic stenoses", "aortic stenosis"),
        ("lymphadenopathies", "lymphadenopathy"),
        ("thyroid goitre", "thyroid goiter"),
        ("oesophageal varices", "esophageal varix"),
        ("abscesses", "abscess"),
        ("pectus excavatum", "pectus excavatum"),
        ("diaphragmatic paralysis", "diaphragmatic paralysis"),
    ],
)
def test_plurals_hyphens_and_spellings_are_one_name(written, folded):
    assert named(written) == named(folded) == f"entity:{folded}"


@pytest.mark.parametrize(
    "text",
    [
        "disease",
        "acute cardiopulmonary disease",
        "chest pain",
        "cough",
        "left",
        "small",
        "12 mm",
        "___",
        "a hernia that was seen beside the old scar of the wall",
    ],
)
def test_classes_symptoms_and_bare_modifiers_are_no_findings(text):
    assert named(text) is None


@pytest.mark.parametrize("text", ["hiatal hernia", "scoliosis", "thoracic kyphosis", "aortic calcifications"])
def test_an_untyped_entity_counts_by_its_last_word(text):
    assert named(text, "ENTITY") == named(text)


@pytest.mark.parametrize("text", ["aorta", "hernia repair", "lung bases", "patient"])
def test_an_untyped_entity_without_such_a_word_is_none(text):
    assert named(text, "ENTITY") is None
    assert named("hiatal hernia", "CHEMICAL") is None


ASSERTED = (
    ("There is a {}.", "present"),
    ("{} is present.", "present"),
    ("Small {} again seen.", "present"),
    ("No {}.", "absent"),
    ("No effusion, {} or pneumothorax.", "absent"),
    ("There is no evidence of {}.", "absent"),
    ("{} is not seen.", "absent"),
    ("Possible {}.", "uncertain"),
    ("Findings may represent {}.", "uncertain"),
    ("{} has resolved.", "resolved"),
    ("No effusion. There is a {}.", "present"),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("frame", "assertion"), ASSERTED)
def test_open_findings_are_asserted_as_those_of_the_lexicon_are(frame, assertion, name):
    for sentence in frame.format(name).split(". ")[-1:]:
        start = sentence.index(name)
        (mention,) = read_open_findings(
            sentence, [Candidate(start, start + len(name), "DISEASE")], (), asked=False
        )
        assert (mention.finding, mention.assertion) == (f"entity:{name}", assertion)
        assert sentence[mention.start : mention.end] == name


def test_side_and_degree_are_read_around_the_name():
    text = "There is a small left Bochdalek hernia."
    start = text.index("small")
    (mention,) = read_open_findings(text, [Candidate(start, len(text) - 1, "DISEASE")], (), asked=False)
    assert (mention.finding, mention.side, mention.severity) == (
        "entity:bochdalek hernia",
        Side.LEFT,
        "small",
    )


def test_what_a_section_asks_for_is_uncertain():
    (mention,) = read_open_findings("Scoliosis.", [Candidate(0, 9, "DISEASE")], (), asked=True)
    assert mention.assertion == "uncertain"


def test_of_entities_that_share_words_the_longest_counts():
    text = "There is a giant paraesophageal hernia."
    ends = text.index(".")
    entities = [
        Candidate(text.index(word), ends, "DISEASE") for word in ("hernia", "giant", "paraesophageal")
    ]
    (mention,) = read_open_findings(text, entities, (), asked=False)
    assert mention.finding == "entity:paraesophageal hernia"
    assert text[mention.start : mention.end] == "paraesophageal hernia"


@pytest.mark.parametrize("behind", ["of the spine", "in the spine", "from before", "since then"])
def test_a_phrase_that_goes_on_behind_an_entity_takes_no_word_of_it(behind):
    text = f"Degenerative changes {behind}."
    (mention,) = read_open_findings(text, [Candidate(0, 20, "DISEASE")], (), asked=False)
    assert mention.finding == "entity:degenerative change"
