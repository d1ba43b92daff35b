/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of kernel features that Agent.Info reports. Each probe looks at a file or asks the
 * kernel for a small map or program of the kind, which is closed again; probing costs well under a
 * millisecond in all, so nothing is cached and the answer is never stale.
 */
#include "info.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/macro.h"
#include "base/str.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FILE_BYTES_MAX 4096

struct probe {
	const char *name;
	bool (*run)(const struct probe *probe, char detail[static INFO_DETAIL_MAX]);
	const char *path; /* of run_path() and the like; of run_hook() the section */
	uint32_t type; /* of run_program(), run_jit() and run_map(); of run_release() 100 * major +
			  minor */
	const char *missing; /* what it means when it is not there; "" */
};

static void say(char detail[static INFO_DETAIL_MAX], const char *text)
{
	(void)snprintf(detail, INFO_DETAIL_MAX, "%.*s", INFO_DETAIL_MAX - 1, text);
}

static bool run_path(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	if (eub_path_exists(probe->path))
		return true;
	say(detail, probe->missing);
	return false;
}

static bool note_result(const struct probe *probe, int fd, char detail[static INFO_DETAIL_MAX])
{
	int error = errno;

	if (fd >= 0) {
		(void)close(fd); /* was only a trial */
		return true;
	}
	say(detail, error == EINVAL ? probe->missing : strerror(error));
	return false;
}

static bool run_map(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr)); /* the kernel refuses stray bytes */
	attr.map_type = probe->type;
	attr.max_entries = (uint32_t)sysconf(_SC_PAGESIZE); /* a ring is of whole pages */
	return note_result(probe, (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)),
			   detail);
}

static int load_program(uint32_t type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uint64_t)(uintptr_t)insns;
	attr.insn_cnt = EUB_ARRAY_SIZE(insns);
	attr.license = (uint64_t)(uintptr_t) "Dual BSD/GPL";
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static bool run_program(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	return note_result(probe, load_program(probe->type), detail);
}

/* Is the switch in the file anything but 0? */
static bool run_switch(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	char text[FILE_BYTES_MAX];
	int r = eub_read_line(probe->path, text, sizeof(text));

	if (r == 0 && text[0] != '0')
		return true;
	say(detail, r < 0 ? strerror(-r) : probe->missing);
	return false;
}

/* Has the kernel hooks of the kind, and does it call what hangs there? */
static bool run_hook(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	struct eun_error err = EUN_ERROR_INIT;
	int r = eun_hook_kind_check(probe->path, &err);

	if (r < 0)
		say(detail, err.message);
	eun_error_done(&err);
	return r == 0;
}

/* LSM programs attach where they are never called, and the list that tells may be out of sight. */
static bool run_lsm(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	char list[EUB_KERNEL_WORDS_MAX];
	int r = eub_kernel_find_lsm(EUB_LSM_PATH, "bpf", list);

	if (r >= 0)
		return run_hook(probe, detail);
	(void)snprintf(detail, INFO_DETAIL_MAX, "not known: '%s': %s; mount securityfs there",
		       EUB_LSM_PATH, strerror(-r));
	return false;
}

static bool run_release(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	if (eub_kernel_is_at_least(probe->type / 100, probe->type % 100))
		return true;
	say(detail, probe->missing);
	return false;
}

static bool run_lockdown(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	if (!eub_kernel_is_confidential())
		return true;
	say(detail, probe->missing);
	return false;
}

/* The kernel's switch for it is out of sight in another network namespace. */
static bool run_jit(const struct probe *probe, char detail[static INFO_DETAIL_MAX])
{
	_cleanup_(eub_closep) int fd = load_program(probe->type);
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	if (fd < 0 || syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0) {
		say(detail, strerror(errno));
		return false;
	}
	if (info.jited_prog_len > 0)
		return true;
	say(detail, probe->missing);
	return false;
}

static const struct probe probes[] = {
	{ "kernel-btf", run_path, "/sys/kernel/btf/vmlinux", 0,
	  "the kernel was built without CONFIG_DEBUG_INFO_BTF: trackers that read kernel structures "
	  "do not load" },
	{ "ring-buffer", run_map, NULL, BPF_MAP_TYPE_RINGBUF, "needs Linux 5.8" },
	{ "tracepoint", run_program, NULL, BPF_PROG_TYPE_TRACEPOINT, "CONFIG_BPF_EVENTS is off" },
	{ "raw-tracepoint", run_program, NULL, BPF_PROG_TYPE_RAW_TRACEPOINT, "needs Linux 4.17" },
	{ "perf-event", run_program, NULL, BPF_PROG_TYPE_PERF_EVENT, "CONFIG_BPF_EVENTS is off" },
	{ "kprobe", run_hook, "kprobe/", 0, NULL },
	{ "kprobe-multi", run_hook, "kprobe.multi/", 0, NULL },
	{ "uprobe", run_hook, "uprobe/", 0, NULL },
	{ "uprobe-multi", run_hook, "uprobe.multi/", 0, NULL },
	{ "tracefs", run_path, "/sys/kernel/tracing/events", 0,
	  "not mounted at /sys/kernel/tracing: tracepoints cannot be found" },
	{ "lsm", run_lsm, "lsm/", 0, NULL },
	{ "tracing", run_lockdown, NULL, 0,
	  "the kernel is locked down (lockdown=confidentiality): no program may read its memory" },
	{ "kept-links", run_release, NULL, 515,
	  "before Linux 5.15 what hangs at tracepoints, kprobes, uprobes and clocks cannot be pinned: "
	  "such slots end with the agent" },
	{ "memory-limit", run_release, NULL, 511,
	  "before Linux 5.11 maps are charged to RLIMIT_MEMLOCK, not to the agent's cgroup" },
	{ "tcx", run_release, NULL, 606,
	  "before Linux 6.6 programs of tc hang in classic filters" },
	{ "bpf-jit", run_jit, NULL, BPF_PROG_TYPE_TRACEPOINT,
	  "programs are interpreted: sysctl net.core.bpf_jit_enable=1" },
	{ "bpf-stats", run_switch, "/proc/sys/kernel/bpf_stats_enabled", 0,
	  "run counts and times stay 0: sysctl kernel.bpf_stats_enabled=1" },
};

bool info_probe(size_t i, struct info_feature *ret_feature)
{
	if (i >= EUB_ARRAY_SIZE(probes))
		return false;
	*ret_feature = (struct info_feature){ .name = probes[i].name };
	ret_feature->is_available = probes[i].run(&probes[i], ret_feature->detail);
	return true;
}

/* Switches that an operator may set say nothing of the kernel. */
static bool is_of_kernel(size_t i)
{
	return probes[i].run != run_switch && probes[i].run != run_jit;
}

void info_log_missing(struct log *log)
{
	_cleanup_(eub_freep) char *names = NULL;
	struct eub_buf text = EUB_BUF_INIT;
	struct info_feature feature;
	struct utsname uts;

	for (size_t i = 0; info_probe(i, &feature); i++)
		if (!feature.is_available && is_of_kernel(i))
			eub_buf_printf(&text, "%s%s", text.len > 0 ? ", " : "", feature.name);
	if (text.len == 0 || uname(&uts) < 0) {
		eub_buf_done(&text);
		return;
	}
	names = eub_buf_take_string(&text);
	if (names)
		log_write(log, LOG_LEVEL_NOTICE, LOG_ID_FEATURES_MISSING, NULL, 0,
			  "not here, with kernel %s: %s; 'eunomiactl info' tells why", uts.release,
			  names);
}
