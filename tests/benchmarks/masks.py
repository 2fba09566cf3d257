"""Masks against the phantoms' true lesions, and the pairs that come of them. Writes MASKS.md beside this file.

    python -m tests.benchmarks.masks --studies 1500 --seed 23

First every map by itself: each sentence of a report that may be given, its finding's true lesion, and the mask of each
rule. Then whole runs with the gate on: how much of the donor's true lesion came, and of the recipient's left.
"""

from __future__ import annotations

import argparse
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import medcutmix_cli
from medcutmix_cli.assembly.parts import build_encoder, resolve_options
from medcutmix_cli.attention import Mask, MaskRule, Mass, Otsu, Region, RegionGrowing, Soft, TopK
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.sample import Box, read_boxes
from medcutmix_cli.encoders.base import Encoder, Picture, encode_pictures
from medcutmix_cli.evaluation.mix_geometry import bring
from medcutmix_cli.images import read_canvas
from medcutmix_cli.mixing.cut import pixel_weights
from medcutmix_cli.pairing.policy import packaged_policy
from medcutmix_cli.pairing.statements import Refusal, Statement, donor_statement
from medcutmix_cli.planning.reading import choose_image, read_study
from medcutmix_cli.records import Image, MapTarget, PictureRules, Placement, Study
from medcutmix_cli.rendering.rows import row_cut, row_placement
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.reports.words import common_word
from medcutmix_cli.run.shards import Row
from tests.benchmarks.strategies import (
    DEVICES,
    covered,
    lesions_of,
    on_canvas,
    rows_of,
    stated_lesions,
    table,
)

TABLE = Path(__file__).with_name("MASKS.md")
CANVAS = 448
RULES: dict[str, MaskRule] = {
    "topk .20": TopK(),
    "topk .10": TopK(fraction=0.10, min_area=0.0),
    "topk .05": TopK(fraction=0.05, min_area=0.0),
    "mass .90, decoder": Mass(energy="decoder", min_area=0.0),
    "otsu": Otsu(),
    "soft": Soft(),
    "region-growing": RegionGrowing(),
}
RUNS: dict[str, dict[str, Any]] = {
    "topk": {"mask": "topk"},
    "topk, edges left alone": {"mask": "topk", "guards": "edge = false"},
    "region-growing": {"mask": "region-growing"},
    "region-growing, edges left alone": {"mask": "region-growing", "guards": "edge = false"},
    "region-growing, nothing spared": {"mask": "region-growing", "guards": "spare = false"},
}


@dataclass(frozen=True, slots=True)
class LesionMap:
    """One map with the true lesion of its finding, (canvas, canvas) bool."""

    target: MapTarget
    scores: NDArray[np.float32]
    placement: Placement
    lesion: Mask


def maps_of(sample: Path) -> Iterator[LesionMap]:
    """Yield the map of every statement that a report of the sample may give, and whose lesion is in the picture."""
    encoder = build_encoder(resolve_options(Path(), None, {"encoder": "bundled"}, command="attend").settings)
    lesions, reader = lesions_of(list(read_boxes(sample))), ReportReader()
    source = open_dataset(sample)
    for study in source.studies():
        image = choose_image(study.images) if isinstance(study, Study) else ""
        if isinstance(study, Study) and isinstance(image, Image):
            reading = read_study(study, image, reader).reading
            said = [donor_statement(reading, finding) for finding in attended_findings()]
            known = [s for s in said if not isinstance(s, Refusal)]
            path = source.resolve(image.path)
            yield from _maps(encoder, path, known, lesions.get(image.image_id, []))


def attended_findings() -> tuple[str, ...]:
    """Return the findings that are exchanged unless others are named, and cut by the mask rule."""
    return tuple(name for name, p in packaged_policy().items() if p.default and p.image == "attended")


def _maps(encoder: Encoder, path: Path, said: list[Statement], lesions: list[Box]) -> Iterator[LesionMap]:
    own = [(s, stated_lesions(lesions, s.finding, s.side)) for s in said]
    asked = [(s, boxes) for s, boxes in own if boxes]
    if not asked:
        return
    canvas = read_canvas(path, CANVAS, PictureRules("mimic-jpg"))
    features = encode_pictures(encoder, [Picture(path.stem, canvas.pixels, canvas.placement)])[0]
    queries = encoder.encode_sentences([fold(s.main.text) for s, _ in asked])
    for (statement, boxes), query in zip(asked, queries, strict=True):
        scores = encoder.attend(features, query.features).scores.astype(np.float32)
        lesion = on_canvas(boxes, canvas.placement)
        if lesion.any():
            yield LesionMap(target_of(statement), scores, canvas.placement, lesion)


def target_of(statement: Statement) -> MapTarget:
    """Return what the map of a statement is asked for."""
    about = [m for m in statement.main.mentions if m.finding == statement.finding]
    severity, location = (common_word(getattr(m, name) for m in about) for name in ("severity", "location"))
    return MapTarget(statement.finding, statement.side, severity, location)


def in_pixels(cells: Mask) -> Mask:
    """Return the pixels of some cells, (canvas, canvas) bool."""
    return np.kron(cells, np.ones((CANVAS // cells.shape[0], CANVAS // cells.shape[1]), dtype=np.bool_))


def overlap(one: Mask, other: Mask) -> float:
    """Return intersection over union."""
    return float((one & other).sum() / max(1, (one | other).sum()))


def half_filled(lesion: Mask, grid: tuple[int, ...]) -> Mask:
    """Return the cells that a lesion fills at least half, else the one that it fills most."""
    blocks = lesion.reshape(grid[0], CANVAS // grid[0], grid[1], CANVAS // grid[1])
    shares = blocks.mean(axis=(1, 3))
    return np.asarray(shares >= min(0.5, shares.max()))


def score(seen: LesionMap, region: Region) -> list[float]:
    """Measure one region; a refused one counts as it is, and as refused."""
    mask, reach = in_pixels(region.mask), in_pixels(region.reach >= 0.5)
    inside, reached = covered(seen.lesion, mask) or 0.0, covered(seen.lesion, reach) or 0.0
    return [
        overlap(mask, seen.lesion),
        overlap(region.mask, half_filled(seen.lesion, region.mask.shape)),
        inside >= 0.9,
        overlap(reach, seen.lesion),
        reached >= 0.9,
        mask.mean(),
        reach.mean(),
        bool(region.rejected),
    ]


HEAD = ["rule", "finding", "maps", "IoU, pixels", "IoU, cells", "lesion inside", "IoU of the reach"]
HEAD += ["lesion in reach", "mask", "reach", "refused"]


def of_maps(maps: list[LesionMap]) -> list[list[str]]:
    """Lay out every rule, over all maps and by finding."""
    rows = []
    for name, rule in RULES.items():
        scores: Mapping[str, list[list[float]]] = defaultdict(list)
        for seen in maps:
            found = score(seen, rule.select(seen.scores, seen.target, seen.placement))
            scores[seen.target.finding].append(found)
            scores[""].append(found)
        for finding, values in sorted(scores.items()):
            rows.append([name, finding or "all", str(len(values)), *_means(values)])
        print(" | ".join(rows[-len(scores)]), flush=True)
    return rows


def _means(values: list[list[float]]) -> list[str]:
    told: list[Callable[[float], str]] = [_two, _two, _share, _two, _share, _share, _share, _share]
    return [say(value) for say, value in zip(told, np.mean(values, axis=0), strict=True)]


def _two(value: float) -> str:
    return f"{value:.3f}"


def _share(value: float) -> str:
    return f"{value:.1%}"


PAIRS = ["run", "planned", "written", "came, half", "came, 90 %", "left, half", "left, 90 %", "both, 90 %"]
PAIRS += ["devices cut", "rejected"]


def of_pairs(sample: Path, work: Path) -> list[list[str]]:
    """Lay out every run: what is written, and what the true lesions say of it."""
    lesions = defaultdict(list, lesions_of(list(read_boxes(sample))))
    rows = []
    for name, options in RUNS.items():
        shutil.rmtree(work, ignore_errors=True)
        recipe = work.with_suffix(".toml")
        recipe.write_text(f"[mixing.options.guards]\n{options.get('guards', '')}\n", encoding="utf-8")
        status = medcutmix_cli.augment(sample, work, mask=options["mask"], config=recipe)
        seen = np.array([judge(row, lesions) for row in rows_of(work) if row["image_mode"] == "attended"])
        came, left = seen[:, 0], seen[:, 1]
        shares = [
            came >= 0.5,
            came >= 0.9,
            left >= 0.5,
            left >= 0.9,
            np.minimum(came, left) >= 0.9,
            seen[:, 2],
        ]
        reasons = ", ".join(f"{n} {r}" for r, n in sorted(status.rejected.items(), key=lambda e: -e[1]))
        rows.append(
            [name, str(status.planned), str(status.written), *(_share(s.mean()) for s in shares), reasons]
        )
        print(" | ".join(rows[-1]), flush=True)
    return rows


def judge(row: Row, lesions: Mapping[str, list[Box]]) -> tuple[float, float, bool]:
    """Return the share of the donor's lesion that came, of the recipient's that left, and whether a device was cut."""
    place_a, place_b, cut = row_placement(row, "a"), row_placement(row, "b"), row_cut(row)
    pasted = pixel_weights(cut, place_a, place_b) >= 0.5
    given = stated_lesions(lesions[row["image_id_b"]], row["finding"], row["side_b"])
    own = stated_lesions(lesions[row["image_id_a"]], row["finding_a"], row["side_a"])
    device = [box for box in lesions[row["image_id_a"]] if box.finding == DEVICES]
    came = covered(bring(on_canvas(given, place_b), cut), pasted)
    left, cut_off = (covered(on_canvas(boxes, place_a), pasted) for boxes in (own, device))
    whole = 1.0  # a lesion that is not in the picture cannot be left out
    return (
        whole if came is None else came,
        whole if left is None else left,
        cut_off is not None and 0.05 < cut_off < 0.95,
    )


PAGE = """\
# Masks against true lesions

`python -m tests.benchmarks.masks --studies {studies} --seed {seed}`: bundled encoder (14 x 14 cells), phantoms
of a seed that neither level nor foot was chosen on.

## One map at a time
Every statement that a report may give of a finding that is exchanged by default, and whose lesion is in the picture.
*IoU*: of mask and lesion, by pixels of the canvas, and by cells that the lesion fills at least half (else the one that
it fills most). *lesion inside*: maps where 90 % of the lesion's pixels lie in the mask. *reach*: what is exchanged with
the mask; the mask itself for all rules but `region-growing`. *mask*, *reach*: share of the canvas. A refused mask
counts as it is. By pixels the mean IoU of `region-growing` is {gain:.2f} times that of `topk` .20, its reach's
{reach:.2f} times.

{maps}

## Pairs
`augment` with its defaults (gate on) but for what is named. *came*: pairs in which at least half, or 90 %, of the
donor's lesion lies where the donor's weight is at least 0.5, guards and soft edges included; *left*: the same of the
recipient's lesion; *both*: 90 % of each. *devices cut*: between 5 and 95 % of a device of the recipient was pasted
over, of all written pairs.

{pairs}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--work", type=Path, default=Path("/tmp/medcutmix-masks"))  # noqa: S108
    parser.add_argument("--out", type=Path, default=TABLE)
    given = parser.parse_args()
    sample = given.work / f"sample-{given.studies}-{given.seed}"
    medcutmix_cli.write_sample(sample, studies=given.studies, seed=given.seed)
    maps = of_maps(list(maps_of(sample)))
    total = {row[0]: (float(row[3]), float(row[6])) for row in maps if row[1] == "all"}
    pairs = of_pairs(sample, given.work / "run")
    gain, reach = (total["region-growing"][n] / total["topk .20"][0] for n in (0, 1))
    page = PAGE.format(
        studies=given.studies,
        seed=given.seed,
        gain=gain,
        reach=reach,
        maps=table(HEAD, maps),
        pairs=table(PAIRS, pairs),
    )
    given.out.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
