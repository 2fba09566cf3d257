"""Pages and sheets of mixed pairs to look at: pictures, maps, weights and the report's diff. Needs no network."""

from __future__ import annotations

from medcutmix_cli.gallery.browser import write_gallery

__all__ = ["write_gallery"]
