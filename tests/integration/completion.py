# SPDX-License-Identifier: MIT
"""What the shells complete is what --help prints, and can be read by them."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import BERTH, BUILD, PLUGINS, TIMEOUT_S

BIN = os.path.dirname(BERTH)
PROGRAMS = ("berth", "berth-load", "berth-new", "berth-try", "berthctl")
SHELLS = {"bash": "bash-completion/completions/{}",
          "zsh": "zsh/site-functions/_{}",
          "fish": "fish/vendor_completions.d/{}.fish"}


def run(*command, **options):
    """What the command prints; it must succeed, and say nothing of an error."""
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          text=True, timeout=TIMEOUT_S, check=False, **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stderr}")
    return done.stdout


def file_of(shell, program):
    return os.path.join(BUILD, "completion", SHELLS[shell].format(program))


def text_of(shell, program):
    with open(file_of(shell, program)) as file:
        return file.read()


def help_of(program):
    return run(os.path.join(BIN, program), "--help")


def options_of(program):
    """Of the help: the options, as "-c" and "--config", and those of the long
    ones that take a value."""
    rows = re.findall(r"^ +(?:(-\w), )?(--[\w-]+)(?: ([A-Z]\S*))?",
                      help_of(program), re.MULTILINE)
    found = {word for short, long, _ in rows for word in (short, long) if word}
    return found, {long for _, long, value in rows if value}


def names_below(program, title):
    part = help_of(program).partition(title)[2].partition("\n\n")[2]
    return set(re.findall(r"^  ([a-z]+)\b", part.partition("\n\n")[0],
                          re.MULTILINE))


class Files(unittest.TestCase):
    def test_the_shells_can_read_them(self):
        for shell in SHELLS:
            if shutil.which(shell):
                for program in PROGRAMS:
                    with self.subTest(shell=shell, program=program):
                        run(shell, "-n", file_of(shell, program))

    @unittest.skipUnless(shutil.which("shellcheck"), "no shellcheck")
    def test_shellcheck_finds_nothing(self):
        run("shellcheck", *[file_of("bash", name) for name in PROGRAMS])

    def test_zsh_has_every_option(self):
        for program in PROGRAMS:
            rows = re.findall(
                r"^ {4}(?:'\((-\w) --[\w-]+\)'\{-\w\+?,|')(--[\w-]+)(=?)",
                text_of("zsh", program), re.MULTILINE)
            found = {word for short, long, _ in rows
                     for word in (short, long) if word}
            takers = {long for _, long, equals in rows if equals}
            self.assertEqual((found, takers), options_of(program), program)

    def test_fish_has_every_option(self):
        for program in PROGRAMS:
            rows = re.findall(
                rf"^complete -c {program}(?: -s (\w))? -l ([\w-]+)( -[xr])?",
                text_of("fish", program), re.MULTILINE)
            found = {"-" + short for short, _, _ in rows if short} | \
                {"--" + long for _, long, _ in rows}
            takers = {"--" + long for _, long, takes in rows if takes}
            self.assertEqual((found, takers), options_of(program), program)


@unittest.skipUnless(shutil.which("bash"), "no bash")
class Bash(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="berth-completion-")
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name

    def complete(self, program, *words):
        """What bash offers for the last word, as its own completion asks."""
        script = """
            source "$1"
            shift
            name=$(complete -p "$1") || exit
            name=${name#complete -F }
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            COMP_WORDS[0]=$BERTH_BIN/$1
            "${name%% *}" "${COMP_WORDS[0]}" "${*: -1}" "${*: -2:1}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        printed = run("bash", "--norc", "-c", script, "bash",
                      file_of("bash", program), program, *words,
                      cwd=self.folder, env={**os.environ, "BERTH_BIN": BIN})
        return set(printed.split("\n")) - {""}

    def touch(self, *names):
        for name in names:
            with open(os.path.join(self.folder, name), "w"):
                pass

    def test_every_option(self):
        for program in PROGRAMS:
            options = options_of(program)[0]
            self.assertGreater(len(options), 4)
            self.assertEqual(self.complete(program, "-"), options, program)

    def test_options_that_begin_so(self):
        self.assertEqual(self.complete("berth", "--print-c"),
                         {"--print-config"})
        self.assertEqual(self.complete("berth-try", "x.so", "--be"),
                         {"--bench"})

    def test_plugins(self):
        os.mkdir(os.path.join(self.folder, "more"))
        self.touch("my.so", "my.c", "my.transcript")
        known = {name[:-3] for name in os.listdir(PLUGINS)
                 if name.endswith(".so")}
        self.assertIn("echo", known)
        self.assertEqual(self.complete("berth", ""), known | {"more", "my.so"})
        self.assertEqual(self.complete("berth", "--describe", "ec"), {"echo"})
        self.assertEqual(self.complete("berth-try", "m"),
                         {"more", "my.so", "my.transcript"})

    def test_values(self):
        self.touch("a.yaml")
        os.mkdir(os.path.join(self.folder, "there"))
        for words in (["--config", ""], ["-c", ""], ["--config", "="],
                      ["--config", "=", "a"]):
            self.assertEqual(self.complete("berth", *words) - {"there"},
                             {"a.yaml"}, words)
        self.assertEqual(self.complete("berth", "--workers", ""), set())
        self.assertEqual(self.complete("berth-new", "--into", ""), {"there"})
        self.assertEqual(self.complete("berth-try", "--allow", ""),
                         names_below("berth-try", "Rules that"))
        manners = self.complete("berth-try", "--only", "")
        self.assertEqual(manners, names_below("berth-try", "Manners, with"))
        self.assertIn("whole", manners)

    def test_commands(self):
        commands = set(re.findall(r"^  ([a-z]+)\b", help_of("berthctl"),
                                  re.MULTILINE))
        self.assertIn("status", commands)
        self.assertEqual(self.complete("berthctl", ""), commands)
        self.assertEqual(self.complete("berthctl", "--json", "re"), {"reload"})
        self.assertEqual(self.complete("berthctl", "log", ""),
                         {"error", "warning", "info", "debug"})
        self.assertEqual(self.complete("berthctl", "status", ""), set())

    def test_berth_new_takes_what_is_offered(self):
        for option in ("--with", "--lang"):
            words = self.complete("berth-new", option, "")
            self.assertGreater(len(words), 1)
            for word in words:
                run(os.path.join(BIN, "berth-new"), option, word,
                    f"{option[2:]}-" + re.sub("[^a-z]", "-", word),
                    cwd=self.folder)


@unittest.skipUnless(shutil.which("fish"), "no fish")
class Fish(unittest.TestCase):
    def test_it_completes(self):
        with tempfile.TemporaryDirectory() as folder:
            for program in PROGRAMS:
                printed = run(
                    "fish", "--no-config", "-c",
                    f"source $argv; complete -C '{program} --'",
                    file_of("fish", program), cwd=folder,
                    env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}",
                         "HOME": folder})
                self.assertEqual(
                    set(re.findall(r"^(--[\w-]+)", printed, re.MULTILINE)),
                    {word for word in options_of(program)[0]
                     if word.startswith("--")})


if __name__ == "__main__":
    unittest.main()
