"""Where `gcfg2helm` and `python -m gcfg2helm` begin."""

import gc

# How many objects come before Python looks for unused circles of them: a start makes many objects and hardly a circle.
_ALLOCATIONS = 10_000


def main() -> None:
    """Run the program."""
    gc.set_threshold(_ALLOCATIONS)
    from gcfg2helm import cli

    cli.main()


if __name__ == "__main__":
    main()
