"""An OpenAI-compatible server whose "model" really looks at the pictures: it finds the shapes that a question names by their colours, and
writes their boxes in whatever convention it was started with. Not a model of anything: it counts as it is told, right or wrong.

As a program: marking.py '{"unit": "thousandths", "frame": "root"}' serves until it is killed, and prints its address first.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import json
import re
import sys
import threading
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

COLOURS = {
    "red rectangle": (214, 40, 40),
    "white disc": (250, 250, 250),
    "blue square": (30, 60, 200),
    "green disc": (20, 140, 60),
    "black rectangle": (20, 20, 20),
}
FULL = {"thousandths": 1000, "fractions": 1, "bins": 1023}


@dataclass
class Marker:
    """unit, y_first, frame: see `core/boxes.Convention`. form: bbox_2d, bbox, box_2d, qwen2, internvl, glm, tokens, tool, xml, bare.
    limit: pixels that are shown at the most, larger pictures are made smaller (as by a server's max_pixels). lists: it marks several
    targets at once. blind: it marks a fixed place. shy: it answers in place of a second look. refuses: fields that end in HTTP 400.
    """

    unit: str = "pixels"
    y_first: bool = False
    frame: str = "last"
    form: str = "bbox_2d"
    limit: int = 0
    lists: bool = True
    blind: bool = False
    shy: bool = False
    listed: str = "m"
    refuses: tuple[str, ...] = ()
    answer: str = "it is there"
    asked: list[dict] = field(default_factory=list)

    def reply(self, body):
        """The text of a completion."""
        pictures, texts, turn = [], [], 0
        for message in body["messages"]:
            turn += message["role"] == "assistant"
            parts = message["content"] if isinstance(message["content"], list) else [{"type": "text", "text": message["content"]}]
            for part in parts if message["role"] == "user" else []:
                if part["type"] == "text":
                    texts.append(part["text"])
                else:
                    pictures.append(self._shown(part["image_url"]["url"]))
        question = texts[0].partition("\n")[0]
        places = sorted((match.start(), name) for name in COLOURS for match in [re.search(name, question)] if match)
        names = [name for _, name in places]
        several = self.lists and "two places" in question
        wanted = names if several else names[turn : turn + 1]
        if not wanted or (self.shy and turn):
            return f"<answer>{self.answer}</answer>"
        tool = "image_zoom_in_tool" in question
        picture = pictures[0 if self.frame == "root" else -1]
        return self._written([(self._numbers(picture, name), name) for name in wanted], tool)

    def _shown(self, url):
        picture = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")
        if self.limit and picture.width * picture.height > self.limit:
            scale = (self.limit / (picture.width * picture.height)) ** 0.5
            picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
        return picture

    def _numbers(self, picture, name):
        inside = (np.abs(np.asarray(picture, dtype=int) - COLOURS[name]).max(-1) < 40).nonzero()
        if self.blind or not inside[0].size:
            return [10, 10, 20, 20]
        (top, bottom), (left, right) = ((axis.min(), axis.max() + 1) for axis in inside)
        box = [left, top, right, bottom]
        if full := FULL.get(self.unit):
            box = [side / picture.size[at % 2] * full for at, side in enumerate(box)]
        box = [round(side, 3) if self.unit == "fractions" else round(float(side)) for side in box]
        return [box[1], box[0], box[3], box[2]] if self.y_first else box

    def _written(self, boxes, tool):
        if tool and self.form in ("bbox_2d", "tool", "xml") and self.form != "xml":
            calls = [{"name": "image_zoom_in_tool", "arguments": {"label": name, "bbox_2d": box, "img_idx": 0}} for box, name in boxes]
            return "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls)
        if self.form == "xml":
            parameters = "<parameter=bbox_2d>\n{}\n</parameter>\n<parameter=label>\n{}\n</parameter>\n"
            calls = [f"<function=image_zoom_in_tool>\n{parameters.format(box, name)}</function>" for box, name in boxes]
            return "\n".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls)
        if self.form == "qwen2":
            text = "<|object_ref_start|>{4}<|object_ref_end|><|box_start|>({0},{1}),({2},{3})<|box_end|>"
            return "".join(text.format(*box, name) for box, name in boxes)
        if self.form == "bare":
            return "".join("{4}({0},{1}),({2},{3})".format(*box, name) for box, name in boxes)
        if self.form == "internvl":
            return "".join(f"<ref>{name}</ref><box>[{box}]</box>" for box, name in boxes)
        if self.form == "glm":
            return f"<think>I see [1, 2, 3, 4].</think>They are at <|begin_of_box|>{[box for box, _ in boxes]}<|end_of_box|>."
        if self.form == "tokens":
            return " ; ".join("<loc{:04d}><loc{:04d}><loc{:04d}><loc{:04d}> {}".format(*box, name) for box, name in boxes)
        key = "bbox_2d" if self.form == "tool" else self.form
        return "```json\n" + json.dumps([{key: box, "label": name} for box, name in boxes], indent=1) + "\n```"

    def serve(self):
        """The server, under way, with its address in `url`."""
        marker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                self._send(200, json.dumps({"data": [{"id": marker.listed, "object": "model", "created": 1}]}).encode(), "application/json")

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                marker.asked.append(body)
                if refused := [name for name in marker.refuses if name in body]:
                    return self._send(400, json.dumps({"error": f"unknown field {refused[0]}"}).encode(), "application/json")
                text = marker.reply(body)
                events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in re.findall(r".{1,17}", text, re.S)]
                events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
                sent = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"
                self._send(200, sent, "text/event-stream")

            def _send(self, status, content, kind):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(OSError):  # a reply that is complete is not read to its end
                    self.wfile.write(content)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.url = f"http://127.0.0.1:{server.server_port}/v1"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server


if __name__ == "__main__":
    print(Marker(**json.loads(sys.argv[1])).serve().url, flush=True)
    threading.Event().wait()
