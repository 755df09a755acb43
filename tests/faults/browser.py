# SPDX-License-Identifier: MIT
"""A client that speaks HTTP to a server in which something fails. In place of
an answer that is due to it one may come that says so."""

import re
import select

from clients import Client
from scenario import Failure

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"  # any time will do
REFUSAL = re.compile(rb"HTTP/1\.1 (403|404|500|503) [^\r]+\r\n" +
                     DATE + rb"Server: berth\r\n"
                     rb"Content-Type: text/plain; charset=utf-8\r\n"
                     rb"Content-Length: (\d+)\r\n(Connection: close\r\n)?\r\n")


def answer(status, *fields, body=b"", size=None):
    """An answer as the server writes it. fields: those behind the body's type
    and size. size: of a body that is not sent."""
    size = len(body) if size is None else size
    lines = [b"HTTP/1.1 " + status.encode(), DATE[:-2], b"Server: berth",
             *(field.encode() for field in fields)]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    return head.replace(b"SIZE", str(size).encode()) + body


def refusal(status, *fields):
    """One that says no more than its status."""
    return answer(status, "Content-Type: text/plain; charset=utf-8",
                  "Content-Length: SIZE", *fields,
                  body=status.encode() + b"\n")


def without_time(data):
    """The first Date in it, which may be cut off, is replaced by DATE."""
    at = data.find(b"\r\nDate: ")
    if at < 0:
        return data
    size = min(len(DATE), len(data) - at - 2)
    return data[:at + 2] + DATE[:size] + data[at + 2 + size:]


class Browser(Client):
    """Each step sends something and reads the answers that are due to it, in
    their order."""

    def __init__(self, *args):
        self.rest = b""  # came, and was not yet compared
        self.is_refused = False  # one of the answers says that it failed
        super().__init__(*args)

    def _read(self):
        part = self._attempt(self.sock.recv, 65536)
        if part == b"":
            self.has_ended = True
        self.rest += part or b""

    def _take(self, due):
        """Compares what came with an answer; True: all of it has come."""
        came = without_time(self.rest)
        if due.startswith(came[:len(due)]):
            if len(came) < len(due):
                return False
            size = len(due)
        else:
            size = self._measure_refusal(came, due)
            if size is None:
                return False
            self.is_refused = True
        self.rest = self.rest[size:]
        self.due += due
        self.got += due
        return True

    @staticmethod
    def _measure_refusal(came, due):
        """None: it is not all there."""
        head = REFUSAL.match(came)
        if head is None:
            if b"\r\n\r\n" in came or not came.startswith(b"HTTP/1.1 "):
                raise Failure(f"wrong bytes: {came[:300]!r}, due were "
                              f"{due[:300]!r}")
            return None
        size = head.end() + int(head[2])
        return size if len(came) >= size else None

    def ask(self, data, *answers):
        answers = list(answers)
        while not self.has_ended and (data or answers):
            events = select.POLLIN | (select.POLLOUT if data else 0)
            for _, ready in self._wait(events):
                if ready & select.POLLOUT:
                    data = data[self._attempt(self.sock.send, data) or 0:]
                if ready & ~select.POLLOUT:
                    self._read()
            while answers and self._take(answers[0]):
                answers.pop(0)
        self.due += b"".join(answers)  # what will not come

    def expect_end(self, early=False):
        super().expect_end(early)
        if self.rest and not early and self.got == self.due:
            raise Failure(f"more than is due: {self.rest[:300]!r}")

    def is_hit(self):
        return not self.may_end and (self.is_refused or self.got != self.due)
