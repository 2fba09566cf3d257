"""Who gives what to whom. Knows reports and ids, no pixel. One file a strategy; entry points name them."""

from medcutmix_cli.pairing.same_finding import SameFinding

__all__ = ["SameFinding"]
