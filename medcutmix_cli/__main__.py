"""The `medcutmix` command, also as `python -m medcutmix_cli`: answers signals before it loads anything."""

from medcutmix_cli.system.signals import leave_early


def main() -> None:
    """Run the command line and leave with its exit code."""
    leave_early()
    from medcutmix_cli.main import main as command

    command()


if __name__ == "__main__":
    main()
