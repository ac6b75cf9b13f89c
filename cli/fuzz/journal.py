# SPDX-License-Identifier: MIT
"""Keeps the record of a campaign, its page and what is shown up to date while it runs.

Tests: tests/cli/test_fuzz.py
"""

import time

from fuzz import record, report

# A history of some hundred points shows what there is to see.
SAMPLES_WANTED = 200
# The page is drawn anew that often, and never for more than a fiftieth of the time.
PAGE_SECONDS, PAGE_SHARE = 20, 50


class Journal:
    """@campaign: the record.Campaign, which others change; here it is written

    @board: what shows it"""

    def __init__(self, out, campaign, board):
        self.out, self.campaign, self.board = out, campaign, board
        self.began, self.before = time.monotonic(), campaign.elapsed
        self.next_sample = self.next_page = 0.0

    def target(self, name):
        for entry in self.campaign.targets:
            if entry.name == name:
                return entry
        self.campaign.targets.append(record.Target(name))
        return self.campaign.targets[-1]

    def note(self, text):
        if text and text not in self.campaign.notes:
            self.campaign.notes.append(text)
            self.board.say(f"note: {text}")

    def begin_target(self):
        self.next_sample = 0.0
        self.board.begin()

    def running(self, entry, share, left):
        """Called again and again while engines work on a target."""
        now = time.monotonic()
        self.board.show(entry.name, entry.engines, left)
        if now < self.next_sample:
            return
        self.next_sample = now + max(1.0, share / SAMPLES_WANTED)
        samples = [record.Sample(round(entry.fuzzed, 1), entry.name, engine.name, engine.executions, engine.rate,
                                 engine.edges, engine.corpus, engine.crashes) for engine in entry.engines]
        record.add(self.out, samples)
        self.board.sampled(samples)
        self.save()
        if now >= self.next_page:
            self.page()
            took = time.monotonic() - now
            self.next_page = now + max(PAGE_SECONDS, took * PAGE_SHARE)

    def save(self):
        self.campaign.updated = time.time()
        self.campaign.elapsed = self.before + time.monotonic() - self.began
        record.save(self.out, self.campaign)

    def page(self):
        return report.write(self.out)

    def end(self, state):
        self.campaign.state = state
        self.save()
        self.page()
        self.board.end(self.campaign, self.out)
