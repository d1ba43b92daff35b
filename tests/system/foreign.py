# SPDX-License-Identifier: Apache-2.0
"""What packaging/ makes beside Debian packages: built on this machine from the tree as it is, by
the scripts that a user calls; kept in the cache by the content that it was built from."""
import os
import shutil
import unittest

import agent as harness
import bed
import debs
import namespace
import roots


def need(**tools):
    """Skips where a tool is missing; tools: command=package, '_' for '-' in the command's name."""
    for tool, package in tools.items():
        if not shutil.which(tool.replace("_", "-")):
            raise unittest.SkipTest(f"{tool} is not installed (package {package})")


def need_release_of_host():
    """What is built here with this machine's shared libraries runs on its release alone."""
    if bed.RELEASE != roots.codename():
        raise unittest.SkipTest(f"built for {roots.codename()}, with its libraries")


def need_archives():
    """Debian 13 ships a libelf.a that lacks a part of itself, so nothing is linked with it there."""
    if roots.codename() != "bookworm":
        raise unittest.SkipTest("only Debian 12 ships all libraries as archives that can be linked")


def built(name, script, *args):
    """The folder of what packaging/SCRIPT leaves; name: of the set in the cache, without '-'."""
    def make(folder):
        namespace.run(["nice", os.path.join(harness.SOURCE, "packaging", script), *args, folder],
                      timeout=500)
    return debs.cached("host", f"{name}-{debs.tree_key()}", make)


def files_in(folder, ending):
    """Paths of the files with that ending, at least one."""
    found = sorted(os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(ending))
    assert found, f"no {ending} in {folder}"
    return found
