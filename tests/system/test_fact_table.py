from medcutmix_cli.system.fact_table import fact_table


def test_a_table_has_a_line_a_fact_and_a_caption_that_is_text():
    table = fact_table("<b>", {"Pairs": "<i>3</i>", "Shards": "1"})
    assert table.count("<tr>") == 2
    assert "<caption>&lt;b&gt;</caption>" in table
    assert "<i>3</i>" in table
