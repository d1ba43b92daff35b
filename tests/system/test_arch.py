# SPDX-License-Identifier: Apache-2.0
"""The Arch Linux package, made by Debian's makepkg. Whether Arch's libraries satisfy it only an
Arch Linux could tell, which cannot be had here."""
import os
import subprocess
import tarfile

import agent as harness
import expected_files as expected
import foreign
from bed import SystemTest, main


class Arch(SystemTest):
    @classmethod
    def setUpClass(cls):
        foreign.need(makepkg="makepkg", pacman="pacman-package-manager", bsdtar="libarchive-tools")
        foreign.need_release_of_host()
        cls.folder = foreign.built("arch", "build-arch.sh")

    def test_package(self):
        package, = foreign.files_in(self.folder, ".pkg.tar.gz")
        with tarfile.open(package) as tar:
            files = {f"/{member.name}": member for member in tar if not member.isdir()}
            about = tar.extractfile(".PKGINFO").read().decode()
        about_package = {"/.BUILDINFO", "/.INSTALL", "/.MTREE", "/.PKGINFO"}
        self.assertEqual(expected.without_texts(files), about_package | expected.paths(
            expected.ARCH, expected.AGENT, expected.LIBRARY, expected.DEVELOPMENT,
            expected.PACKAGES))
        for name, member in files.items():
            self.assertEqual((member.uid, member.gid), (0, 0), name)
            self.assertFalse(member.isfile() and member.mode & 0o6022, name)
        for line in ("pkgname = eunomia", "pkgver = 0.1.0-1", "backup = etc/eunomia/eunomiad.conf",
                     "license = Apache-2.0", "depend = libbpf"):
            self.assertIn(f"{line}\n", about)

    def test_functions_of_the_scripts(self):
        """bash reads both as makepkg and pacman do, and finds in them what these call."""
        arch = os.path.join(harness.SOURCE, "packaging/arch")
        for name, functions in {"PKGBUILD": "build check package",
                                "eunomia.install": "post_upgrade pre_remove"}.items():
            done = subprocess.run(["bash", "-euc", f". {arch}/{name}; declare -F {functions}"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual(done.stdout.split(), functions.split(), done.stderr)


if __name__ == "__main__":
    main()
