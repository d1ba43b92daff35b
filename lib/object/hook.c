/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decides how a program hangs on its attach point: gate, direct, or not at all, with the reason.
 * The fall back from gate to direct happens where the kernel refuses a gate or refuses the program
 * in the gate's prog array; everything that decides is in the table of attach kinds.
 */
#include "object/hook.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"
#include "object/attach_kind.h"
#include "object/attach_point.h"
#include "object/gate.h"
#include "object/libbpf_log.h"
#include "object/limits.h"
#include "object/link.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>

struct eun__hook {
	struct eun_slot_hook info; /* strings: program's own, static, or reason below */
	const struct eun__attach_kind *kind;
	struct bpf_program *program;
	struct eun__gate *gate;	 /* EUN_ATTACH_GATE */
	struct eun__links links; /* EUN_ATTACH_DIRECT */
	bool is_enabled;
	char *program_name;
	char *section;
	char reason[EUN_ERROR_MESSAGE_MAX];
};

static const struct eun__attach_kind unknown_kind = {
	.section = "",
	.name = "unknown",
	.gate = EUN__GATE_NONE,
	.attach = EUN__ATTACH_NEVER,
};

static void set_mode(struct eun__hook *hook, enum eun_attach_mode mode, const char *reason)
{
	hook->info.mode = mode;
	(void)snprintf(hook->reason, sizeof(hook->reason), "%s", reason);
}

static int new_gate(struct eun__hook *hook, const struct eun__switch *sw, uint32_t index)
{
	struct eun_error why = EUN_ERROR_INIT;
	int r = eun__gate_new(sw, hook->kind, hook->program, &hook->gate, &why);

	if (r == 0) {
		r = eun__gate_put(hook->gate, index, bpf_program__fd(hook->program));
		if (r < 0)
			(void)eun_error_set(
			    &why, r, EUN_REASON_ATTACH_FAILED,
			    "the kernel does not take the program behind a gate: %s", strerror(-r));
	}
	if (r == 0) {
		set_mode(hook, EUN_ATTACH_GATE, "");
	} else {
		hook->gate = eun__gate_free(hook->gate);
		set_mode(hook, EUN_ATTACH_DIRECT, why.message);
	}
	eun_error_done(&why);
	return r == -ENOMEM ? r : 0;
}

static int choose_mode(struct eun__hook *hook, const struct eun__switch *sw, uint32_t index)
{
	switch (hook->kind->attach) {
	case EUN__ATTACH_NEVER:
		set_mode(hook, EUN_ATTACH_NONE, "programs of this section are not attached");
		return 0;
	case EUN__ATTACH_TARGET:
		set_mode(hook, EUN_ATTACH_NONE,
			 "its attach point (an interface, a cgroup, a function) is not in the "
			 "section's name");
		return 0;
	case EUN__ATTACH_AUTO:
	case EUN__ATTACH_PERF_EVENT:
		break;
	}
	if (hook->kind->gate != EUN__GATE_NONE)
		return new_gate(hook, sw, index);
	set_mode(hook, EUN_ATTACH_DIRECT, eun__attach_kind_no_gate_reason(hook->kind));
	return 0;
}

int eun__hook_new(const struct eun__switch *sw, struct bpf_program *program, uint32_t index,
		  struct eun__kernel_btf *btf, struct eun__hook **ret_hook, struct eun_error *err)
{
	struct eun__hook *hook = calloc(1, sizeof(*hook));
	int r;

	if (!hook)
		return eub_error_no_memory(err);
	hook->links = EUN__LINKS_INIT;
	hook->program = program;
	hook->program_name = strdup(bpf_program__name(program));
	hook->section = strdup(bpf_program__section_name(program));
	r = hook->program_name && hook->section ? 0 : -ENOMEM;
	if (r == 0) {
		hook->kind = eun__attach_kind_find(hook->section);
		if (!hook->kind)
			hook->kind = &unknown_kind;
		hook->info = (struct eun_slot_hook){ .program = hook->program_name,
						     .section = hook->section,
						     .kind = hook->kind->name,
						     .mode_reason = hook->reason };
		r = eun__attach_point_check(hook->kind, hook->section, btf, err);
	}
	if (r == 0)
		r = choose_mode(hook, sw, index);
	if (r < 0) {
		eun__hook_free(hook);
		return eun_error_set(err, r, EUN_REASON_NO_MEMORY, "out of memory");
	}
	*ret_hook = hook;
	return 0;
}

struct eun__hook *eun__hook_free(struct eun__hook *hook)
{
	if (!hook)
		return NULL;
	eun__gate_free(hook->gate);
	eun__links_done(&hook->links);
	free(hook->program_name);
	free(hook->section);
	free(hook);
	return NULL;
}

static int attach_failed(const struct eun__hook *hook, int r, struct eun_error *err)
{
	const char *words = eun__libbpf_log_first();

	eun_error_set_subject(err, hook->section);
	(void)eun_error_set(
	    err, r, r == -EPERM || r == -EACCES ? EUN_REASON_PERMISSION : EUN_REASON_ATTACH_FAILED,
	    "program '%s' cannot be attached at '%s': %s%s%s", hook->program_name, hook->section,
	    strerror(-r), *words ? "; " : "", words);
	if (r == -EPERM || r == -EACCES)
		eun_error_set_hint(err, "attaching needs root, or CAP_BPF and CAP_PERFMON; some "
					"kernels refuse this kind altogether (eunomiactl info)");
	return r;
}

int eun__hook_attach(struct eun__hook *hook, struct eun_error *err)
{
	int r;

	if (hook->info.mode != EUN_ATTACH_GATE)
		return 0;
	eun__libbpf_log_reset();
	r = eun__gate_attach(hook->gate, EUN__PERF_EVENT_HZ);
	return r < 0 ? attach_failed(hook, r, err) : 0;
}

int eun__hook_enable(struct eun__hook *hook, struct eun_error *err)
{
	int r;

	if (hook->info.mode != EUN_ATTACH_DIRECT || hook->is_enabled)
		return 0;
	eun__libbpf_log_reset();
	r = hook->kind->attach == EUN__ATTACH_PERF_EVENT
		? eun__links_attach_clock(&hook->links, hook->program, EUN__PERF_EVENT_HZ)
		: eun__links_attach_auto(&hook->links, hook->program);
	if (r < 0)
		return attach_failed(hook, r, err);
	hook->is_enabled = true;
	return 0;
}

void eun__hook_disable(struct eun__hook *hook)
{
	eun__links_done(&hook->links);
	hook->is_enabled = false;
}

const struct eun_slot_hook *eun__hook_get_info(const struct eun__hook *hook)
{
	return &hook->info;
}

int eun__hook_get_stats_fd(const struct eun__hook *hook)
{
	switch (hook->info.mode) {
	case EUN_ATTACH_GATE:
		return eun__gate_get_program_fd(hook->gate);
	case EUN_ATTACH_DIRECT:
		return bpf_program__fd(hook->program);
	case EUN_ATTACH_NONE:
	case _EUN_ATTACH_MODE_MAX:
		break;
	}
	return -EBADF;
}
