/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine knows of an attach kind: one table, attach_kind.def. */
#pragma once

#include <stdint.h>

struct bpf_object;
struct bpf_program;

enum eun__gate_how {
	EUN__GATE_NONE,
	EUN__GATE_ELF,
	EUN__GATE_BTF,
};

enum eun__attach_how {
	EUN__ATTACH_AUTO,
	EUN__ATTACH_PERF_EVENT,
	EUN__ATTACH_TARGET,
	EUN__ATTACH_NEVER,
};

enum eun__point_kind {
	EUN__POINT_UNKNOWN,
	EUN__POINT_TRACEPOINT,
	EUN__POINT_RAW_TRACEPOINT,
	EUN__POINT_KERNEL_FUNCTION,
	EUN__POINT_KERNEL_TYPE,
	EUN__POINT_USER_FUNCTION,
	EUN__POINT_INTERFACE,
	EUN__POINT_CGROUP,
	_EUN__POINT_MAX,
};

struct eun__attach_kind {
	const char *section;
	const char *name;
	enum eun__gate_how gate;
	int32_t verdict;
	enum eun__attach_how attach;
	enum eun__point_kind point;
};

/* The row for a section as libbpf names it; NULL for sections that nobody knows. Static. */
const struct eun__attach_kind *eun__attach_kind_find(const char *section);
/* Why programs of this kind in @object cannot hang behind a gate; "" if they can. Static. */
const char *eun__attach_kind_no_gate_reason(const struct eun__attach_kind *kind,
					    const struct bpf_object *object);
/* Gives a program of an opened object its type, if libbpf is older than its section's name. */
void eun__attach_kind_complete(struct bpf_program *program);
