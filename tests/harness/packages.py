# SPDX-License-Identifier: Apache-2.0
"""Packages made of an object file, whole or broken in one place (docs/package-format.md)."""
import base64
import json
import struct
import zlib


def encode(data):
    return base64.b64encode(data).decode()


def gen0(data, **changes):
    """The hot-update form of 2022: the object uncompressed."""
    return {"data": encode(data), "data_sz": len(data), "maps": ["events"], "name": "",
            "progs": ["count_getppid"], **changes}


def gen3(data, **changes):
    """The present form, of the tests' own tracker."""
    made = {
        "bpf_object": encode(zlib.compress(data)),
        "bpf_object_size": len(data),
        "meta": {
            "bpf_skel": {
                "obj_name": "numbered_bpf",
                "data_sections": [{"name": ".rodata", "variables": [
                    {"name": "only_pid", "type": "unsigned int",
                     "cmdarg": {"default": 0, "long": "pid", "short": "p", "help": "one process"},
                     "description": "process"}]}],
                "maps": [{"name": "events", "ident": "events", "mmaped": False}],
                "progs": [{"name": "count_getppid", "link": True,
                           "attach": "tracepoint/syscalls/sys_enter_getppid"}],
                "doc": {"version": "0.1.0", "brief": "numbers", "details": "numbers"}},
            "export_types": [],
            "eunomia_version": "0.3.4"}}
    made.update(changes)
    return made


def places(value, path=()):
    """Every place in a JSON value, the root included."""
    yield path
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def replaced(value, path, other):
    """A copy of a JSON value with another value at one place."""
    if not path:
        return other
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return copy


def section_bounds(elf):
    """Offsets at which sections of a 64-bit ELF file begin and end, and those of its headers."""
    (shoff,) = struct.unpack_from("<Q", elf, 40)
    entry_size, count = struct.unpack_from("<HH", elf, 58)
    bounds = {64, shoff}
    for i in range(count):
        bounds.add(shoff + i * entry_size)
        kind, offset, size = (struct.unpack_from("<I", elf, shoff + i * entry_size + 4)[0],
                              *struct.unpack_from("<QQ", elf, shoff + i * entry_size + 24))
        if kind not in (0, 8):  # SHT_NULL and SHT_NOBITS have no bytes
            bounds |= {offset, offset + size // 2, offset + size}
    return sorted(bound for bound in bounds if 0 < bound < len(elf))
