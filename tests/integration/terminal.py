# SPDX-License-Identifier: MIT
"""A program in a terminal of its own (pty(7)), and what its screen shows: as
much of ECMA-48 as `berthctl top` uses. Anything else is an error."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

TIMEOUT_S = 30
_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Screen:
    """What is seen. A line that is wider than the screen is an error: the
    program must have cut it."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.is_other = False       # the alternative screen
        self.has_cursor = True
        self.row = self.column = 0
        self.lines = [""] * height

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines)

    def put(self, text):
        """Takes what is whole of a text; returns the rest."""
        while text:
            if text[0] == "\x1b":
                found = _SEQUENCE.match(text)
                if not found:
                    assert len(text) < 16, repr(text[:16])
                    return text
                self._obey(*found.groups())
                text = text[found.end():]
            else:
                self._show(text[0])
                text = text[1:]
        return ""

    def _show(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self.row += 1
            assert self.row < self.height, "it scrolls:\n" + self.text()
        else:
            assert character >= " ", repr(character)
            line = self.lines[self.row].ljust(self.column)
            assert self.column < self.width, "too wide: " + line
            self.lines[self.row] = (line[:self.column] + character +
                                    line[self.column + 1:])
            self.column += 1

    def _obey(self, mark, number, letter):
        if mark == "?" and letter in "hl":
            self._set_mode(number, letter == "h")
        elif letter == "H" and not number:
            self.row = self.column = 0
        elif letter == "K" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J" and not number:
            self.lines[self.row] = self.lines[self.row][:self.column]
            for row in range(self.row + 1, self.height):
                self.lines[row] = ""
        else:
            assert letter == "m", (mark, number, letter)

    def _set_mode(self, number, is_set):
        if number == "1049":
            self.is_other = is_set
            self.row = self.column = 0
            self.lines = [""] * self.height
        elif number == "25":
            self.has_cursor = is_set
        else:
            assert number == "7", number


class Terminal:
    """A running program. `with Terminal(command) as terminal: ...`; when the
    block is left, a program that still runs is killed."""

    def __init__(self, command, width=80, height=24, env=None):
        self.screen = Screen(width, height)
        self.rest = ""
        self.master, self.slave = pty.openpty()
        self._set_size(width, height)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command, stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env={**os.environ, **(env or {})}, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def _set_size(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                    struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        """The kernel tells the program by SIGWINCH. What it draws before it has
        seen that is of the old size: it is not looked at."""
        is_other = self.screen.is_other
        self.screen = Screen(max(width, self.screen.width),
                             max(height, self.screen.height))
        self.screen.is_other = is_other
        self.screen.has_cursor = not is_other
        self._set_size(width, height)

    def type(self, keys):
        os.write(self.master, keys.encode())

    def _read(self, deadline):
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self.master], [], [], max(left, 0))
        if not ready:
            raise AssertionError("nothing more comes:\n" + self.screen.text())
        self.rest = self.screen.put(
            self.rest + os.read(self.master, 65536).decode())

    def wait(self, *patterns):
        """Until the screen that programs like this one use shows all of
        them."""
        deadline = time.monotonic() + TIMEOUT_S
        while not (self.screen.is_other and
                   all(re.search(pattern, self.screen.text(), re.MULTILINE)
                       for pattern in patterns)):
            self._read(deadline)

    def drain(self):
        """All that the program has written."""
        while select.select([self.master], [], [], 0)[0]:
            self._read(time.monotonic() + TIMEOUT_S)

    def wait_for_end(self):
        """Its exit status, as subprocess tells it."""
        deadline = time.monotonic() + TIMEOUT_S
        while self.process.poll() is None:
            # It may wait for us to read.
            if select.select([self.master], [], [], 0.01)[0]:
                self._read(deadline)
            assert time.monotonic() < deadline, "it does not end"
        self.drain()
        return self.process.returncode

    def wait_for_stop(self):
        """Until the program has stopped itself."""
        pid, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert pid == self.process.pid and os.WIFSTOPPED(status), status
        self.drain()
        return os.WSTOPSIG(status)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def is_restored(self):
        """Is the terminal as it was before the program?"""
        return (termios.tcgetattr(self.slave) == self.before and
                not self.screen.is_other and self.screen.has_cursor)
