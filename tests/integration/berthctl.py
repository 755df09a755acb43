# SPDX-License-Identifier: MIT
"""berthctl against a fake server that answers what a test wants, and against
control_server, the real control socket with rows that are known."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import (BUILD, TIMEOUT_S, Server, connect, recv_all,
                     recv_exactly)
from terminal import Terminal

BERTHCTL = os.path.join(BUILD, "bin", "berthctl")
CONTROL_SERVER = os.path.join(BUILD, "tests", "integration", "control_server")
NOBODY = 65534
COMMANDS = ["status", "connections", "close", "reload", "drain", "log",
            "metrics", "top", "help"]


def berthctl(*args, env=None, user=None):
    """Runs it to its end; (exit status, stdout, stderr)."""
    clean = {name: value for name, value in os.environ.items()
             if name != "BERTH_CONTROL"}
    done = subprocess.run(
        [BERTHCTL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**clean, **(env or {})}, user=user,
        timeout=TIMEOUT_S, check=False)
    return (done.returncode, done.stdout.decode(errors="surrogateescape"),
            done.stderr.decode(errors="surrogateescape"))


def state_of(pid):
    """A letter, as proc(5) says: S sleeps, T is stopped."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


class Fake:
    """Listens on a unix socket, takes one line of each client, and answers the
    next of the answers, the last one again and again."""

    def __init__(self, path, *answers):
        self.answers = list(answers)
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                client.settimeout(TIMEOUT_S)
                line = b""
                while not line.endswith(b"\n"):
                    line += client.recv(4096)
                self.requests.append(line)
                client.sendall(self.answers[0])
                if len(self.answers) > 1:
                    self.answers.pop(0)


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="berth-")
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "control.sock")

    def ask(self, *args, **options):
        return berthctl("--socket", self.path, *args, **options)


class CommandLine(Folder):
    def test_what_is_wrong_is_told(self):
        for args, message in [
                ([], "missing"),
                (["statsu"], "did you mean 'status'"),
                (["xyzzy"], "unknown command 'xyzzy'"),
                (["status", "x"], "usage: berthctl status\n"),
                (["close"], "usage: berthctl close ID"),
                (["close", "1", "2"], "usage: berthctl close ID"),
                (["drain", "a", "b"], r"usage: berthctl drain \[ENTRY\]"),
                (["close", "1 2"], "'1 2' is not one word"),
                (["close", "1\n"], "is not one word"),
                (["close", ""], "'' is not one word"),
                (["--json", "--tsv", "status"], "do not go together"),
                (["--interval", "1", "top"], "needs a unit"),
                (["--interval", "1ms", "top"], "between 100ms and 1h"),
                (["--interval", "2h", "top"], "between 100ms and 1h"),
                (["--colour", "status"], "option '--colour' is unknown"),
                (["-x", "status"], "option '-x' is unknown"),
                (["--json=x", "status"], "option '--json=x' is unknown, or"),
                (["status", "--socket"], "'--socket' needs a value"),
                (["-s", "unix:", "status"], "cannot be the name of a socket"),
                (["-s", "/" + "x" * 200, "status"], "cannot be the name")]:
            with self.subTest(args):
                status, output, errors = berthctl(*args)
                self.assertEqual((status, output), (64, ""))
                self.assertRegex(errors, "^berthctl: ")
                self.assertRegex(errors, message)

    def test_help_names_every_command(self):
        for args in (["help"], ["--help"], ["-h", "status"]):
            status, output, errors = berthctl(*args)
            self.assertEqual((status, errors), (0, ""))
            for command in COMMANDS:
                self.assertRegex(output, rf"(?m)^  {command} ")
            self.assertLess(max(map(len, output.splitlines())), 80)


class NoServer(Folder):
    def expect(self, message, **options):
        try:
            status, output, errors = self.ask("status", **options)
        except PermissionError:
            self.skipTest("another user cannot run berthctl from here")
        self.assertEqual((status, output), (69, ""))
        self.assertRegex(errors, "^berthctl: ")
        self.assertRegex(errors, message)
        self.assertIn(self.path, errors)

    def test_nothing_is_there(self):
        self.expect(r"there is no .*\n.*control: unix:(.|\n)*BERTH_CONTROL")

    def test_the_usual_path_is_named(self):
        status, _, errors = berthctl("status")
        self.assertEqual(status, 69)
        self.assertIn("/run/berth/control.sock", errors)

    def test_the_server_has_left_its_socket(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
            stale.bind(self.path)
        self.expect("is there, but nobody listens")

    def test_it_is_a_file(self):
        with open(self.path, "w"):
            pass
        self.expect("is no socket")

    def test_nobody_has_that_abstract_name(self):
        self.path = "@berth-nobody-listens-here"
        self.expect("no server listens on")

    @unittest.skipIf(os.geteuid() != 0, "only root can be another user")
    def test_another_user_may_not(self):
        os.chmod(os.path.dirname(self.path), 0o755)
        with Fake(self.path, b"ok\n"):
            os.chmod(self.path, 0o600)
            self.expect("is there, but only root and its owner, user 0",
                        user=NOBODY)
            os.chmod(os.path.dirname(self.path), 0o700)
            self.expect("you may not look for", user=NOBODY)

    def test_it_ends_without_an_answer(self):
        with Fake(self.path, b""):
            self.expect("ended before it answered")

    def test_it_hangs_and_others_wait_already(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, \
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            listener.bind(self.path)
            listener.listen(0)
            other.connect(self.path)
            self.expect("does not answer")

    def test_it_speaks_something_else(self):
        for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"ok", b"err",
                       b"\0" * 100):
            with self.subTest(answer), Fake(self.path, answer):
                self.expect("is no berth")
            os.unlink(self.path)


class Requests(Folder):
    def test_what_is_asked_is_sent(self):
        for args, line in [
                (["status"], b"status\n"),
                (["--json", "status"], b"json status\n"),
                (["connections", "--tsv"], b"tsv connections\n"),
                (["close", "12.7"], b"close 12.7\n"),
                (["drain"], b"drain\n"),
                (["drain", "entr\u00e9e"], "drain entr\u00e9e\n".encode()),
                (["log", "debug"], b"log debug\n"),
                (["reload"], b"reload\n"),
                (["metrics"], b"metrics\n")]:
            with self.subTest(args), Fake(self.path, b"ok\n") as fake:
                self.assertEqual(self.ask(*args), (0, "", ""))
                self.assertEqual(fake.requests, [line])
            os.unlink(self.path)

    def test_an_answer_is_printed(self):
        text = "".join(f"line {i}\n" for i in range(100000))
        with Fake(self.path, b"ok\n" + text.encode()):
            self.assertEqual(self.ask("metrics"), (0, text, ""))

    def test_an_error_goes_to_stderr_as_it_is(self):
        with Fake(self.path, b"error a.yaml:1:2: error: no\n  hint: yes\n"):
            self.assertEqual(self.ask("reload"),
                             (1, "", "a.yaml:1:2: error: no\n  hint: yes\n"))

    def test_a_full_disk_is_told(self):
        with Fake(self.path, b"ok\n" + b"x" * 10000), \
                open("/dev/full", "w") as full:
            done = subprocess.run(
                [BERTHCTL, "-s", self.path, "metrics"], stdout=full,
                stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)

    def test_waiting_goes_on_after_a_stop(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(self.path)
            listener.listen()
            process = subprocess.Popen([BERTHCTL, "-s", self.path, "reload"],
                                       stdout=subprocess.PIPE)
            client, _ = listener.accept()
        with process, client:
            client.settimeout(TIMEOUT_S)
            self.assertEqual(client.recv(100), b"reload\n")
            while state_of(process.pid) != "S":
                pass  # it is about to wait for the answer
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            process.send_signal(signal.SIGCONT)
            while state_of(process.pid) == "T":
                pass
            client.sendall(b"ok\nat last\n")
            client.close()
            self.assertEqual(process.stdout.read(), b"at last\n")
        self.assertEqual(process.returncode, 0)

    def test_the_socket_may_be_named_in_several_ways(self):
        prefixed = "unix:" + self.path
        with Fake(self.path, b"ok\n") as fake:
            for args, env in [
                    (["-s", self.path], {}),
                    (["-s", prefixed], {}),
                    ([], {"BERTH_CONTROL": self.path}),
                    ([], {"BERTH_CONTROL": prefixed}),
                    (["-s", self.path], {"BERTH_CONTROL": "/nowhere"})]:
                with self.subTest(args, env=env):
                    self.assertEqual(berthctl(*args, "status", env=env),
                                     (0, "", ""))
        self.assertEqual(fake.requests, [b"status\n"] * 5)

    def test_an_abstract_name(self):
        name = f"berth-test-{os.getpid()}"
        with Fake("\0" + name, b"ok\nfine\n"):
            self.assertEqual(berthctl("-s", "unix:@" + name, "status"),
                             (0, "fine\n", ""))


class ControlServer:
    """control_server, until the block is left."""

    def __init__(self, path, entries=2):
        self.process = subprocess.Popen(
            [CONTROL_SERVER, "unix:" + path, str(entries)],
            stderr=subprocess.PIPE)
        line = self.process.stderr.readline()
        assert line == b"ready\n", line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.terminate()
            _, errors = self.process.communicate(timeout=TIMEOUT_S)
            assert (self.process.returncode, errors) == (0, b""), errors


@unittest.skipUnless(os.path.exists(CONTROL_SERVER), "no control_server")
class Real(Folder):
    def setUp(self):
        super().setUp()
        self.server = ControlServer(self.path)
        self.addCleanup(self.server.__exit__)

    def test_people_see_tables(self):
        status, output, errors = self.ask("status")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(output, r"\Aversion +1\.2\.3\nprocess +\d+\n")
        self.assertRegex(output, r"\nENTRY +STATE +LISTENS ON +OPEN")
        self.assertRegex(output, r"\nentry-1 +put aside +127\.0\.0\.1:8080 +8")
        self.assertRegex(output, r"\n +0 +4 +4711 +serving +5s")
        self.assertNotIn("callback_times", output)

    def test_programs_see_json(self):
        status, output, _ = self.ask("--json", "status")
        self.assertEqual(status, 0)
        told = json.loads(output)
        self.assertEqual(sorted(told), ["entries", "status", "workers"])
        self.assertEqual(told["status"]["generation"], 4)
        self.assertIsNone(told["status"]["last_reload"])
        self.assertEqual([row["entry"] for row in told["entries"]],
                         ["entry-0", "entry-1"])
        self.assertEqual([row["pid"] for row in told["workers"]], [4711, None])

    def test_nobody_s_bytes_reach_the_terminal(self):
        status, output, _ = self.ask("connections")
        self.assertEqual(status, 0)
        self.assertIn(r"127.0.0.1:\x09\x1b[31m\xff", output)
        _, output, _ = self.ask("--json", "connections")
        self.assertEqual(json.loads(output)[0]["peer"],
                         "127.0.0.1:\t\x1b[31m\ufffd")
        _, output, _ = self.ask("--tsv", "connections")
        names, row = output.splitlines()
        self.assertEqual(len(names.split("\t")), len(row.split("\t")))
        self.assertEqual(row.split("\t")[2],
                         "127.0.0.1:\\t\\x1b[31m\udcff")

    def test_a_refusal(self):
        self.assertEqual(self.ask("close", "4711.3"), (0, "done\n", ""))
        self.assertEqual(self.ask("close", "1.1"),
                         (1, "", "there is no connection 1.1\n"))

    def test_an_answer_that_takes_its_time(self):
        status, output, errors = self.ask("--json", "reload")
        self.assertEqual((status, output), (1, ""))
        self.assertRegex(errors, r"\Aserver\.yaml:3:5: error: unknown key")
        self.assertRegex(errors, r"\n  hint: did you mean 'plugin'\?\n\Z")

    def test_a_message_as_json(self):
        status, output, _ = self.ask("--json", "log", "debug")
        self.assertEqual((status, json.loads(output)),
                         (0, {"message": "done"}))

    def test_a_client_without_berthctl(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(TIMEOUT_S)
            sock.connect(self.path)
            sock.sendall(b"metrics\n")
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(recv_all(sock), b"ok\nberth_generation 4\n")

    def test_the_socket_is_for_its_owner_and_goes_with_the_server(self):
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)
        self.server.__exit__()
        self.assertFalse(os.path.exists(self.path))

    def test_top_prints_one_interval_where_there_is_no_terminal(self):
        for args in (["top"], ["top", "--once"]):
            status, output, errors = self.ask(*args, "--interval", "100ms")
            self.assertEqual((status, errors), (0, ""))
            self.assertNotIn("\x1b", output)
            self.assertRegex(output, r"\Aberth 1\.2\.3  process \d+  serving")
            # Something was counted in between; the p99 is of that alone.
            self.assertRegex(output, r"\nentry-0 +7 +\S+ +\S+ [kKM]iB +"
                                     r"\S+ [kKM]iB +[1-9]\S* +1\.5 us +1\.5 K")
            self.assertRegex(output, r"\nentry-1: put aside +8 ")
            self.assertRegex(output, r"\n +0 +4 +4711 +[1-9][0-9.]*% +7 ")
            self.assertRegex(output, r"\n +1 +4 +- +- +7 +- +down\n\Z")


class Serving(unittest.TestCase):
    """A whole server: both ends must mean the same tables."""

    CONFIG = ("workers: 1\ncontrol: unix:./control.sock\nprotocols:\n"
              "  - plugin: echo.so\n    listen: 127.0.0.1:0\n")

    def setUp(self):
        self.server = Server(config=self.CONFIG, workers=None)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def ask(self, *args):
        path = os.path.join(self.server.folder, "control.sock")
        status, output, errors = berthctl("-s", path, *args)
        self.assertEqual((status, errors), (0, ""))
        return output

    def test_top_understands_it(self):
        output = self.ask("top", "--once", "--interval", "100ms")
        self.assertRegex(output, r"\nENTRY +OPEN .*\necho +\d")
        self.assertRegex(output, r"\n +0 +1 +\d+ .* serving\n\Z")

    def test_one_table_is_an_array_and_begins_with_its_names(self):
        with connect(self.server.address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")
            row, = json.loads(self.ask("--json", "connections"))
            self.assertEqual((row["entry"], row["bytes_in"]), ("echo", 6))
            names, values = self.ask("--tsv", "connections").splitlines()
            self.assertTrue(names.startswith("id\tentry\t"), names)
            self.assertTrue(values.startswith(row["id"] + "\techo\t"), values)

    def test_several_tables_have_names(self):
        told = json.loads(self.ask("--json", "status"))
        self.assertEqual(sorted(told), ["entries", "status", "workers"])
        names, values = self.ask("--tsv", "status").splitlines()
        self.assertTrue(names.startswith("version\tpid\t"), names)
        self.assertIn("\tserving\t", values)


class TopOnce(Folder):
    def test_no_server(self):
        status, output, errors = self.ask("top", "--once")
        self.assertEqual((status, output), (69, ""))
        self.assertIn(self.path, errors)

    def test_a_refusal(self):
        with Fake(self.path, b"error not you\n"):
            self.assertEqual(self.ask("top"), (1, "", "not you\n"))

    def test_an_answer_that_is_no_table(self):
        for answer in (b"ok\n", b"ok\na\tb\n1\n", b"ok\na\n1\t2\n"):
            with self.subTest(answer), Fake(self.path, answer):
                status, output, errors = self.ask("top")
                self.assertEqual((status, output), (69, ""))
                self.assertIn("is no berth", errors)
            os.unlink(self.path)

    def test_a_server_that_knows_other_columns(self):
        with Fake(self.path, b"ok\nentry\tfuture\nx\\ty\t7\n"):
            status, output, _ = self.ask("top", "--interval", "100ms")
        self.assertEqual(status, 0)
        self.assertRegex(output, r"\nx\\x09y +- +- +- +- +- +- +-\n")


@unittest.skipUnless(os.path.exists(CONTROL_SERVER), "no control_server")
class Top(Folder):
    def start(self, *args, **options):
        terminal = Terminal([BERTHCTL, "-s", self.path, "--interval", "100ms",
                             *args, "top"], **options)
        self.addCleanup(terminal.__exit__)
        return terminal

    def serve(self, entries=2):
        server = ControlServer(self.path, entries)
        self.addCleanup(server.__exit__)
        return server

    def expect_end(self, terminal, status):
        self.assertEqual(terminal.wait_for_end(), status)
        self.assertTrue(terminal.is_restored())

    def test_it_shows_rates_until_q(self):
        self.serve()
        terminal = self.start()
        terminal.wait(r"^berth 1\.2\.3 ", r"^ENTRY +OPEN ACCEPT/S",
                      r"^entry-0 +7 +[1-9]\S* .*1\.5 us +1\.5 KiB$",
                      r"^entry-1: put aside +8 ", r"^ +0 +4 +4711 +[1-9]",
                      r"^q: quit$")
        self.assertTrue(terminal.screen.is_other)
        self.assertFalse(terminal.is_restored())
        terminal.type("xyq")
        self.expect_end(terminal, 0)

    def test_ctrl_c_ends_it(self):
        self.serve()
        terminal = self.start()
        terminal.wait("q: quit")
        terminal.type("\x03")
        self.expect_end(terminal, 0)

    def test_signals_end_it_and_leave_the_terminal_as_it_was(self):
        self.serve()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                terminal = self.start()
                terminal.wait("q: quit")
                terminal.process.send_signal(number)
                self.expect_end(terminal, -number)

    def test_ctrl_z_gives_the_terminal_back_meanwhile(self):
        self.serve()
        terminal = self.start()
        for _ in range(2):
            terminal.wait("q: quit")
            terminal.type("\x1a")
            self.assertEqual(terminal.wait_for_stop(), signal.SIGSTOP)
            self.assertTrue(terminal.is_restored())
            terminal.go_on()
        terminal.wait("q: quit")
        terminal.type("q")
        self.expect_end(terminal, 0)

    def test_a_stop_that_cannot_be_seen_coming(self):
        self.serve()
        terminal = self.start()
        terminal.wait("q: quit")
        terminal.process.send_signal(signal.SIGSTOP)
        terminal.wait_for_stop()
        terminal.screen.put("\x1b[?1049l")  # somebody else had the terminal
        terminal.go_on()
        terminal.wait("q: quit")
        terminal.type("q")
        self.expect_end(terminal, 0)

    def test_it_follows_the_size(self):
        self.serve(entries=100)
        terminal = self.start()
        terminal.wait(r"^\.\.\. \d+ more$", "^entry-10 ", "q: quit")
        self.assertNotIn("entry-50", terminal.screen.text())
        terminal.resize(120, 120)
        terminal.wait("^entry-99 ", "q: quit")
        terminal.resize(79, 12)
        terminal.wait(r"^\.\.\. 9\d more$", "^ +1 +4 ")
        terminal.resize(30, 5)
        terminal.wait(r"^30x5 is too small: 40x10$")
        terminal.resize(80, 24)
        terminal.wait("^entry-10 ", "q: quit")
        terminal.type("q")
        self.expect_end(terminal, 0)

    def test_every_size_is_kept_to(self):
        """The screen of terminal.py fails where a line is too wide or there is
        one too many."""
        self.serve(entries=30)
        for width, height in [(1, 1), (40, 10), (80, 24), (80, 11), (41, 50),
                              (200, 40), (10, 60)]:
            shown = "^WORKER" if width >= 40 and height >= 10 else \
                f"^{width}"[:width + 1]
            with self.subTest(width=width, height=height):
                terminal = self.start(width=width, height=height)
                terminal.wait(shown)
                terminal.type("q")
                self.expect_end(terminal, 0)

    def test_a_server_may_leave_and_come_back(self):
        with ControlServer(self.path):
            terminal = self.start()
            terminal.wait("^entry-0 ", "q: quit")
        terminal.wait("^no server: there is no ", "^entry-0 ")
        self.serve()
        terminal.wait("q: quit")
        terminal.type("q")
        self.expect_end(terminal, 0)

    def test_q_ends_it_while_the_server_is_silent(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            server = ControlServer(self.path)
            terminal = self.start()
            terminal.wait("^entry-0 ", "q: quit")
            server.__exit__()
            listener.bind(self.path)
            listener.listen()
            client, _ = listener.accept()
            with client:
                client.settimeout(TIMEOUT_S)
                self.assertEqual(client.recv(100), b"tsv status\n")
                terminal.type("q")
                self.expect_end(terminal, 0)

    def test_a_server_that_is_not_there_is_told_on_the_terminal_as_it_is(self):
        terminal = self.start(width=200)
        self.assertEqual(terminal.wait_for_end(), 69)
        self.assertRegex(terminal.screen.text(), "no server: there is no ")
        self.assertTrue(terminal.is_restored())


if __name__ == "__main__":
    unittest.main()
