# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifest against the schemas of the API, as npm has them. Whether a cluster takes
it no test says: there is none here. What is in it runs in test_oci.py."""
import copy
import json
import os
import subprocess
import tempfile
import unittest

import agent as harness
import kubernetes
import npm

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kubernetes_schema")


class Kubernetes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = kubernetes.documents()
        cls.modules = npm.install(os.path.join(HERE, "package.json"),
                                  "system/kubernetes_schema", "typescript")

    def mistakes(self, documents):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(documents, file)
            file.flush()
            done = subprocess.run(["node", os.path.join(HERE, "check.js"), self.modules, file.name],
                                  capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(done.stderr, "")
        self.assertEqual(done.returncode, 1 if done.stdout else 0)
        return done.stdout

    def test_manifest(self):
        self.assertEqual([one["kind"] for one in self.documents],
                         ["Namespace", "ServiceAccount", "ConfigMap", "DaemonSet"])
        self.assertEqual(self.mistakes(self.documents), "")

    def test_mistakes_are_found(self):
        """The check itself: a value of a wrong type, a field that there is not."""
        def changed(change):
            documents = copy.deepcopy(self.documents)
            change(documents[3]["spec"]["template"]["spec"]["containers"][0])
            return self.mistakes(documents)
        self.assertIn("image must be string", changed(lambda one: one.update(image=1)))
        self.assertIn("readonlyRoot", changed(
            lambda one: one["securityContext"].update(readonlyRoot=True)))

    def test_fits_the_image(self):
        """The manifest says what image, user and folders are; so do the files of the image."""
        def text(name):
            with open(os.path.join(harness.SOURCE, "packaging", name), encoding="utf-8") as file:
                return file.read()
        pod = kubernetes.pod()
        self.assertIn(f"uid={pod['securityContext']['runAsGroup']}\n", text("oci/rootfs.sh"))
        version = pod["containers"][0]["image"].rpartition(":")[2]
        self.assertIn(f"project(eunomia VERSION {version} ", text("../CMakeLists.txt"))
        for name in ("oci/Containerfile", "kubernetes/kustomization.yaml"):
            self.assertIn(version, text(name))
        for option in ("--config.user=65532:65532", "--foreground-log"):
            self.assertIn(option, text("build-oci.sh"))
        self.assertIn("USER 65532:65532\n", text("oci/Containerfile"))


if __name__ == "__main__":
    harness.main()
