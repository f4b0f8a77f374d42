"""Find servers: real HTTP servers on this machine that list their models as each program does, at whatever ports the system gave."""

import json
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.backend.cli.main import main
from zoomearth.core import servers
from zoomearth.core.servers import ServedModel, find, likeliest


class Program(ThreadingHTTPServer):
    """Answers each of `answers` ("METHOD path") with a JSON value, a status, or what a function makes of the request's body."""

    daemon_threads = True

    def __init__(self, answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        answer = self.server.answers.get(f"{self.command} {self.path}", 404)
        answer = answer(json.loads(body)) if callable(answer) else answer
        status, content = (
            (answer, b"") if isinstance(answer, int) else (200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())
        )
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET


def listed(owner, *names):
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner} for name in names]}


def shown(body):
    """Ollama's /api/show."""
    capabilities = {"qwen3-vl:8b": ["completion", "vision", "tools"], "llama3:8b": ["completion"]}
    return {"capabilities": capabilities[body["model"]]} if body["model"] in capabilities else 404


PROGRAMS = {
    "Ollama": (
        {"GET /v1/models": listed("library", "llama3:8b", "qwen3-vl:8b", "older"), "POST /api/show": shown},
        [ServedModel("llama3:8b", False), ServedModel("qwen3-vl:8b", True), ServedModel("older", None)],
    ),
    "LM Studio": (
        {
            "GET /v1/models": listed("organization_owner", "qwen2-vl-7b-instruct", "llama-3.1-8b"),
            "GET /api/v0/models": {"data": [{"id": "qwen2-vl-7b-instruct", "type": "vlm"}, {"id": "llama-3.1-8b", "type": "llm"}]},
        },
        [ServedModel("qwen2-vl-7b-instruct", True), ServedModel("llama-3.1-8b", False)],
    ),
    "vLLM": ({"GET /v1/models": listed("vllm", "Qwen/Qwen3-VL-8B-Instruct")}, [ServedModel("Qwen/Qwen3-VL-8B-Instruct", None)]),
    "SGLang": (
        {"GET /v1/models": listed("sglang", "zoomearth-3b"), "GET /get_model_info": {"has_image_understanding": True}},
        [ServedModel("zoomearth-3b", True)],
    ),
    "llama.cpp": (
        {"GET /v1/models": listed("llamacpp", "gemma.gguf"), "GET /props": {"modalities": {"vision": False, "audio": False}}},
        [ServedModel("gemma.gguf", False)],
    ),
}


@pytest.fixture
def started():
    """started(answers): a server; started(None): a port at which nothing listens."""
    with ExitStack() as stack:

        def start(answers):
            server = Program(answers)
            if answers is None:
                server.shutdown()
                server.server_close()
            else:
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
            return server.server_port

        yield start


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("usual", [True, False])
def test_a_program_is_known_with_the_models_that_see(started, program, usual):
    """At its usual port or at another one's."""
    answers, models = PROGRAMS[program]
    port = started(answers)
    (server,) = find([(port, program if usual else "vLLM")])
    assert (server.name, server.url, server.models) == (program, f"http://127.0.0.1:{port}/v1", models)


def test_all_are_found_at_once_and_what_is_no_server_is_none(started):
    usual = [(started(answers), name) for name, (answers, _) in PROGRAMS.items()]
    usual += [(started(None), "vLLM"), (started({"GET /v1/models": b"<html>a router</html>"}), "vLLM"), (started({}), "llama.cpp")]
    found = find(usual)
    assert [server.name for server in found] == list(PROGRAMS)
    assert likeliest(found)[1].name == "qwen3-vl:8b"


def test_a_server_that_wants_a_key_says_so(started):
    (server,) = find([(started({"GET /v1/models": 401}), "vLLM")])
    assert (server.needs_key, server.models) == (True, [])


def test_a_proxy_is_never_asked(started, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert find([(started(PROGRAMS["vLLM"][0]), "vLLM")])


KEYS = st.sampled_from(["data", "id", "type", "owned_by", "modalities", "vision", "capabilities", "has_image_understanding"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))


@pytest.fixture(scope="module")
def odd():
    server = Program({})
    yield server
    server.shutdown()
    server.server_close()


@given(answer=JSON, more=JSON, owner=st.sampled_from([*servers.OWNERS, "else"]), entries=st.lists(JSON, max_size=3))
def test_whatever_a_server_answers_there_is_a_list(odd, answer, more, owner, entries):
    listing = {"data": [{"id": "m", "owned_by": owner}, *entries]}
    paths = ("GET /api/v0/models", "GET /get_model_info", "GET /props", "POST /api/show")
    odd.answers = {"GET /v1/models": listing if entries else answer, **dict.fromkeys(paths, more)}
    for server in find([(odd.server_port, "vLLM")]):
        assert all(isinstance(model.name, str) and model.vision in (True, False, None) for model in server.models)


def test_the_command_line_lists_them(started, monkeypatch, capsys):
    usual = ((started(PROGRAMS["Ollama"][0]), "Ollama"), (started(None), "vLLM"))
    monkeypatch.setattr(servers, "USUAL", usual)
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["models", "servers"]) == 0
    text = capsys.readouterr().out
    assert f"--remote http://127.0.0.1:{usual[0][0]}/v1 --remote-model qwen3-vl:8b" in text
    assert main(["models", "servers", "--json"]) == 0
    (server,) = json.loads(capsys.readouterr().out)
    assert {"name": "qwen3-vl:8b", "vision": True} in server["models"]
    monkeypatch.setattr(servers, "USUAL", usual[1:])
    assert main(["models", "servers"]) == 1
    assert "vLLM at port" in capsys.readouterr().out
