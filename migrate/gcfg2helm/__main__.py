"""`python -m gcfg2helm` is `gcfg2helm`."""

from gcfg2helm.cli import main

if __name__ == "__main__":
    main()
