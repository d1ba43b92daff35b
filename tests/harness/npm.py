# SPDX-License-Identifier: Apache-2.0
"""Modules of the npm registry for tests, as a package.json pins them."""
import os
import shutil
import subprocess
import unittest

import agent as harness


def install(package_json, name, module):
    """Folder with the modules, kept in the build tree for the next run. name: of that folder, below
    tests; module: the one whose presence says that all are there. Skips where they cannot be had."""
    folder = os.path.join(harness.BUILD, "tests", name)
    if os.path.isdir(os.path.join(folder, "node_modules", module)):
        return folder
    for tool in ("node", "npm"):
        if not shutil.which(tool):
            raise unittest.SkipTest(f"{tool} is not installed")
    os.makedirs(folder, exist_ok=True)
    shutil.copy(package_json, folder)
    try:
        subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund",
                        "--ignore-scripts", "--fetch-retries=1"], cwd=folder, timeout=240,
                       stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").splitlines()
        reason = next((line for line in said if "reason:" in line or "code " in line), str(error))
        raise unittest.SkipTest(f"npm cannot install {module} here: {reason}") from None
    return folder
