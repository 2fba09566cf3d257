"""`medcutmix augment` and `medcutmix plan`: the same options, so one list of them; `plan` stops before pixels."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session

if TYPE_CHECKING:
    from medcutmix_cli.dry_run.estimate import Estimate
    from medcutmix_cli.run.status import RunStatus


def planning_command(word: str, *, summary: str) -> Callable[..., None]:
    """Make the command `word`: the function of that name in the API, with the options of a plan.

    Args:
        word: "augment" or "plan".
        summary: What `--help` says it does.
    """

    def command(
        context: typer.Context,
        dataset: opt.Dataset,
        out: opt.NewOut,
        reports: opt.Reports = None,
        dataset_kind: opt.DatasetKind = None,
        column: opt.Columns = None,
        unpaired: opt.Unpaired = None,
        unpaired_as: opt.UnpairedAs = None,
        split: opt.Splits = None,
        exclude_ids: opt.ExcludeIds = None,
        labels: opt.Labels = None,
        label_table: opt.LabelTable = None,
        section_rules: opt.PlanSectionRules = None,
        nlp_model: opt.PlanNlpModel = None,
        dicom_mode: opt.DicomMode = None,
        encoder: opt.EncoderName = None,
        weights: opt.Weights = None,
        device: opt.Device = None,
        precision: opt.Precision = None,
        batch_size: opt.BatchSize = None,
        encoder_option: opt.EncoderOption = None,
        pairs_per_study: opt.PairsPerStudy = None,
        max_uses_per_donor: opt.MaxUses = None,
        finding: opt.Findings = None,
        embeddings: opt.Embeddings = None,
        seed: opt.Seed = None,
        pairing: opt.Pairing = None,
        sections: opt.Sections = None,
        mask: opt.Mask = None,
        energy: opt.Energy = None,
        gate: opt.Gate = None,
        region: opt.Region = None,
        blend: opt.Blend = None,
        weight: opt.Weight = None,
        canvas: opt.Canvas = None,
        image_format: opt.ImageFormat = None,
        features: opt.Features = None,
        config: opt.Config = None,
        workers: opt.Workers = None,
        shard_size: opt.ShardSize = None,
        max_fail_frac: opt.MaxFailFrac = None,
        stage_dir: opt.StageDir = None,
        engine: opt.Engine = None,
        engine_option: opt.EngineOption = None,
        retry_failed: opt.RetryFailed = False,
        dry_run: opt.DryRun = False,
        probe: opt.ProbePairs = None,
        json: opt.Json = False,
        quiet: opt.Quiet = False,
        verbose: opt.Verbose = False,
    ) -> None:
        import medcutmix_cli
        from medcutmix_cli.commands.dry_run import pairs_to_probe, tell_estimate
        from medcutmix_cli.commands.outcome import tell
        from medcutmix_cli.run.status import RunStatus
        from medcutmix_cli.system.progress import meter

        session = Session.of(context, quiet=quiet, verbose=verbose)
        pairs = pairs_to_probe(probe, dry_run=dry_run)
        run: Callable[..., RunStatus | Estimate] = getattr(medcutmix_cli, word)
        if dry_run:
            run = partial(medcutmix_cli.estimate_augment, probe=pairs if word == "augment" else 0)
        if retry_failed:
            run = partial(run, retry_failed=True)
        with meter(quiet=session.quiet) as progress:
            outcome = run(
                dataset,
                out,
                config=config,
                progress=progress,
                reports=reports,
                dataset_kind=dataset_kind,
                columns=opt.parse_columns(column),
                unpaired=unpaired,
                unpaired_as=unpaired_as,
                splits=opt.several(split),
                exclude_ids=exclude_ids,
                labels=labels,
                label_table=label_table,
                section_rules=section_rules,
                nlp_model=nlp_model,
                dicom_mode=dicom_mode,
                encoder=encoder,
                weights=weights,
                device=device,
                precision=precision,
                batch_size=batch_size,
                encoder_options=opt.parse_encoder_options(encoder_option),
                pairs_per_study=pairs_per_study,
                max_uses_per_donor=max_uses_per_donor,
                findings=opt.several(finding),
                embeddings=embeddings,
                seed=seed,
                pairing=pairing,
                sections=sections,
                mask=mask,
                energy=energy,
                gate=gate,
                region=region,
                blend=blend,
                weight=weight,
                canvas=canvas,
                image_format=image_format,
                features=features,
                workers=workers,
                shard_size=shard_size,
                max_fail_frac=max_fail_frac,
                stage_dir=stage_dir,
                engine=engine,
                engine_options=opt.parse_engine_options(engine_option),
            )
        if isinstance(outcome, RunStatus):
            tell(outcome, out, session, json=json)
        else:
            tell_estimate(outcome, session, json=json)

    command.__name__ = word
    command.__doc__ = summary
    if word == "plan":
        _leave_out(command, "retry_failed", "probe")
    return command


def _leave_out(command: Callable[..., None], *options: str) -> None:
    """Take options from the signature that typer reads; the function still has their defaults."""
    signature = inspect.signature(command, eval_str=True)
    kept = [parameter for name, parameter in signature.parameters.items() if name not in options]
    command.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
