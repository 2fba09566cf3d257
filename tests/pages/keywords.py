"""The keyword arguments of the Python API with their types, and the page of all settings: from the settings tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from medcutmix_cli.configuration.choices import untold_choices
from medcutmix_cli.configuration.declaration import Setting
from medcutmix_cli.configuration.resolution import resolve
from medcutmix_cli.configuration.settings import OF_TABLES, TREE, settings_of
from medcutmix_cli.configuration.template import recipe_template

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "medcutmix_cli" / "configuration" / "keywords.py"

CLASSES = {
    "plan": ("PlanKeywords", "What `plan` and `augment` take beside data set and output."),
    "render": ("RenderKeywords", "What `render` takes besides: settings that are other than the plan's."),
    "calibrate": ("CalibrateKeywords", "What `calibrate` takes besides."),
    "slurm": ("SlurmKeywords", "What the jobs of a Slurm array take besides."),
    "embed": ("EmbedKeywords", "What `embed` takes besides."),
    "prepare": ("PrepareKeywords", "What `prepare` takes besides."),
    "shortcuts": ("ShortcutsKeywords", "What `find_shortcuts` takes besides."),
    "check": ("CheckKeywords", "What `check_dataset` takes besides."),
    "doctor": ("DoctorKeywords", "What `examine` takes besides."),
    "attend": ("AttendKeywords", "What `attend` takes besides."),
}

HEAD = '''"""Keyword arguments of the public functions, with their types; None means not given.

Written by `make docs` from `configuration.settings`: a type checker cannot derive them by itself. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict
'''


def keyword_type(setting: Setting) -> str:
    """Return the annotation of a setting's keyword."""
    if setting.declared.path:
        return "str | Path | None"
    if isinstance(setting.default, Mapping):
        return f"Mapping[str, {'str' if setting.declared.text_values else 'Any'}] | None"
    if isinstance(setting.default, tuple):
        return "Sequence[str] | None"
    return f"{type(setting.default).__name__} | None"


def keywords_module() -> str:
    """Return the text of `configuration/keywords.py`."""
    parts = [HEAD]
    for command, (name, meaning) in CLASSES.items():
        fields = [f"    {s.declared.keyword}: {keyword_type(s)}" for s in settings_of(command)]
        parts.append(
            "\n".join([f"\nclass {name}(TypedDict, total=False):", f'    """{meaning}"""', "", *fields, ""])
        )
    return "\n".join(parts)


def write_keywords() -> None:
    """Write the module."""
    TARGET.write_text(keywords_module(), encoding="utf-8")


def example_recipe(path: Path) -> str:
    """Return the example's recipe with every key, what it says left as it is."""
    return recipe_template(resolve({}, path, environ={}))


def settings_table(table: str) -> str:
    """Return one table of a recipe as the page shows it: every key that may stand there."""
    rows = ["| key | option, keyword | default | what it is |", "|---|---|---|---|"]
    rows += [_row(one) for one in (*TREE[table], *(one for one in OF_TABLES if one.table == table))]
    return "\n".join(rows)


def _row(setting: Setting) -> str:
    declared = setting.declared
    names = f"`{setting.flag.partition('/')[0]}`, `{declared.keyword}`" if declared.keyword else ""
    marks = [
        name
        for name, held in (("path", declared.path), ("not in the fingerprint", not declared.semantic))
        if held
    ]
    bounds = _bounds(setting)
    notes = "; ".join([*([bounds] if bounds else []), *marks])
    default = declared.spoken_default or _plain(setting.default)
    told = " ".join(filter(None, [declared.help, untold_choices(setting, declared.help)]))
    meaning = f"{told}{f' ({notes})' if notes else ''}".replace("|", "\\|")
    return f"| `{setting.name}` | {names} | {default} | {meaning} |"


def _plain(default: object) -> str:
    if default in ("", (), {}):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{', '.join(default) if isinstance(default, tuple) else default}`"


def _bounds(setting: Setting) -> str:
    declared = setting.declared
    parts = [f"at least {declared.least:g}"] if declared.least is not None else []
    return ", ".join([*parts, *([f"at most {declared.most:g}"] if declared.most is not None else [])])


if __name__ == "__main__":
    write_keywords()
