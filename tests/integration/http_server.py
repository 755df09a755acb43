# SPDX-License-Identifier: MIT
"""HTTP with real clients: curl, many at once, slow ones, and those that do not
read; the access log; what init refuses."""

import fcntl
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import (PLUGINS, SOURCE, Server, connect, recv_all, recv_exactly,
                     run, skip)
from traffic import MIB, gather, unacknowledged, until

CURL = shutil.which("curl")
F_SETPIPE_SZ = 1031  # fcntl has it since Python 3.10
GET = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


def config(**settings):
    settings = {"routes": [
        {"path": "/hello", "respond": {"body": "hello"}},
        {"path": "/echo", "echo": True},
        {"path": "/health", "health": True},
        {"path": "/old", "redirect": {"to": "/hello"}}], **settings}
    return json.dumps({"protocols": [  # which is YAML, too
        {"plugin": "http", "listen": "127.0.0.1:0", "settings": settings}]})


def count_answers(data):
    return data.count(b"HTTP/1.1 200 OK\r\n"), data.count(b"\r\n\r\nhello")


def has_failed(sock):
    poll = select.poll()
    poll.register(sock, 0)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def names_in(path):
    """The names that ask() gave to its requests, in an access log."""
    with open(path, encoding="ascii") as file:
        return re.findall(r"/hello\?(\w+)", file.read())


@unittest.skipUnless(CURL, "needs curl")
class Curl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(config())

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def curl(self, *args, path="/hello", data=None):
        return subprocess.run(
            [CURL, "-sS", "--max-time", "30", "--noproxy", "*", *args,
             f"http://{self.server.address}{path}"],
            input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            check=True)

    def test_get(self):
        self.assertEqual(self.curl().stdout, b"hello")

    def test_head(self):
        head = self.curl("-I").stdout
        self.assertIn(b"\r\nContent-Length: 5\r\n", head)
        self.assertTrue(head.endswith(b"\r\n\r\n"))

    def test_http_1_0(self):
        self.assertEqual(self.curl("--http1.0").stdout, b"hello")

    def test_redirect_is_followed(self):
        self.assertEqual(self.curl("-L", path="/old").stdout, b"hello")

    def test_post(self):
        done = self.curl("-d", "a=b", path="/echo")
        self.assertEqual(done.stdout, b"a=b")

    def test_upload_of_a_mib_waits_for_100_continue(self):
        data = os.urandom(MIB)
        done = self.curl("-v", "-H", "Expect: 100-continue", "-T", "-",
                         "-H", "Content-Length: 1048576",
                         "-H", "Transfer-Encoding:", path="/echo", data=data)
        self.assertTrue(done.stdout == data)
        self.assertIn(b"HTTP/1.1 100 Continue", done.stderr)

    def test_chunked_upload(self):
        data = os.urandom(MIB)
        done = self.curl("-v", "-T", "-", path="/echo", data=data)
        self.assertIn(b"Transfer-Encoding: chunked", done.stderr)
        self.assertTrue(done.stdout == data)

    def test_too_large_an_upload_is_told(self):
        done = self.curl("-o", "/dev/null", "-w", "%{http_code}", "-T", "-",
                         path="/echo", data=bytes(MIB + 1))
        self.assertEqual(done.stdout, b"413")

    def test_the_connection_is_used_again(self):
        url = f"http://{self.server.address}/hello"
        done = self.curl("-w", "%{num_connects}", url, url)
        self.assertEqual(done.stdout, b"hello1hello0hello0")

    def test_without_keep_alive_it_is_closed(self):
        done = self.curl("-v", "-H", "Connection: close")
        self.assertIn(b"Closing connection", done.stderr)


class Clients(unittest.TestCase):
    def test_500_clients_that_send_a_byte_at_a_time_disturb_nobody(self):
        with Server(config()) as server:
            slow = [connect(server.address) for _ in range(500)]
            for byte in LAST[:20]:
                for sock in slow:
                    sock.sendall(bytes([byte]))
                with connect(server.address) as sock:
                    sock.sendall(LAST)
                    self.assertIn(b"\r\n\r\nhello", recv_all(sock))
            for sock in slow:
                sock.sendall(LAST[20:])
            for sock in slow:
                self.assertIn(b"\r\n\r\nhello", recv_all(sock))
                sock.close()

    def test_a_mib_of_headers_is_431(self):
        with Server(config()) as server, connect(server.address) as sock:
            head = GET[:-2] + b"A: b\r\n" * (MIB // 6)

            def send():
                try:
                    sock.sendall(head)
                except OSError:
                    pass

            _, answer = gather(send, lambda: recv_all(sock))
            self.assertTrue(answer.startswith(b"HTTP/1.1 431 "), answer[:100])

    def test_16_requests_in_one_write_have_one_answer_to_read(self):
        with Server(config()) as server, connect(server.address) as sock:
            sock.sendall(GET)
            size = len(sock.recv(65536))
            sock.sendall(GET * 16)
            self.assertEqual(count_answers(recv_exactly(sock, 16 * size)),
                             (16, 16))

    def test_what_is_sent_behind_a_close_does_not_reset(self):
        with Server(config()) as server:
            for _ in range(20):
                with connect(server.address) as sock:
                    sock.sendall(LAST + bytes(1000))
                    self.assertTrue(recv_all(sock).endswith(b"hello"))

    def test_the_server_stops_with_idle_connections(self):
        with Server(config()) as server:
            socks = [connect(server.address) for _ in range(10)]
            for sock in socks:
                sock.sendall(GET)
                sock.recv(65536)
            server.stop()
            for sock in socks:
                self.assertEqual(recv_all(sock), b"")
                sock.close()

    def test_an_address_is_shared(self):
        shared = ("protocols:\n"
                  "  - {plugin: http, listen: 127.0.0.1:0, settings: {routes: "
                  "[{path: /hello, respond: {body: hello}}]}}\n")
        with Server(shared) as probe:
            address = probe.address
        shared = shared.replace("127.0.0.1:0", address)
        shared += f"  - {{plugin: echo, listen: '{address}'}}\n"
        with Server(shared) as server:
            for data, expected in ((LAST, b"\r\n\r\nhello"), (b"GE", b"GE"),
                                   (b"GETTING\n", b"GETTING\n"),
                                   (b"\0", b"\0")):
                with self.subTest(data), connect(server.address) as sock:
                    sock.sendall(data)
                    sock.shutdown(1)
                    self.assertTrue(recv_all(sock).endswith(expected))


class AccessLog(unittest.TestCase):
    def lines(self, form, *requests, **settings):
        """What is in the file when the server has ended."""
        with Server(config(access_log=form, access_file="access.log",
                           **settings)) as server:
            for raw in requests:
                with connect(server.address) as sock:
                    sock.sendall(raw)
                    sock.shutdown(1)
                    recv_all(sock)
            path = os.path.join(server.folder, "access.log")
            server.signal(15)
            server.process.wait(30)
            with open(path, encoding="ascii") as file:
                return file.read().splitlines()

    def test_combined(self):
        lines = self.lines(
            "combined",
            GET.replace(b"\r\n\r\n", b"\r\nReferer: http://b/\"\r\n"
                        b"User-Agent: \xe9\\\r\n\r\n"),
            b"x\n", b"HEAD /hello HTTP/1.0\r\n\r\n")
        date = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000\]"
        for line, rest in zip(lines, (
                r'"GET /hello HTTP/1\.1" 200 5 "http://b/\\"" "\\xe9\\\\"',
                r'"- - -" 400 16 "-" "-"',
                r'"HEAD /hello HTTP/1\.0" 200 0 "-" "-"')):
            self.assertRegex(line, rf"\A127\.0\.0\.1 - - {date} {rest}\Z")
        self.assertEqual(len(lines), 3)

    def test_json(self):
        lines = self.lines("json", GET.replace(b"hello", b"%00\"\\x"),
                           b"POST /echo HTTP/1.1\r\nHost: a\r\nUser-Agent: \xe9"
                           b"\r\nContent-Length: 3\r\n\r\nabc")
        first, second = map(json.loads, lines)
        self.assertEqual((first["method"], first["target"], first["status"]),
                         ("GET", "/%00\"\\x", 400))
        self.assertEqual((second["user_agent"], second["size"], second["peer"]),
                         ("\xe9", 3, "127.0.0.1"))
        self.assertRegex(second["time"], r"\A\d{4}-\d\d-\d\dT[\d:]{8}Z\Z")

    def test_lines_come_while_it_serves(self):
        with Server(config(access_log="combined",
                           access_file="access.log")) as server:
            path = os.path.join(server.folder, "access.log")
            with connect(server.address) as sock:
                sock.sendall(GET)
                sock.recv(65536)
                # Served in the turn in which the line's time comes, or later.
                while os.path.getsize(path) == 0:
                    sock.sendall(GET)
                    sock.recv(65536)

    def ask(self, server, name):
        """Asks with a name for the line, and returns when it is answered."""
        with connect(server.address) as sock:
            sock.sendall(LAST.replace(b"/hello", b"/hello?" + name))
            self.assertIn(b"\r\n\r\nhello", recv_all(sock))

    def test_on_sigusr1_it_goes_on_in_a_new_file(self):
        with Server(config(access_log="combined",
                           access_file="access.log")) as server:
            new = os.path.join(server.folder, "access.log")
            old = os.path.join(server.folder, "access.log.1")
            self.ask(server, b"first")
            os.rename(new, old)
            server.signal(signal.SIGUSR1)
            until(lambda: os.path.exists(new), "a new file")
            # What was gathered before is complete: it was written before.
            self.assertEqual(names_in(old), ["first"])
            self.ask(server, b"second")
            server.signal(signal.SIGTERM)
            server.process.wait(30)
            self.assertEqual(names_in(old), ["first"])
            self.assertEqual(names_in(new), ["second"])

    def test_if_there_can_be_no_new_file_the_old_one_is_kept(self):
        with Server(config(access_log="json",
                           access_file="access.log")) as server:
            new = os.path.join(server.folder, "access.log")
            old = os.path.join(server.folder, "access.log.1")
            self.ask(server, b"first")
            os.rename(new, old)
            os.mkdir(new)
            server.signal(signal.SIGUSR1)
            server.wait_log("access_file cannot be opened anew: Is a directory")
            self.ask(server, b"second")
            server.signal(signal.SIGTERM)
            server.process.wait(30)
            self.assertEqual(names_in(old), ["first", "second"])

    def test_what_is_gathered_is_written_even_when_told_twice_to_stop(self):
        with Server(config(access_log="combined",
                           access_file="access.log")) as server:
            path = os.path.join(server.folder, "access.log")
            with connect(server.address) as sock:
                sock.sendall(GET.replace(b"/hello", b"/hello?last"))
                recv_exactly(sock, 1)
                server.signal(signal.SIGTERM)
                server.signal(signal.SIGINT)
                server.process.wait(30)
            self.assertEqual(names_in(path), ["last"])

    def test_a_full_disk_is_told_and_stops_no_answer(self):
        with Server(config(access_log="combined",
                           access_file="/dev/full")) as server:
            self.ask(server, b"first")
            server.wait_log("cannot write access_file: No space left")
            self.ask(server, b"second")

    def test_a_fifo_that_nobody_reads_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "fifo")
            os.mkfifo(name)
            done = run("-t", "-c", "server.yaml", config=config(
                access_log="combined", access_file=name))
        self.assertEqual(done.returncode, 78)
        self.assertIn("'access_file': cannot open it: it is a FIFO that "
                      "nobody reads", done.stderr)

    def test_a_full_fifo_stops_no_answer_and_what_is_lost_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "fifo")
            os.mkfifo(name)
            reader = os.open(name, os.O_RDONLY | os.O_NONBLOCK)
            fcntl.fcntl(reader, F_SETPIPE_SZ, 4096)
            try:
                self.fill(name, reader)
            finally:
                os.close(reader)

    def fill(self, name, reader):
        """Nobody reads until something is lost. Then each line has come, or is
        counted; one that was cut exactly before its end is both."""
        count = 200
        told = (r"cannot write access_file: Resource temporarily unavailable: "
                r"(\d+) lines? (is|are) lost")
        with Server(config(access_log="combined",
                           access_file=name)) as server:
            with connect(server.address) as sock:
                sock.sendall(GET * (count - 1) + LAST)
                self.assertEqual(recv_all(sock).count(b"hello"), count)
            server.wait_log(told)
            text = bytearray()

            def read():
                if select.select([reader], [], [], 0)[0]:
                    text.extend(os.read(reader, 65536))
                return text.decode().split("\n")

            def is_complete():
                lost = [int(match.group(1)) for match in
                        (re.search(told, line) for line in server.log) if match]
                whole = [line for line in read() if line.startswith(
                    "127.0.0.1 - - [") and line.endswith(
                        '"GET /hello HTTP/1.1" 200 5 "-" "-"')]
                return len(whole) + sum(lost) - count in range(len(lost) + 1)

            until(is_complete, "each line has come or is counted")
            self.ask(server, b"second")
            until(lambda: "second" in read()[-2], "it is there")
            self.assertTrue(read()[-2].startswith("127.0.0.1 - - ["))

    def test_without_a_file_it_is_the_servers_log(self):
        with Server(config(access_log="combined")) as server:
            with connect(server.address) as sock:
                sock.sendall(GET)
                server.wait_log(re.escape('GET /hello HTTP/1.1'))


class Shipped(unittest.TestCase):
    def test_the_block_in_server_yaml_serves_when_it_is_uncommented(self):
        source = os.path.join(SOURCE, "config")
        with open(os.path.join(source, "server.yaml")) as file:
            text = file.read()
        block = re.search(r"^  # - plugin: http\.so.*(\n  #  .*)*", text,
                          re.MULTILINE).group()
        plain = re.sub(r"^  # ", "  ", block, flags=re.MULTILINE)
        self.assertIn("root: ./www", plain)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:0",
                      text.replace(block, plain))
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(source, "www"),
                            os.path.join(folder, "www"))
            path = os.path.join(folder, "mine.yaml")
            with open(path, "w") as file:
                file.write(text)
            with Server(args=["-c", path]) as server:
                with connect(server.addresses[-1]) as sock:
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n"
                                 b"Connection: close\r\n\r\n")
                    self.assertIn(b"It serves.", recv_all(sock))

    def test_its_folder_must_be_there(self):
        done = run("-t", "-c", "server.yaml", config=config(root="./none"))
        self.assertEqual(done.returncode, 78)
        self.assertIn("'root'", done.stderr)


class Ends(unittest.TestCase):
    """Who says that a request is the last one is answered and let go; for
    others the server waits, and takes what they still send."""

    def end_of(self, request, **settings):
        """What becomes of bytes that come after the end of the answer."""
        with Server(config(**settings)) as server:
            with connect(server.address) as sock:
                sock.sendall(request)
                self.assertTrue(recv_all(sock).endswith(b"\r\n\r\nhello"))
                sock.sendall(b"x")
                until(lambda: has_failed(sock) or unacknowledged(sock) == 0,
                      "neither acknowledged nor reset")
                return "refused" if has_failed(sock) else "taken"

    def test_the_client_closes(self):
        self.assertEqual(self.end_of(LAST), "refused")

    def test_the_client_closes_by_its_version(self):
        self.assertEqual(self.end_of(b"GET /hello HTTP/1.0\r\n\r\n"),
                         "refused")

    def test_the_server_closes(self):
        self.assertEqual(self.end_of(GET, max_requests=1), "taken")

    def test_the_client_closes_and_sends_more(self):
        self.assertEqual(self.end_of(LAST + b"G"), "taken")


class Init(unittest.TestCase):
    REFUSED = [
        ({"headers": {"a b": "c"}}, "no name of a header"),
        ({"headers": {"Content-Length": "1"}}, "written by the server"),
        ({"headers": {"A": "b\nc"}}, "control character"),
        ({"server_header": "a\rb"}, "control character"),
        ({"routes": [{"path": "a", "echo": True}]}, "begin with a slash"),
        ({"routes": [{"path": "/a*b", "echo": True}]}, "only at its end"),
        ({"routes": [{"path": "/a"}]}, "needs one of"),
        ({"routes": [{"path": "/a", "echo": True, "health": True}]},
         "needs one of"),
        ({"routes": [{"path": "/a", "respond": {"headers": {"Date": "b"}}}]},
         "written by the server"),
        ({"routes": [{"path": "/a", "respond": {"type": "a\nb"}}]},
         "control character"),
        ({"routes": [{"path": "/a", "redirect": {"to": "/b", "status": 304}}]},
         "make no redirect"),
        ({"routes": [{"path": "/a", "redirect": {"to": "/b c"}}]},
         "make no redirect"),
        ({"access_log": "json", "access_file": "/none/a"}, "cannot open"),
    ]

    def test_what_makes_no_sense_is_refused(self):
        for settings, expected in self.REFUSED:
            with self.subTest(settings):
                done = run("-t", "-c", "server.yaml", config=config(**settings))
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn(expected, done.stderr)


if __name__ == "__main__":
    if not os.path.exists(os.path.join(PLUGINS, "http.so")):
        skip("http is not built: llhttp is missing")
    unittest.main()
