# SPDX-FileCopyrightText: The Lockstep authors
# SPDX-License-Identifier: BSD-3-Clause
"""What counts as survived, young, reset, lost: a wrong rule here would make every drill green."""

import errno
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv.pop(1))

from drilllib import verdict  # noqa: E402
from drilllib.capture import Syn  # noqa: E402
from drilllib.judge import judge  # noqa: E402
from reports import (KILL_NS, MILLI, NOW_NS, SECOND, SERVER_REPORT, client_report,  # noqa: E402
                     new_flow, tcp_flow, udp_flow)


def outcome_of(tcp=None, udp=None, syns=(), server=None):
    run = judge(KILL_NS, client_report(tcp, udp), server or SERVER_REPORT, syns)
    run.pair.readiness = "synced"
    return run


class Tcp(unittest.TestCase):
    def one(self, syns=(), **changes):
        return outcome_of([tcp_flow(1, **changes)], syns=syns).tcp

    def test_same_socket_that_echoed_its_last_words_survived(self):
        self.assertEqual((1, 1), (self.one().opened, self.one().survived))

    def test_closed_in_order_after_the_kill_survived(self):
        found = self.one(closed_ns=KILL_NS + SECOND, inode_now=0, state_now=0)
        self.assertEqual((1, 1), (found.opened, found.survived))

    def test_closed_before_the_kill_does_not_count(self):
        self.assertEqual(0, self.one(closed_ns=KILL_NS - MILLI).opened)

    def test_reset_died(self):
        found = self.one(failed_ns=KILL_NS + SECOND, errno=errno.ECONNRESET)
        self.assertEqual((0, 1), (found.survived, found.resets))

    def test_silent_flow_died(self):
        found = self.one(settled=False, waiting_since_ns=KILL_NS + SECOND)
        self.assertEqual({"no echo": 1}, found.deaths)

    def test_echo_before_the_kill_only_is_not_survival(self):
        self.assertEqual(0, self.one(last_echo_ns=KILL_NS - MILLI).survived)

    def test_another_inode_died(self):
        found = self.one(inode_now=1)
        self.assertEqual((0, 1), (found.survived, found.other_socket))

    def test_corrupt_bytes_of_both_ends_are_added(self):
        server = SERVER_REPORT | {"corrupt_bytes": 3}
        run = outcome_of([tcp_flow(1, corrupt_bytes=2)], server=server)
        self.assertEqual((5, 0), (run.tcp.corrupt, run.tcp.survived))

    def test_echo_less_than_10_ms_before_the_kill_is_young(self):
        found = self.one(first_echo_ns=KILL_NS - 9 * MILLI)
        self.assertEqual((0, 1, 1), (found.opened, found.young, found.young_survived))

    def test_young_death_has_a_cause(self):
        found = self.one(first_echo_ns=0, settled=False)
        self.assertEqual((1, 0, {"no echo": 1}),
                         (found.young, found.young_survived, found.young_deaths))

    def test_set_up_counts_up_to_the_kill(self):
        flows = [tcp_flow(1, opening_ns=KILL_NS - SECOND,
                          established_ns=KILL_NS - SECOND + 3 * MILLI),
                 tcp_flow(2, opening_ns=KILL_NS - MILLI, established_ns=KILL_NS + 200 * MILLI)]
        self.assertEqual([3.0], outcome_of(flows).tcp.setup_ms)

    def test_throughput_is_that_of_the_second_before_the_kill(self):
        report = client_report()
        samples = report["samples"]
        samples["tcp_bytes"] = [1] * 200 + [1000] * 100 + [7] * 600  # The kill is at 3 s.
        self.assertEqual(0.8, judge(KILL_NS, report, SERVER_REPORT, ()).tcp.mbit_s)

    def test_echo_exactly_10_ms_before_the_kill_is_old(self):
        self.assertEqual(1, self.one(first_echo_ns=KILL_NS - 10 * MILLI).opened)

    def test_syn_of_an_old_flow_after_the_kill_is_a_reconnect(self):
        syn = Syn(KILL_NS + MILLI, 30001, "10.2.0.100", 7000)
        self.assertEqual(1, self.one(syns=[syn]).reconnected)

    def test_first_syn_of_an_old_flow_is_not_a_reconnect(self):
        syn = Syn(KILL_NS - 3 * SECOND, 30001, "10.2.0.100", 7000)
        self.assertEqual(0, self.one(syns=[syn]).reconnected)

    def test_stall_is_the_longest_wait_that_ended_after_the_kill(self):
        found = self.one(stalls_ns=[[KILL_NS - SECOND, KILL_NS - 100 * MILLI],
                                    [KILL_NS - 5 * MILLI, KILL_NS + 205 * MILLI]])
        self.assertEqual(210.0, found.stall_ms_max)

    def test_wait_without_end_lasts_until_now(self):
        found = self.one(settled=False, waiting_since_ns=NOW_NS - 700 * MILLI)
        self.assertEqual(700.0, found.stall_ms_max)

    def test_new_connection_without_echo_does_not_pass(self):
        run = outcome_of([new_flow(1), new_flow(2, first_echo_ns=0)])
        self.assertEqual((2, 1), (run.tcp.new_opened, run.tcp.new_passed))
        self.assertFalse(run.new_connections_pass)


class Udp(unittest.TestCase):
    def one(self, **changes):
        return outcome_of(udp=[udp_flow(1, **changes)]).udp

    def test_outage_is_the_longest_gap_after_the_kill(self):
        self.assertEqual([30.0], self.one().outages_ms)

    def test_slow_flows_have_no_outage(self):
        self.assertEqual([], self.one(rate_hz=25).outages_ms)

    def test_silence_at_the_end_is_a_lost_flow(self):
        found = self.one(last_echo_ns=KILL_NS)
        self.assertEqual(1, found.lost)
        self.assertGreater(found.outages_ms[0], 4000.0)

    def test_another_nat_binding_is_a_lost_flow(self):
        self.assertEqual(1, self.one(source_changed=5).lost)


class Verdict(unittest.TestCase):
    def test_run_without_loss_passes(self):
        self.assertEqual([], verdict.losses(outcome_of()))

    def test_one_dead_connection_fails(self):
        flows = [tcp_flow(i) for i in range(200)] + [new_flow(500), tcp_flow(501, settled=False)]
        self.assertEqual(1, len(verdict.losses(outcome_of(flows))))

    def test_too_few_connections_prove_nothing(self):
        self.assertTrue(verdict.losses(outcome_of([tcp_flow(1), new_flow(2)])))

    def test_standby_that_was_not_synced_fails(self):
        run = outcome_of()
        run.pair.readiness = "bulk"
        self.assertTrue(verdict.losses(run))

    def test_young_death_fails_only_with_commit_before_forward(self):
        young = tcp_flow(600, first_echo_ns=KILL_NS - MILLI, settled=False)
        run = outcome_of([tcp_flow(i) for i in range(200)] + [new_flow(500), young])
        self.assertEqual([], verdict.losses(run))
        run.commit_before_forward = True
        run.pair.commit = {"held": 9, "held_confirmed": 9}
        self.assertEqual(1, len(verdict.losses(run)))

    def test_commit_before_forward_that_held_nothing_proves_nothing(self):
        run = outcome_of()
        run.commit_before_forward = True
        self.assertEqual(1, len(verdict.losses(run)))

    def test_first_packets_that_left_unconfirmed_are_a_miss(self):
        run = outcome_of()
        run.pair.commit = {"held": 9, "held_confirmed": 8, "held_late": 1}
        self.assertEqual(1, len(verdict.misses([run])))

    def test_one_slow_takeover_of_twenty_is_allowed_and_two_are_not(self):
        slow = outcome_of(udp=[udp_flow(1, gaps_ns=[[KILL_NS, KILL_NS + 80 * MILLI]])])
        self.assertTrue(verdict.misses([slow]))
        self.assertEqual([], verdict.misses([slow] + [outcome_of()] * 19))
        self.assertTrue(verdict.misses([slow, slow] + [outcome_of()] * 18))

    def test_control_in_which_connections_survive_proves_nothing(self):
        control = outcome_of()
        control.pair.refused_midstream = 1
        self.assertTrue(verdict.control_faults(control))

    def test_control_in_which_connections_die_is_good(self):
        dead = [tcp_flow(i, settled=False) for i in range(200)]
        control = outcome_of(dead + [new_flow(500)])
        control.pair.refused_midstream = 1
        self.assertEqual([], verdict.control_faults(control))

    def test_control_without_refusals_is_unexplained(self):
        dead = [tcp_flow(i, settled=False) for i in range(200)]
        self.assertTrue(verdict.control_faults(outcome_of(dead + [new_flow(500)])))


if __name__ == "__main__":
    unittest.main()
