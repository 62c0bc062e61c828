"""JSON Schemas of the files of the rules, for editors: they complete keys and underline what is wrong.

They lie in ``rules/schemas/`` and each file names its own in its first line. `presales-monitor schema NAME` prints one.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from monitor.policy_files import channels, language, people_tables, phrases, profiles, scenario_file, senders, words

FOLDER = "schemas"
MODELS: dict[str, type[BaseModel]] = {
    "rules": language.PolicyFile,
    "shops": people_tables.ShopsFile,
    "people": people_tables.PeopleFile,
    "senders": senders.SendersFile,
    "chat_words": senders.WordsFile,
    "channels": channels.Plan,
    "platform": profiles.PlatformFile,
    "phrases": phrases.PhraseFile,
    "intents": words.IntentFile,
    "synonyms": words.SynonymFile,
    "slips": words.SlipFile,
    "scenario": scenario_file.ScenarioFile,
}


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a kind of file."""
    made: dict[str, Any] = _without_titles(MODELS[name].model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made


def text_of(name: str) -> str:
    """Return the schema as its file holds it."""
    return json.dumps(schema_of(name), ensure_ascii=False, indent=1) + "\n"


def write(folder: Path) -> None:
    """Write all of them."""
    for name in MODELS:
        (folder / f"{name}.schema.json").write_text(text_of(name), "utf-8")


def _without_titles(part: Any, *, names: bool = False) -> Any:
    """Return a schema without the titles that only repeat the names; ``names``: the keys of this part are names."""
    if isinstance(part, list):
        return [_without_titles(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_titles(value, names=key in ("properties", "$defs") and not names)
        for key, value in part.items()
        if names or key != "title" or not isinstance(value, str)
    }
