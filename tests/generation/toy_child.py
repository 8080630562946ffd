"""Plays vLLM's process: answers, fails, dies, hangs or babbles as the message says."""

from __future__ import annotations

import json
import os
import sys
import time
from multiprocessing.connection import Connection


def main() -> None:
    """Serve the pipe until it closes."""
    pipe = Connection(int(sys.argv[1]))
    while True:
        try:
            message = json.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        if message["do"] == "die":
            os.write(2, b"RuntimeError: Unsupported CPU attention configuration\n")
            os._exit(7)
        if message["do"] == "kill":
            os.kill(os.getpid(), 9)
        if message["do"] == "hang":
            time.sleep(1000)
        if message["do"] == "work":
            for number in range(5):
                time.sleep(0.2)
                pipe.send_bytes(json.dumps({"progress": number}).encode())
        if message["do"] == "fail":
            pipe.send_bytes(json.dumps({"failed": "ValueError: no such thing"}).encode())
        else:
            pipe.send_bytes(json.dumps({"done": os.environ.get("TOY", message["do"])}).encode())


if __name__ == "__main__":
    main()
