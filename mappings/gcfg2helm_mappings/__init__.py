"""The mapping tables of gcfg2helm: TOML files, read with importlib.resources."""
