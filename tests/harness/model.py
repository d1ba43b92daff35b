# SPDX-License-Identifier: Apache-2.0
"""What one slot must be after each call, and what it is: by the agent's word, and by its events."""
import collections
import os

import agent as harness
from kept import CALLED, call_with

NAME = "model"
State = collections.namedtuple("State", "marker is_paused is_enabled")


class Model:
    """Chooses calls and knows what they lead to. state is None while there is no slot."""

    def __init__(self, agent, random):
        self.agent, self.random = agent, random
        self.state = None
        self.last_marker = 0
        self.last_number = 0
        self.markers = {}  # by generation, as they were seen

    def new_marker(self):
        self.last_marker += 1
        return self.last_marker

    def loaded(self):
        """Generations to go back to."""
        slot = self.agent.slots()[NAME]
        return [number for number in slot["loaded_generations"]
                if number != slot["generation"] and number in self.markers]

    # Each gives the arguments of a call and the state that it leads to.

    def start(self):
        marker = self.new_marker()
        return (["start", CALLED, "--name", NAME, "--set", f"only_pid={os.getpid()}",
                 "--set", f"marker={marker}"], State(marker, False, False))

    def stop(self):
        return ["stop", NAME], None

    def swap(self):
        marker = self.new_marker()
        return (["swap", NAME, "--set", f"marker={marker}",
                 "--maps", self.random.choice(["reuse", "fresh"])],
                self.state._replace(marker=marker))

    def rollback(self):
        loaded = self.loaded()
        if not loaded:
            return self.swap()
        number = self.random.choice(loaded)
        return (["rollback", NAME, "--to", str(number)],
                self.state._replace(marker=self.markers[number]))

    def pause(self):
        return ["pause", NAME], self.state._replace(is_paused=True)

    def resume(self):
        return ["resume", NAME], self.state._replace(is_paused=False)

    def enable(self):
        return ["enable", NAME], self.state._replace(is_enabled=True)

    def disable(self):
        return ["disable", NAME], self.state._replace(is_enabled=False)

    def choose(self):
        if self.state is None:
            return self.start()
        toggle = self.resume if self.state.is_paused else self.pause
        able = self.disable if self.state.is_enabled else self.enable
        return self.random.choice([self.swap, self.swap, self.rollback, toggle, able, self.stop])()

    def observe(self):
        """The state as it is. Events of a paused slot are seen by resuming it for a moment."""
        slot = self.agent.slots().get(NAME)
        if not slot:
            return None
        is_paused = slot["state"] == "paused"
        if is_paused:
            self.agent.ctl("resume", NAME)
        marker = self.marker_of_events()
        if is_paused:
            self.agent.ctl("pause", NAME)
        self.markers[slot["generation"]] = marker
        return State(marker, is_paused, slot["enabled"])

    def call(self):
        self.last_number += 1
        call_with(self.last_number)

    def marker_of_events(self):
        """Each call gives one event, and all of them are of one generation."""
        with self.agent.events(NAME, "--timeout", str(harness.PATIENCE)) as events:
            found = [events.watch(self.call, lambda event: "data" in event)]
            for _ in range(3):
                self.call()
            while found[-1]["data"]["number"] < self.last_number:
                found += events.read(1)
        numbers = [event["data"]["number"] for event in found]
        expected = list(range(numbers[0], self.last_number + 1))
        markers = {event["data"]["marker"] for event in found}
        if numbers != expected or len(markers) != 1:
            raise AssertionError(f"calls {expected}, events {found}")
        return markers.pop()

    def settle(self, after, is_acknowledged):
        """After a call that was cut off: it happened, or it did not, and it did if the client was
        told so. Whichever it was is the state from now on."""
        allowed = [after] if is_acknowledged else [self.state, after]
        observed = self.observe()
        if observed not in allowed:
            raise AssertionError(f"{observed}, but it must be one of {allowed}")
        has_happened = observed == after
        self.state = observed
        return has_happened
