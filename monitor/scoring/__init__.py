"""Scores of a running service: kept up to date beside the loop, read by pages, API and metrics."""
