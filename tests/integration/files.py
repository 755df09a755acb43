# SPDX-License-Identifier: MIT
"""Files by HTTP: what the kernel, real clients and a changing folder do."""

import email.utils
import filecmp
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import (PLUGINS, Server, connect, fds, recv_all, recv_exactly,
                     run, skip)
from traffic import MIB, gather, reset, send_until_stuck, until

SECRET = b"this is beside the root"
LARGE = random.Random(1).randbytes(3 * MIB + 17)


def config(root, **settings):
    settings = {"root": root, **settings}
    return json.dumps({"protocols": [  # which is YAML, too
        {"plugin": "http.so", "listen": "127.0.0.1:0", "settings": settings}]})


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def replace(path, data):
    """As an editor or a deployment does it: there is always one of both."""
    write(path + ".new", data)
    os.rename(path + ".new", path)


class Answer:
    """status, reason, headers (lower case to value) and body."""

    def __init__(self, head, body):
        first, *lines = head.decode("latin-1").split("\r\n")
        _, self.status, self.reason = first.split(" ", 2)
        self.status = int(self.status)
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.body = body


def request_bytes(target, method="GET", headers=None):
    lines = [f"{method} {target} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def read_head(sock):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise AssertionError(f"the answer ends after {head!r}")
        head += byte
    return head[:-4]


def read_answer(sock, has_body=True):
    answer = Answer(read_head(sock), b"")
    size = int(answer.headers.get("content-length", 0))
    if has_body and answer.status not in (204, 304):
        answer.body = recv_exactly(sock, size)
    return answer


class Files(unittest.TestCase):
    """A folder `root` with files, and a secret beside it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-files-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.root = os.path.join(self.folder, "root")
        write(os.path.join(self.folder, "secret"), SECRET)
        self.write("small.txt", b"0123456789")
        self.write("empty.css", b"")
        self.write("large.bin", LARGE)
        self.write("a b.html", b"a space")
        self.write("folder/index.html", b"the index")
        self.write("folder/deep/file.json", b"{}")
        self.write(".hidden", b"hidden")

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, data):
        write(self.path(name), data)

    def server(self, **settings):
        return Server(config(self.root, **settings))

    def ask(self, server, target, method="GET", **headers):
        headers = {name.replace("_", "-"): value
                   for name, value in headers.items()}
        with connect(server.address) as sock:
            sock.sendall(request_bytes(target, method, headers))
            return read_answer(sock, method != "HEAD")

    def check(self, server, target, status, body=None, method="GET",
              **headers):
        answer = self.ask(server, target, method, **headers)
        self.assertEqual(answer.status, status, (method, target, headers))
        if body is not None:
            self.assertEqual(answer.body, body, (method, target, headers))
        return answer


class Answers(Files):
    def test_get_and_head(self):
        with self.server() as server:
            for name, body, kind in (
                    ("/small.txt", b"0123456789", "text/plain; charset=utf-8"),
                    ("/empty.css", b"", "text/css; charset=utf-8"),
                    ("/large.bin", LARGE, "application/octet-stream"),
                    ("/a%20b.html", b"a space", "text/html; charset=utf-8"),
                    ("/folder/deep/file.json", b"{}", "application/json")):
                for _ in range(2):  # from the file, from its copy
                    answer = self.check(server, name, 200, body)
                    self.assertEqual(answer.headers["content-type"], kind)
                    self.assertEqual(answer.headers["accept-ranges"], "bytes")
                    head = self.check(server, name, 200, b"", "HEAD")
                    del answer.headers["date"], head.headers["date"]
                    self.assertEqual(head.headers, answer.headers)

    def ask_raw(self, server, request):
        """The head but for its date, the body, and whether all ends then."""
        with connect(server.address) as sock:
            sock.sendall(request)
            head = read_head(sock)
            size = int(Answer(head, b"").headers["content-length"])
            if request.startswith(b"HEAD"):
                size = 0
            body = recv_exactly(sock, size)
            sock.shutdown(socket.SHUT_WR)
            rest = recv_all(sock)
        return re.sub(rb"\r\nDate: [^\r]*", b"", head, count=1), body, rest

    def test_a_copy_answers_as_the_file_does(self):
        bodies = {f"/{size}": LARGE[:size]
                  for size in (0, 1, 4095, 4096, 4097, 60000)}
        for name, body in bodies.items():
            self.write(name[1:], body)
        with self.server() as copies, self.server(cache_size=0) as files:
            for name, body in bodies.items():
                for request in (f"GET {name} HTTP/1.1\r\nHost: test\r\n",
                                f"HEAD {name} HTTP/1.1\r\nHost: test\r\n",
                                f"GET {name} HTTP/1.0\r\n",
                                f"GET {name} HTTP/1.0\r\n"
                                "Connection: keep-alive\r\n",
                                f"HEAD {name} HTTP/1.1\r\nhost: test\r\n"
                                "Connection: close\r\n"):
                    request = f"{request}\r\n".encode()
                    expected = self.ask_raw(files, request)
                    self.assertEqual(
                        expected[1:],
                        (b"" if request.startswith(b"HEAD") else body, b""))
                    for _ in range(2):  # when it is made, and later
                        self.assertEqual(self.ask_raw(copies, request),
                                         expected)

    def test_validators_are_the_files(self):
        os.utime(self.path("small.txt"), (784111777, 784111777))
        with self.server() as server:
            answer = self.check(server, "/small.txt", 200)
            self.assertEqual(answer.headers["last-modified"],
                             "Sun, 06 Nov 1994 08:49:37 GMT")
            self.assertRegex(answer.headers["etag"], r'^"[0-9a-f-]+"$')

    def test_nothing_is_modified_after_its_answer(self):
        os.utime(self.path("small.txt"), (4102444800, 4102444800))
        with self.server() as server:
            headers = self.check(server, "/small.txt", 200).headers
            modified, date = (email.utils.parsedate_to_datetime(headers[name])
                              for name in ("last-modified", "date"))
            self.assertLessEqual(modified, date)

    def test_only_get_and_head(self):
        with self.server() as server:
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                answer = self.check(server, "/small.txt", 405, method=method,
                                    Content_Length="0")
                self.assertEqual(answer.headers["allow"],
                                 "GET, HEAD, OPTIONS")
            answer = self.check(server, "/small.txt", 204, method="OPTIONS")
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")

    def test_what_is_not_there(self):
        with self.server() as server:
            for target in ("/nothing", "/nothing/", "/small.txt/",
                           "/small.txt/x", "/folder/deep/", "/folder/nothing",
                           "/" + "n" * 300, "//small.txt", "/small.txt%2f"):
                self.check(server, target, 404)

    def test_a_folder_has_a_slash(self):
        with self.server() as server:
            self.check(server, "/folder/", 200, b"the index")
            for target, location in (("/folder", "/folder/"),
                                     ("/folder?a=/b", "/folder/?a=/b"),
                                     ("/%66older", "/%66older/"),
                                     ("/folder/deep", "/folder/deep/")):
                answer = self.check(server, target, 301)
                self.assertEqual(answer.headers["location"], location)

    def test_index_files_in_their_order(self):
        self.write("folder/second.txt", b"second")
        with self.server(index=["first.txt", "second.txt",
                                "index.html"]) as server:
            self.check(server, "/folder/", 200, b"second")
            self.check(server, "/", 404)

    def test_the_index_of_the_root(self):
        self.write("index.html", b"root")
        with self.server() as server:
            self.check(server, "/", 200, b"root")
            self.check(server, "/?a", 200, b"root")

    def test_types_of_the_systems_file(self):
        self.write("a.odd", b"")
        self.write("b.html", b"")
        types = os.path.join(self.folder, "types")
        write(types, b"text/odd odd\nx/html html\n")
        with self.server(mime_types=types) as server:
            self.assertEqual(
                self.check(server, "/a.odd", 200).headers["content-type"],
                "text/odd; charset=utf-8")
            self.assertEqual(
                self.check(server, "/b.html", 200).headers["content-type"],
                "text/html; charset=utf-8")

    def test_answers_of_one_connection_in_order(self):
        targets = [("/small.txt", b"0123456789"), ("/large.bin", LARGE),
                   ("/nothing", None), ("/empty.css", b""),
                   ("/large.bin", LARGE), ("/folder/", b"the index")]
        with self.server() as server, connect(server.address) as sock:
            gather(
                lambda: sock.sendall(b"".join(request_bytes(target)
                                              for target, _ in targets)),
                lambda: self.read_in_order(sock, targets))

    def read_in_order(self, sock, targets):
        for target, body in targets:
            answer = read_answer(sock)
            if body is None:
                self.assertEqual(answer.status, 404)
            else:
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, body, target)


class Conditions(Files):
    def test_not_modified(self):
        with self.server() as server:
            for name in ("/small.txt", "/large.bin"):
                headers = self.check(server, name, 200).headers
                etag, date = headers["etag"], headers["last-modified"]
                for asked in ({"If_None_Match": etag},
                              {"If_None_Match": f'"x", W/{etag}'},
                              {"If_None_Match": "*"},
                              {"If_Modified_Since": date}):
                    answer = self.check(server, name, 304, b"", **asked)
                    self.assertEqual(answer.headers["etag"], etag)
                    self.check(server, name, 304, b"", "HEAD", **asked)
                self.check(server, name, 200, If_None_Match='"x"',
                           If_Modified_Since=date)

    def test_precondition_failed(self):
        with self.server() as server:
            headers = self.check(server, "/small.txt", 200).headers
            for asked in ({"If_Match": '"x"'},
                          {"If_Match": "W/" + headers["etag"]},
                          {"If_Unmodified_Since":
                           "Sun, 06 Nov 1994 08:49:37 GMT"}):
                self.check(server, "/small.txt", 412, **asked)
            self.check(server, "/small.txt", 200, If_Match=headers["etag"])
            self.check(server, "/nothing", 404, If_Match="*")

    def test_if_range(self):
        os.utime(self.path("small.txt"), (784111777, 784111777))
        with self.server() as server:
            etag = self.check(server, "/small.txt", 200).headers["etag"]
            for value in (etag, "Sun, 06 Nov 1994 08:49:37 GMT"):
                answer = self.check(server, "/small.txt", 206, b"234",
                                    Range="bytes=2-4", If_Range=value)
                self.assertNotIn("last-modified", answer.headers)
            for value in ('"x"', "Sun, 06 Nov 1994 08:49:38 GMT"):
                self.check(server, "/small.txt", 200, b"0123456789",
                           Range="bytes=2-4", If_Range=value)


class Ranges(Files):
    def test_parts(self):
        with self.server() as server:
            for asked, body, said in (("bytes=2-4", b"234", "2-4"),
                                      ("bytes=7-", b"789", "7-9"),
                                      ("bytes=-2", b"89", "8-9"),
                                      ("bytes=5-99", b"56789", "5-9")):
                answer = self.check(server, "/small.txt", 206, body,
                                    Range=asked)
                self.assertEqual(answer.headers["content-range"],
                                 f"bytes {said}/10")

    def test_the_whole_otherwise(self):
        with self.server() as server:
            for asked in ("bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "x"):
                answer = self.check(server, "/small.txt", 200, b"0123456789",
                                    Range=asked)
                self.assertNotIn("content-range", answer.headers)
            self.check(server, "/small.txt", 200, b"", "HEAD",
                       Range="bytes=2-4")

    def test_beyond_the_end(self):
        with self.server() as server:
            for name, size in (("/small.txt", 10), ("/large.bin", len(LARGE)),
                               ("/empty.css", 0)):
                answer = self.check(server, name, 416, Range=f"bytes={size}-")
                self.assertEqual(answer.headers["content-range"],
                                 f"bytes */{size}")

    def test_pieces_make_the_whole(self):
        dice = random.Random(2)
        cuts = sorted(dice.sample(range(1, len(LARGE)), 20))
        with self.server() as server, connect(server.address) as sock:
            got = b""
            for begin, end in zip([0, *cuts], [*cuts, len(LARGE)]):
                sock.sendall(request_bytes(
                    "/large.bin",
                    headers={"Range": f"bytes={begin}-{end - 1}"}))
                answer = read_answer(sock)
                self.assertEqual(answer.status, 206)
                got += answer.body
            self.assertEqual(got, LARGE)


class Inside(Files):
    """Nothing beside the root is ever served."""

    def setUp(self):
        super().setUp()
        for name, target in (("inside.txt", "small.txt"),
                             ("folder/up.txt", "../small.txt"),
                             ("folders", "folder"),
                             ("outside.txt", "../secret"),
                             ("beside", ".."),
                             ("absolute.txt", self.path("small.txt")),
                             ("loop", "loop"),
                             ("system", "/")):
            os.symlink(target, self.path(name))

    def test_links_that_stay_inside(self):
        with self.server() as server:
            self.check(server, "/inside.txt", 200, b"0123456789")
            self.check(server, "/folder/up.txt", 200, b"0123456789")
            self.check(server, "/folders/", 200, b"the index")
            self.check(server, "/folders", 301)
            for target in ("/outside.txt", "/beside/secret", "/absolute.txt",
                           "/loop", "/system/etc/passwd", "/beside"):
                self.check(server, target, 403)

    def test_no_links_at_all(self):
        with self.server(symlinks="none") as server:
            for target in ("/inside.txt", "/folder/up.txt", "/folders/",
                           "/folders", "/outside.txt", "/beside/secret"):
                self.check(server, target, 403)
            self.check(server, "/small.txt", 200)

    def test_odd_targets(self):
        pieces = ["..", "%2e%2e", ".", "%2e", "/", "//", "%2f", "%5c", "\\",
                  "folder", "beside", "secret", "outside.txt", "system",
                  "etc/passwd", "%00", "%", "%zz", "?", ";", "small.txt",
                  "%c0%ae%c0%ae", "%252e%252e", "..;", "~", "%"]
        dice = random.Random(3)
        seen = set()
        with self.server(dot_files=True) as server:
            for _ in range(1500):
                target = "/" + "".join(
                    dice.choice(pieces) + dice.choice(("", "/", "/"))
                    for _ in range(dice.randint(1, 6)))
                answer = self.ask(server, target)
                seen.add(answer.status)
                self.assertIn(answer.status, (200, 301, 400, 403, 404), target)
                self.assertNotIn(SECRET, answer.body, target)
                self.assertNotIn(b"root:", answer.body, target)
                location = answer.headers.get("location", "/x")
                self.assertRegex(location, r"^/([^/\\]|$)", target)
        self.assertEqual(seen, {200, 301, 400, 403, 404})

    def test_dot_files_are_hidden_unless_asked(self):
        self.write(".git/config", b"config")
        with self.server() as server:
            for target in ("/.hidden", "/%2ehidden", "/.git/config", "/.git"):
                self.check(server, target, 404)
        with self.server(dot_files=True) as server:
            self.check(server, "/.hidden", 200, b"hidden")
            self.check(server, "/.git/config", 200, b"config")

    def test_special_files(self):
        os.mkfifo(self.path("fifo"))
        unix = socket.socket(socket.AF_UNIX)
        self.addCleanup(unix.close)
        unix.bind(self.path("socket"))
        with self.server() as server:
            self.check(server, "/fifo", 403)
            self.check(server, "/socket", 403)

    def test_what_may_not_be_read(self):
        os.chmod(self.path("small.txt"), 0)
        if os.access(self.path("small.txt"), os.R_OK):
            self.skipTest("root may read anything")
        with self.server() as server:
            self.check(server, "/small.txt", 403)


class Changes(Files):
    def await_body(self, server, target, body):
        until(lambda: self.ask(server, target).body == body, target)

    def check_change(self, server, name):
        target = "/" + name.replace("index.html", "")
        before = self.check(server, target, 200)
        replace(self.path(name), b"replaced")
        self.await_body(server, target, b"replaced")
        self.write(name, b"rewritten, and longer")
        self.await_body(server, target, b"rewritten, and longer")
        after = self.check(server, target, 200)
        self.assertNotEqual(after.headers["etag"], before.headers["etag"])

    def test_a_change_is_seen(self):
        for settings in ({}, {"cache_size": 0}):
            with self.server(**settings) as server:
                gather(*(lambda name=name: self.check_change(server, name)
                         for name in ("small.txt", "large.bin",
                                      "folder/index.html")))

    def test_a_file_comes_and_goes(self):
        with self.server() as server:
            self.check(server, "/new.txt", 404)
            self.write("new.txt", b"new")
            self.check(server, "/new.txt", 200, b"new")
            os.remove(self.path("new.txt"))
            until(lambda: self.ask(server, "/new.txt").status == 404, "gone")

    def test_a_root_that_is_turned(self):
        current = os.path.join(self.folder, "current")
        other = os.path.join(self.folder, "other")
        os.symlink("root", current)
        write(os.path.join(other, "small.txt"), b"other")
        with Server(config(current)) as server:
            self.check(server, "/small.txt", 200, b"0123456789")
            os.symlink("other", current + ".new")
            os.rename(current + ".new", current)
            self.await_body(server, "/small.txt", b"other")

    def test_a_copy_that_is_being_sent_does_not_change(self):
        old, new = b"o" * 60000, b"n" * 60000
        count = 300
        self.write("page.html", old)
        with self.server() as server, connect(
                server.address, receive_buffer=4096) as slow:
            slow.sendall(request_bytes("/page.html") * count)
            read_head(slow)
            replace(self.path("page.html"), new)
            self.await_body(server, "/page.html", new)
            bodies = [recv_exactly(slow, len(old))]
            bodies += [read_answer(slow).body for _ in range(count - 1)]
        self.assertEqual(bodies[0], old)
        self.assertEqual(bodies[-1], new)
        self.assertEqual(set(bodies), {old, new})

    def test_a_file_that_shrinks_ends_the_connection(self):
        size = 64 * MIB
        self.write("shrinks.bin", b"x" * size)
        with self.server() as server:
            with connect(server.address, receive_buffer=4096) as sock:
                sock.sendall(request_bytes("/shrinks.bin"))
                head = Answer(read_head(sock), b"")
                self.assertEqual(head.headers["content-length"], str(size))
                os.truncate(self.path("shrinks.bin"), 100)
                with self.assertRaises(ConnectionResetError):
                    recv_all(sock)
            self.check(server, "/small.txt", 200)

    def test_waiting_answers_hold_few_descriptors(self):
        self.write("medium.bin", b"m" * 20000)
        # More than the kernel holds for a peer that does not read.
        for name, size, count in (("small.txt", 10, 30000),
                                  ("medium.bin", 20000, 1000)):
            with self.server(cache_size=0) as server, connect(
                    server.address, receive_buffer=4096) as sock:
                before = fds(server.pid)
                asked = request_bytes("/" + name) * count
                sent = send_until_stuck(sock, asked)
                # Those that were sent are closed at the end of the turn.
                until(lambda pid=server.pid, held=before: fds(pid) - held < 20,
                      "descriptors")
                gather(lambda: sock.sendall(asked[sent:]),
                       lambda: self.read_many(sock, count, size))

    def read_many(self, sock, count, size):
        with sock.makefile("rb") as stream:
            for _ in range(count):
                length = None
                for line in iter(stream.readline, b"\r\n"):
                    if line.startswith(b"Content-Length:"):
                        length = int(line.partition(b":")[2])
                self.assertEqual(length, size)
                self.assertEqual(len(stream.read(size)), size)

    def test_no_descriptor_is_left(self):
        limit = 40
        with Server(config(self.root), open_files=limit) as server:
            with connect(server.address) as sock:
                sock.sendall(request_bytes("/small.txt"))
                self.assertEqual(read_answer(sock).status, 200)
                others = [connect(server.address) for _ in range(limit)]
                until(lambda: fds(server.pid) == limit, "no descriptor left")
                sock.sendall(request_bytes("/large.bin"))
                self.assertEqual(read_answer(sock).status, 503)
                for other in others:
                    other.close()
                until(lambda: fds(server.pid) < limit - 5, "some are free")
                sock.sendall(request_bytes("/large.bin"))
                answer = read_answer(sock)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, LARGE)

    def test_aborted_downloads_leave_nothing(self):
        self.write("huge.bin", b"x" * (16 * MIB))
        with self.server() as server:
            before = fds(server.pid)
            for i in range(200):
                sock = connect(server.address, receive_buffer=4096)
                sock.sendall(request_bytes("/huge.bin"))
                if i % 3 > 0:
                    self.assertEqual(Answer(read_head(sock), b"").status, 200)
                if i % 2 > 0:
                    reset(sock)
                sock.close()
            until(lambda: fds(server.pid) == before, "descriptors")
            self.check(server, "/small.txt", 200)


class Settings(Files):
    def refuse(self, text, **settings):
        root = settings.pop("root", self.root)
        done = run("-t", "-c", "server.yaml", config=config(root, **settings))
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn(text, done.stderr)

    def test_what_cannot_be_served_is_told(self):
        self.refuse("No such file or directory", root=self.path("nothing"))
        self.refuse("Not a directory", root=self.path("small.txt"))
        self.refuse("'mime_types'", mime_types=self.root)
        self.refuse("'symlinks'", symlinks="all")

    def test_a_check_passes(self):
        done = run("-t", "-c", "server.yaml", config=config(
            self.root, mime_types=self.path("nothing"), cache_size=0))
        self.assertEqual(done.returncode, 0, done.stderr)


class Clients(Files):
    def url(self, server, target):
        return f"http://{server.address}{target}"

    def run_in(self, folder, *command):
        if shutil.which(command[0]) is None:
            self.skipTest("no " + command[0])
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_curl_gets(self):
        with self.server() as server:
            get = ("curl", "-sSf", "--path-as-is")
            self.assertEqual(self.run_in(
                self.folder, *get, self.url(server, "/large.bin")), LARGE)
            self.assertEqual(self.run_in(
                self.folder, *get, "-r", "2-4",
                self.url(server, "/small.txt")), b"234")
            self.assertEqual(self.run_in(
                self.folder, *get, "-L", self.url(server, "/folder")),
                b"the index")
            self.assertIn(b"Content-Length: 10\r\n", self.run_in(
                self.folder, *get, "-I", self.url(server, "/small.txt")))
            self.assertEqual(self.run_in(
                self.folder, *get, "-z", self.path("small.txt"),
                "-w", "%{http_code}", self.url(server, "/small.txt")), b"304")

    def test_curl_resumes(self):
        part = os.path.join(self.folder, "part")
        write(part, LARGE[:1000000])
        with self.server() as server:
            self.run_in(self.folder, "curl", "-sSf", "-C", "-", "-o", part,
                        self.url(server, "/large.bin"))
        with open(part, "rb") as file:
            self.assertEqual(file.read(), LARGE)

    def test_a_browser(self):
        """50 files on 6 connections."""
        bodies = {f"/image-{i}.png": random.Random(i).randbytes(i * i * 40)
                  for i in range(50)}
        for target, body in bodies.items():
            self.write(target[1:], body)
        targets = list(bodies)
        got = {}

        def load(server, mine):
            host, port = server.address.split(":")
            client = http.client.HTTPConnection(host, int(port), timeout=30)
            for target in mine:
                client.request("GET", target)
                got[target] = client.getresponse().read()
            client.close()

        with self.server() as server:
            gather(*(lambda n=n: load(server, targets[n::6])
                     for n in range(6)))
        self.assertEqual(got, bodies)

    def test_wget_mirrors(self):
        tree = os.path.join(self.folder, "tree")
        dice = random.Random(4)
        folders = ["", "one/", "one/two/", "a b/", "d\u00e4/"]
        for folder in folders:
            names = [f"{n}.bin" for n in range(8)] + ["a%b.txt", "x+y=z.txt"]
            for name in names:
                write(os.path.join(tree, folder, name),
                      dice.randbytes(dice.choice((0, 1, 1000, 70000, 300000))))
            links = names + [other[len(folder):] for other in folders
                             if other != folder and other.startswith(folder)]
            page = "".join(
                f'<a href="{http_quote(link)}">x</a>\n' for link in links)
            write(os.path.join(tree, folder, "index.html"), page.encode())
        with Server(config(tree)) as server:
            self.run_in(self.folder, "wget", "-q", "-m", "-nH", "-P", "mirror",
                        "-e", "robots=off", "--restrict-file-names=nocontrol",
                        self.url(server, "/"))
        self.assert_same_tree(filecmp.dircmp(
            tree, os.path.join(self.folder, "mirror")))

    def assert_same_tree(self, both):
        self.assertEqual((both.left_only, both.right_only), ([], []))
        _, differ, odd = filecmp.cmpfiles(both.left, both.right,
                                          both.common_files, shallow=False)
        self.assertEqual((differ, odd), ([], []))
        for below in both.subdirs.values():
            self.assert_same_tree(below)


def http_quote(text):
    return re.sub(rb"[^A-Za-z0-9/._-]", lambda match:
                  b"%%%02X" % match.group()[0], text.encode()).decode()


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PLUGINS, "http.so")):
        skip("http was not built: no llhttp")
    unittest.main()
