/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel says EPERM or EACCES and no more. What it looks at is known (capabilities(7), and the
 * checks in kernel/bpf/syscall.c, kernel/events/core.c and net/), so the answer can name what is
 * missing. It is looked up after a refusal and never before a step: whether a step is allowed is
 * the kernel's to say.
 */
#include "object/privilege.h"

#include "base/macro.h"
#include "base/str.h"

#include <assert.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Headers older than the kernel may lack these. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF	    39
#endif

#define BIT(capability) (UINT64_C(1) << (capability))
#define NAMES_BYTES_MAX 96

static const struct {
	unsigned int number;
	const char *name;
	bool is_in_sys_admin; /* whoever has CAP_SYS_ADMIN needs it not */
} capabilities[] = {
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", false },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN", true },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", false },
	{ CAP_PERFMON, "CAP_PERFMON", true },
	{ CAP_BPF, "CAP_BPF", true },
};

static const struct {
	uint64_t needed;
	uint64_t perhaps; /* asked for if nothing else is missing */
} steps[] = {
	[EUN__STEP_MAP] = { BIT(CAP_BPF), 0 },
	[EUN__STEP_LOAD] = { BIT(CAP_BPF) | BIT(CAP_PERFMON), BIT(CAP_NET_ADMIN) },
	[EUN__STEP_ATTACH] = { BIT(CAP_PERFMON), 0 },
	/* Linux 6.16 and the stable kernels since July 2025 want more than CAP_PERFMON ("perf:
	 * Revert to requiring CAP_SYS_ADMIN for uprobes"). */
	[EUN__STEP_ATTACH_USER] = { BIT(CAP_PERFMON), BIT(CAP_SYS_ADMIN) },
	[EUN__STEP_ATTACH_NETWORK] = { BIT(CAP_NET_ADMIN), 0 },
	[EUN__STEP_LOOK] = { BIT(CAP_DAC_READ_SEARCH), 0 },
};
static_assert(EUB_ARRAY_SIZE(steps) == _EUN__STEP_MAX, "one row per step");

/* Before 5.8, CAP_SYS_ADMIN was what BPF and perf asked for. */
static uint64_t for_kernel(uint64_t needed, bool has_bpf)
{
	const uint64_t newer = BIT(CAP_BPF) | BIT(CAP_PERFMON);

	if (has_bpf || !(needed & newer))
		return needed;
	return (needed & ~newer) | BIT(CAP_SYS_ADMIN);
}

/* Appends the names of what is @needed and not there, with blanks between. */
static void append_missing(struct eub_buf *names, uint64_t needed, uint64_t effective)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(capabilities); i++) {
		uint64_t enough = BIT(capabilities[i].number) |
				  (capabilities[i].is_in_sys_admin ? BIT(CAP_SYS_ADMIN) : 0);

		if ((needed & BIT(capabilities[i].number)) && !(effective & enough))
			eub_buf_printf(names, "%s%s", names->len ? " " : "", capabilities[i].name);
	}
}

void eun__privilege_explain(enum eun__step step, uint64_t effective, bool has_bpf,
			    struct eun_error *err)
{
	char memory[NAMES_BYTES_MAX];
	struct eub_buf names = EUB_BUF_FIXED(memory, sizeof(memory));

	append_missing(&names, for_kernel(steps[step].needed, has_bpf), effective);
	if (names.len == 0)
		append_missing(&names, steps[step].perhaps, effective);
	if (names.len == 0)
		eun_error_set_hint(err, "no capability is missing: this kernel refuses it to "
					"everybody (see 'eunomiactl info', and lockdown)");
	else
		eun_error_set_hint(err,
				   "this process lacks %.*s: run it as root, or add that to "
				   "AmbientCapabilities= and CapabilityBoundingSet= of its unit "
				   "('systemctl edit eunomiad')",
				   (int)names.len, names.data);
}

void eun__privilege_hint(enum eun__step step, struct eun_error *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	/* Cannot fail for this version and the calling thread; if a sandbox forbids it, all count
	 * as missing. */
	(void)syscall(SYS_capget, &header, data);
	eun__privilege_explain(step, data[0].effective | (uint64_t)data[1].effective << 32,
			       prctl(PR_CAPBSET_READ, CAP_BPF, 0, 0, 0) >= 0, err);
}
