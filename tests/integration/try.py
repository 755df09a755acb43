# SPDX-License-Identifier: MIT
"""berth-try: what it prints, its options and exit statuses. That it finds bugs,
and what it does with memory, is tested by faults/planted.py."""

import os
import re
import subprocess
import tempfile
import unittest

from harness import BERTH, BUILD, PLUGINS, SOURCE, TEST_PLUGINS
from header import C, PLUGIN, compile_text
from settings import has_plugin

TRY = os.path.join(os.path.dirname(BERTH), "berth-try")
ECHO = os.path.join(PLUGINS, "echo.so")
LINE = os.path.join(PLUGINS, "line.so")
PRODUCER = os.path.join(TEST_PLUGINS, "producer.so")
TIMEOUT_S = 100

TRANSCRIPTS = os.path.join(SOURCE, "tests", "transcripts")

# Right, but for a byte that nobody sends who does not try all.
ODD = """\
#include <berth/protocol.h>

#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    (void)c;
    return (ssize_t)size + (memchr(data, '%', size) == NULL ? 0 : 1);
}

BERTH_PROTOCOL(.name = "odd", .on_data = on_data);
"""
HELLO = '> "hello\\n"\n< "hello\\n"\nend\neof\nclosed 0\n'
WRONG = '> "hello\\n"\n< "jello\\n"\nend\neof\n'


class Try(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-try-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)
        return name

    def run_try(self, *args):
        return subprocess.run([TRY, *args], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=TIMEOUT_S, check=False)

    def check(self, status, *args):
        done = self.run_try(*args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    # ------------------------------------------------------------------ TAP

    def test_a_transcript_that_is_right_passes(self):
        done = self.check(0, ECHO, self.write("hello.transcript", HELLO))
        lines = [line for line in done.stdout.splitlines()
                 if not line.startswith("#")]
        self.assertEqual(lines[0], "1..1")
        self.assertRegex(lines[1], r"^ok 1 - hello\.transcript \(\d+ runs\)$")
        runs = int(re.search(r"\((\d+) runs", lines[1]).group(1))
        self.assertGreater(runs, 100)

    def test_what_comes_after_a_cut_is_not_looked_at(self):
        wrong = '< "jello\\n"\n'
        self.check(0, ECHO, self.write("cut.transcript", HELLO[:12] + "cut\n"))
        self.check(0, ECHO, self.write("cut.transcript",
                                       HELLO[:24] + "cut\n" + wrong))
        self.check(1, ECHO, self.write("cut.transcript",
                                       HELLO[:12] + wrong + "cut\n"))

    @unittest.skipUnless(has_plugin("http"), "http is not built")
    def test_a_transcript_says_when_it_is(self):
        wait = ('time 2026-11-29T15:01:02.900Z\nwait 99ms\n> "GET / HTTP/1.1'
                '\\r\\nHost: a\\r\\n\\r\\n"\n'
                '< "HTTP/1.1 404 Not Found\\r\\n'
                'Date: Sun, 29 Nov 2026 15:01:02 GMT\\r\\n"\ncut\n')
        http = os.path.join(PLUGINS, "http.so")
        for text, status in ((wait, 0), (wait.replace("99ms", "100ms"), 1),
                             (wait.replace("02.900Z", "02Z"), 0),
                             (wait.replace("02.900Z", "03Z"), 1)):
            name = self.write("time.transcript", text)
            self.check(status, "--only", "whole", http, name)
        for time in ("now", "2026-11-29", "2026-11-29T15:01:02",
                     "2026-11-29T15:01:02.9Z", "2026-11-29T15:01:02Z a",
                     "1969-11-29T15:01:02Z", "2026-13-29T15:01:02Z"):
            done = self.check(78, ECHO, self.write("time.transcript",
                                                   f"time {time}\n"))
            self.assertIn("time.transcript:1: time: a moment like ",
                          done.stderr)

    def test_a_difference_can_be_read_and_repeated(self):
        self.write("it's wrong.transcript", WRONG)
        self.write("hello.transcript", HELLO)
        done = self.check(1, ECHO, "it's wrong.transcript", "hello.transcript")
        self.assertIn("not ok 1 - it's wrong.transcript\n", done.stdout)
        self.assertIn("ok 2 - hello.transcript", done.stdout)
        self.assertIn("# it's wrong.transcript:2: other bytes came, from byte "
                      "0 of 6 on\n"
                      '#   expected "jello\\n"\n'
                      '#   got      "hello\\n"\n', done.stdout)
        command = re.search(r"repeat   (.*)", done.stdout).group(1)
        again = subprocess.run(
            ["sh", "-c", f'PATH="{os.path.dirname(TRY)}:$PATH"; {command}'],
            cwd=self.folder, stdout=subprocess.PIPE, text=True,
            timeout=TIMEOUT_S, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("from byte 0 of 6 on", again.stdout)

    def test_what_does_not_come_at_all_differs(self):
        for text, message in (
                ('> "a"\n< "ab"\n', "bytes are missing: 1 of 2 came"),
                ('> "ab"\n< "a"\n', "bytes came that are not expected before "
                                    "the end"),
                ('> "a"\n< "a"\neof\n', "does not read the end"),
                ('end\nopen\n', "the connection has ended"),
                ('closed 0\n', "is not closed"),
                ('end\nclosed STOPPED\n', "closed for another reason")):
            done = self.check(1, ECHO, self.write("a.transcript", text))
            self.assertIn(message, done.stdout)

    # ----------------------------------------------------------------- seeds

    def shipped(self):
        """Of each folder of transcripts: the plugin, and the shortest one."""
        for name in sorted(os.listdir(TRANSCRIPTS)):
            folder = os.path.join(TRANSCRIPTS, name)
            for plugins in (PLUGINS, TEST_PLUGINS):
                plugin = os.path.join(plugins, name + ".so")
                if os.path.isdir(folder) and os.path.exists(plugin):
                    paths = [os.path.join(folder, file)
                             for file in sorted(os.listdir(folder))]
                    yield plugin, min(paths, key=os.path.getsize)

    def test_the_same_seed_gives_the_same_output(self):
        seen = 0
        for plugin, path in self.shipped():
            args = ["--seed=7", "--random=2", "--allow=partial", plugin, path]
            with self.subTest(path):
                first = self.check(0, *args).stdout
                self.assertEqual(self.check(0, *args).stdout, first)
                seen += 1
        self.assertGreater(seen, 5)

    def test_what_is_found_is_told_in_the_same_words(self):
        """Whichever process comes first: several transcripts are tried."""
        for plugin, path in self.shipped():
            with open(path) as file:
                text = file.read()
            wrong = [self.write(f"{number}.transcript",
                                text + f'< "number {number}"\n')
                     for number in range(3)]
            with self.subTest(path):
                told = {self.check(1, plugin, *wrong, f"--jobs={jobs}").stdout
                        .replace(f"--jobs={jobs}", "--jobs")
                        for jobs in (1, 3)}
                self.assertEqual(len(told), 1, told)
                self.assertIn("not ok 3 - 2.transcript", told.pop())

    def test_the_seed_decides_what_is_found_at_random(self):
        plugin = os.path.join(self.folder, "odd.so")
        self.assertEqual(compile_text(C[0], "c11", ODD, *PLUGIN, "-o", plugin),
                         "")
        path = self.write("odd.transcript", '> "abcdefgh"\n')
        found = []
        for seed in (1, 2, 3):
            args = [f"--seed={seed}", "--random=1000", "--allow=partial",
                    plugin, path]
            first = self.check(1, *args).stdout
            self.assertEqual(self.check(1, *args).stdout, first)
            found.append(re.search(r"--only (random:\d+)", first).group(1))
        self.assertGreater(len(set(found)), 1, found)

    # -------------------------------------------------------------- manners

    def test_only_one_manner(self):
        path = self.write("hello.transcript", HELLO)
        for manner in ("whole", "bytes+edge", "split:3+trickle",
                       "whole+closed+tight", "alike+edge", "end:2", "zero:1",
                       "random:3", "repeat", "again", "flood:2:1"):
            done = self.check(0, "--only", manner, ECHO, path)
            runs = int(re.search(r"\((\d+) runs", done.stdout).group(1))
            self.assertLess(runs, 10, manner)

    def test_manners_that_are_none(self):
        path = self.write("hello.transcript", HELLO)
        for manner in ("", "halves", "split", "split:", "split:x", "whole:1",
                       "whole+", "whole+fast", "number:1"):
            done = self.check(64, "--only", manner, ECHO, path)
            self.assertIn("no such manner", done.stderr)

    # ------------------------------------------------------------- settings

    def test_settings_of_the_command_line(self):
        path = self.write("a.transcript", '> "9\\n"\nclosed ERANGE\n')
        self.check(1, "--only=whole", "--allow=partial", PRODUCER, path)
        self.check(0, "--only=whole", "--set", "max=8", PRODUCER, path)
        done = self.check(78, "--set", "maximum=8", PRODUCER, path)
        self.assertIn("did you mean", done.stderr)
        done = self.check(78, "--set", "max=many", PRODUCER, path)
        self.assertIn("max", done.stderr)

    def test_they_win_over_the_transcripts(self):
        path = self.write("a.transcript", 'settings: {max: 100}\n'
                                          '> "9\\n"\nclosed ERANGE\n')
        self.check(1, "--only=whole", PRODUCER, path)
        self.check(0, "--only=whole", "-s", "max=8", PRODUCER, path)

    def test_settings_of_a_server_yaml(self):
        path = self.write("a.transcript", '> "9\\n"\nclosed ERANGE\n')
        self.write("server.yaml", f"""protocols:
  - plugin: {ECHO}
    listen: 127.0.0.1:0
  - plugin: {PRODUCER}
    name: large
    settings: {{max: 100}}
  - plugin: {PRODUCER}
    name: small
    settings: {{max: 8}}
""")
        config = ["--only=whole", "-c", "server.yaml"]
        self.check(1, *config, PRODUCER, path)
        self.check(0, *config, "--entry=small", PRODUCER, path)
        self.check(0, *config, "--set=max=8", PRODUCER, path)
        done = self.check(78, *config, "--entry=tiny", PRODUCER, path)
        self.assertIn("there is no entry tiny", done.stderr)

    # ------------------------------------------------------- exit statuses

    def test_what_does_not_load(self):
        path = self.write("hello.transcript", HELLO)
        bad = self.write("bad.transcript", '> "hello\n')
        for args in ((os.path.join(self.folder, "none.so"), path),
                     (os.path.join(SOURCE, "README.md"), path),
                     (ECHO, "none.transcript"), (ECHO, bad),
                     ("-c", "none.yaml", ECHO, path)):
            done = self.check(78, *args)
            self.assertEqual(done.stdout, "")
            self.assertNotEqual(done.stderr, "")

    def test_command_lines_that_cannot_be_meant(self):
        path = self.write("hello.transcript", HELLO)
        for args in ((), (ECHO,), ("--nonsense", ECHO, path),
                     ("--allow=nothing", ECHO, path), ("--seed=x", ECHO, path),
                     ("--slow=7", ECHO, path), ("--memory=x", ECHO, path),
                     ("--set=max", ECHO, path), ("--entry=a", ECHO, path),
                     ("--jobs", )):
            done = self.check(64, *args)
            self.assertIn("try 'berth-try --help'", done.stderr)

    def test_a_plugin_is_found_by_its_name(self):
        self.check(0, "--only=whole", "echo",
                   self.write("hello.transcript", HELLO))

    def test_help_and_version(self):
        self.assertRegex(self.check(0, "--version").stdout,
                         r"^berth-try \d+\.\d+\.\d+\n$")
        text = self.check(0, "--help").stdout
        with open(os.path.join(BUILD, "man", "man1", "berth-try.1")) as file:
            page = file.read()
        options = re.findall(r"--([\w-]+)", text)
        self.assertGreater(len(options), 12)
        for option in options:
            self.assertRegex(page, rf"\.It .*Fl -{option}\b")
        for table in text.split("\n\n")[3::2]:
            for word in re.findall(r"^  (\w+) ", table, re.MULTILINE):
                self.assertRegex(page, rf"\.It Cm {word}\b")

    # ----------------------------------------------------------------- bench

    @unittest.skipUnless(has_plugin("line"), "line is not built")
    def test_bench(self):
        path = self.write("hello.transcript", HELLO)
        done = self.check(0, "--bench", LINE, path)
        self.assertRegex(done.stdout, r"^hello\.transcript: (\d+ messages/s, )?"
                         r"6\.0 bytes/message, ")
        self.assertRegex(done.stdout, "instructions")
        self.assertRegex(done.stdout, "allocations")


if __name__ == "__main__":
    unittest.main()
