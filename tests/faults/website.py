# SPDX-License-Identifier: MIT
"""Faults while http serves files, fixed answers and bodies, opens its access
log anew, and drains."""

import os
import signal
import sys

import faults
from browser import Browser, answer, refusal
from clients import SMALL_BUFFER, Serving
from scenario import HTTP

CONFIG = """\
trigger: %s
limits: {output: 64KiB}
protocols:
  - plugin: http
    listen: 127.0.0.1:0
    settings:
      root: ./www
      cache_file: 4KiB
      mime_types: ./mime.types
      access_log: json
      access_file: ./access.log
      keep_alive: none
      header_timeout: none
      routes:
        - {path: /fixed, respond: {body: "fixed"}}
        - {path: /echo, echo: true}
"""
TIME_S = 784111777
TIME = "Sun, 06 Nov 1994 08:49:37 GMT"
SMALL = b"small" * 100
PART = b"file" * 2500
LARGE = bytes(range(251)) * 400
FILES = {"small.txt": SMALL, "part.txt": PART, "large.bin": LARGE,
         "sub/index.html": b"index"}
TEXT = "Content-Type: text/plain; charset=utf-8"
BYTES = "Content-Type: application/octet-stream"
LENGTH = "Content-Length: SIZE"

FIXED = answer("200 OK", TEXT, LENGTH, body=b"fixed")
LAST = answer("200 OK", TEXT, LENGTH, "Connection: close", body=b"fixed")


def get(path, *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: a", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def echoed(body):
    return answer("200 OK", LENGTH, BYTES, body=body)


class Website(Serving):
    def __init__(self, trigger):
        self.name = trigger
        self.files = {"server.yaml": CONFIG % trigger,
                      "mime.types": "text/html html\n"}
        if trigger == "edge":
            self.skip = faults.NOT_AT_EDGE
            self.skips_start = True  # it is the same

    def prepare(self, folder):
        os.makedirs(os.path.join(folder, "www", "sub"))
        for name, data in FILES.items():
            path = os.path.join(folder, "www", name)
            with open(path, "wb") as file:
                file.write(data)
            os.utime(path, (TIME_S, TIME_S))

    @staticmethod
    def etag(run, name):
        status = os.stat(os.path.join(run.folder, "www", name))
        return (f"ETag: \"{status.st_ino:x}-{status.st_size:x}-"
                f"{status.st_mtime_ns:x}\"")

    def file(self, run, name, kind, *fields):
        return answer("200 OK", kind, LENGTH, f"Last-Modified: {TIME}",
                      self.etag(run, name), "Accept-Ranges: bytes", *fields,
                      body=FILES[name])

    def talk(self, run, addresses):
        address = addresses["http"]
        self.read_files(run, Browser(run, address), Browser(run, address))
        self.read_parts(run, Browser(run, address))
        run.signal(signal.SIGUSR1)
        self.ask_for_nothing(Browser(run, address))
        self.send_bodies(Browser(run, address), Browser(run, address))
        self.stop(run, address)

    def read_files(self, run, client, other):
        small = self.file(run, "small.txt", TEXT)
        large = self.file(run, "large.bin", BYTES)
        client.ask(get("/small.txt"), small)
        other.ask(get("/small.txt"), small)  # a copy
        client.ask(get("/large.bin"), large)
        other.ask(get("/fixed") + get("/large.bin") + get("/small.txt") +
                  get("/fixed") * 12, FIXED, large, small, *[FIXED] * 12)
        client.ask(get("/fixed", "Connection: close"), LAST)
        client.expect_end()
        other.finish()

    def read_parts(self, run, client):
        tag = self.etag(run, "part.txt")
        client.ask(get("/part.txt", "Range: bytes=-100"),
                   answer("206 Partial Content", TEXT, LENGTH,
                          f"Last-Modified: {TIME}", "Accept-Ranges: bytes",
                          tag, "Content-Range: bytes 9900-9999/10000",
                          body=PART[-100:]))
        client.ask(get("/part.txt", f"If-Modified-Since: {TIME}"),
                   answer("304 Not Modified", tag))
        client.ask(get("/sub/"), self.file(
            run, "sub/index.html", "Content-Type: text/html; charset=utf-8"))
        client.finish()

    @staticmethod
    def ask_for_nothing(client):
        client.ask(get("/sub?a"), refusal("301 Moved Permanently",
                                          "Location: /sub/?a"))
        client.ask(get("/none"), refusal("404 Not Found"))
        client.ask(get("/fixed", method="HEAD"),
                   answer("200 OK", TEXT, LENGTH, size=5))
        client.ask(b"\x16\x03\x01", refusal("400 Bad Request",
                                            "Connection: close"))
        client.expect_end()

    @staticmethod
    def send_bodies(client, other):
        client.ask(get("/echo", "Content-Length: 30000", method="POST") +
                   LARGE[:1000])
        other.ask(get("/echo", "Transfer-Encoding: chunked", method="PUT") +
                  b"3\r\nabc\r\n")
        client.ask(LARGE[1000:30000], echoed(LARGE[:30000]))
        other.ask(b"2\r\nde\r\n0\r\nA: b\r\n\r\n", echoed(b"abcde"))
        client.ask(get("/echo", "Content-Length: 2", "Expect: 100-continue",
                       method="POST"), b"HTTP/1.1 100 Continue\r\n\r\n")
        client.ask(b"ok", echoed(b"ok"))
        other.ask(get("/fixed", "Content-Length: 3", method="POST") + b"abc",
                  refusal("405 Method Not Allowed", "Allow: GET, HEAD, OPTIONS"))
        client.finish()
        other.finish()

    def stop(self, run, address):
        """One reads a file and resets, one is idle, one reads a file, one has
        sent half of a request."""
        large = self.file(run, "large.bin", BYTES)
        last = self.file(run, "large.bin", BYTES, "Connection: close")
        victim = Browser(run, address, SMALL_BUFFER)
        victim.send(get("/large.bin") * 3)
        victim.may_end = True
        victim.reset()
        idle = Browser(run, address)
        idle.ask(get("/fixed"), FIXED)
        late = Browser(run, address)
        late.ask(get("/fixed") + b"GET /fixed HTTP/1.1\r\n", FIXED)
        busy = Browser(run, address, SMALL_BUFFER)
        busy.ask(get("/large.bin") + get("/large.bin", "Connection: close"),
                 large)
        run.signal(signal.SIGTERM)
        busy.ask(b"", last)
        busy.expect_end()
        idle.expect_end()  # so it drains by now
        late.ask(b"Host: a\r\n\r\n", LAST)
        late.expect_end()


SCENARIOS = {trigger: Website(trigger) for trigger in ("level", "edge")}

if __name__ == "__main__":
    if not os.path.exists(HTTP):
        print("skipped: http is not built: llhttp is missing")
        sys.exit(77)
    faults.run_all([SCENARIOS[name]
                    for name in sys.argv[1:] or SCENARIOS])
