"""Notebook + parameters → report: build, run, html, index."""
