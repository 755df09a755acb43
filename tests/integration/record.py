# SPDX-License-Identifier: MIT
"""berth --record: what real clients say and hear becomes a transcript, which
berth-try replays as it stands; and what becomes of it when workers crash, disks
are full and folders are not there."""

import ast
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import unittest

from harness import (BERTH, PLUGINS, TEST_PLUGINS, Server, connect, fds,
                     recv_all, recv_exactly, run)
from settings import has_plugin
from traffic import until
from witness import children, reload, serve

TRY = os.path.join(os.path.dirname(BERTH), "berth-try")
IS_ROOT = os.geteuid() == 0
NOBODY = 65534
MOST = 10000  # RECORDER_CONNECTIONS_MAX
TRY_TIMEOUT_S = 100

BASIC = """\
protocols:
  - plugin: echo.so
    listen: 127.0.0.1:0
  - plugin: line.so
    listen: 127.0.0.1:0
    settings: {max_line: 64}
"""

HTTP = """\
protocols:
  - plugin: http.so
    listen: 127.0.0.1:0
    settings:
      root: ./www
      cache_file: 100
      routes:
        - path: /fixed
          respond: {body: "Hello, \\"you\\"\\n"}
        - path: /echo
          echo: true
"""

# A plugin of the tests, by its name.
ONE = """\
{top}protocols:
  - plugin: {folder}/{name}.so
    listen: 127.0.0.1:0
    {rest}
"""


def one(name, rest="", top=""):
    return ONE.format(folder=TEST_PLUGINS, name=name, rest=rest, top=top)


def say(sock, *messages):
    """Each is answered before the next."""
    for message, answer in messages:
        sock.sendall(message)
        got = recv_exactly(sock, len(answer))
        if got != answer:
            raise AssertionError(f"{message!r} was answered with {got!r}")


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


class Record(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-record-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def serve(self, config, serve=Server, **more):
        return serve(config, args=["-c", "server.yaml", "--record",
                                   self.folder], **more)

    def transcripts(self, name=""):
        return sorted(os.path.join(self.folder, found)
                      for found in os.listdir(self.folder)
                      if found.startswith(name))

    def read(self, path):
        with open(path) as file:
            return file.read()

    def read_only(self, name=""):
        found = self.transcripts(name)
        self.assertEqual(len(found), 1, found)
        return self.read(found[0])

    def lines(self, name=""):
        """Of the only one, but for those that hold for all of it, and for the
        time that passed."""
        return [line for line in self.read_only(name).splitlines()
                if not line.startswith(("#", "time ", "settings: ", "wait "))]

    def replay(self, plugin, *args, status=0, name="", only="whole"):
        """All that were recorded, or those whose names begin so. only: one of
        the ways in which berth-try does so; None: all."""
        found = self.transcripts(name)
        self.assertNotEqual(found, [])
        if only is not None:
            args = ("--only", only, *args)
        done = subprocess.run(
            [TRY, *args, plugin, *found], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=TRY_TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, status,
                         done.stdout + self.read(found[-1])[:4000])

    def replay_test(self, name, *args, **more):
        """With a plugin of the tests."""
        self.replay(os.path.join(TEST_PLUGINS, name + ".so"), *args,
                    name=name + "-", **more)

    # ------------------------------------------------------- what is replayed

    def test_echo_and_line(self):
        with self.serve(BASIC) as server:
            echo, line = server.addresses
            with connect(echo) as sock:
                say(sock, (b"hello\n", b"hello\n"))
                binary = bytes(range(256)) + b"\r\n\r\n\xff"
                say(sock, (binary, binary))
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(recv_all(sock), b"")
            with connect(line) as sock:
                say(sock, (b"one\ntw", b"one\n"), (b"o\n", b"two\n"))
                sock.sendall(b"x" * 65 + b"\n")
                recv_all(sock)
            with connect(line):
                pass  # it says nothing
        text = self.read_only("echo-")
        self.assertIn('\n> "hello\\n"\n< "hello\\n"\n', text)
        self.assertTrue(text.endswith("end\neof\nclosed 0\n"), text)
        self.replay("echo", name="echo-", only=None)
        self.assertIn("settings: {max_line: 64}\n",
                      self.read(self.transcripts("line-")[0]))
        self.replay("line", name="line-", only=None)

    def test_files_are_for_their_owner_and_say_whose_they_are(self):
        with self.serve(BASIC) as server:
            with connect(server.address) as sock:
                peer = "%s:%d" % sock.getsockname()
                say(sock, (b"a", b"a"))
            self.assertTrue(any("is recorded in " + self.folder in line
                                for line in server.log))
        path, = self.transcripts()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertRegex(os.path.basename(path),
                         rf"^echo-\d{{8}}T\d{{6}}-{server.pid}-1\.transcript$")
        self.assertRegex(self.read(path), r"^# berth \S+: connection 1 of "
                         rf"'echo' from {re.escape(peer)}\ntime 2\d\d\d-")

    @unittest.skipUnless(has_plugin("http"), "http is not built")
    def test_http(self):
        """The dates are right, since the transcript says when it was; a file
        is one that is sent from where it is, and one from memory."""
        requests = (b"GET /fixed HTTP/1.1\r\nHost: a\r\n\r\n"
                    b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                    b"\r\nbody"
                    b"GET /missing HTTP/1.1\r\nHost: a\r\n\r\n")
        last = (b"HEAD /fixed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                b"\r\n")
        www = os.path.join(self.folder, "www")
        os.mkdir(www)
        with self.serve(HTTP.replace("./www", www)) as server:
            with connect(server.address) as sock:
                sock.sendall(requests + last)
                whole = recv_all(sock)
                self.assertEqual(whole.count(b"HTTP/1.1 "), 4)
            for cut in (1, 30, 90, len(requests) + 5):
                with connect(server.address) as sock:
                    both = requests + last
                    sock.sendall(both[:cut])
                    until(lambda sock=sock: self.has_read(cut), "it is read")
                    sock.sendall(both[cut:])
                    self.assertEqual(len(recv_all(sock)), len(whole))
            with connect(server.address) as sock:
                sock.sendall(b"GET /\x01 HTTP/1.1\r\n\r\n")
                self.assertIn(b"400 Bad Request", recv_all(sock))
        found = self.transcripts("http-")
        self.assertEqual(len(found), 6)
        self.assertIn(f"settings: {{root: {www}, ", self.read(found[0]))
        for only in ("whole", "bytes"):
            self.replay("http", name="http-", only=only)
        for path in found[1:]:
            os.unlink(path)
        self.replay("http", name="http-", only=None)

    def has_read(self, size):
        """Has the last connection's first piece come in?"""
        sizes = [sum(len(ast.literal_eval("b" + line[2:]))
                     for line in self.read(path).splitlines()
                     if line.startswith("> "))
                 for path in self.transcripts("http-")]
        return size in sizes

    @unittest.skipUnless(has_plugin("http"), "http is not built")
    def test_a_file_that_is_sent(self):
        body = b"a line of the file\n" * 500
        with tempfile.TemporaryDirectory(prefix="berth-www-") as www:
            with open(os.path.join(www, "f.txt"), "wb") as file:
                file.write(body)
            with self.serve(HTTP.replace("./www", www)) as server:
                with connect(server.address) as sock:
                    sock.sendall(b"GET /f.txt HTTP/1.1\r\nHost: a\r\n"
                                 b"Connection: close\r\n\r\n")
                    self.assertTrue(recv_all(sock).endswith(body))
            self.assertEqual(
                self.read_only().count('\n< "a line of the file\\n"'), 500)
            self.replay("http")

    def test_time_that_runs_out(self):
        """Of a session, a second and a half after the last packet; and of a
        limit, which berth-try has from server.yaml."""
        with self.serve(one("session")) as server:
            with connect(server.address) as sock:
                say(sock, (b"\x10\x0d\0\x04MQTT\x04\x02\0\x01\0\x01a",
                           b"\x20\x02\0\0"))
                self.assertEqual(recv_all(sock), b"")
        self.assertEqual(self.lines()[-2:], ["eof", "closed ETIMEDOUT"])
        self.assertRegex(self.read_only(), r"\nwait [12]s\S*\neof\n")
        self.replay_test("session", "--allow", "partial", only=None)

    def test_a_limit_of_server_yaml(self):
        config = BASIC.replace("settings:", "limits: {idle: 100ms}\n"
                               "    settings:")
        with self.serve(config) as server:
            with connect(server.addresses[1]) as sock:
                say(sock, (b"a\n", b"a\n"))
                self.assertEqual(recv_all(sock), b"")
        self.assertEqual(self.lines()[-2:], ["eof", "closed ETIMEDOUT"])
        path = os.path.join(self.folder, "server.yaml")
        with open(path, "w") as file:
            file.write(config)
        self.replay("line", name="line-", status=1)
        self.replay("line", "--config", path, name="line-")

    def test_a_chat(self):
        """Of several clients each has its own; that of one who is alone can be
        replayed."""
        with self.serve(one("chat")) as server:
            with connect(server.address) as first:
                say(first, (b"ann\n", b"* welcome\n"))
                first.sendall(b"nobody hears\n")
                first.shutdown(socket.SHUT_WR)
                self.assertEqual(recv_all(first), b"")
        self.replay_test("chat")

    def test_resets(self):
        with self.serve(BASIC) as server:
            sock = connect(server.address)
            say(sock, (b"a", b"a"))
            reset(sock)
            until(lambda: self.read_only("echo-").endswith("closed ECONNRESET\n"),
                  "the reset is told")
        self.assertEqual(self.lines("echo-")[-2:],
                         ["reset", "closed ECONNRESET"])
        self.replay("echo", name="echo-")

    def test_a_slow_reader(self):
        """What he sends while he has much to read comes before it."""
        config = one("actor", "limits: {output: 4MiB}")
        with self.serve(config) as server:
            with connect(server.address, receive_buffer=4096) as sock:
                # More than the kernel holds, less than the high mark.
                sock.sendall(b"fill 900000\n")
                sock.sendall(b"hello\n")
                sock.shutdown(socket.SHUT_WR)
                self.assertEqual(len(recv_all(sock)), 900006)
        text = self.read_only()
        self.assertLess(text.index("fill"), text.index("\n< "))
        self.assertTrue(text.endswith("\ncut\n"), text[-300:])
        self.replay_test("actor")

    def test_much_is_cut(self):
        with self.serve(BASIC) as server:
            with connect(server.address) as sock:
                for _ in range(30):
                    say(sock, (b"x" * 50000, b"x" * 50000))
        path, = self.transcripts()
        self.assertLess(os.path.getsize(path), 1 << 20)
        self.assertGreater(os.path.getsize(path), 1 << 19)
        self.assertTrue(self.read(path).endswith(
            "# the file is as large as it may become\ncut\n"))
        self.replay("echo")

    def test_a_shared_address(self):
        """Whose the connection is says its first bytes, or their absence."""
        shared = f"unix:{self.folder}.sock"
        config = "protocols:\n" + "".join(
            f"  - plugin: {TEST_PLUGINS}/{name}.so\n"
            f"    listen: \"{shared}\"\n"
            for name in ("http_like", "resp_like", "line_greeter"))
        with self.serve(config) as server:
            with connect(shared) as sock:
                sock.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
                self.assertIn(b"200 OK", sock.recv(1000))
            with connect(shared) as sock:
                self.assertEqual(recv_exactly(sock, 6), b"hello\n")
                say(sock, (b"a\n", b"a\n"))
        self.assertIn("\n# switched to 'http_like'\n",
                      self.read_only("http_like-"))
        for name in ("http_like", "line_greeter"):
            self.replay_test(name)
        self.assertEqual(len(self.transcripts()), 2)

    def test_a_switch(self):
        config = one("actor") + (f"  - plugin: {TEST_PLUGINS}/actor.so\n"
                                 "    name: other\n")
        with self.serve(config) as server:
            with connect(server.address) as sock:
                say(sock, (b"a\n", b"a\n"))
                sock.sendall(b"switch\n")
                say(sock, (b"b\n", b"b\n"))
        self.assertIn("\n# switched to 'other'\n", self.read_only("actor-"))
        path = os.path.join(self.folder, "server.yaml")
        with open(path, "w") as file:
            file.write(config)
        self.replay_test("actor", "--config", path)

    # ------------------------------------------------------ several processes

    def test_workers_and_a_reload(self):
        config = "workers: 2\n" + BASIC
        with self.serve(config, serve, timeout=60) as server:
            old = [connect(server.address) for _ in range(8)]
            for sock in old:
                say(sock, (b"before\n", b"before\n"))
            reload(server)
            for sock in old:
                say(sock, (b"after\n", b"after\n"))
            for _ in range(8):
                with connect(server.address) as sock:
                    say(sock, (b"new\n", b"new\n"))
            for sock in old:
                sock.close()
        found = self.transcripts()
        self.assertEqual(len(found), 16)
        self.assertGreater(len({path.split("-")[-2] for path in found}), 2)
        told = [self.read(path) for path in found]
        self.assertEqual(sum("\nstop reload\n" in text for text in told), 8)
        self.replay("echo")

    def test_the_server_stops(self):
        with self.serve("workers: 2\n" + BASIC, serve) as server:
            sock = connect(server.address)
            self.addCleanup(sock.close)
            say(sock, (b"a\n", b"a\n"))
        self.assertEqual(self.lines(), ['> "a\\n"', '< "a\\n"', "stop exit",
                                        "eof", "closed 0"])
        self.replay("echo")

    def test_what_a_killed_worker_has_seen_is_there(self):
        with self.serve("workers: 1\n" + BASIC, serve) as server:
            with connect(server.address) as sock:
                say(sock, (b"a\n", b"a\n"))
                until(lambda: '< "a' in self.read_only(), "it is recorded")
                os.kill(children(server.pid)[0], signal.SIGKILL)
                with self.assertRaises(ConnectionError):
                    if not sock.recv(1):
                        raise ConnectionError
            until(lambda: len(children(server.pid)) == 1, "there is another")
            with connect(server.address) as sock:
                say(sock, (b"b\n", b"b\n"))
        self.assertEqual(len(self.transcripts()), 2)
        self.replay("echo")

    def test_what_the_plugin_crashes_on_is_there(self):
        with self.serve(one("actor", top="workers: 1\n"), serve) as server:
            with connect(server.address) as sock:
                say(sock, (b"fine\n", b"fine\n"))
                sock.sendall(b"crash\n")
                with self.assertRaises(ConnectionError):
                    if not sock.recv(1):
                        raise ConnectionError
            server.wait_log("SIGSEGV")
        self.assertEqual(self.lines()[-1], '> "crash\\n"')

    # ----------------------------------------------------------- what goes wrong

    def test_a_full_disk(self):
        """Here: no file may be larger than 2 KiB. All is served, and one line
        says it for the connection."""
        limit = ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh"]
        with self.serve(BASIC, wrapper=limit) as server:
            with connect(server.address) as sock:
                for _ in range(50):
                    say(sock, (b"x" * 90 + b"\n", b"x" * 90 + b"\n"))
            with connect(server.address) as sock:
                say(sock, (b"a\n", b"a\n"))
        told = [line for line in server.log if "not recorded" in line]
        self.assertEqual(len(told), 1, told)
        self.assertRegex(told[0], r"level=warn entry=echo .*not recorded any "
                         r"further: echo-\S+: File too large")
        self.assertEqual(len(self.transcripts()), 2)
        for path in self.transcripts():
            self.assertLessEqual(os.path.getsize(path), 2048)
        self.replay("echo", name="echo-")

    def test_a_folder_that_goes_away(self):
        os.mkdir(self.folder + "/in")
        with Server(BASIC, args=["-c", "server.yaml", "--record",
                                 self.folder + "/in"]) as server:
            os.rmdir(self.folder + "/in")
            with connect(server.address) as sock:
                say(sock, (b"a", b"a"))
            server.wait_log("not recorded: echo-.*No such file or directory")

    def test_folders_that_cannot_be_written_to(self):
        for folder, why in (("missing", "No such file or directory"),
                            ("server.yaml", "Not a directory")):
            for more in ([], ["--workers=0"], ["--check"]):
                done = run("-c", "server.yaml", "--record", folder, *more,
                           config="workers: 1\n" + BASIC)
                self.assertEqual(done.returncode, 78, done.stderr)
                self.assertIn("--record: error: no transcript can be written "
                              f"to '{folder}': {why}", done.stderr)
                self.assertNotIn("listening", done.stderr)
        self.assertEqual(run("--record", ".", "-t", "echo").returncode, 0)
        self.assertEqual(run("--record", ".", "-l").returncode, 64)

    @unittest.skipUnless(IS_ROOT, "needs root")
    def test_whom_the_folder_belongs_to_counts(self):
        """Workers are nobody: root's folder is not theirs."""
        config = f"workers: 1\nuser: {NOBODY}\ngroup: {NOBODY}\n" + BASIC
        done = run("-c", "server.yaml", "--record", self.folder, config=config)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn(f"to '{self.folder}': Permission denied", done.stderr)
        os.chown(self.folder, NOBODY, NOBODY)
        with self.serve(config, serve) as server:
            with connect(server.address) as sock:
                say(sock, (b"a", b"a"))
        path, = self.transcripts()
        self.assertEqual(os.stat(path).st_uid, NOBODY)

    def test_a_reload_without_the_folder_is_refused(self):
        os.mkdir(self.folder + "/in")
        with serve("workers: 1\n" + BASIC,
                   args=["-c", "server.yaml", "--record",
                         self.folder + "/in"]) as server:
            os.rmdir(self.folder + "/in")
            reload(server, "the reload has failed")
            with connect(server.address) as sock:
                say(sock, (b"a", b"a"))

    # ------------------------------------------------------------------- cost

    def test_many_connections(self):
        """They leave a file each, and no descriptor; those beyond the bound
        leave none."""
        with self.serve(BASIC) as server:
            with connect(server.address) as sock:
                say(sock, (b"a", b"a"))
                before = fds(server.pid)
                for _ in range(MOST + 9):
                    connect(server.address).close()
                say(sock, (b"b", b"b"))
            server.wait_log(f"there are {MOST} transcripts of this process")
            until(lambda: fds(server.pid) < before, "all are closed")
            self.assertEqual(sum("not recorded" in line
                                 for line in server.log), 1)
        self.assertEqual(len(self.transcripts()), MOST)

    def test_without_it_nothing_is_there(self):
        with Server(BASIC) as server:
            plain = fds(server.pid)
        with self.serve(BASIC) as server:
            self.assertEqual(fds(server.pid), plain + 1)


if __name__ == "__main__":
    unittest.main()
