# SPDX-License-Identifier: MIT
"""config/berth.service and the socket unit beside it: systemd understands them,
calls the service shut off well enough, and they say what the READMEs say; and
the server does what they rely on. Runs no systemd: only its systemd-analyze,
where that is installed."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, SOURCE, TIMEOUT_S
from traffic import until
from witness import ENVIRONMENT, configure, serve, witness_yaml

SERVICE = os.path.join(SOURCE, "config", "berth.service")
EXAMPLES = os.path.join(SOURCE, "config", "examples")
SOCKET = os.path.join(EXAMPLES, "berth.socket")
ANALYZE = shutil.which("systemd-analyze")
EXPOSURE = 2.0  # at most; 10 is a service that may do anything


def read(path):
    with open(path) as file:
        return file.read()


def keys(path):
    """Key to its values, in order."""
    found = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", read(path), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def analyze(*args):
    done = subprocess.run([ANALYZE, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=TIMEOUT_S,
                          env={**os.environ, "SYSTEMD_PAGER": "cat"})
    return done.returncode, done.stdout


@unittest.skipUnless(ANALYZE, "systemd-analyze is not there")
class Analyzed(unittest.TestCase):
    def test_all_keys_are_known(self):
        # The programs must be there: these stand in for them.
        text = re.sub(r"^(Exec\w+)=.*", r"\1=/bin/true", read(SERVICE),
                      flags=re.MULTILINE)
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            service = os.path.join(folder, "berth.service")
            sock = shutil.copy(SOCKET, folder)
            with open(service, "w") as file:
                file.write(text)
            self.assertEqual(analyze("verify", "--man=no", service, sock),
                             (0, ""))

    def test_it_is_shut_off(self):
        status, text = analyze("security", "--offline=true", SERVICE)
        exposure = re.search(r"Overall exposure level .*: ([\d.]+)", text)
        self.assertIsNotNone(exposure, text)
        self.assertLessEqual(float(exposure.group(1)), EXPOSURE, text)
        self.assertEqual(status, 0)


class Reload(unittest.TestCase):
    """`berthctl reload` of the unit works with any server.yaml."""

    def berthctl(self, folder, *args):
        return subprocess.run(
            [os.path.join(BUILD, "bin", "berthctl"), "-s",
             os.path.join(folder, "control.sock"), *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, timeout=TIMEOUT_S)

    def test_the_folder_of_the_service_has_the_socket(self):
        with tempfile.TemporaryDirectory(prefix="berth-") as folder:
            env = {"RUNTIME_DIRECTORY": folder + ":/run/another"}
            with serve(env={**ENVIRONMENT, **env}) as server:
                done = self.berthctl(folder, "reload")
                self.assertEqual(done.returncode, 0, done.stderr)
                server.wait_log("reloaded: generation 2")
                # What the file says goes before.
                configure(server, witness_yaml(control="none"))
                self.berthctl(folder, "reload")
                until(lambda: not os.listdir(folder), "the socket is closed")

    def test_the_folder_may_be_anything(self):
        for folder in "", "none", "/" + 200 * "x", "/none":
            with serve(env={**ENVIRONMENT, "RUNTIME_DIRECTORY": folder}):
                pass


class Units(unittest.TestCase):
    def test_the_manager_is_told_and_reload_is_waited_for(self):
        service = keys(SERVICE)
        self.assertEqual(service["Type"], ["notify"])
        self.assertEqual(service["ExecStart"], ["berth"])
        self.assertEqual(service["ExecReload"], ["berthctl reload"])
        self.assertEqual(service["RuntimeDirectory"], ["berth"])
        self.assertIn('"/run/berth/control.sock"',
                      read(os.path.join(SOURCE, "tools", "berthctl.c")))
        self.assertEqual(service["KillMode"], ["mixed"])
        self.assertIn("WatchdogSec", service)
        self.assertIn("User", service)

    def test_who_stops_it_waits_for_its_connections(self):
        # drain_timeout is 30s where server.yaml does not say.
        self.assertGreater(int(keys(SERVICE)["TimeoutStopSec"][0]), 30)

    def test_the_sockets_are_those_that_server_yaml_names(self):
        named = re.findall(r"fd:(\S+)",
                           read(os.path.join(EXAMPLES, "handed-over.yaml")))
        self.assertEqual(named, keys(SOCKET)["FileDescriptorName"])


if __name__ == "__main__":
    unittest.main()
