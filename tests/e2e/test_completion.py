# SPDX-License-Identifier: Apache-2.0
"""What the Tab key offers in bash, zsh and fish: verbs, options, their values, and the names of
slots and trackers, which the scripts ask for at that moment."""
import os
import pty
import select
import shutil
import subprocess
import time

import agent as harness

# The line so far, its words as bash splits them, and a completion of the last word.
CASES = (
    ("eunomiactl rollb", None, "rollback"),
    ("eunomiactl -H unix:///nowhere rollb", "eunomiactl -H unix : ///nowhere rollb", "rollback"),
    ("eunomiactl --timeout=3 -q rollb", "eunomiactl --timeout = 3 -q rollb", "rollback"),
    ("eunomiactl help rollb", None, "rollback"),
    ("eunomiactl list --no-h", None, "--no-headers"),
    ("eunomiactl list -o yam", None, "yaml"),
    ("eunomiactl list --output=yam", "eunomiactl list --output = yam", "yaml"),
    ("eunomiactl swap x --maps fre", None, "fresh"),
    ("eunomiactl completion fi", None, "fish"),
    ("eunomiactl stop compl", None, "completed-slot"),
    ("eunomiactl swap compl", None, "completed-slot"),
    ("eunomiactl start opensn", None, "opensnoop"),
)
BASH = """source <(eunomiactl completion bash)
COMP_WORDS=(%s) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_eunomiactl
printf '%%s\\n' "${COMPREPLY[@]}"
"""
# The prompt is not to be found in the echo of the line that sets it.
ZSH = """PS1='rea''dy> '; autoload -U compinit && compinit -D -u; source <(eunomiactl completion zsh)
"""


class Completion(harness.AgentTest):
    def setUp(self):
        super().setUp()
        self.agent.start_numbered("completed-slot")
        self.env = {**os.environ, "EUNOMIA_HOST": self.agent.host, "TERM": "dumb",
                    "EUNOMIA_TRACKERS_DIR": harness.TRACKERS, "HOME": self.agent.dir,
                    "PATH": f"{os.path.dirname(harness.EUNOMIACTL)}:{os.environ['PATH']}"}

    def offered(self, *command):
        if not shutil.which(command[0]):
            self.skipTest(f"{command[0]} is not installed")
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.env, timeout=harness.PATIENCE, check=True).stdout

    def test_bash(self):
        for line, words, wanted in CASES:
            quoted = " ".join(f"'{word}'" for word in (words or line).split())
            self.assertIn(wanted, self.offered("bash", "--norc", "-c", BASH % quoted).split(), line)

    def test_fish(self):
        for line, _, wanted in CASES:
            said = self.offered("fish", "--no-config", "-c",
                                f"eunomiactl completion fish | source; complete -C '{line}'")
            self.assertTrue(any(word.endswith(wanted) for word in said.split()), (line, said))

    def test_zsh(self):
        """zsh completes only for a person: one who types at a terminal."""
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        for line, _, wanted in CASES:
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvpe("zsh", ["zsh", "-f"], self.env)
            try:
                os.write(terminal, ZSH.encode())
                self.wait_for(terminal, "ready> ")
                os.write(terminal, f"{line}\t".encode())
                self.wait_for(terminal, wanted)
            finally:
                os.close(terminal)  # the terminal hangs up, and zsh ends
                os.waitpid(pid, 0)

    def wait_for(self, terminal, wanted):
        said, deadline = "", time.monotonic() + harness.PATIENCE
        while wanted not in said.replace("\a", ""):
            if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                self.fail(f"zsh does not offer '{wanted}': {said!r}")
            said += os.read(terminal, 4096).decode(errors="replace")


if __name__ == "__main__":
    harness.main()
