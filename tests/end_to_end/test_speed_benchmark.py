"""The speed benchmarks run whole on tiny pictures, and say nothing of time that is compared with anything."""

import json
import os
import re
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.system.cpus import computes_in
from tests.benchmarks import against_commit
from tests.benchmarks.plan_at_scale import STAGES as PLAN_STAGES
from tests.benchmarks.speed import page, runs
from tests.benchmarks.speed.__main__ import PARTS, SMALL, main
from tests.benchmarks.speed.encoders import BF16, BUNDLED, FP32, FREE
from tests.benchmarks.speed.parts import memory, planning, stage_costs, start
from tests.benchmarks.speed.projection import IMAGES, MACHINES, Costs, gpu_speed, seconds_needed
from tests.benchmarks.speed.runs import Setup, in_turns, per_written, ratios

BLOCKS = re.findall("<!-- begin: (.*) -->", page.PAGE.read_text(encoding="utf-8"))
FIRST_CELLS = {
    "notebook": [(kind, FREE) for kind in ("JPG", "DICOM")],
    "floor": [(kind, FREE) for kind in ("JPG", "DICOM")],
    "before": [],
    "decoders": [(FREE,)],
    "stages": [
        (row,) for row in (*stage_costs.ROWS, stage_costs.SUM, stage_costs.PICTURES, stage_costs.WRITTEN)
    ],
    "projection": [(name, str(c), str(g)) for name in SMALL["names"][1:] for c, g in MACHINES],
    "prepared": [("JPG",), ("DICOM",)],
    "start": [
        ("`medcutmix render RUN`" if name == BUNDLED else "`render(RUN)`", name) for name in start.ENCODERS
    ],
    "plan": [(stage,) for stage in (*PLAN_STAGES, planning.WHOLE)],
    "memory": [(None, str(workers)) for _ in SMALL["memory_pairs"] for workers in memory.WORKERS],
}
"""What the rows of each table begin with; None: a count."""


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("speed")


def rows(text):
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return lines[2:]


def beginning(row, expected):
    """Return as many cells as are expected; a count that may be any is None."""
    cells = zip(row, expected, strict=False)
    return tuple(None if wanted is None and int(cell) else cell for cell, wanted in cells)


SLOW = ("memory", "plan", "start")
FULL = pytest.mark.skipif(
    os.environ.get("MEDCUTMIX_BENCHMARKS") != "full", reason="MEDCUTMIX_BENCHMARKS is not 'full'"
)
"""Parts that take half a minute each even when small, since they start many processes."""


@pytest.mark.parametrize("part", [pytest.param(p, marks=[FULL] if p in SLOW else []) for p in sorted(PARTS)])
def test_every_table_of_a_part_has_its_rows(part, work, tmp_path):
    written = tmp_path / "page.md"
    written.write_text(page.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    page.write_blocks(written, dict.fromkeys(BLOCKS, "not measured"))
    words = ["--small", "--rounds", "1", "--only", part, "--work", str(work), "--page", str(written)]
    main([*words, *(["--encoders", FREE] if part == "notebook" else [])])
    measured = [name for name in BLOCKS if page.read_block(written, name) != "not measured"]
    assert measured == {"notebook": ["notebook", "floor"], "stages": ["stages", "projection"]}.get(
        part, [part]
    )
    for name in measured:
        block = page.read_block(written, name)
        assert re.search(rf"`python -m \S+ --only {part}( --encoders .*)? --rounds 1`", block)
        assert [beginning(*both) for both in zip(rows(block), FIRST_CELLS[name], strict=True)] == FIRST_CELLS[
            name
        ]
    assert not list(work.glob("scratch-*"))


@pytest.mark.parametrize("encoder", sorted({FREE, BUNDLED}))
def test_pairs_are_counted_by_the_states_of_the_run(encoder, work, tmp_path):
    setup = Setup(work, tmp_path, 1, **SMALL)
    figures = setup.render(setup.plan(".jpg", encoder), stages=True)
    states = [json.loads(file.read_text()) for file in sorted((tmp_path / "run" / "state").glob("*.json"))]
    assert figures["written"] == sum(state["written"] for state in states) > 0
    assert figures["planned"] == sum(state["planned"] for state in states)
    assert figures["planned"] == figures["written"] + figures["rejected"] + figures["failed"]
    assert per_written([figures]) == [1000 * figures["seconds"] / figures["written"]]
    assert all(seconds > 0 for seconds in figures["stages"].values())
    assert {name for name, _, _ in stage_costs.STAGES} <= set(figures["stages"])
    assert RunFolder(tmp_path / "run").calibration_file.is_file()  # the gate had its say


@pytest.mark.parametrize(
    ("flags", "there"), [("fpu avx2", False), ("fpu avx512_bf16", True), ("asimd bf16", True)]
)
def test_bf16_is_measured_where_the_cpu_has_it(flags, there, tmp_path, monkeypatch):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_text(f"flags : {flags}\n")
    monkeypatch.setattr(runs, "computes_in", lambda name: computes_in(name, tmp_path))
    setup = Setup(tmp_path, tmp_path)
    assert (BF16 in setup.encoders) is there
    assert (f"{BF16}: not measured" in page.stamp(setup, "notebook")) is not there


@pytest.mark.parametrize("names", [(FP32,), (FP32, BF16)], ids=len)
def test_stages_are_cpu_time_by_written_pair_and_the_rest_is_what_is_in_no_stage(names):
    run = {"written": 10, "planned": 12, "pictures": 15, "cpu": 1.0, "decoders": 0.2, "stages": {"PNG": 0.3}}
    laid = stage_costs.blocks("Said.", {f"JPG, {name}": [run] for name in names}, 1.0)
    cells = {row[0]: row[1] for row in rows(laid["stages"])}
    assert cells["PNG"] == "30.0 (30.0 to 30.0)"
    assert cells[stage_costs.DECODE].startswith("20.0 ")
    assert cells[stage_costs.REST].startswith("50.0 ")
    assert cells[stage_costs.SUM].startswith("100.0 ")
    assert (cells[stage_costs.PICTURES], cells[stage_costs.WRITTEN]) == ("1.50", "10 of 12")
    assert len(rows(laid["projection"])) == len(names) * len(MACHINES)


def test_subjects_take_turns():
    order = []
    found = in_turns({name: lambda name=name: order.append(name) or {"n": len(order)} for name in "ab"}, 3)
    assert order == ["a", "b"] * 3
    assert found["b"] == [{"n": 2}, {"n": 4}, {"n": 6}]
    assert ratios([4, 9], [2, 3]) == [2, 3]


def test_the_longest_need_bounds_a_machine():
    costs = Costs(pair=0.04, encode=0.2, pictures=2.0, megabytes=1.0)
    needs = seconds_needed(costs, cores=16, gpus=8, speed=100.0)
    assert needs == pytest.approx(
        {"cores": IMAGES / 2 * 0.04 / 16, "storage": IMAGES / 1000, "GPUs": IMAGES / 800}
    )
    alone = seconds_needed(costs, cores=2, gpus=0, speed=100.0)
    assert alone == pytest.approx({"cores": IMAGES / 2 * 0.24 / 2, "storage": IMAGES / 1000})


def test_the_speed_of_a_gpu_is_that_of_its_page_or_said_to_be_assumed(tmp_path):
    assert gpu_speed(FP32, _page(tmp_path, "Nothing yet.")) == (1000.0, False)
    row = "| clip ViT-B/16 | 150 | {} | {} | 900.0 | {} | 90% | 1.0 GiB |\n"
    measured = (
        row.format("fp32", 8, "1200.5") + row.format("fp32", 32, "1500.5") + row.format("bf16", 32, "4000.0")
    )
    assert gpu_speed(FP32, _page(tmp_path, measured)) == (1500.5, True)


def test_a_block_that_the_page_has_no_place_for_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no block 'other'"):
        page.write_blocks(_page(tmp_path, "<!-- begin: one -->\n<!-- end: one -->"), {"other": "x"})


def _page(folder: Path, text: str) -> Path:
    (folder / "page.md").write_text(text, encoding="utf-8")
    return folder / "page.md"


def test_pictures_decoded_here_start_no_decoder_and_are_the_same(work, tmp_path):
    setup = Setup(work, tmp_path, 1, **SMALL)
    plan, shards = setup.plan(".jpg", FREE), {}
    for here in (False, True):
        figures = setup.render(plan, here=here)
        assert (figures["decoders"] > 0) is not here
        shards[here] = [file.read_bytes() for file in sorted((tmp_path / "run" / "data").glob("*.parquet"))]
    assert shards[True] == shards[False]
    assert any(shards[True])


@FULL
def test_a_state_is_compared_with_an_earlier_one(capsys):
    try:
        against_commit.main(["HEAD", "--studies", "60", "--height", "256", "--rounds", "1"])
    except CalledProcessError:
        pytest.skip("these files are in no git repository")
    laid = rows(capsys.readouterr().out)
    assert [row[0] for row in laid] == ["HEAD", "now"]
    assert laid[0][1] == laid[1][1]
    assert laid[0][4].startswith("1.00x")


def test_an_earlier_state_is_compared_by_written_pairs_in_each_round():
    before = [{"seconds": 20.0, "cpu": 30.0, "written": 100}, {"seconds": 22.0, "cpu": 30.0, "written": 100}]
    now = [{"seconds": 10.0, "cpu": 30.0, "written": 50}, {"seconds": 5.5, "cpu": 15.0, "written": 50}]
    laid = against_commit.rows({"before": before, "now": now})
    assert laid[0][4:] == ["1.00x (1.00 to 1.00)", "1.00x (1.00 to 1.00)"]
    assert laid[1][4:] == ["1.50x (1.00 to 2.00)", "1.50x (1.00 to 2.00)"]
