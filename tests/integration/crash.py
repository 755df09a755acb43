# SPDX-License-Identifier: MIT
"""Workers that die: their own connections end, nobody else's does, the next one
is served, and what they leave behind is cleared away."""

import os
import random
import signal
import time
import unittest

from harness import connect, recv_all
from traffic import process_state, until
from witness import (Load, ask, ask_once, await_end, census, children,
                     configure, connect_to_all, kill, reload, serve,
                     witness_yaml)

# BERTH_KILLS=1000 in the environment takes a few minutes.
KILLS = int(os.environ.get("BERTH_KILLS", "60"))
CLIENTS = 200
WORKERS = 4


class Crash(unittest.TestCase):
    def setUp(self):
        self.killed = set()

    def test_only_its_own_connections_end_and_the_next_one_is_served(self):
        dice = random.Random(1)
        waits = []
        with serve(witness_yaml(workers=WORKERS)) as server:
            before = self.settled_census(server, WORKERS)
            with Load() as load:
                load.add(server.address, CLIENTS)
                load.settle()
                for _ in range(KILLS):
                    waits.append(self.lose_one(server, load, dice))
                    load.run_for(CLIENTS)
            self.assertEqual(self.settled_census(server, WORKERS, before),
                             before)
        print(f"{KILLS} kills: the next connection was answered within "
              f"{max(waits) * 1000:.1f} ms, one of a lost client within "
              f"{load.longest_s * 1000:.1f} ms")

    def lose_one(self, server, load, dice):
        """Kills a worker; returns how long a newcomer waited for an answer."""
        # Nobody may have waited yet for those that were killed before.
        victim = dice.choice([pid for pid in children(server.pid)
                              if pid not in self.killed])
        self.killed.add(victim)
        lost = [client for client in load.clients if client.pid == victim]
        load.may_end.add(victim)
        kill(victim, signal.SIGSEGV)
        since = time.monotonic()
        pid, _ = ask_once(server.address)
        wait = time.monotonic() - since
        self.assertNotEqual(pid, victim)
        load.run(lambda: len(load.ended) == len(lost), "its clients have ended")
        self.assertEqual(set(load.ended), set(lost))
        load.ended.clear()
        for client in lost:
            client.connect()
        load.settle()
        load.may_end.remove(victim)
        return wait

    def settled_census(self, server, workers, wanted=None):
        """What there is when each worker has answered, and no connection is
        left; the last look if it never is what is wanted."""
        for sock, _ in connect_to_all(server, workers):
            sock.close()
        counts = [census(server)]
        same = [0]

        def is_settled():
            before, counts[0] = counts[0], census(server)
            if wanted is not None:
                return counts[0] == wanted
            # All may have a connection that is about to go.
            is_even = len(set(counts[0][1])) == 1 and counts[0] == before
            same[0] = same[0] + 1 if is_even else 0
            return same[0] == 10

        try:
            until(is_settled, "nothing is left over", 10)
        except AssertionError as error:
            print(error)
        return counts[0]

    def test_a_reason_is_told(self):
        with serve(witness_yaml(workers=2)) as server:
            for number in (signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT):
                victim = ask_once(server.address)[0]
                kill(victim, number)
                server.wait_log(rf"process {victim}\) has died: "
                                rf"{signal.Signals(number).name}")

    def test_one_worker_alone_is_replaced(self):
        with serve(witness_yaml(["127.0.0.1:0", "unix:sock"],
                                workers=1)) as server:
            address = server.addresses[0]
            path = f"unix:{server.folder}/sock"
            for _ in range(10):
                victim = ask_once(address)[0]
                kill(victim, signal.SIGKILL)
                # Whoever connects while nobody is there waits.
                with connect(address) as one, connect(path) as other:
                    pid = ask(one)[0]
                    self.assertEqual(ask(other)[0], pid)
                    self.assertNotEqual(pid, victim)

    def test_all_at_once(self):
        with serve(witness_yaml(workers=WORKERS)) as server:
            for _ in range(5):
                for pid in children(server.pid):
                    os.kill(pid, signal.SIGKILL)
                made = connect_to_all(server, WORKERS)
                for sock, _ in made:
                    sock.close()

    def test_what_a_dead_worker_has_forked_does_not_matter(self):
        with serve(witness_yaml(workers=1)) as server:
            with connect(server.address) as sock:
                victim = ask(sock, b"fork")[0]
                orphan, = children(victim)
                kill(victim, signal.SIGKILL)
            try:
                # It holds the dead one's channel, which never ends.
                self.assertNotEqual(ask_once(server.address)[0], victim)
                until(lambda: process_state(server.pid) == "S",
                      "the supervisor has nothing to do")
            finally:
                os.kill(orphan, signal.SIGKILL)

    def test_one_that_is_told_to_end_finishes_and_is_replaced(self):
        with serve(witness_yaml(workers=2)) as server:
            before = self.settled_census(server, 2)
            made = connect_to_all(server, 2)
            victim = made[0][1]
            start = len(server.log)
            os.kill(victim, signal.SIGTERM)
            for sock, pid in made:
                if pid == victim:
                    self.assertEqual(recv_all(sock), b"")
                else:
                    self.assertEqual(ask(sock)[0], pid)
                sock.close()
            await_end(victim)
            self.assertEqual(self.settled_census(server, 2, before), before)
            self.assertNotIn("has died", "\n".join(server.log[start:]))

    def test_while_it_finishes_others_serve_what_it_served(self):
        with serve(witness_yaml(workers=2)) as server:
            made = connect_to_all(server, 2)
            victim = made[0][1]
            # It cannot finish: this one does not take what is due to it.
            stuck = connect(server.address, receive_buffer=4096)
            while ask(stuck)[0] != victim:
                stuck.close()
                stuck = connect(server.address, receive_buffer=4096)
            self.stuff(stuck)
            os.kill(victim, signal.SIGTERM)
            server.wait_log("stopping: ")
            for _ in range(50):
                self.assertNotEqual(ask_once(server.address)[0], victim)
            self.assertIn(victim, children(server.pid))
            kill(victim, signal.SIGKILL)
            stuck.close()
            for sock, _ in made:
                sock.close()

    @staticmethod
    def stuff(sock):
        """Asks more than it takes answers, until nothing moves."""
        sock.settimeout(0.3)
        try:
            while True:
                sock.sendall(b"x" * 1000 + b"\n")
        except TimeoutError:
            pass

    def test_a_new_one_runs_what_the_old_one_did(self):
        with serve(witness_yaml(workers=1)) as server:
            configure(server, "")
            reload(server, "the reload has failed")
            victim = ask_once(server.address)[0]
            kill(victim, signal.SIGKILL)
            self.assertNotEqual(ask_once(server.address)[0], victim)


if __name__ == "__main__":
    unittest.main()
