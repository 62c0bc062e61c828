"""The rules of a floor: the YAML and CSV files that a floor manager edits, read, checked and made into policies."""

from monitor.policy_files.rule_set import RuleSet, load

__all__ = ["RuleSet", "load"]
