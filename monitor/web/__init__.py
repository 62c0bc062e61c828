"""The one port: ingest, API, live feed, pages, metrics."""
