# SPDX-License-Identifier: Apache-2.0
"""Node's @grpc/grpc-js with @grpc/proto-loader, unmodified, as npm installs them (client.js)."""
import json
import os
import shutil
import subprocess
import unittest

import agent as harness

HERE = os.path.dirname(os.path.abspath(__file__))
N_EVENTS = 1000
NOT_FOUND = 5


def install():
    """Folder with the modules that package.json pins; kept in the build tree for the next run."""
    folder = os.path.join(harness.BUILD, "tests/e2e/node")
    if os.path.isdir(os.path.join(folder, "node_modules/@grpc/proto-loader")):
        return folder
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise unittest.SkipTest(f"{tool} is not installed")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(HERE, "package.json"), folder)
    try:
        subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund",
                        "--ignore-scripts", "--fetch-retries=1"], cwd=folder, timeout=240,
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").splitlines()
        reason = next((line for line in said if "reason:" in line or "code " in line), str(error))
        raise unittest.SkipTest(f"npm cannot install @grpc/grpc-js here: {reason}") from None
    return folder


class Node(harness.AgentTest):
    @classmethod
    def setUpClass(cls):
        cls.modules = install()

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
