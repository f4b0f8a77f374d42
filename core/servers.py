"""Model servers on this machine: Ollama, LM Studio, vLLM, SGLang and llama.cpp at their usual ports, and the models that they list.

Looked for only when a person asks for it, on the loopback address only, without a proxy. Each of them lists its models by the OpenAI API;
whether one takes pictures, each says in a way of its own, and vLLM not at all.
"""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

HOST = "127.0.0.1"
USUAL = ((11434, "Ollama"), (1234, "LM Studio"), (8000, "vLLM"), (30000, "SGLang"), (8080, "llama.cpp"))
OWNERS = {"library": "Ollama", "organization_owner": "LM Studio", "vllm": "vLLM", "sglang": "SGLang", "llamacpp": "llama.cpp"}
"""Who owns a model, as each server's list has it: a server may stand at another one's port."""
PATIENCE = 3.0  # seconds for an answer
LONGEST = 4_000_000  # bytes of an answer
MOST = 100  # models of a server


@dataclass(frozen=True)
class ServedModel:
    """vision: whether it takes pictures; None where the server does not say."""

    name: str
    vision: Optional[bool] = None


@dataclass(frozen=True)
class Server:
    """url: of its OpenAI API. needs_key: it lists nothing without a key."""

    name: str
    url: str
    models: List[ServedModel] = field(default_factory=list)
    needs_key: bool = False

    def to_dict(self) -> Dict[str, Any]:
        return asdict(self)


def find(usual: Sequence[Tuple[int, str]]) -> List[Server]:
    """The servers that answer. usual: ports, each with the server that usually listens there, as in USUAL. Takes seconds at the most."""
    with ThreadPoolExecutor(len(usual)) as pool:
        return [server for server in pool.map(lambda pair: _at(*pair), usual) if server]


def likeliest(servers: Sequence[Server]) -> Optional[Tuple[Server, ServedModel]]:
    """One that takes pictures, else one that may."""
    pairs = [(server, model) for server in servers for model in server.models if model.vision is not False]
    return min(pairs, key=lambda pair: pair[1].vision is None, default=None)


def _at(port: int, usual: str) -> Optional[Server]:
    status, listed = _ask(port, "/v1/models")
    url = f"http://{HOST}:{port}/v1"
    if status in (401, 403):
        return Server(usual, url, needs_key=True)
    entries = _objects(listed, "data")
    if status != 200 or entries is None:
        return None
    owners = {str(entry.get("owned_by")) for entry in entries}
    name = next((OWNERS[owner] for owner in OWNERS if owner in owners), usual)
    ids = [str(entry["id"]) for entry in entries if entry.get("id")][:MOST]
    seeing = SEEING.get(name, _not_said)(port, ids)
    return Server(name, url, [ServedModel(each, seeing.get(each)) for each in ids])


def _not_said(port: int, names: List[str]) -> Dict[str, bool]:
    return {}


def _ollama(port: int, names: List[str]) -> Dict[str, bool]:
    """Its own API has the capabilities of each model."""
    seeing = {}
    for name in names:
        _, shown = _ask(port, "/api/show", {"model": name})
        if isinstance(shown, dict) and isinstance(shown.get("capabilities"), list):
            seeing[name] = "vision" in shown["capabilities"]
    return seeing


def _lm_studio(port: int, names: List[str]) -> Dict[str, bool]:
    """Its own API has a type for each model: llm, vlm, embeddings."""
    _, listed = _ask(port, "/api/v0/models")
    return {str(entry.get("id")): entry["type"] == "vlm" for entry in _objects(listed, "data") or [] if entry.get("type")}


def _sglang(port: int, names: List[str]) -> Dict[str, bool]:
    """It serves one model, and says of it whether it understands images."""
    _, info = _ask(port, "/get_model_info")
    sees = info.get("has_image_understanding") if isinstance(info, dict) else None
    return dict.fromkeys(names, sees) if isinstance(sees, bool) else {}


def _llama_cpp(port: int, names: List[str]) -> Dict[str, bool]:
    """It serves one model; without the projector file (mmproj) a model that could see does not."""
    _, properties = _ask(port, "/props")
    modalities = properties.get("modalities") if isinstance(properties, dict) else None
    sees = modalities.get("vision") if isinstance(modalities, dict) else None
    return dict.fromkeys(names, sees) if isinstance(sees, bool) else {}


SEEING = {"Ollama": _ollama, "LM Studio": _lm_studio, "SGLang": _sglang, "llama.cpp": _llama_cpp}


def _ask(port: int, path: str, body: Optional[Dict[str, Any]] = None) -> Tuple[int, Any]:
    """The status and the JSON of an answer; 0 and None where nothing answers, or something that speaks another language."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        content = None if body is None else json.dumps(body)
        connection.request("POST" if body else "GET", path, content, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        text = answer.read(LONGEST)
        return answer.status, json.loads(text) if answer.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError, RecursionError):
        return 0, None
    finally:
        connection.close()


def _objects(value: Any, key: str) -> Optional[List[Dict[str, Any]]]:
    """The objects of a list in an object; None where there is no such list."""
    listed = value.get(key) if isinstance(value, dict) else None
    return [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else None
