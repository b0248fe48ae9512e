"""Bundled scenarios: TOML files, numbered. Data alone: this package imports nothing of ours."""
