/* SPDX-License-Identifier: Apache-2.0 */
/* What a step that the kernel refused would have needed; the hint of its error. Any thread. */
#pragma once

#include <eunomia/error.h>

#include <stdbool.h>
#include <stdint.h>

enum eun__step {
	EUN__STEP_MAP,		  /* make a map */
	EUN__STEP_LOAD,		  /* load a program */
	EUN__STEP_ATTACH,	  /* to a tracepoint, a kernel function, a clock */
	EUN__STEP_ATTACH_USER,	  /* to a function of a program or library */
	EUN__STEP_ATTACH_NETWORK, /* to an interface or a cgroup */
	EUN__STEP_LOOK,		  /* into files that belong to root */
	_EUN__STEP_MAX,
};

/* Sets the hint of @err: which capability this process lacks and where to give it, or that it is
 * none of them. */
void eun__privilege_hint(enum eun__step step, struct eun_error *err);
/* The same for a process with the capabilities @effective (a bit each, by number). @has_bpf: the
 * kernel knows CAP_BPF and CAP_PERFMON (5.8 and later). */
void eun__privilege_explain(enum eun__step step, uint64_t effective, bool has_bpf,
			    struct eun_error *err);
