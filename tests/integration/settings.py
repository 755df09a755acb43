# SPDX-License-Identifier: MIT
"""For tests of what berth tells of its settings: a program that finds the
plugins echo and nested, and a configuration with something of everything."""

import glob
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import BERTH, BUILD, PLUGINS, SOURCE, TIMEOUT_S
from json_schema import Schema

OK, USAGE, CONFIG = 0, 64, 78
FIXTURES = os.path.join(BUILD, "tests", "plugins")

# A value for every key of the server and of the fixture `nested`.
FULL = """\
trigger: edge
plugin_path: [/tmp]
limits: {connections: 5, idle: 1m30s}
drain_timeout: none
log: {level: debug, format: text, file: /tmp/berth.log}
protocols:
  - plugin: nested
    name: one
    listen:
      - 127.0.0.1:0
      - address: unix:/tmp/berth-describe.sock
        backlog: 7
        mode: "0600"
    limits: {input: 64KiB, output: 65536, stall: "30s"}
    settings:
      loud: true
      level: -7
      most: none
      wait: 250ms
      greeting: "a $ and a \\" and a \\n: # [x]"
      root: /tmp
      password: sesame
      version: 1.0
      retry: {times: 4, wait: none}
      names: [a b, "none", "0660"]
      sizes: [1KiB, none, 7]
      routes:
        - path: /a
          folder: /tmp
          retry:
            times: 1
        - path: "true"
      headers: {X-A: b, "yes": "off", "a: b": "1"}
  - plugin: echo
    listen: 127.0.0.1:0
"""


def read(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def find_files(pattern):
    """Files of the tree, from its top."""
    return sorted(os.path.relpath(path, SOURCE)
                  for path in glob.glob(os.path.join(SOURCE, pattern)))


def has_plugin(name):
    """Whether it was built: http is not where llhttp is missing."""
    return os.path.exists(os.path.join(PLUGINS, name + ".so"))


class Program(unittest.TestCase):
    """A copy of the program that finds the plugins echo and nested."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="berth-describe-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        cls.berth = os.path.join(cls.folder, "bin", "berth")
        plugins = os.path.join(cls.folder, "plugins")
        os.mkdir(os.path.dirname(cls.berth))
        os.mkdir(plugins)
        shutil.copy(BERTH, cls.berth)
        shutil.copy(os.path.join(PLUGINS, "echo.so"), plugins)
        shutil.copy(os.path.join(FIXTURES, "nested.so"), plugins)
        cls.schema = Schema(json.loads(cls.print("--print-schema")))

    @classmethod
    def call(cls, *args, cwd=None):
        return subprocess.run(
            [cls.berth, *args], cwd=cwd or cls.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)

    @classmethod
    def print(cls, *args, cwd=None):
        done = cls.call(*args, cwd=cwd)
        if done.returncode != OK or done.stderr:
            raise AssertionError(f"{args}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def write(self, text, name="server.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def is_taken(self, text):
        done = self.call("-t", "-c", self.write(text))
        self.assertIn(done.returncode, (OK, CONFIG), done.stderr)
        return done.returncode == OK

    def check_valid(self, document, story=""):
        self.assertEqual(self.schema.errors(document), [], story)
