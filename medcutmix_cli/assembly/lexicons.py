"""Which lexicon a run reads by: the user's file when it is planned, the copy in its folder ever after."""

from __future__ import annotations

from medcutmix_cli.errors import RunError
from medcutmix_cli.reports.tables import BUILT_IN, Lexicon, lexicon_in_use, read_lexicon
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.system.atomic_files import write_text

SOURCE = "findings"
"""Its name among the sources of a run."""


def lexicon_sources(lexicon: Lexicon) -> dict[str, str]:
    """Return what a run's sources say of its lexicon: the hash of its content, nothing of the built-in one."""
    return {SOURCE: lexicon.sha256} if lexicon.source else {}


def lexicon_of_run(folder: RunFolder, record: RunRecord) -> Lexicon:
    """Return the lexicon that a run was planned with.

    Raises:
        RunError: The copy in the run folder is gone, or is another one.
    """
    planned = record.sources.get(SOURCE, "")
    if not planned:
        return BUILT_IN
    hint = "put the file back that the run was planned with, or plan again in an empty folder"
    if not folder.lexicon_file.is_file():
        raise RunError("the run's lexicon is gone", where=str(folder.lexicon_file), hint=hint)
    found = read_lexicon(folder.lexicon_file)
    if found.sha256 != planned:
        raise RunError("the lexicon is not that of the plan", where=str(folder.lexicon_file), hint=hint)
    return found


def keep_lexicon(folder: RunFolder) -> None:
    """Keep the user's lexicon with the run; what an interrupted plan left there goes."""
    lexicon = lexicon_in_use()
    if lexicon.source:
        write_text(folder.lexicon_file, lexicon.text)
    else:
        folder.lexicon_file.unlink(missing_ok=True)
