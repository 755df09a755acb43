# SPDX-License-Identifier: MIT
"""Makes each call of a scenario fail in turn, and judges what came of it.

It runs once without a fault, to count the calls, then once for each of them.
What must hold whatever fails is in judge().
"""

import collections
import concurrent.futures
import shutil
import signal
import sys
import tempfile
import threading
import time

from scenario import Failure

STATUSES = (0, 1, 64, 71, 78)  # the documented ones
AT_ONCE = 8  # runs: they wait more than they compute
TRIES = 3  # of a fault that is not reached: runs differ in their calls

# Which occurrences of a call fail, in one scenario.
ALL_ERRORS = 10  # up to this one with every error, then each with the next one
EVERY = 200  # up to this one each
STRIDE = 10  # beyond, one of so many
RULE = (f"The first {ALL_ERRORS} of a call fail with every error, each of the "
        f"first {EVERY} with one in turn, then one in {STRIDE}.")

# What the man pages say that may happen to a server that is right. After '-':
# what nobody may notice.
ERRORS = {
    "memory": "ENOMEM",
    "mmap": "ENOMEM EAGAIN",
    "accept4": "- EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EINTR EAGAIN "
               "EPROTO ENETDOWN",
    "bind": "EADDRINUSE EACCES EADDRNOTAVAIL ENOMEM EROFS",
    "close": "- EINTR EIO",
    "connect": "ECONNREFUSED EACCES EAGAIN EINTR",
    "dlopen": "ENOMEM",
    "epoll_create1": "EMFILE ENFILE ENOMEM",
    "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "- EINTR",
    "eventfd": "EMFILE ENFILE ENODEV ENOMEM",
    "faccessat": "EACCES EROFS EIO ENOMEM",
    "fcntl": "EMFILE EINTR EAGAIN",
    "fork": "EAGAIN ENOMEM",
    "fstat": "EIO ENOMEM EOVERFLOW",
    "ftruncate": "- EFBIG EIO",
    "getpeername": "ENOBUFS ENOTCONN",
    "getrandom": "ENOSYS - EINTR",
    "getsockname": "ENOBUFS",
    "getsockopt": "ENOBUFS",
    "glob": "ENOMEM EIO",
    "ioctl": "ENOTTY",
    "listen": "EADDRINUSE",
    "lstat": "EACCES ENOENT ENOMEM EIO",
    "memfd_create": "EMFILE ENFILE ENOMEM",
    "open": "EMFILE ENFILE EACCES ENOENT ENOMEM EIO EINTR",
    "openat": "EMFILE ENFILE EACCES ENOENT ENOMEM EIO EINTR",
    "opendir": "EACCES EMFILE ENFILE ENOMEM",
    "pipe2": "EMFILE ENFILE",
    "pread": "EIO ESTALE - EINTR short:1 short:half",
    "pthread_create": "EAGAIN",
    "pwrite": "- EDQUOT EFBIG EINTR EIO ENOSPC short:1 short:half",
    "read": "EIO - EINTR short:1 short:half",
    "readdir": "EIO",
    "readlink": "EACCES ENOENT EIO ENOMEM",
    "realpath": "EACCES ENOENT EIO ENOMEM",
    "recvmsg": "ECONNRESET ENOMEM - EINTR",
    "recv": "ECONNRESET ETIMEDOUT ENOMEM - EINTR EAGAIN short:1 short:half",
    "renameat2": "- EACCES EEXIST EINVAL EIO ENOENT ENOSPC",
    "send": "ECONNRESET EPIPE ENOBUFS ENOMEM - EINTR EAGAIN short:1 "
            "short:half",
    "sendfile": "EIO ENOMEM EPIPE ECONNRESET - EINTR EAGAIN short:1 "
                "short:half",
    "sendmsg": "ECONNRESET EPIPE ENOBUFS ENOMEM - EINTR EAGAIN short:1 "
               "short:half",
    "setsockopt": "ENOMEM ENOBUFS",
    "shutdown": "ENOTCONN",
    "signalfd": "EMFILE ENFILE ENODEV ENOMEM",
    "socket": "EMFILE ENFILE ENOBUFS ENOMEM EAFNOSUPPORT EACCES",
    "socketpair": "EMFILE ENFILE ENOMEM",
    "stat": "EACCES ENOENT ENOMEM EIO",
    "syscall": "EMFILE ENFILE EACCES ENOENT ENOMEM EIO ENOSYS EPERM - EINTR "
               "EAGAIN",  # openat2
    "timerfd_create": "EMFILE ENFILE ENODEV ENOMEM",
    "timerfd_settime": "ECANCELED",
    "unlink": "EACCES EBUSY EIO ENOENT EROFS",
    "write": "- EINTR EIO ENOSPC short:1 short:half",
    "writev": "ECONNRESET EPIPE ENOBUFS ENOMEM - EINTR EAGAIN short:1 "
              "short:half",
}
# The kernel takes or gives less than it could only where an edge follows.
NOT_AT_EDGE = {call: "EAGAIN short:1 short:half" for call in (
    "recv", "send", "sendfile", "sendmsg", "writev")}
ALLOCATIONS = ("malloc", "calloc", "realloc", "reallocarray", "aligned_alloc",
               "posix_memalign")
NEVER = ("munmap",)


class Fault(collections.namedtuple("Fault", "call number error lasting quiet")):
    """One that is injected. lasting: from that number on. quiet: nobody may
    notice."""

    def __str__(self):
        plus = "+" if self.lasting else ""
        return f"{self.call}:{self.number}{plus}:{self.error}"


def errors_of(call):
    """[(error, quiet)]"""
    loud, _, quiet = ERRORS[call].partition("-")
    return ([(error, False) for error in loud.split()] +
            [(error, True) for error in quiet.split()])


def choose_faults(scenario, report):
    """Which faults to inject. report: of a run without one."""
    faults = []
    for call, count in sorted(report.calls.items()):
        if call in ALLOCATIONS or call in NEVER:
            continue
        skip = scenario.skip.get(call, "").split()
        loud = scenario.loud.get(call, "").split()
        errors = [(error, quiet and error not in loud)
                  for error, quiet in errors_of(call) if error not in skip]
        first = scenario.first.get(call, 1)
        before = report.started.get(call, 0) if scenario.skips_start else 0
        for number in range(max(first, before + 1), count + 1):
            if not errors or number > EVERY and number % STRIDE != 0:
                continue
            chosen = errors if number - before <= ALL_ERRORS else \
                [errors[number % len(errors)]]
            for error, quiet in chosen:
                faults.append(Fault(call, number, error, False, quiet))
                if call == "memory":
                    faults.append(Fault(call, number, error, True, False))
                elif number == before + 1 and error.startswith("short"):
                    faults.append(Fault(call, number, error, True, quiet))
    return faults


def judge(scenario, run, fault):
    """Raises Failure if the run is not as it must be, whatever failed."""
    if run.status < 0:
        raise Failure(f"crash: {signal.Signals(-run.status).name}")
    if run.status not in STATUSES:
        raise Failure(f"exit status {run.status}")
    if run.status != 0 and not run.stderr.strip():
        raise Failure(f"exit status {run.status} without a word")
    if run.report.left:
        raise Failure("not given back: " + ", ".join(run.report.left))
    if scenario.status != 0 and run.status == 0:
        raise Failure("exit status 0")
    if run.is_ready and run.status != 0:
        raise Failure(f"exit status {run.status}, after it was ready")
    if run.status == 0 and not scenario.is_listing and \
            scenario.stdout not in (None, run.stdout):
        raise Failure(f"exit status 0, and stdout is {run.stdout!r}")
    hits = run.hits()
    if fault is None or fault.quiet:
        if run.status != scenario.status:
            raise Failure(f"exit status {run.status}")
        if hits:
            raise Failure(f"noticed: {hits}")
    elif len(hits) > 1 and not fault.lasting and run.status == 0:
        raise Failure(f"noticed by more than one: {hits}")


# ------------------------------------------------------------------- all runs

class Outcome:
    """What a scenario came to."""

    def __init__(self, scenario, baseline):
        self.scenario = scenario
        self.report = baseline.report
        self.injected = collections.Counter()
        self.missed = 0
        self.failures = []

    def count(self, fault, injected):
        """injected: how often each call failed in a run."""
        if not injected:
            self.missed += 1
        elif fault.lasting:
            self.injected[fault.call] += 1
        else:
            self.injected.update(injected)


def run_one(scenario, scratch, fault):
    folder = tempfile.mkdtemp(dir=scratch)
    run = None
    try:
        run = scenario.run(folder, fault)
        judge(scenario, run, fault)
        return run
    except Failure as failure:
        if run is not None:
            raise Failure(f"{failure}\n{run.stderr}") from None
        raise
    finally:
        shutil.rmtree(folder)


def run_scenario(scenario):
    """Without a fault, then with each."""
    with tempfile.TemporaryDirectory(prefix="faults-") as scratch:
        try:
            baseline = run_one(scenario, scratch, None)
        except Failure as failure:
            raise Failure(f"{scenario.name}, without a fault: {failure}"
                          ) from None
        scenario.stdout = baseline.stdout
        outcome = Outcome(scenario, baseline)
        lock = threading.Lock()

        def attempt(fault):
            try:
                for _ in range(TRIES):
                    run = run_one(scenario, scratch, fault)
                    if run.report.injected:
                        break
                with lock:
                    outcome.count(fault, run.report.injected)
            except Failure as failure:
                with lock:
                    outcome.failures.append((fault, str(failure)))

        faults = choose_faults(scenario, outcome.report)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(attempt, faults))
    return outcome


def print_table(outcomes):
    """Faults injected, by call and scenario: injected / calls without one."""
    calls = sorted({call for outcome in outcomes for call in outcome.injected})
    print("Faults injected / calls in a run without one\n"
          f"{RULE}\nmemory: an allocation and all after it\n")
    print(f"{'':16}" + "".join(f"{outcome.scenario.name:>14}"
                                for outcome in outcomes))
    for call in calls:
        cells = []
        for outcome in outcomes:
            count = outcome.report.calls.get(call, 0)
            cells.append(f"{outcome.injected[call]} / {count}"
                         if count or outcome.injected[call] else "-")
        print(f"{call:16}" + "".join(f"{cell:>14}" for cell in cells))
    print(f"{'all':16}" + "".join(f"{sum(outcome.injected.values()):>14}"
                                  for outcome in outcomes))
    print(f"{'not reached':16}" + "".join(f"{outcome.missed:>14}"
                                          for outcome in outcomes))


def main(scenarios):
    """Runs them, prints the table and what went wrong; the exit status."""
    start = time.monotonic()
    outcomes = [run_scenario(scenario) for scenario in scenarios]
    status = 0
    print_table(outcomes)
    print(f"\n{time.monotonic() - start:.1f} s")
    for outcome in outcomes:
        injected = sum(outcome.injected.values())
        if injected == 0 or outcome.missed > injected / 10:
            print(f"{outcome.scenario.name}: too few faults were reached")
            status = 1
        for fault, failure in outcome.failures:
            print(f"\n{outcome.scenario.name}: BERTH_FAULT={fault}: {failure}")
            status = 1
    return status


def run_all(scenarios):
    try:
        sys.exit(main(scenarios))
    except Failure as failure:
        sys.exit(str(failure))
