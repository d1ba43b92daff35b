# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes manifest as data."""
import os
import unittest

import agent as harness

MANIFEST = os.path.join(harness.SOURCE, "packaging/kubernetes/daemonset.yaml")


def documents():
    """Every object of the manifest."""
    try:
        import yaml
    except ImportError:
        raise unittest.SkipTest("python3-yaml is not installed") from None
    with open(MANIFEST, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


def named(kind):
    found, = [one for one in documents() if one["kind"] == kind]
    return found


def pod():
    """What a pod of the DaemonSet is made of."""
    return named("DaemonSet")["spec"]["template"]["spec"]


def mounts(pod_spec):
    """(mount, its volume) of the one container."""
    container, = pod_spec["containers"]
    volumes = {volume["name"]: volume for volume in pod_spec["volumes"]}
    return [(mount, volumes[mount["name"]]) for mount in container["volumeMounts"]]


def config_files(source):
    """path -> text of a volume of the manifest's ConfigMap."""
    config = named("ConfigMap")
    assert config["metadata"]["name"] == source["name"], source
    return {item["path"]: config["data"][item["key"]] for item in source["items"]}
