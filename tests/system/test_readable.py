from dataclasses import dataclass

from medcutmix_cli.system.readable import Readable, count_line


@dataclass(frozen=True, slots=True, repr=False)
class Told(Readable):
    name: str

    def facts(self):
        return {"name": self.name, "nothing": ""}


def test_a_record_says_in_one_line_what_it_holds():
    assert repr(Told("mass")) == "Told(name: mass)"


def test_a_notebook_shows_a_table_into_which_no_name_writes():
    shown = Told("<b>")._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "nothing" not in shown


def test_no_name_steers_a_terminal():
    assert "\x1b" not in repr(Told("\x1b[2J"))


def test_counts_are_told_by_name_without_those_of_nothing():
    assert count_line({"mass": 1200, "edema": 0}) == "mass 1,200"
    assert not count_line({})
