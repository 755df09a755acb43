# SPDX-License-Identifier: MIT
"""What the command line and `berth -t` answer: to every bad file a clear error
with its place, fast and without a crash; to a good one a single line."""

import glob
import os
import re
import resource
import socket
import subprocess
import tempfile
import unittest

from harness import BERTH, SOURCE, TIMEOUT_S, Server, connect, run
from traffic import COMPILER, build_plugin, echo_yaml, round_trip

OK, OTHER, USAGE, SYSTEM, CONFIG = 0, 1, 64, 71, 78
SECONDS = 1  # of processor time, however many tests run beside this one
MANY = 50  # addresses

ENTRY = "protocols:\n  - plugin: echo\n    listen: 127.0.0.1:0\n"

# What is wrong: the text, the place of the first error, words of the message
# or the hint.
BAD_FILES = {
    "a mistyped key at the top":
        ("triger: edge\n" + ENTRY, "1:1", "triger", "mean 'trigger'"),
    "in the limits of the top":
        ("limits: {stal: 3s}\n" + ENTRY, "1:10", "stal", "mean 'stall'"),
    "in log":
        ("log:\n  levle: info\n" + ENTRY, "2:3", "levle", "mean 'level'"),
    "in an entry":
        (ENTRY + "    listn: 1\n", "4:5", "listn", "mean 'listen'"),
    "in the limits of an entry":
        (ENTRY + "    limits:\n      idel: 3s\n", "5:7", "idel",
         "mean 'idle'"),
    "in a listener":
        ("protocols:\n  - plugin: echo\n    listen:\n"
         "      - {address: 127.0.0.1:0, mod: \"0600\"}\n", "4:32", "mod",
         "mean 'mode'"),
    "settings of a plugin that takes none":
        (ENTRY + "    settings: {a: b}\n", "4:15", "no settings"),
    "a mistyped value":
        ("trigger: egde\n" + ENTRY, "1:10", "level", "mean edge"),
    "a mistyped plugin":
        ("protocols:\n  - plugin: ehco\n    listen: 127.0.0.1:0\n", "2:13",
         "ehco", "mean 'echo"),
    "a user that is none":
        ("user: no-such-user\n" + ENTRY, "1:7", "names no user"),
    "a group that is none":
        ("user: root\ngroup: no-such-group\n" + ENTRY, "2:8",
         "names no group"),
    "a number without a group":
        ("user: 54321\n" + ENTRY, "1:7", "group is not known"),
    "a missing unit":
        (ENTRY + "    limits: {idle: 30}\n", "4:20", "needs a unit", "30s"),
    "64K":
        (ENTRY + "    limits: {input: 64K}\n", "4:21", "64KiB", "64kB"),
    "no number":
        (ENTRY + "    limits: {connections: many}\n", "4:27", "connections"),
    "out of range":
        (ENTRY + "    limits: {connections: 0}\n", "4:27", "connections"),
    "yes for true, where neither belongs":
        ("trigger: yes\n" + ENTRY, "1:10", "level"),
    "a tab":
        ("protocols:\n\t- plugin: echo\n", "2:1", "tab", "blanks"),
    "an IPv6 address without quotes":
        ("protocols:\n  - plugin: echo\n    listen: [::1]:8080\n", "3:13",
         "quoted", '"[::1]:8080"'),
    "a star without quotes":
        ("protocols:\n  - plugin: echo\n    listen: *:8080\n", "3:13",
         '"*:8080"'),
    "a port that is none":
        ("protocols:\n  - plugin: echo\n    listen: 127.0.0.1:65536\n", "3:13",
         "65535"),
    "a name for an address":
        ("protocols:\n  - plugin: echo\n    listen: localhost:80\n", "3:13",
         "localhost"),
    "a key twice":
        (ENTRY + "    plugin: echo\n", "4:5", "plugin", "line 2"),
    "a key twice at the top":
        ("trigger: edge\n" + ENTRY + "trigger: edge\n", "5:1", "trigger",
         "line 1"),
    "a cyclic alias in a list":
        ("protocols: &a\n  - *a\n", "2:5", "alias"),
    "a cyclic alias in a mapping":
        ("protocols:\n  - plugin: echo\n    limits: &x {idle: *x}\n", "3:23",
         "alias"),
    "an unknown alias":
        ("protocols: *nobody\n", "1:12", "nobody"),
    "50,000 nested brackets":
        ("protocols: " + "[" * 50_000, "1:43", "levels"),
    "50,000 nested brackets that are closed":
        ("protocols: " + "[" * 50_000 + "]" * 50_000, "1:43", "levels"),
    "200,000 braces":
        ("{" * 200_000, "1:2", "key"),
    "50,000 nested items":
        ("- " * 50_000, "1:65", "levels"),
    "50,000 nested keys":
        ("? " * 50_000, "1:3", "key"),
    "aliases that multiply":
        ("a: &a [" + "x," * 9 + "]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [{('*' + chr(97 + i) + ',') * 9}]\n"
            for i in range(9)), None, "100,000"),
    "an alias for each line":
        ("&a0 k0: 1\n" + "".join(f"&a{i} k{i}: *a{i - 1}\n"
                                 for i in range(1, 30_000)), None, "anchors"),
    "80,000 keys":
        ("".join(f"k{i}: 1\n" for i in range(80_000)), None, "100,000"),
    "200,000 documents":
        ("---\n" * 200_000, "2:1", "document"),
    "60,000 directives":
        ("%TAG !a! b\n" * 60_000, "1:1", "tags"),
    "a long tag":
        ("!" * 900_000, "1:1", "tags"),
    "an anchor of 900,000 letters":
        ("&" + "a" * 900_000 + " b", None, "mapping"),
    "a quote that is not closed":
        ('trigger: "' + "\\x41" * 200_000, "1:10", "quote"),
    "an empty file":
        ("", "", "nothing"),
    "nothing but comments":
        ("# protocols:\n", "", "nothing"),
    "a scalar":
        ("echo\n", "1:1", "mapping", "text"),
    "a list":
        ("- plugin: echo\n", "1:1", "mapping", "list"),
    "no protocols":
        ("trigger: edge\n", None, "'protocols'"),
    "protocols without a value":
        ("protocols:\n", None, "'protocols'"),
    "an entry without a plugin":
        ("protocols:\n  - listen: 127.0.0.1:0\n", "2:5", "plugin"),
    "an entry that is no mapping":
        ("protocols:\n  - echo\n", "2:5", "mapping"),
    "two entries of one name":
        (ENTRY + "  - plugin: echo\n    listen: 127.0.0.1:0\n", "4:5", "echo"),
    "more than 1 MiB":
        ("# " + "x" * (1 << 20), "", "1MiB"),
    "no UTF-8":
        (b"protocols: \xff\n", "1:12", "UTF-8"),
    "a NUL":
        (b"trigger: ed\0ge\n" + ENTRY.encode(), None, "error"),
    "a program":
        (b"\x7fELF\x02\x01\x01\0\0\0\0\0" + bytes(range(256)) * 20, None,
         "error"),
    "the same address twice":
        ("protocols:\n  - plugin: echo\n    listen: [\"127.0.0.1:8080\", "
         "\"127.0.0.1:8080\"]\n", "3:32", "127.0.0.1:8080"),
    "a star and an address":
        ("protocols:\n  - plugin: echo\n    listen: [\"*:8080\", "
         "\"127.0.0.1:8080\"]\n", "3:24", "*:8080", "127.0.0.1:8080",
         "overlap"),
    "any IPv4 address and one of them":
        ("protocols:\n  - plugin: echo\n    listen: [\"0.0.0.0:8080\", "
         "\"127.0.0.1:8080\"]\n", "3:30", "overlap"),
    "a star and any IPv6 address, in two entries":
        ("protocols:\n  - plugin: echo\n    listen: \"*:8080\"\n"
         "  - plugin: echo\n    name: second\n    listen: \"[::]:8080\"\n",
         "6:13", "overlap"),
    "a unix socket twice":
        ("protocols:\n  - plugin: echo\n    listen: [unix:a, unix:./b, "
         "unix:a]\n", "3:32", "unix:a"),
    "a variable that is not set":
        ("trigger: ${BERTH_NO_SUCH_VARIABLE}\n" + ENTRY, "1:10",
         "BERTH_NO_SUCH_VARIABLE"),
}

GOOD_FILES = {
    "the ends of lines of another system": ENTRY.replace("\n", "\r\n"),
    "a byte order mark": "\ufeff" + ENTRY,
    "no newline at the end": ENTRY.rstrip("\n"),
    "JSON": '{"protocols": [{"plugin": "echo", "listen": "127.0.0.1:0"}]}',
    "an anchor and its alias":
        "limits: &all {idle: 1m}\n" + ENTRY + "    limits: *all\n",
    "both families, each on its own":
        "protocols:\n  - plugin: echo\n    listen: [\"0.0.0.0:80\", "
        "\"[::]:80\"]\n",
    "port 0 twice":
        "protocols:\n  - plugin: echo\n    listen: [127.0.0.1:0, "
        "127.0.0.1:0]\n",
}

BAD_COMMANDS = {
    ("--chekc",): "did you mean '--check'?",
    ("--verison",): "did you mean '--version'?",
    ("--confg=server.yaml",): "did you mean '--config'?",
    ("-config", "server.yaml"): "did you mean '--config'?",
    ("-check",): "did you mean '--check'?",
    ("-x",): "unknown option '-x'",
    ("--nothing-like-it",): "unknown option '--nothing-like-it'",
    ("--config",): "needs a value",
    ("-c",): "needs a value",
    ("--version=3",): "takes no value",
    ("--check", "--list"): "do not go together",
    ("-c", "a", "-c", "b"): "twice",
    ("-c", "a", "echo"): "not both",
    ("--list", "echo"): "takes no plugins",
}

# Plugins that are refused, as C.
BAD_PLUGINS = {
    "no plugin of Berth":
        ("int nothing;", "berth_protocol_1", "BERTH_PROTOCOL"),
    "of a newer contract":
        ("__attribute__((visibility(\"default\"))) const unsigned "
         "berth_protocol_2[64] = {256, 2};", "version 2", "speaks 1"),
    "with another version in it":
        ("#include <berth/protocol.h>\n__attribute__((visibility(\"default\")))"
         " const berth_protocol berth_protocol_1 = {.size = "
         "sizeof(berth_protocol), .abi = 2, .name = \"x\"};", "version 2"),
    "that uses more callbacks":
        ("#include <berth/protocol.h>\nstruct newer { berth_protocol known; "
         "void (*more)(void); };\nstatic ssize_t on_data(berth_conn *c, char "
         "*d, size_t n) { (void)c; (void)d; return (ssize_t)n; }\n"
         "static void more(void) {}\n__attribute__((visibility(\"default\"))) "
         "const struct newer berth_protocol_1 = {{.size = sizeof(struct "
         "newer), .abi = BERTH_ABI, .option_size = sizeof(berth_option), "
         ".counter_size = sizeof(berth_counter), .name = \"x\", .on_data = "
         "on_data}, more};", "newer"),
    "with an option outside its struct":
        ("#include <berth/protocol.h>\nstruct settings { int32_t a; };\n"
         "static const berth_option options[] = {{.name = \"a\", .type = "
         "BERTH_INT, .offset = 4, .width = 4, .help = \"a\"}, "
         "BERTH_OPTIONS_END};\nstatic ssize_t on_data(berth_conn *c, char *d, "
         "size_t n) { (void)c; (void)d; return (ssize_t)n; }\n"
         "BERTH_PROTOCOL(.name = \"x\", .settings_size = sizeof(struct "
         "settings), .options = options, .on_data = on_data);", "option 'a'"),
    "without on_data":
        ("#include <berth/protocol.h>\nBERTH_PROTOCOL(.name = \"x\");",
         "on_data"),
    "whose init refuses":
        ("#include <berth/protocol.h>\nstatic int init(berth_entry *e, "
         "berth_error *r) { (void)e; return berth_refuse(r, NULL, -EINVAL, "
         "\"not on a %s\", \"Friday\"); }\nstatic ssize_t on_data(berth_conn "
         "*c, char *d, size_t n) { (void)c; (void)d; return (ssize_t)n; }\n"
         "BERTH_PROTOCOL(.name = \"x\", .init = init, .on_data = on_data);",
         "not on a Friday"),
}

OPTIONS_C = """
#include <berth/protocol.h>

struct settings {
    const char *root;
    struct { uint32_t wait_ms; } slow;
    berth_list routes;
};
struct route { const char *path; uint32_t size; };

static const berth_option slow[] = {
    {.name = "wait", .type = BERTH_DURATION, .offset = 0, .width = 4,
     .fallback = "1s", .help = "how long"},
    BERTH_OPTIONS_END};
static const berth_option routes[] = {
    {.name = "path", .type = BERTH_STRING, .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path), .help = "which"},
    {.name = "size", .type = BERTH_SIZE, BERTH_FIELD(struct route, size),
     .min = 1, .max = 100, .fallback = "1", .help = "how large"},
    BERTH_OPTIONS_END};
static const berth_option options[] = {
    {.name = "root", .type = BERTH_PATH, BERTH_FIELD(struct settings, root),
     .help = "where"},
    {.name = "slow", .type = BERTH_GROUP, BERTH_FIELD(struct settings, slow),
     .items = slow, .help = "when"},
    {.name = "routes", .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct settings, routes), .items = routes,
     .item_size = sizeof(struct route), .help = "what"},
    BERTH_OPTIONS_END};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size;
}

BERTH_PROTOCOL(.name = "options", .settings_size = sizeof(struct settings),
               .options = options, .on_data = on_data);
"""

# The same as BAD_FILES, of the plugin above.
BAD_SETTINGS = {
    "a mistyped key": ("{rot: .}", "4:16", "rot", "mean 'root'"),
    "in a group": ("{slow: {wiat: 1s}}", "4:23", "wiat", "mean 'wait'"),
    "a missing unit in a group":
        ("{slow: {wait: 1}}", "4:29", "unit", "1s"),
    "in a list": ("{routes: [{path: a, sice: 1}]}", "4:35", "sice",
                  "mean 'size'"),
    "out of range": ("{routes: [{path: a, size: 101}]}", "4:41", "100"),
    "what is required": ("{routes: [{size: 1}]}", "4:25", "path"),
    "no mapping": ("none", "4:15", "mapping"),
}


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Checks(unittest.TestCase):
    def check_bad(self, text, place, *words, files=None):
        before = processor_seconds()
        done = run("-t", "-c", "server.yaml",
                   files={**(files or {}), "server.yaml": text})
        spent = processor_seconds() - before
        story = done.stderr[:2000]
        self.assertEqual(done.returncode, CONFIG, story)
        self.assertEqual(done.stdout, "", story)
        self.assertLess(spent, SECONDS, story)
        for word in words:
            self.assertIn(word, story)
        if place == "":
            self.assertRegex(story, r"\Aserver\.yaml: error: ")
        else:
            self.check_place(story, place)

    def check_place(self, story, place):
        lines = story.split("\n")
        match = re.match(r"server\.yaml:(\d+:\d+): error: .", lines[0])
        self.assertTrue(match, story)
        if place is not None:
            self.assertEqual(match.group(1), place, story)
        number = match.group(1).split(":")[0]
        self.assertRegex(lines[1], rf"^ *{number} \| ")
        self.assertRegex(lines[2], r"^ *\| .*\^~*$")

    def check_good(self, text):
        done = run("-t", "-c", "server.yaml", config=text)
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertRegex(
            done.stdout,
            r"\Aserver\.yaml: ok \(1 protocol, \d listeners?\)\n\Z")


class Files(Checks):
    def test_every_bad_file_is_refused_with_the_place(self):
        for what, (text, place, *words) in BAD_FILES.items():
            with self.subTest(what):
                self.check_bad(text, place, *words)

    def test_what_is_unusual_but_right_is_taken(self):
        for what, text in GOOD_FILES.items():
            with self.subTest(what):
                self.check_good(text)

    def test_all_errors_are_told_in_one_run_in_the_order_of_the_file(self):
        done = run("-t", "-c", "server.yaml", config=(
            "trigger: egde\nlimits: {idle: 30, input: 64K}\nprotocols:\n"
            "  - plugin: ehco\n    listen: 127.0.0.1:99999\n    nmae: x\n"))
        self.assertEqual(done.returncode, CONFIG)
        places = re.findall(r"^server\.yaml:(\S+): error:", done.stderr,
                            re.MULTILINE)
        self.assertEqual(places, ["1:10", "2:16", "2:27", "4:13", "5:13",
                                  "6:5"])

    def test_serving_refuses_the_same_with_the_same_words(self):
        text = ENTRY + "    limits: {idle: 30}\n"
        checked = run("-t", "-c", "server.yaml", config=text)
        served = run("-c", "server.yaml", config=text)
        self.assertEqual((served.returncode, served.stderr),
                         (CONFIG, checked.stderr))

    def test_a_file_that_cannot_be_read(self):
        for name in ("missing.yaml", "."):
            with self.subTest(name):
                done = run("-t", "-c", name)
                self.assertEqual((done.returncode, done.stdout), (CONFIG, ""))
                self.assertTrue(done.stderr.startswith(name + ": error: "),
                                done.stderr)

    def test_a_check_leaves_nothing_behind_and_binds_nothing(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.create_server(("127.0.0.1", 0)) as busy:
            port = busy.getsockname()[1]
            text = echo_yaml([f"127.0.0.1:{port}", "unix:echo.sock"],
                             log="{file: berth.log}")
            with open(os.path.join(folder, "server.yaml"), "w") as file:
                file.write(text)
            done = subprocess.run(
                [BERTH, "-t"], cwd=folder, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, timeout=TIMEOUT_S,
                check=False)
            self.assertEqual((done.returncode, done.stderr), (OK, ""))
            self.assertIn("ok (1 protocol, 2 listeners)", done.stdout)
            self.assertEqual(os.listdir(folder), ["server.yaml"])

    def test_the_shipped_files_are_good(self):
        folder = os.path.join(SOURCE, "config")
        paths = [os.path.join(folder, "server.yaml"),
                 *sorted(glob.glob(os.path.join(folder, "examples", "*.yaml")))]
        self.assertGreater(len(paths), 1)
        for path in paths:
            with self.subTest(path), open(path) as file:
                name = os.path.basename(path)
                done = run("-t", "-c", name, files={name: file.read()})
                self.assertEqual((done.returncode, done.stderr), (OK, ""))
                self.assertRegex(
                    done.stdout, rf"\A{re.escape(name)}: ok \(\d+ protocols?, "
                    r"\d+ listeners?\)\n\Z")


@unittest.skipUnless(COMPILER, "needs a C compiler")
class Plugins(Checks):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="berth-")
        cls.addClassCleanup(cls.scratch.cleanup)

    def build(self, source):
        path = os.path.join(self.scratch.name, "plugin.so")
        # Another file each time: the old one may still be mapped somewhere.
        if os.path.exists(path):
            os.unlink(path)
        build_plugin(path, source)
        return path

    def entry(self, plugin):
        return (f"protocols:\n  - plugin: {plugin}\n    listen: 127.0.0.1:0\n")

    def test_a_plugin_that_is_missing(self):
        self.check_bad(self.entry("./nowhere.so"), "2:13", "nowhere.so",
                       "no such file")

    def test_a_file_that_is_no_shared_object(self):
        self.check_bad(self.entry("./text.so"), "2:13", "text.so",
                       "shared object", files={"text.so": "text\n" * 100})
        self.check_bad(self.entry("./empty.so"), "2:13", "empty.so",
                       files={"empty.so": ""})
        self.check_bad(self.entry("./cut.so"), "2:13", "cut.so",
                       files={"cut.so": self.read_start_of_echo()})
        self.check_bad(self.entry("/"), "2:13", "/")
        self.check_bad(self.entry("/dev/zero"), "2:13", "/dev/zero")

    def read_start_of_echo(self):
        """As of a file that is being copied."""
        with open(self.build(OPTIONS_C), "rb") as file:
            return file.read(2000)

    def test_every_bad_plugin_is_refused_with_the_reason(self):
        for what, (source, *words) in BAD_PLUGINS.items():
            with self.subTest(what):
                path = self.build(source)
                place = "2:5" if "init" in what else "2:13"
                self.check_bad(self.entry(path), place, *words)

    def test_bad_settings_are_refused_with_the_place(self):
        entry = self.entry(self.build(OPTIONS_C))
        for what, (settings, place, *words) in BAD_SETTINGS.items():
            with self.subTest(what):
                self.check_bad(entry + f"    settings: {settings}\n", place,
                               *words)

    def test_good_settings_are_taken(self):
        self.check_good(self.entry(self.build(OPTIONS_C)) + (
            "    settings: {root: ., slow: {wait: 1m30s}, routes: [{path: a, "
            "size: 100}]}\n"))


class Addresses(unittest.TestCase):
    def check_refused(self, address, *more):
        done = run("-c", "server.yaml", config=echo_yaml([address, *more]))
        self.assertEqual(done.returncode, SYSTEM, done.stderr)
        for each in (address, *more):
            self.assertRegex(done.stderr,
                             r"level=error.*\b(bind|listen).*"
                             + re.escape(each))
        self.assertNotIn('msg="ready', done.stderr)
        return done.stderr

    def test_a_second_server_is_told_which_address_is_taken(self):
        with Server() as server:
            story = self.check_refused(server.address)
            self.assertIn("Address already in use", story)
            with connect(server.address) as sock:
                round_trip(sock)

    def test_a_second_server_of_an_abstract_address(self):
        name = f"unix:@berth-check-{os.getpid()}"
        with Server(echo_yaml([name])):
            self.check_refused(name)

    def test_all_that_are_taken_are_told(self):
        with socket.create_server(("127.0.0.1", 0)) as one, \
                socket.create_server(("127.0.0.1", 0)) as other:
            self.check_refused(*("127.0.0.1:%d" % busy.getsockname()[1]
                                 for busy in (one, other)))

    def test_as_many_as_there_are_are_told(self):
        """More than the log takes in a second from one place in the code."""
        story = self.check_refused(*["192.0.2.1:0"] * MANY)
        self.assertEqual(story.count("cannot bind 192.0.2.1:0"), MANY)
        with Server(echo_yaml(["127.0.0.1:0"] * MANY)) as server:
            self.assertEqual(len(set(server.addresses)), MANY)
            with connect(server.addresses[-1]) as sock:
                round_trip(sock)

    def test_a_star_where_one_address_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as busy:
            self.check_refused("*:%d" % busy.getsockname()[1])

    def test_an_address_of_another_machine(self):
        story = self.check_refused("192.0.2.1:0")
        self.assertIn("Cannot assign requested address", story)

    def test_a_folder_that_is_not_there(self):
        self.check_refused("unix:/nonexistent/berth.sock")

    def test_a_log_that_cannot_be_opened(self):
        done = run("-c", "server.yaml",
                   config="log: {file: /nonexistent/berth.log}\n" + ENTRY)
        self.assertEqual(done.returncode, SYSTEM, done.stderr)
        self.assertIn("/nonexistent/berth.log", done.stderr)


class CommandLine(unittest.TestCase):
    def test_every_bad_command_is_refused_with_the_way_out(self):
        for args, words in BAD_COMMANDS.items():
            with self.subTest(args):
                done = run(*args)
                self.assertEqual((done.returncode, done.stdout), (USAGE, ""))
                self.assertIn(words, done.stderr)
                self.assertIn("berth --help", done.stderr)

    def test_help_names_every_option_and_status(self):
        for option in ("-h", "--help"):
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (OK, ""))
            for name in ("--config", "--check", "--list", "--version",
                         "--help", "64", "71", "78"):
                self.assertIn(name, done.stdout)
            for line in done.stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)

    def test_version_is_one_line(self):
        for option in ("-V", "--version"):
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (OK, ""))
            self.assertRegex(done.stdout, r"\Aberth \d+\.\d+\.\d+[^\n]*\n\Z")

    def test_list_names_the_plugins_and_what_they_do(self):
        for option in ("-l", "--list"):
            done = run(option)
            self.assertEqual((done.returncode, done.stderr), (OK, ""))
            self.assertRegex(done.stdout,
                             r"(?m)^echo\b.*sends back what it receives")

    def test_output_that_cannot_be_written_is_an_error(self):
        for option in ("-t", "--help", "--version", "--list"):
            with self.subTest(option), open("/dev/full", "w") as full:
                done = subprocess.run(
                    [BERTH, option, *(["echo=127.0.0.1:0"]
                                      if option == "-t" else [])],
                    stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT_S,
                    check=False)
                self.assertEqual(done.returncode, OTHER)

    def test_words_are_checked_like_a_file(self):
        done = run("-t", "ehco=127.0.0.1:0")
        self.assertEqual((done.returncode, done.stdout), (CONFIG, ""))
        self.assertIn("mean 'echo", done.stderr)
        done = run("-t", "echo=127.0.0.1")
        self.assertEqual((done.returncode, done.stdout), (CONFIG, ""))
        self.assertIn("port", done.stderr)
        done = run("-t", "echo=127.0.0.1:8080", "echo.so=*:8080")
        self.assertEqual((done.returncode, done.stdout), (CONFIG, ""))
        self.assertIn("overlap", done.stderr)
        done = run("-t", "echo=127.0.0.1:0", "echo.so=unix:@x")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertIn("ok (2 protocols, 2 listeners)", done.stdout)

    def test_words_are_served(self):
        with Server(args=["echo=127.0.0.1:0"]) as server:
            with connect(server.address) as sock:
                round_trip(sock)

    def test_server_yaml_of_the_folder_is_read(self):
        with Server(args=[]) as server:
            with connect(server.address) as sock:
                round_trip(sock)

    def test_the_first_line_says_what_is_served(self):
        for args, words in {("-c", "server.yaml"): r"server\.yaml",
                            (): r"\./server\.yaml",
                            ("echo=127.0.0.1:0",): "arguments"}.items():
            with self.subTest(args), Server(args=list(args)) as server:
                self.assertRegex(
                    server.log[0],
                    rf'"berth \d+\.\d+\.\d+, configuration: {words}"')
        # Also where nothing is served in the end.
        with Server() as server:
            done = run("-c", "server.yaml", config=echo_yaml([server.address]))
            self.assertIn('configuration: server.yaml"',
                          done.stderr.splitlines()[0])

    def test_with_nothing_given_there_is_echo(self):
        done = run("-t")
        self.assertEqual((done.returncode, done.stderr), (OK, ""))
        self.assertEqual(done.stdout,
                         "built-in: ok (1 protocol, 1 listener)\n")


if __name__ == "__main__":
    unittest.main()
