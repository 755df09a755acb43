# SPDX-License-Identifier: MIT
"""Where everything is: programs, scratch files, ports, processors."""

import itertools
import os
import resource
import socket
import subprocess
import tempfile

from . import isolate

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(os.path.dirname(HERE))
SOURCES = os.path.join(HERE, "peers")

SMALL = 1024  # bytes of the small file
LARGE = 1 << 20


class Missing(Exception):
    """Something cannot be measured here; the text says why."""


class Place:
    def __init__(self, build, keep):
        """build: the folder with bin/berth. keep: where peers are built, so
        that the next run has them."""
        self.build = build
        self.berth = os.path.join(build, "bin", "berth")
        self.load = os.path.join(build, "bin", "berth-load")
        self.keep = keep
        self.scratch = tempfile.TemporaryDirectory(prefix="berth-bench-")
        self.folder = self.scratch.name
        self.files = os.path.join(self.folder, "files")
        self.server, self.client, self.processors = isolate.choose_processors()
        self.wrong = []  # what servers answered that was not right
        self.open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        self._ports = itertools.count(isolate.first_port())
        self._names = itertools.count()
        for path in (self.berth, self.load):
            if not os.path.exists(path):
                raise Missing(f"there is no {path}; berth-load is built only "
                              "where llhttp is, which tools/run gets if "
                              "build/release is not there yet")
        os.makedirs(keep, exist_ok=True)
        os.chmod(self.folder, 0o755)  # some servers leave root
        self._write_files()

    def _write_files(self):
        os.mkdir(self.files)
        for name, text in {"fixed.txt": b"Hello, World!",
                           "small.txt": b"x" * SMALL,
                           "large.bin": os.urandom(LARGE)}.items():
            with open(os.path.join(self.files, name), "wb") as file:
                file.write(text)

    def file(self, name):
        return os.path.join(self.files, name)

    def next_port(self):
        """One that nobody has."""
        while True:
            port = next(self._ports)
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind(("127.0.0.1", port))
                    return port
                except OSError:
                    pass

    def new_folder(self):
        path = os.path.join(self.folder, f"server-{next(self._names)}")
        os.mkdir(path)
        os.chmod(path, 0o777)
        return path

    def compile(self, name, libraries=()):
        """One of our small sources in C."""
        return self.build_once(
            name, name + ".c", lambda source, program: [
                "gcc", "-O2", "-D_GNU_SOURCE", source, "-o", program,
                *libraries])

    def build_once(self, name, source, command, **options):
        """The program that command(source, program) makes, if it is not there
        already. Others may do the same at this moment."""
        program = os.path.join(self.keep, name)
        source = os.path.join(SOURCES, source)
        if (not os.path.exists(program)
                or os.path.getmtime(program) < os.path.getmtime(source)):
            made = f"{program}.{os.getpid()}"
            run_or_miss(command(source, made), **options)
            os.replace(made, program)
        return program

    def close(self):
        self.scratch.cleanup()


def run_or_miss(command, **options):
    """Its output; Missing if it cannot be run, or fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, **options)
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines() or ["no output"]
        raise Missing(f"{command[0]}: {lines[0]}")
    return done.stdout
