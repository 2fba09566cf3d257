"""Look at one map: a sentence over a picture, the mask a run would cut from it, and how strong the evidence is.

Returns arrays and numbers; draws and prints nothing. The sentence is read for its finding and side, then forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from medcutmix_cli.assembly.lexicons import lexicon_of_run
from medcutmix_cli.assembly.opening import ensure_calibration
from medcutmix_cli.assembly.parts import (
    build_encoder,
    build_gate,
    build_strategies,
    resolve_options,
)
from medcutmix_cli.assembly.relocation import relocate_settings
from medcutmix_cli.attention import Gate, Scores, cells_with_score
from medcutmix_cli.configuration.keywords import AttendKeywords
from medcutmix_cli.configuration.option_help import describe_options
from medcutmix_cli.configuration.plugins import options_of
from medcutmix_cli.configuration.resolution import named_values
from medcutmix_cli.configuration.settings import SETTINGS, Settings, settings_of
from medcutmix_cli.encoders.base import Encoder, look, map_of, see_pictures
from medcutmix_cli.encoders.devices import describe
from medcutmix_cli.errors import EncoderError, UsageError, suggest
from medcutmix_cli.images import read_canvas, to_original
from medcutmix_cli.inspection.map_view import Evidence, MapView, Peak, QueryFinding
from medcutmix_cli.mixing.anatomy_rules import select_region
from medcutmix_cli.mixing.picture_facts import picture_facts
from medcutmix_cli.records import Assertion, Placement
from medcutmix_cli.registration.anatomy import lung_outlines
from medcutmix_cli.rendering.calibration import Calibration, PictureSource
from medcutmix_cli.reports.kinds import DEVICES
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.reports.tables import BUILT_IN, use_lexicon
from medcutmix_cli.reports.words import common_word
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.nulls_file import read_nulls
from medcutmix_cli.run.run_record import RunRecord, read_run
from medcutmix_cli.sides import joint_side, side_at


@describe_options("attend")
def attend(
    image: str | Path,
    sentence: str,
    *,
    run: str | Path | None = None,
    finding: str | None = None,
    image_id: str | None = None,
    **options: Unpack[AttendKeywords],
) -> MapView:
    """Ask an encoder where in a picture a sentence is.

    Args:
        image: A JPEG, PNG or DICOM file.
        sentence: What to look for, as a report would say it. It is not kept.
        run: A run folder: encoder, mask rule, canvas and DICOM mode are the run's, and the peak is compared with
            its calibration.
        finding: Lexicon id of what is looked for; by default what the report reader sees in the sentence.
        image_id: The picture's id, for maps that were made before; by default the name of the file.
        **options: Settings of encoder, mask and canvas; without a run an encoder must be named, with one only its
            weights and device may be.

    Raises:
        UsageError: An option that does not fit, or that the run decides.
        ImageError: The picture cannot be read.
        EncoderError: No encoder, or one that cannot be loaded or has no map of this picture and sentence.
        RunError: There is no run in that folder, or it cannot be read.
    """
    text = fold(sentence)
    if not text:
        raise UsageError("there is no sentence to look for", hint='medcutmix attend IMAGE "sentence"')
    setup = _setup_of_run(Path(run), options) if run is not None else _setup(options)
    with use_lexicon(lexicon_of_run(*setup.run) if setup.run else BUILT_IN):
        asked = _asked(text, finding)
    return _look(Path(image), image_id, text, asked, setup)


@dataclass(frozen=True, slots=True)
class _MapSetup:
    """What a picture is looked at with; `run` is a folder with its record."""

    settings: Settings
    encoder: Encoder
    run: tuple[RunFolder, RunRecord] | None = None


def _setup(options: Mapping[str, Any]) -> _MapSetup:
    # Nothing is read from a data set: the settings tree only wants to know where one would be.
    settings = resolve_options(Path(), None, options, command="attend").settings
    if not settings.encoder.name:
        raise EncoderError(
            "no encoder was named",
            hint="--encoder NAME, or --run RUN for a run's own; `--encoder bundled` runs, but its maps mean nothing "
            "on real pictures",
        )
    return _MapSetup(settings, build_encoder(settings))


def _setup_of_run(root: Path, options: Mapping[str, Any]) -> _MapSetup:
    folder = RunFolder(root)
    record = read_run(folder)
    changes = named_values(settings_of("attend"), options)
    given = [
        SETTINGS[key].declared.keyword for key in changes if "render" not in SETTINGS[key].declared.commands
    ]
    if given:
        raise UsageError(
            f"the run decides: {', '.join(given)}",
            where=str(root),
            hint="leave it out, or leave out --run",
        )
    settings = relocate_settings(record, changes)
    encoder = build_encoder(settings)
    if encoder.card.weights_sha256 != record.encoder["weights_sha256"]:
        raise EncoderError(
            "the encoder's weights are not those of the run",
            where=settings.encoder.name,
            hint="give the same weights with --weights",
        )
    return _MapSetup(settings, encoder, (folder, record))


def _asked(text: str, finding: str | None) -> QueryFinding:
    """Read a sentence: what it asserts comes before what it hedges or denies, devices come last."""
    if finding is not None and finding not in finding_ids():
        raise UsageError(f"there is no finding {finding!r}", hint=suggest(finding, finding_ids()))
    mentions = [m for sentence in ReportReader().read(text).sentences for m in sentence.mentions]
    order = list(Assertion)
    ranked = sorted(mentions, key=lambda m: (m.finding == DEVICES, order.index(m.assertion)))
    chosen = finding or (ranked[0].finding if ranked else "")
    own = [m for m in ranked if m.finding == chosen]
    said = own[0].assertion if own else None
    meant = [m for m in own if m.assertion is said]
    side = joint_side(m.side for m in meant)  # sides.py, clause 2
    named = tuple(dict.fromkeys(m.finding for m in mentions))
    severity, location = common_word(m.severity for m in meant), common_word(m.location for m in meant)
    return QueryFinding(chosen, named, said, side, severity, location)


def _look(path: Path, image_id: str | None, text: str, asked: QueryFinding, setup: _MapSetup) -> MapView:
    how, encoder = setup.settings.image, setup.encoder
    strategies, gate = build_strategies(setup.settings), build_gate(setup.settings)
    sight = PictureSource(Path, how.canvas, how.reading, encoder)
    canvas, name = read_canvas(path, how.canvas, how.reading), image_id or path.stem
    scores, cut = _scores(sight, name, path, text, setup)
    statistic = gate.statistic(scores, canvas.placement)
    registers = setup.run is not None and strategies.alignment.registers
    facts = picture_facts(canvas.pixels, canvas.placement) if registers else None
    return MapView(
        image=path,
        image_id=name,
        canvas=canvas,
        encoder=encoder.card,
        device=describe(encoder.device),
        run=setup.run[0].root if setup.run else None,
        asked=asked,
        rule=setup.settings.mixing.mask,
        scores=scores,
        region=select_region(
            strategies.mask,
            scores,
            asked.target,
            canvas.placement,
            facts.anatomy(scores.shape) if facts else None,
        ),
        lungs=lung_outlines(facts.registration().pose, canvas.placement.canvas) if facts else (),
        peak=_peak(scores, canvas.placement, statistic),
        evidence=_evidence(statistic, asked.finding, gate, sight, setup),
        cut_tokens=cut,
    )


def _scores(
    sight: PictureSource, image_id: str, path: Path, text: str, setup: _MapSetup
) -> tuple[Scores, int]:
    """Return the map as a run would judge it, and how many tokens of the sentence were cut."""
    query = sight.encoder.encode_sentences([text])[0]
    if query.refused:
        limit = sight.encoder.card.text_limit
        cuts = "long_text" in options_of("encoder", setup.settings.encoder.name) and not setup.run
        raise EncoderError(
            f"the encoder refuses the sentence ({query.refused}{f', its limit is {limit} tokens' if limit else ''})",
            where=sight.encoder.card.name,
            hint="a shorter one" + (", or --encoder-option long_text=truncate" if cuts else ""),
        )
    looked = look(sight.encoder, sight.read(image_id, str(path)))
    (seen,) = see_pictures(sight.encoder, [looked], [{text: query}], keep=False)
    attention = map_of(sight.encoder, seen, text, query)
    if attention.missing:
        raise EncoderError(
            f"the encoder has no map of this sentence over this picture ({attention.missing})",
            where=image_id,
            hint="--image-id ID, if the maps know the picture by another name than its file's",
        )
    return attention.scores.astype(np.float16).astype(np.float32), query.cut_tokens


def _peak(scores: Scores, placement: Placement, statistic: float) -> Peak | None:
    """Return the first cell that holds what the gate compares; the highest of all where the gate counts no cell."""
    seen = cells_with_score(scores, placement)
    if not seen.any():
        return None
    compared = seen & (scores == statistic)
    ranked = np.where(compared if compared.any() else seen, scores, -np.inf)
    row, column = (int(index) for index in np.unravel_index(int(np.argmax(ranked)), scores.shape))
    across, down = ((at + 0.5) * placement.canvas for at in (column, row))
    x, y = to_original(placement, across / scores.shape[1] - 0.5, down / scores.shape[0] - 0.5)
    beyond = across / scores.shape[1] - (placement.left + placement.width / 2)
    within_x, within_y = (
        min(max(round(at), 0), size - 1)
        for at, size in ((x, placement.source_width), (y, placement.source_height))
    )
    return Peak(row, column, float(scores[row, column]), within_x, within_y, side_at(beyond))


def _evidence(statistic: float, finding: str, gate: Gate, sight: PictureSource, setup: _MapSetup) -> Evidence:
    calibration = _calibration(gate, sight, setup)
    if isinstance(calibration, str):
        return Evidence(calibration)
    if not finding:
        return Evidence("no-finding")
    splits = [split for split in setup.settings.plan.splits if calibration.of(split, finding).size]
    if not splits:
        return Evidence("finding-not-calibrated")
    nulls = calibration.of(splits[0], finding)
    allowed = gate.max_nulls_reaching(nulls.size)
    return Evidence(
        ground_p=gate.p_value(statistic, nulls),
        kept=gate.keeps(statistic, nulls),
        nulls=nulls.size,
        reaching=int(np.count_nonzero(~(nulls < statistic))),
        allowed=allowed,
        threshold=float(np.sort(nulls)[-1 - allowed]) if 0 <= allowed < nulls.size else nan,
        split=splits[0],
    )


def _calibration(gate: Gate, sight: PictureSource, setup: _MapSetup) -> Calibration | str:
    """Return the run's calibration, or the name under which there is none; it is never made here."""
    if setup.run is None:
        return "no-run"
    if not gate.min_nulls():
        return "no-gate"
    folder, record = setup.run
    if not folder.calibration_file.is_file():
        return _why_not_calibrated(folder)
    return ensure_calibration(folder, record, sight, gate, workers=1)


def _why_not_calibrated(folder: RunFolder) -> str:
    """Tell a run that is to be calibrated from one whose plan names no picture for it, since it mixes nothing."""
    named = not folder.nulls_file.is_file() or read_nulls(folder.nulls_file)
    return "not-calibrated" if named else "nothing-to-compare"
