import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.errors import UsageError
from medcutmix_cli.reports.sections import RULES, section_name, split_sections


def bodies(report, rules="mimic-official"):
    return [(s.name, report[s.start : s.end]) for s in split_sections(report, rules)]


def test_headers_split_a_report_and_bodies_are_stripped():
    report = "   FINAL REPORT\n INDICATION:  Cough.\n \n FINDINGS: \n \n Clear lungs.\n \n IMPRESSION: \n Normal.\n"
    assert bodies(report) == [
        ("preamble", "FINAL REPORT"),
        ("indication", "Cough."),
        ("findings", "Clear lungs."),
        ("impression", "Normal."),
    ]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        pytest.param("REASON FOR EXAM", "indication", id="reason-for-exam-is-the-indication"),
        pytest.param("CONCLUSION", "impression", id="conclusion-is-the-impression"),
        pytest.param("IMPERSSION", "impression", id="misspelt-impression"),
        pytest.param("PORTABLE AP CHEST", "findings", id="view-name-introduces-findings"),
        pytest.param("PA AND LATERAL VIEWS", "findings", id="two-views"),
        pytest.param("FINAL IMPRESSION", "impression", id="header-that-holds-a-main-word"),
        pytest.param("WET READ", "other", id="wet-read-is-other"),
        pytest.param("NOTIFICATION", "other", id="notification-is-other"),
    ],
)
def test_header_variants_are_normalised(header, name):
    assert section_name(header) == name


def test_a_truncated_indication_is_an_impression_officially_and_an_indication_strictly():
    assert section_name("NDICATION", "mimic-official") == "impression"
    assert section_name("NDICATION", "strict") == "indication"


def test_the_last_repeated_header_wins_officially_and_none_is_lost_strictly():
    report = "x\n FINDINGS: First.\n \n FINDINGS: Second.\n"
    assert bodies(report)[1:] == [("other", "First."), ("findings", "Second.")]
    assert bodies(report, "strict")[1:] == [("findings", "First."), ("findings", "Second.")]


def test_empty_findings_are_dropped():
    assert bodies("x\n CHEST, PA AND LATERAL: \n\n IMPRESSION: Normal.\n")[1:] == [("impression", "Normal.")]


def test_without_findings_and_impression_the_last_paragraph_stands_alone():
    report = "FINAL REPORT\n INDICATION: Cough.\n \n Lungs are clear.\n \n No effusion.\n"
    assert bodies(report)[1:] == [
        ("indication", "Cough."),
        ("last_paragraph", "Lungs are clear.\n \n No effusion."),
    ]


def test_prose_without_headers_is_the_preamble():
    assert bodies("Lungs are clear.\n\nNo effusion.") == [("preamble", "Lungs are clear.\n\nNo effusion.")]


def test_a_header_on_the_first_line_is_seen_by_strict_only():
    assert bodies("TECHNIQUE: PA view.") == [("preamble", "TECHNIQUE: PA view.")]
    assert bodies("TECHNIQUE: PA view.", "strict") == [("technique", "PA view.")]


def test_unknown_rules_are_refused():
    with pytest.raises(UsageError, match="loose"):
        split_sections("x", "loose")


@given(st.text(alphabet=st.sampled_from("aF \n\r\t:_.FINDGSIMPRE"), max_size=200), st.sampled_from(RULES))
def test_sections_are_in_order_disjoint_and_not_empty(report, rules):
    end = 0
    for section in split_sections(report, rules):
        assert end <= section.start < section.end <= len(report)
        assert report[section.start : section.end] == report[section.start : section.end].strip()
        end = section.end


def test_known_headers_in_any_case_are_seen_by_strict_only():
    report = "\n FINDINGS: Clear.\nNote: none.\nImpression: Normal.\n"
    assert bodies(report, "strict") == [("findings", "Clear.\nNote: none."), ("impression", "Normal.")]
    assert bodies(report) == [("findings", "Clear.\nNote: none.\nImpression: Normal.")]


@given(st.text(max_size=200), st.sampled_from(RULES))
def test_any_text_has_sections_that_slice_back(report, rules):
    for section in split_sections(report, rules):
        assert 0 <= section.start < section.end <= len(report)


BODIES = {
    "INDICATION": "Cough.",
    "COMPARISON": "None.",
    "FINDINGS": "Consolidation at the right base. No effusion.",
    "IMPRESSION": "Right basal pneumonia.",
}
ORDERS = [
    ("FINDINGS", "IMPRESSION"),
    ("INDICATION", "FINDINGS", "IMPRESSION"),
    ("COMPARISON", "FINDINGS", "IMPRESSION"),
    tuple(BODIES),
]


@pytest.mark.parametrize("between", [" ", "  ", "\t", "\n", "\n\n"])
@pytest.mark.parametrize("case", [str.upper, str.capitalize])
@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("names", ORDERS)
def test_headers_are_seen_on_one_line_as_on_lines_of_their_own(names, rules, case, between):
    report = between.join(f"{case(name)}: {BODIES[name]}" for name in names)
    assert bodies(report, rules) == [(name.lower(), BODIES[name]) for name in names]


def test_a_header_in_capitals_needs_no_stop_before_it():
    found = bodies("FINDINGS: No acute disease IMPRESSION: Normal chest")
    assert found == [("findings", "No acute disease"), ("impression", "Normal chest")]


@pytest.mark.parametrize(
    "text",
    [
        "FINDINGS: No change in comparison: the heart is large.",
        "FINDINGS: The overall Impression: unchanged.",
        "FINDINGS: Date: unknown. Comment: the lungs are clear.",
        "FINDINGS: Seen as a clinical impression.",
    ],
)
def test_words_within_a_sentence_are_no_headers(text):
    assert bodies(text) == [("findings", text.removeprefix("FINDINGS: "))]


def test_a_longer_header_is_not_cut_into_two():
    assert bodies("FINDINGS AND IMPRESSION: Clear.") == [("impression", "Clear.")]
    report = "PAST MEDICAL HISTORY: Asthma.\nFINDINGS: Clear. CLINICAL HISTORY: Cough."
    assert [(s.header, s.name) for s in split_sections(report, "strict")] == [
        ("PAST MEDICAL HISTORY", "history"),
        ("FINDINGS", "findings"),
        ("CLINICAL HISTORY", "history"),
    ]


def test_mimics_own_form_is_read_as_published():
    report = " FINAL REPORT\n FINDINGS: Clear. IMPRESSION: Normal.\n"
    assert bodies(report)[1:] == [("findings", "Clear. IMPRESSION: Normal.")]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", ["", "  "])
def test_a_report_without_mimics_own_headers_still_has_its_sections(indent, line_break):
    report = line_break.join([f"{indent}FINDINGS: Large left effusion.", f"{indent}IMPRESSION: Effusion."])
    found = {section.name: report[section.start : section.end] for section in split_sections(report)}
    assert found == {"findings": "Large left effusion.", "impression": "Effusion."}


MAIN = [("Findings", "findings"), ("Report", "findings"), ("OBSERVATIONS", "findings")]
CLOSING = [("Impression", "impression"), ("OPINION", "impression"), ("Imp", "impression")]


@pytest.mark.parametrize("form", ["{}:\n", "{}: ", "{}:-\n", "{}:- ", "{}\n"])
@pytest.mark.parametrize(("main", "closing"), list(zip(MAIN, CLOSING, strict=True)))
def test_headers_of_other_sources_are_no_part_of_a_sentence(form, main, closing):
    report = f"{form.format(main[0])}Lungs clear.\n{form.format(closing[0])}Normal chest.\n"
    assert bodies(report) == [(main[1], "Lungs clear."), (closing[1], "Normal chest.")]


@pytest.mark.parametrize(
    "title",
    ["X-RAY CHEST PA VIEW", "CHEST", "CHEST X-RAY, PA AND LATERAL VIEWS", "PORTABLE CHEST RADIOGRAPH"],
)
def test_a_title_in_capitals_heads_the_findings(title):
    report = f"{title}\nLungs clear.\nIMPRESSION:\nNormal chest."
    assert bodies(report) == [("findings", "Lungs clear."), ("impression", "Normal chest.")]


@pytest.mark.parametrize(
    "line", ["NO DISEASE OF THE CHEST", "Chest clear", "SMALL EFFUSION IN THE RIGHT CHEST"]
)
def test_a_line_of_prose_is_no_header(line):
    for before in ("", "Portable film.\n"):
        assert line in bodies(f"{before}{line}\nNo effusion.")[0][1]


def test_a_title_before_headers_of_mimic_changes_nothing():
    report = "PORTABLE CHEST\n\n INDICATION: Cough.\n \n FINDINGS: Clear.\n \n FINDINGS: No.\n"
    assert bodies(report)[-2:] == [("other", "Clear."), ("findings", "No.")]


@pytest.mark.parametrize(
    ("header", "name"),
    [("Result", "findings"), ("RESULTS", "findings"), ("Summary", "impression"), ("Opinion", "impression")],
)
def test_headers_of_other_houses_are_seen_by_strict_within_a_line_and_on_one_of_their_own(header, name):
    assert bodies(f"Indication: fall. {header}: Clear.", "strict")[-1] == (name, "Clear.")
    assert bodies(f"Indication: fall.\n{header}: Clear.", "strict")[-1] == (name, "Clear.")
