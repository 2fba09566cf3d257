"""Who gives what to whom. Knows reports and ids, no pixel."""

from medcutmix_cli.pairing.same_finding import SameFinding

__all__ = ["SameFinding"]
