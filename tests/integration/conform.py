# SPDX-License-Identifier: MIT
"""berth-conform: the protocols that are shipped pass it, whichever way the
server runs; what it prints, its options and exit statuses. That it finds what
is wrong is tested by misconduct.py."""

import json
import os
import re
import socket
import subprocess
import unittest

from harness import BUILD, TIMEOUT_S, Server
from settings import has_plugin

CONFORM = os.path.join(BUILD, "bin", "berth-conform")
HTTP = 'settings: {routes: [{path: "/", respond: {body: "Hello"}}]}'


def conform(*args):
    return subprocess.run([CONFORM, *args], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=100, check=False)


def served(plugin, trigger="level", listen="127.0.0.1:0"):
    settings = HTTP if plugin == "http" else ""
    return (f"trigger: {trigger}\nprotocols:\n  - plugin: {plugin}.so\n"
            f"    listen: {listen}\n    {settings}\n")


class Ours(unittest.TestCase):
    def check_all(self, plugin, trigger, workers, count):
        if not has_plugin(plugin):
            self.skipTest(f"{plugin} is not built")
        with Server(served(plugin, trigger), workers=workers) as server:
            done = conform("--json", "--timeout=20s", f"--profile={plugin}",
                           server.address)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = json.loads(done.stdout)
        self.assertEqual((told["passed"], told["failed"], told["skipped"]),
                         (count, 0, 0))
        self.assertEqual(len(told["checks"]), count)

    def test_echo(self):
        self.check_all("echo", "level", 0, 17)

    def test_echo_supervised_and_edge_triggered(self):
        self.check_all("echo", "edge", None, 17)

    def test_line_edge_triggered(self):
        self.check_all("line", "edge", 0, 17)

    def test_line_supervised(self):
        self.check_all("line", "level", None, 17)

    def test_http(self):
        self.check_all("http", "level", 0, 21)

    def test_http_supervised_and_edge_triggered(self):
        self.check_all("http", "edge", None, 21)

    def test_a_unix_socket(self):
        with Server(served("echo", listen="unix:./echo.sock")) as server:
            path = os.path.join(server.folder, "echo.sock")
            done = conform("--only=answer,half-close,urgent,reset",
                           "unix:" + path)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("skip  urgent", done.stdout)
        self.assertIn("3 passed, 0 failed, 1 skipped", done.stdout)


class Formats(unittest.TestCase):
    """Of one that passes, one that fails, and one that is skipped."""

    ONLY = "--only=half-open,connection-close"

    @classmethod
    def setUpClass(cls):
        cls.server = Server(served("echo"))
        cls.addClassCleanup(cls.server.stop)

    def run_tool(self, status, *args):
        done = conform(*args, self.server.address)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_for_people(self):
        told = self.run_tool(0, self.ONLY)
        self.assertEqual(told.splitlines(), [
            f"{self.server.address}, profile echo", "",
            "pass  answer",
            "pass  half-open",
            "skip  connection-close  not for profile echo", "",
            "2 passed, 0 failed, 1 skipped"])

    def test_tap(self):
        told = self.run_tool(0, "--tap", self.ONLY)
        self.assertEqual(told.splitlines(), [
            "1..3", "ok 1 - answer", "ok 2 - half-open",
            "ok 3 - connection-close # SKIP not for profile echo"])

    def test_json(self):
        told = json.loads(self.run_tool(0, "--json", self.ONLY))
        self.assertEqual(told["address"], self.server.address)
        self.assertEqual([check["verdict"] for check in told["checks"]],
                         ["pass", "pass", "skip"])
        self.assertEqual(told["checks"][2]["note"], "not for profile echo")

    def test_what_failed_is_told(self):
        profile = ["-p", "http", "--only=head"]
        told = self.run_tool(1, *profile)
        self.assertRegex(told, r'FAIL  answer\n.*\n'
                               r'      expected  answer 1\n'
                               r'      got       what is no status line: '
                               r'"GET / HTTP/1\.1\\r\\n')
        self.assertIn("skip  head", told)
        told = self.run_tool(1, "--tap", *profile)
        self.assertRegex(told, r"(?m)^not ok 1 - answer\n#   why .*\n"
                               r"#   expected answer 1\n#   got      what is")
        told = json.loads(self.run_tool(1, "--json", *profile))
        self.assertEqual(told["failed"], 1)
        self.assertEqual(told["checks"][0]["expected"], "answer 1")

    def test_connections_are_bounded_by_descriptors(self):
        done = subprocess.run(
            ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", CONFORM,
             "--only=many-connections", self.server.address],
            stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("24 at once", done.stdout)


class CommandLine(unittest.TestCase):
    def test_nobody_there(self):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))  # and does not listen
            address = "127.0.0.1:%d" % sock.getsockname()[1]
            done = conform(address)
        self.assertEqual(done.returncode, 69)
        self.assertEqual(done.stdout, "")
        self.assertIn(f"{address}: Connection refused", done.stderr)

    def test_nobody_answers(self):
        """It listens, and that is all: every wait has an end."""
        with socket.create_server(("127.0.0.1", 0)) as sock:
            address = "127.0.0.1:%d" % sock.getsockname()[1]
            done = conform("--timeout=50ms", address)
        self.assertEqual(done.returncode, 1)
        self.assertIn("0, then nothing for 50 ms", done.stdout)
        self.assertIn("0 passed, 1 failed, 16 skipped", done.stdout)

    def test_what_cannot_be_meant(self):
        for args, message in (
                ([], "which server"),
                (["localhost:80"], "host names are not looked up"),
                (["127.0.0.1"], "the port is missing"),
                (["fd:web"], "no address to connect to"),
                (["127.0.0.1:1", "x"], "'x' is one word too many"),
                (["-p", "ecko", "127.0.0.1:1"], "did you mean echo"),
                (["--only=half-closed", "127.0.0.1:1"],
                 "did you mean half-close"),
                (["--only=", "127.0.0.1:1"], "there is no check ''"),
                (["--timeout=5", "127.0.0.1:1"], "needs a unit"),
                (["--timeout=1ms", "127.0.0.1:1"], "between 10ms and 1h"),
                (["--connections=0", "127.0.0.1:1"], "a number from 1"),
                (["--path=x", "127.0.0.1:1"], "does not begin with /"),
                (["--path=/ x", "127.0.0.1:1"], "bytes that no request has"),
                (["--tap", "--json", "127.0.0.1:1"], "do not go together"),
                (["--profile"], "needs a value"),
                (["--fast"], "'--fast' is unknown")):
            with self.subTest(args):
                done = conform(*args)
                self.assertEqual(done.returncode, 64)
                self.assertIn(message, done.stderr)
                self.assertEqual(done.stdout, "")

    def test_help_list_and_version(self):
        for option in ("--help", "--list", "--version"):
            done = conform(option)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        self.assertRegex(done.stdout, r"^berth-conform \d+\.\d+\.\d+\n$")

    def test_the_manual_page_has_all(self):
        with open(os.path.join(BUILD, "man", "man1", "berth-conform.1")) as file:
            page = file.read()
        for option in re.findall(r"--([a-z]+)", conform("--help").stdout):
            self.assertRegex(page, rf"(?m)^\.It .*Fl -{option}\b")
        listed = re.sub(r"\n {18}", " ", conform("--list").stdout)
        checks = dict(line.split(None, 1) for line in listed.splitlines())
        self.assertEqual(len(checks), 23)
        shown = re.findall(r"(?m)^\.It Cm ([\w-]+)\n((?:[^.].*\n)+)", page)
        self.assertEqual({name: " ".join(text.split()) for name, text in shown},
                         checks)


if __name__ == "__main__":
    unittest.main()
