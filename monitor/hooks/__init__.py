"""Webhooks of chat systems: a YAML mapping turns another system's message into events of ours."""
