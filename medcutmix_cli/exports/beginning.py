"""Where an export begins: in an empty folder, where the same one was stopped, or nowhere. Writes no row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from medcutmix_cli.errors import RunConflictError, RunError
from medcutmix_cli.exports.manifest import ExportFolder, ExportManifest, ExportRequest, read_manifest
from medcutmix_cli.run.seals import indented_json
from medcutmix_cli.system.atomic_files import publish_first
from medcutmix_cli.system.private_files import make_private_folder
from medcutmix_cli.system.storage_errors import explain_storage_errors


def begin_export(folder: ExportFolder, request: ExportRequest) -> ExportManifest | None:
    """Make the folder, or look at what is in it; return what is complete.

    Raises:
        RunConflictError: Another export lies there.
        RunError: Something else does.
    """
    plain = request.plain()
    if found := complete_export(folder, request):
        return found
    _refuse_foreign(folder)
    with explain_storage_errors(folder.root):
        make_private_folder(folder.root)
        make_private_folder(folder.work)
        with publish_first(folder.request_file) as temporary:  # of several processes the first one's counts
            temporary.write_text(indented_json(plain), encoding="utf-8")
        _refuse_other(folder, _read_request(folder), plain)
    return None


def complete_export(folder: ExportFolder, request: ExportRequest) -> ExportManifest | None:
    """Return what says that the export is complete; None where it is not.

    Raises:
        RunConflictError: Another complete export lies there.
    """
    if not folder.is_export():
        return None
    found = read_manifest(folder)
    _refuse_other(folder, found.request, request.plain())
    return found


def _refuse_foreign(folder: ExportFolder) -> None:
    """Refuse a folder in which no export was begun; another process may be just about to."""
    if folder.request_file.is_file() or not folder.root.exists():
        return
    if not folder.root.is_dir() or set(folder.root.iterdir()) - {folder.work}:
        raise RunError("something else lies here", where=str(folder.root), hint="choose an empty folder")


def _read_request(folder: ExportFolder) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(folder.request_file.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return found


def _refuse_other(folder: ExportFolder, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    other = sorted(key for key in wanted if found.get(key) != wanted[key])
    if other:
        raise RunConflictError(
            f"another export lies in this folder: {', '.join(other)} differ",
            where=str(folder.root),
            hint="choose another folder, or remove this one",
        )
