"""Run `python -m medcutmix_cli` as the `medcutmix` command."""

from medcutmix_cli.main import main

if __name__ == "__main__":
    main()
