# SPDX-License-Identifier: MIT
"""berth-fuzz: what it prints, its options and exit statuses, and that what it
finds is repeated by berth-try. That it finds each planted bug is tested by
faults/planted.py."""

import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import BERTH, PLUGINS, SOURCE, TEST_PLUGINS, skip

BIN = os.path.dirname(BERTH)
FUZZ = os.path.join(BIN, "berth-fuzz")
ECHO = os.path.join(PLUGINS, "echo.so")
LINE = os.path.join(PLUGINS, "line.so")
PRODUCER = os.path.join(TEST_PLUGINS, "producer.so")
PLANTED = os.path.join(SOURCE, "tests", "faults", "plugins")
TRANSCRIPTS = os.path.join(SOURCE, "tests", "transcripts")
MODULE = os.path.join(SOURCE, "tools", "cmake")
TIMEOUT_S = 100

HELLO = '> "hello\\n"\n< "hello\\n"\nend\neof\nclosed 0\n'
OVERFLOW = """
#include <berth/protocol.h>
#include <stdlib.h>
#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    char *copy = malloc(size);

    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, data, size);
    (void)berth_write(c, copy, size > 3 && copy[size] == 'x' ? 1 : 2);
    free(copy);
    return (ssize_t)size;
}

BERTH_PROTOCOL(.name = "overflow", .summary = "reads on", .on_data = on_data);
"""

if not os.path.exists(FUZZ):
    skip("berth-fuzz is not built: it takes clang's libFuzzer")


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-fuzz-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.temporary = os.path.join(self.folder, "temporary")
        os.mkdir(self.temporary)
        self.environment = dict(os.environ, TMPDIR=self.temporary)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as file:
            file.write(text)
        return name

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read()

    def compile(self, source, name, *command):
        """A plugin of that source; returns how it is called."""
        subprocess.run([*command, "-g", "-shared", "-fPIC", "-D_GNU_SOURCE",
                        "-I", os.path.join(SOURCE, "core", "include"), source,
                        "-o", name + ".so"], cwd=self.folder, check=True,
                       timeout=TIMEOUT_S)
        return f"./{name}.so"

    def planted(self, name):
        return self.compile(os.path.join(PLANTED, name + ".c"), name, "cc")

    def instrumented(self, name):
        return self.compile(
            os.path.join(PLANTED, name + ".c"), name, "clang", "-O1",
            "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp",
            os.path.join(MODULE, "plugin-fuzz.c"))

    def run_fuzz(self, *args):
        return subprocess.run([FUZZ, *args], cwd=self.folder,
                              env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True,
                              timeout=TIMEOUT_S, check=False)

    def check(self, status, *args):
        done = self.run_fuzz(*args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(os.listdir(self.temporary), [])
        return done

    def find(self, *args):
        """What is printed of the finding, which must be repeated by the command
        that is printed, too."""
        printed = self.check(1, "--seed=1", "--runs=5000", *args).stdout
        command = re.search(r"repeat   (.*)", printed).group(1)
        again = subprocess.run(
            ["sh", "-c", f'PATH="{BIN}:$PATH"; {command}'], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=TIMEOUT_S, check=False)
        self.assertEqual(again.returncode, 1, again.stdout)
        return printed, again.stdout


class Findings(Case):
    def test_a_black_box(self):
        printed, again = self.find(self.planted("greedy"))
        self.assertIn("./greedy.so: a black box; 0 transcripts", printed)
        self.assertIn("-DBERTH_FUZZ=ON", printed)
        for text in (printed, again):
            self.assertRegex(text, r"used more than it was offered: it "
                                   r"returned 2 for 1 bytes")

    def test_it_is_made_small_and_written(self):
        printed, _ = self.find(self.planted("truncates"))
        message, = re.findall(r"^found-truncates\.transcript: (.*)$", printed,
                              re.MULTILINE)
        self.assertIn("a partial message at the end is ignored", message)
        written = self.read("found-truncates.transcript")
        self.assertRegex(written, r'\A# Found by berth-fuzz: .*\n> "\w"\n\Z')
        self.assertIn(message, written)
        self.assertTrue(printed.endswith("\n\n" + written), printed)

    def test_what_came_is_in_the_transcript(self):
        self.find(self.planted("halves"))
        self.assertRegex(self.read("found-halves.transcript"),
                         r'> "\\r\\n"\n< "\\r\\n"\n\Z')

    def test_the_crash_is_not_lost(self):
        printed, again = self.find(self.planted("textual"))
        for text in (printed, again):
            self.assertRegex(text, "on_data .*(crashes|AddressSan|ends the)")
        self.assertRegex(self.read("found-textual.transcript"),
                         r'> ".*\\0.*"\n')

    @unittest.skipUnless(shutil.which("clang"), "no clang")
    def test_one_that_is_instrumented(self):
        for name, message in (("greedy", "used more than it was offered"),
                              ("keeps", "a pointer to data was kept"),
                              ("reaches", "a job touches a connection")):
            with self.subTest(name):
                printed, again = self.find(self.instrumented(name))
                self.assertRegex(printed, rf"{name}\.so: instrumented, "
                                          r"\d+ edges;")
                self.assertNotIn("black box", printed)
                self.assertIn(message, printed)
                self.assertIn(message, again)

    def test_what_a_sanitizer_sees(self):
        source = self.write("overflow.c", OVERFLOW)
        version = subprocess.run([FUZZ, "--runs=1", ECHO], cwd=self.folder,
                                 stdout=subprocess.PIPE, text=True,
                                 timeout=TIMEOUT_S, check=True).stdout
        if "A sanitizer has the memory" not in version:
            self.skipTest("no sanitizer in this build")
        plugin = self.compile(source, "overflow", "cc", "-fsanitize=address")
        if subprocess.run([FUZZ, "--runs=0", plugin], cwd=self.folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          timeout=TIMEOUT_S, check=False).returncode == 78:
            self.skipTest("another compiler's sanitizer")
        printed, _ = self.find(plugin)
        self.assertRegex(printed, r"on_data \(call \d+\): AddressSanitizer: "
                                  r"heap-buffer-overflow")
        self.assertRegex(printed, r"  at       on_data .*overflow\.c:1\d")

    def test_what_is_there_is_not_written_over(self):
        plugin = self.planted("greedy")
        self.write("found-greedy.transcript", "# mine\n")
        self.find(plugin)
        self.assertEqual(self.read("found-greedy.transcript"), "# mine\n")
        self.assertIn('> "', self.read("found-greedy-2.transcript"))

    def test_it_may_have_another_name(self):
        self.write("it's.transcript", "# old\n")
        self.find("--output=it's.transcript", self.planted("greedy"))
        self.assertIn("Found by", self.read("it's.transcript"))
        done = self.check(71, "--output=no/folder", "./greedy.so")
        self.assertIn("no/folder: No such file", done.stderr)
        self.assertIn("used more", done.stdout)

    def test_a_rule_that_is_allowed_is_not_minded(self):
        plugin = self.planted("truncates")
        done = self.check(0, "--runs=300", "--seed=1", "--allow=partial",
                          plugin)
        self.assertIn("nothing was found with 300 inputs", done.stdout)


class Clean(Case):
    def test_nothing_is_found_in_what_is_shipped(self):
        for plugin in (ECHO, LINE):
            name = os.path.basename(plugin)[:-3]
            files = sorted(glob.glob(os.path.join(TRANSCRIPTS, name,
                                                  "*.transcript")))
            done = self.check(0, "--runs=400", "--seed=3", plugin, *files)
            self.assertIn(f"{len(files)} transcripts", done.stdout)
            self.assertIn("nothing was found with ", done.stdout)

    def test_a_corpus_is_kept_and_grows(self):
        corpus = os.path.join(self.folder, "corpus")
        self.check(0, "--runs=300", "--seed=1", "--corpus=corpus", ECHO)
        first = set(os.listdir(corpus))
        self.assertGreater(len(first), 5)
        self.check(0, "--runs=900", "--seed=2", "--corpus=corpus", ECHO)
        self.assertTrue(first < set(os.listdir(corpus)))

    def test_what_was_kept_is_tried(self):
        plugin = self.planted("produces")
        os.mkdir(os.path.join(self.folder, "corpus"))
        self.write("corpus/large", "9999999\n")
        done = self.check(1, "--runs=100", "--seed=1", "--corpus=corpus",
                          plugin)
        self.assertIn("produces without asking berth_room", done.stdout)

    def test_ctrl_c_ends_it(self):
        with subprocess.Popen([FUZZ, "--seconds=90", "--seed=1", ECHO],
                              cwd=self.folder, env=self.environment,
                              stdout=subprocess.PIPE, text=True) as process:
            self.assertIn("a black box", process.stdout.readline())
            process.send_signal(signal.SIGINT)
            rest = process.communicate(timeout=TIMEOUT_S)[0]
        self.assertEqual(process.returncode, 0)
        self.assertIn("nothing was found with", rest)
        self.assertEqual(os.listdir(self.temporary), [])

    def test_the_same_seed_tries_the_same(self):
        plugin = self.planted("greedy")
        first, _ = self.find("--output=a", plugin)
        again, _ = self.find("--output=a", plugin)
        self.assertEqual(first, again)


class Settings(Case):
    def test_they_are_the_plugins(self):
        done = self.check(78, "--runs=1", "--set=maximum=8", PRODUCER)
        self.assertIn("did you mean", done.stderr)
        self.check(0, "--runs=20", "--seed=1", "--allow=partial",
                   "--set=max=8", PRODUCER)

    def test_those_of_transcripts_are_tried(self):
        plugin = self.planted("greedy")
        path = self.write("a.transcript", "settings: {}\ninput 100\n" + HELLO)
        self.find(plugin, path)
        self.assertIn("settings: {}\ninput 100\n",
                      self.read("found-greedy.transcript"))


class Refusals(Case):
    def test_what_does_not_load(self):
        bad = self.write("bad.transcript", '> "hello\n')
        for args, message in (((ECHO, bad), "bad.transcript:1: bytes are "),
                              ((ECHO, "no.transcript"), "No such file"),
                              (("./no.so",), "no.so"),
                              ((bad,), "bad.transcript")):
            done = self.check(78, "--runs=1", *args)
            self.assertIn(message, done.stderr)
            self.assertNotIn("berth-try", done.stderr)

    def test_words_that_cannot_be_read(self):
        done = self.check(71, "--runs=1", "--dict=no.dict", ECHO)
        self.assertIn("no.dict: No such file", done.stderr)

    def test_a_command_line_that_cannot_be_meant(self):
        for args, message in (((), "which plugin?"),
                              (("--runs=many", ECHO), "not a number"),
                              (("--seconds=-1", ECHO), "not a number"),
                              (("--seed=4294967296", ECHO), "not a number"),
                              (("--allow=leaks", ECHO), "did you mean leak"),
                              (("--set=max", ECHO), "not KEY=VALUE"),
                              (("--entry=echo", ECHO), "goes with"),
                              (("--slow=fast", ECHO), "--slow fast"),
                              (("--jobs", ECHO), "unknown"),
                              (("--runs",), "needs a value")):
            done = self.check(64, *args)
            self.assertIn(message, done.stderr)
            self.assertIn("try 'berth-fuzz --help'", done.stderr)

    def test_help_and_version(self):
        self.assertIn("Usage: berth-fuzz", self.check(0, "--help").stdout)
        self.assertRegex(self.check(0, "--version").stdout,
                         r"^berth-fuzz \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
