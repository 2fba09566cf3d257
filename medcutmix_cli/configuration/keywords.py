"""Keyword arguments of the public functions, with their types; None means not given.

Written by `make docs` from `configuration.settings`: a type checker cannot derive them by itself. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict


class PlanKeywords(TypedDict, total=False):
    """What `plan` and `augment` take beside data set and output."""

    dataset_kind: str | None
    reports: str | Path | None
    unpaired: str | Path | None
    section_rules: str | None
    lexicon: str | Path | None
    nlp_model: str | Path | None
    diagnostic: str | None
    encoder: str | None
    weights: str | Path | None
    device: str | None
    precision: str | None
    batch_size: int | None
    encoder_options: Mapping[str, Any] | None
    seed: int | None
    pairs_per_study: int | None
    pairing: Sequence[str] | None
    sections: str | None
    splits: Sequence[str] | None
    findings: Sequence[str] | None
    target: Sequence[str] | None
    target_spare: float | None
    reserve: float | None
    max_uses_per_donor: int | None
    max_donor_share: float | None
    unmixed: str | None
    shape_tolerance: float | None
    labels: str | None
    label_table: str | Path | None
    attributes: str | Path | None
    exclude_ids: str | Path | None
    unpaired_as: str | None
    refuse_duplicates: bool | None
    embeddings: str | Path | None
    mask: str | None
    energy: str | None
    gate: str | None
    align: str | None
    region: str | None
    blend: str | None
    tone: str | None
    weight: str | None
    canvas: int | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
    image_format: str | None
    features: bool | None
    shard_size: int | None
    workers: int | None
    max_fail_frac: float | None
    stage_dir: str | Path | None
    prepared: str | Path | None
    engine: str | None
    engine_options: Mapping[str, Any] | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class RenderKeywords(TypedDict, total=False):
    """What `render` takes besides: settings that are other than the plan's."""

    dataset: str | Path | None
    reports: str | Path | None
    unpaired: str | Path | None
    weights: str | Path | None
    device: str | None
    workers: int | None
    max_fail_frac: float | None
    stage_dir: str | Path | None
    prepared: str | Path | None
    engine: str | None
    engine_options: Mapping[str, Any] | None


class CalibrateKeywords(TypedDict, total=False):
    """What `calibrate` takes besides."""

    dataset: str | Path | None
    reports: str | Path | None
    unpaired: str | Path | None
    weights: str | Path | None
    device: str | None
    workers: int | None
    stage_dir: str | Path | None
    prepared: str | Path | None


class SlurmKeywords(TypedDict, total=False):
    """What the jobs of a Slurm array take besides."""

    dataset: str | Path | None
    reports: str | Path | None
    unpaired: str | Path | None
    weights: str | Path | None
    device: str | None
    max_fail_frac: float | None
    stage_dir: str | Path | None
    prepared: str | Path | None


class EmbedKeywords(TypedDict, total=False):
    """What `embed` takes besides."""

    dataset_kind: str | None
    reports: str | Path | None
    unpaired: str | Path | None
    encoder: str | None
    weights: str | Path | None
    device: str | None
    precision: str | None
    batch_size: int | None
    encoder_options: Mapping[str, Any] | None
    splits: Sequence[str] | None
    exclude_ids: str | Path | None
    unpaired_as: str | None
    canvas: int | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
    workers: int | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class PrepareKeywords(TypedDict, total=False):
    """What `prepare` takes besides."""

    dataset_kind: str | None
    reports: str | Path | None
    unpaired: str | Path | None
    encoder: str | None
    weights: str | Path | None
    device: str | None
    encoder_options: Mapping[str, Any] | None
    splits: Sequence[str] | None
    exclude_ids: str | Path | None
    unpaired_as: str | None
    canvas: int | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
    workers: int | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class ShortcutsKeywords(TypedDict, total=False):
    """What `find_shortcuts` takes besides."""

    dataset_kind: str | None
    reports: str | Path | None
    section_rules: str | None
    lexicon: str | Path | None
    nlp_model: str | Path | None
    diagnostic: str | None
    splits: Sequence[str] | None
    labels: str | None
    label_table: str | Path | None
    attributes: str | Path | None
    exclude_ids: str | Path | None
    workers: int | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class CheckKeywords(TypedDict, total=False):
    """What `check_dataset` takes besides."""

    dataset_kind: str | None
    reports: str | Path | None
    unpaired: str | Path | None
    splits: Sequence[str] | None
    exclude_ids: str | Path | None
    unpaired_as: str | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class DoctorKeywords(TypedDict, total=False):
    """What `examine` takes besides."""

    dataset_kind: str | None
    reports: str | Path | None
    unpaired: str | Path | None
    nlp_model: str | Path | None
    encoder: str | None
    weights: str | Path | None
    device: str | None
    precision: str | None
    encoder_options: Mapping[str, Any] | None
    unpaired_as: str | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
    columns: Mapping[str, str] | None
    maps: Mapping[str, str] | None
    split_all: str | None
    view_all: str | None


class AttendKeywords(TypedDict, total=False):
    """What `attend` takes besides."""

    encoder: str | None
    weights: str | Path | None
    device: str | None
    precision: str | None
    encoder_options: Mapping[str, Any] | None
    mask: str | None
    energy: str | None
    canvas: int | None
    dicom_mode: str | None
    corrupt_jpeg: str | None
