# SPDX-License-Identifier: Apache-2.0
"""Node's @grpc/grpc-js with @grpc/proto-loader, unmodified, as npm installs them (client.js)."""
import json
import os
import subprocess

import agent as harness
import npm

HERE = os.path.dirname(os.path.abspath(__file__))
N_EVENTS = 1000
NOT_FOUND = 5


class Node(harness.AgentTest):
    @classmethod
    def setUpClass(cls):
        cls.modules = npm.install(os.path.join(HERE, "package.json"), "e2e/node",
                                  "@grpc/proto-loader")

    def test_start_list_stream_stop(self):
        done = subprocess.run(
            ["node", os.path.join(HERE, "client.js"), self.modules,
             os.path.join(harness.SOURCE, "proto"), self.agent.socket, harness.NUMBERED,
             str(N_EVENTS), harness.GENERATOR],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=harness.PATIENCE * 2,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen.pop("numbers"), list(range(1, N_EVENTS + 1)))
        self.assertEqual(seen, {
            "serving": "SERVING", "slotHealth": "SERVING", "started": "node", "listed": ["node"],
            "stopped": "SLOT_STATE_STOPPED", "refused": NOT_FOUND})
        self.assertEqual(self.agent.slots(), {})


if __name__ == "__main__":
    harness.main()
