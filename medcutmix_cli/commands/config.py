"""`medcutmix config show`: what every setting would be, and who says so, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import SPEECH

Recipe = Annotated[
    Path | None,
    typer.Argument(
        help="TOML recipe, as --config of augment takes it.", metavar="RECIPE", show_default=False
    ),
]
Template = Annotated[
    bool,
    typer.Option(
        "--template",
        help="Print a recipe with every key and what it is; what nobody said is commented out.",
        rich_help_panel=SPEECH,
    ),
]


@with_settings("plan")
def show(
    context: typer.Context,
    settings: Mapping[str, Any],
    recipe: Recipe = None,
    template: Template = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show every setting as `augment` would have it with this recipe and these options, and where it comes from."""
    from medcutmix_cli.assembly.parts import build_choices
    from medcutmix_cli.configuration.resolution import resolve_keywords
    from medcutmix_cli.configuration.semantics import with_absolute_paths
    from medcutmix_cli.configuration.settings import plain, settings_of
    from medcutmix_cli.configuration.template import recipe_template
    from medcutmix_cli.reports.tables import read_lexicon, use_lexicon

    session = Session.of(context, quiet=quiet)
    resolved = resolve_keywords(settings_of("plan"), settings, recipe)
    with use_lexicon(read_lexicon(resolved.settings.reports.findings)):
        build_choices(resolved.settings)
    if template:
        typer.echo(recipe_template(resolved), nl=False)
        return
    resolved = with_absolute_paths(resolved)
    if json:
        print_json("config", {"settings": plain(resolved.settings), "origins": resolved.origins})
    elif not session.quiet:
        from medcutmix_cli.terminal import config_view, output

        output().print(config_view(resolved, recipe))
