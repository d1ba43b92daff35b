/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What processes may do with BPF, as /proc/PID/status and /proc/PID/limits tell it (proc(5)): this
 * one, for 'run' and 'check', and the agent.
 */
#include "doctor.h"

#include "base/str.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>

/* What an agent with some slots had locked on kernels that count it, and room. */
#define MEMLOCK_BYTES_MIN (64u << 20)

static const struct {
	unsigned int bit;
	const char *name;
	enum doctor_level level; /* of an agent that lacks it */
	const char *meaning;
} capabilities[] = {
	{ CAP_BPF, "CAP_BPF", DOCTOR_PROBLEM, "it cannot load programs" },
	{ CAP_PERFMON, "CAP_PERFMON", DOCTOR_PROBLEM, "it cannot load tracing programs" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN", DOCTOR_NOTE, "no trackers at network interfaces" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", DOCTOR_NOTE,
	  "no uprobes in programs that its user may not read" },
};

/* Capabilities that count in @path, a status file. Return: 0; -ENODATA; -errno of reading. */
static int read_capabilities(struct doctor *doctor, const char *path, uint64_t *ret_mask)
{
	char text[DOCTOR_TEXT_MAX];
	const char *value;
	size_t n;
	int r = doctor_read(doctor, path, text);

	if (r < 0)
		return r;
	value = doctor_find_field(text, "CapEff:", &n);
	return value && doctor_parse_numbers(value, "", 16, ret_mask, 1) == 1 ? 0 : -ENODATA;
}

/* CAP_SYS_ADMIN stands for the newer ones that were split off it. */
static bool has(uint64_t mask, unsigned int bit)
{
	bool is_part_of_admin = bit == CAP_BPF || bit == CAP_PERFMON;

	return (mask & (UINT64_C(1) << bit)) ||
	       (is_part_of_admin && (mask & (UINT64_C(1) << CAP_SYS_ADMIN)));
}

void doctor_check_user_namespace(struct doctor *doctor)
{
	static const char path[] = "/proc/self/uid_map";
	char text[DOCTOR_TEXT_MAX];
	uint64_t map[3]; /* first id inside, first id outside, how many */
	int r = doctor_read(doctor, path, text);

	if (r < 0 || doctor_parse_numbers(text, " \t", 10, map, 3) < 3) {
		doctor_unseen(doctor, path, r < 0 ? r : -ENODATA);
	} else if (map[0] == 0 && map[1] == 0 && map[2] == UINT32_MAX) {
		doctor_find(doctor, DOCTOR_OK, "this is the host's own user namespace");
	} else {
		doctor_find(doctor, DOCTOR_WARNING,
			    "this is a user namespace of its own: the kernel refuses BPF programs "
			    "to all in it, also to its root");
		doctor_remedy(doctor, "run the agent on the host, or in a privileged container");
	}
}

void doctor_check_own_rights(struct doctor *doctor)
{
	static const char path[] = "/proc/self/status";
	uint64_t mask;
	int r = read_capabilities(doctor, path, &mask);

	if (r < 0) {
		doctor_unseen(doctor, path, r);
	} else if (has(mask, CAP_BPF) && has(mask, CAP_PERFMON)) {
		doctor_find(doctor, DOCTOR_OK, "this process may load programs");
	} else {
		doctor_find(doctor, DOCTOR_NOTE,
			    "this process may not load programs: 'run' and 'check' do not work, "
			    "the verbs of the agent do");
		doctor_remedy(doctor, "for those two: sudo eunomiactl");
	}
}

void doctor_check_agent_rights(struct doctor *doctor)
{
	char path[64];
	uint64_t mask;
	size_t n_missing = 0;
	int r;

	if (doctor->agent_pid == 0)
		return; /* that there is no agent is said elsewhere */
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)doctor->agent_pid);
	r = read_capabilities(doctor, path, &mask);
	if (r < 0) {
		doctor_unseen(doctor, "the agent's rights", r);
		return;
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(capabilities); i++) {
		if (has(mask, capabilities[i].bit))
			continue;
		n_missing++;
		doctor_find(doctor, capabilities[i].level, "the agent lacks %s: %s",
			    capabilities[i].name, capabilities[i].meaning);
		doctor_remedy(doctor, "start it as root or by its unit, and look for drop-ins that "
				      "change AmbientCapabilities=: systemctl cat eunomiad");
	}
	if (n_missing == 0)
		doctor_find(doctor, DOCTOR_OK, "the agent has the capabilities that it needs");
}

void doctor_check_memlock(struct doctor *doctor)
{
	char path[64] = "/proc/self/limits";
	char text[DOCTOR_TEXT_MAX];
	uint64_t major, minor;
	const char *value;
	uint64_t bytes;
	size_t n;
	int r;

	if (doctor_get_kernel(doctor, &major, &minor) &&
	    (major > 5 || (major == 5 && minor > 10))) {
		doctor_find(doctor, DOCTOR_OK, "BPF memory does not count as locked memory");
		return;
	}
	if (doctor->agent_pid > 0)
		(void)snprintf(path, sizeof(path), "/proc/%d/limits", (int)doctor->agent_pid);
	r = doctor_read(doctor, path, text);
	value = r == 0 ? doctor_find_field(text, "Max locked memory", &n) : NULL;
	if (!value) {
		doctor_unseen(doctor, path, r < 0 ? r : -ENODATA);
	} else if (doctor_parse_numbers(value, "", 10, &bytes, 1) == 1 &&
		   bytes < MEMLOCK_BYTES_MIN) {
		doctor_find(doctor, DOCTOR_WARNING,
			    "BPF memory counts as locked memory before Linux 5.11, and the limit "
			    "is %" PRIu64 " bytes",
			    bytes);
		doctor_remedy(doctor, "LimitMEMLOCK=infinity in the unit, or ulimit -l unlimited");
	} else {
		doctor_find(doctor, DOCTOR_OK, "the limit of locked memory is large enough");
	}
}
