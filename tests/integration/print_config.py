# SPDX-License-Identifier: MIT
"""--print-config and --print-default-config: what they print is read as what it
says."""

import os
import re
import unittest

import yaml_subset
from harness import Server, connect, recv_exactly
from settings import CONFIG, FULL, Program, read


def uncomment(text):
    """A sample configuration with every key set. A line of it begins with '#'
    and a key, or so many blanks as the key has; a comment with one blank."""
    return re.sub(r"^#(?=( {2,})?[a-z- ]*[a-z_]+:)(?! [a-z])", "", text,
                  flags=re.MULTILINE)


class PrintConfig(Program):
    def values(self, text):
        """What is printed of the file, without comments."""
        path = self.write(text)
        printed = self.print("--print-config", "-c", path, cwd="/")
        self.check_valid(yaml_subset.load(
            printed.replace("# password: given, and secret", "")))
        return printed, yaml_subset.load(printed)

    def test_what_is_printed_means_the_same(self):
        for text in (FULL, read("config", "server.yaml"),
                     read("config", "examples", "limits.yaml"),
                     read("config", "examples", "addresses.yaml")):
            with self.subTest(text=text):
                printed, values = self.values(text)
                again, values_again = self.values(printed)
                self.assertEqual(values_again, values)
                self.assertNotEqual(again, printed) # other lines

    def test_what_was_given_is_in_it(self):
        def check(given, found):
            if isinstance(given, dict):
                for key, value in given.items():
                    if key not in ("password", "plugin", "listen"):
                        check(value, found[key])
            elif isinstance(given, list):
                self.assertEqual(len(given), len(found))
                for one, other in zip(given, found):
                    check(one, other)
            else:
                same = {65536: "64KiB"}.get(given, given)
                if isinstance(same, str): # no variable, as it is printed
                    same = same.replace("$", "$$")
                self.assertEqual(found, same)

        _, values = self.values(FULL)
        check(yaml_subset.load(FULL), values)

    def test_every_value_has_its_place(self):
        printed, _ = self.values(FULL)
        path = re.escape(os.path.join(self.folder, "server.yaml"))
        lines = FULL.splitlines()
        for line in printed.splitlines()[2:]:
            if re.match(r" *# ", line) or re.match(r" *- \{\}$", line):
                continue
            match = re.search(rf" # (default|command line|{path}:(\d+))$", line)
            self.assertTrue(match, line)
            key = re.match(r"[ -]*\"?([^:\"]+)", line).group(1)
            if match.group(2) and ":" in line[:match.start()]:
                source = lines[int(match.group(2)) - 1]
                self.assertTrue(key in source or key == "address", line)

    def test_secrets_are_not_printed(self):
        printed, _ = self.values(FULL)
        self.assertNotIn("sesame", printed)
        self.assertIn("# password: given, and secret\n", printed)

    def test_variables_are_what_they_hold(self):
        _, values = self.values(read("config", "examples", "variables.yaml"))
        self.assertEqual(values["protocols"][0]["listen"][0]["address"],
                         "127.0.0.1:8080")

    def test_the_command_line_is_printed_as_a_file(self):
        printed = self.print("--print-config", "echo", "echo=127.0.0.1:0")
        entries = yaml_subset.load(printed)["protocols"]
        self.assertEqual([entry["name"] for entry in entries],
                         ["echo", "echo-2"])
        self.assertEqual([entry["listen"][0]["address"] for entry in entries],
                         ["127.0.0.1:8080", "127.0.0.1:0"])
        self.assertTrue(self.is_taken(printed))

    def test_a_bad_file_is_refused_as_ever(self):
        path = self.write("triger: edge\n")
        done = self.call("--print-config", "-c", path)
        checked = self.call("-t", "-c", path)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (CONFIG, "", checked.stderr))


class PrintDefaultConfig(Program):
    def test_it_is_served_as_it_is(self):
        printed = self.print("--print-default-config")
        document = yaml_subset.load(printed)
        self.check_valid(document)
        self.assertTrue(self.is_taken(printed))
        self.assertEqual(document, {"protocols": [
            {"plugin": "echo.so", "listen": {"address": "127.0.0.1:8080"}}]})
        with Server(printed.replace(":8080", ":0")) as server, \
                connect(server.address) as sock:
            sock.sendall(b"hello\n")
            self.assertEqual(recv_exactly(sock, 6), b"hello\n")

    def test_with_every_key_taken_in_it_is_still_right(self):
        text = uncomment(self.print("--print-default-config"))
        # What has no default has nothing behind it; a group has deeper lines.
        text = re.sub(r"^( *)[a-z_]+:\n(?!(\1 +#.*\n)*\1 +[^ #])", "", text,
                      flags=re.MULTILINE)
        document = yaml_subset.load(text)
        self.check_valid(document, text)
        self.assertTrue(self.is_taken(text), text)
        self.assertEqual([entry["plugin"] for entry in document["protocols"]],
                         ["echo.so", "nested.so"])
        self.assertEqual(document["limits"]["idle"], "5m")
        settings = document["protocols"][1]["settings"]
        self.assertEqual(settings["greeting"], 'it costs $$5: "hello"')
        self.assertEqual(settings["routes"][0]["retry"],
                         {"times": 3, "wait": "1s"})

if __name__ == "__main__":
    unittest.main()
