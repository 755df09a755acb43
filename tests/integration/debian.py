# SPDX-License-Identifier: MIT
"""The Debian package that cpack makes: what it has, that it runs, and that
lintian has nothing to say against it."""

import glob
import gzip
import os
import re
import shutil
import tempfile
import unittest

from harness import BUILD, skip
from install import check, read

if not shutil.which("dpkg-deb") or not shutil.which("dpkg-shlibdeps"):
    skip("no dpkg-deb, or no dpkg-shlibdeps")


class Debian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="berth-debian-")
        cls.addClassCleanup(scratch.cleanup)
        check("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"),
              "-B", scratch.name, cwd=BUILD)
        cls.package, = glob.glob(os.path.join(scratch.name, "*.deb"))
        cls.root = os.path.join(scratch.name, "root")
        cls.control = os.path.join(scratch.name, "control")
        check("dpkg-deb", "-x", cls.package, cls.root)
        check("dpkg-deb", "-e", cls.package, cls.control)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def field(self, name):
        return check("dpkg-deb", "-f", self.package, name).strip()

    def test_its_fields(self):
        self.assertEqual(self.field("Package"), "berth")
        self.assertEqual(self.field("Section"), "net")
        version = re.search(r"\d+\.\d+\.\d+",
                            check(self.path("usr/bin/berth"), "--version"))
        self.assertEqual(self.field("Version"), version.group() + "-1")
        self.assertRegex(self.field("Maintainer"), r"^.+ <\S+@\S+>$")
        self.assertEqual(
            sorted(re.sub(r" \(.*?\)", "", self.field("Depends")).split(", ")),
            ["libc6", "libyaml-0-2"])

    def test_it_has_what_it_should(self):
        for path in ("usr/bin/berth", "usr/bin/berth-new", "usr/bin/berth-try",
                     "usr/bin/berthctl", "usr/lib/berth/echo.so",
                     "usr/lib/systemd/system/berth.service",
                     "usr/lib/cmake/berth/berth-config.cmake",
                     "usr/lib/pkgconfig/berth-protocol.pc",
                     "usr/share/bash-completion/completions/berth",
                     "usr/share/berth/new-protocol/protocol.c.in",
                     "usr/share/fish/vendor_completions.d/berth.fish",
                     "usr/share/zsh/vendor-completions/_berth"):
            self.assertTrue(os.path.isfile(self.path(path)), path)
        pages = glob.glob(self.path("usr/share/man/man*/*"))
        self.assertGreater(len(pages), 4)
        for page in pages:
            with gzip.open(page, "rt") as file:
                self.assertIn(".Sh NAME\n", file.read(), page)

    def test_all_of_etc_is_the_administrators(self):
        listed = read(os.path.join(self.control, "conffiles")).split()
        found = ["/" + os.path.relpath(os.path.join(folder, name), self.root)
                 for folder, _, names in os.walk(self.path("etc"))
                 for name in names]
        self.assertEqual(listed, sorted(found))
        self.assertIn("/etc/berth/server.yaml", listed)

    def test_license_and_changes(self):
        text = read(self.path("usr/share/doc/berth/copyright"))
        self.assertRegex(text, r"(?m)^Copyright: \d+ The Berth authors$")
        self.assertIn(" Permission is hereby granted, free of charge", text)
        self.assertRegex(text, r'(?m)^ \.\n THE SOFTWARE IS PROVIDED "AS IS"')
        with gzip.open(self.path("usr/share/doc/berth/changelog.Debian.gz"),
                       "rt") as file:
            self.assertEqual(file.readline().split()[:2],
                             ["berth", f"({self.field('Version')})"])

    def test_it_runs(self):
        listed = check(self.path("usr/bin/berth"), "--list")
        self.assertIn(self.path("usr/lib/berth/echo.so"), listed)
        self.assertIn(": ok", check(
            self.path("usr/bin/berth"), "-t", "-c",
            self.path("etc/berth/server.yaml")))

    @unittest.skipUnless(shutil.which("lintian"), "no lintian")
    def test_lintian_finds_no_error(self):
        check("lintian", "--allow-root", "--fail-on", "error", self.package)


if __name__ == "__main__":
    unittest.main()
