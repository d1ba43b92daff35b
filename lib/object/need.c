/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel answers most of these questions only when a program is attached, and then with a bare
 * EINVAL; some it answers with success and silence: LSM programs attach on every kernel that was
 * built for them and are called only where "bpf" is among the active security modules. So they are
 * asked beforehand, which also lets "eunomiactl check" give the answer.
 */
#include "object/need.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/kernel.h"
#include "base/str.h"
#include "object/insn.h"
#include "object/refusal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Tracefs is empty and kprobes are refused under lockdown=confidentiality. */
static bool is_open(void)
{
	return !eub_kernel_is_confidential();
}

/* Either way of libbpf's to make them: the perf event, or tracefs before Linux 4.17. */
static bool has_kprobes(void)
{
	return eub_path_exists("/sys/bus/event_source/devices/kprobe/type") ||
	       eub_path_exists("/sys/kernel/tracing/kprobe_events");
}

static bool has_uprobes(void)
{
	return eub_path_exists("/sys/bus/event_source/devices/uprobe/type") ||
	       eub_path_exists("/sys/kernel/tracing/uprobe_events");
}

/* Without CONFIG_FPROBE the kernel says so before it looks at the functions, of which here are
 * none. */
static bool has_fprobe(void)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_KPROBE_MULTI);
	const struct bpf_insn insns[] = { MOV_IMM(BPF_REG_0, 0), EXIT() };
	_cleanup_(eub_closep) int program = -EBADF;
	_cleanup_(eub_closep) int link = -EBADF;

	if (!eub_kernel_is_at_least(5, 18))
		return false;
	program = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "eunomia_probe", "GPL", insns,
				EUB_ARRAY_SIZE(insns), &options);
	if (program < 0)
		return true; /* attaching will tell */
	link = bpf_link_create(program, 0, BPF_TRACE_KPROBE_MULTI, NULL);
	return link != -EOPNOTSUPP;
}

static bool has_uprobe_multi(void)
{
	return eub_kernel_is_at_least(6, 6);
}

/* Since libbpf 1.3. */
static bool knows_uprobe_multi(void)
{
	enum bpf_attach_type attach;
	enum bpf_prog_type type;

	return libbpf_prog_type_by_name("uprobe.multi/", &type, &attach) == 0;
}

/* Elsewhere they are older than ring buffers, which every tracker needs. */
static bool has_trampolines(void)
{
#ifdef __aarch64__
	return eub_kernel_is_at_least(6, 4);
#else
	return true;
#endif
}

#define NO_KPROBES  "this kernel has no kprobes: CONFIG_KPROBE_EVENTS is off"
#define USE_FENTRY  "trackers at tracepoints or fentry may do the same (eunomiactl info)"
#define NO_UPROBES  "this kernel has no uprobes: CONFIG_UPROBE_EVENTS is off"
#define NO_FPROBE   "one link to many functions needs Linux 5.18 with CONFIG_FPROBE"
#define USE_KPROBE  "use section kprobe/FUNCTION, with a program for each function"
#define NO_UMULTI   "one link to many functions of a program needs Linux 6.6"
#define OLD_LIBBPF  "one link to many functions of a program needs libbpf 1.3"
#define USE_UPROBE  "use section uprobe/FILE:FUNCTION, with a program for each function"
#define NO_TRAMP    "on arm64, programs are attached to kernel functions since Linux 6.4"
#define USE_TRACING "use section kprobe/FUNCTION, or a newer kernel"

/* Every row holds whose kind is the hook's, or begins its name before a '.'. */
static const struct need {
	const char *kind;
	bool (*is_met)(void);
	const char *cause;
	const char *hint;
} needs[] = {
	{ "tracepoint", is_open, EUN__LOCKED_DOWN, EUN__UNLOCK },
	{ "kprobe", is_open, EUN__LOCKED_DOWN, EUN__UNLOCK },
	{ "kretprobe", is_open, EUN__LOCKED_DOWN, EUN__UNLOCK },
	{ "ksyscall", is_open, EUN__LOCKED_DOWN, EUN__UNLOCK },
	{ "kretsyscall", is_open, EUN__LOCKED_DOWN, EUN__UNLOCK },
	{ "kprobe.multi", has_fprobe, NO_FPROBE, USE_KPROBE },
	{ "kretprobe.multi", has_fprobe, NO_FPROBE, USE_KPROBE },
	{ "uprobe.multi", has_uprobe_multi, NO_UMULTI, USE_UPROBE },
	{ "uretprobe.multi", has_uprobe_multi, NO_UMULTI, USE_UPROBE },
	{ "uprobe.multi", knows_uprobe_multi, OLD_LIBBPF, USE_UPROBE },
	{ "uretprobe.multi", knows_uprobe_multi, OLD_LIBBPF, USE_UPROBE },
	{ "kprobe", has_kprobes, NO_KPROBES, USE_FENTRY },
	{ "kretprobe", has_kprobes, NO_KPROBES, USE_FENTRY },
	{ "ksyscall", has_kprobes, NO_KPROBES, USE_FENTRY },
	{ "kretsyscall", has_kprobes, NO_KPROBES, USE_FENTRY },
	{ "uprobe", has_uprobes, NO_UPROBES, USE_FENTRY },
	{ "uretprobe", has_uprobes, NO_UPROBES, USE_FENTRY },
	{ "usdt", has_uprobes, NO_UPROBES, USE_FENTRY },
	{ "fentry", has_trampolines, NO_TRAMP, USE_TRACING },
	{ "fexit", has_trampolines, NO_TRAMP, USE_TRACING },
	{ "fmod_ret", has_trampolines, NO_TRAMP, USE_TRACING },
	{ "lsm", has_trampolines, NO_TRAMP, USE_TRACING },
};

/* The first that is not met; NULL if all are. */
static const struct need *find_unmet(const char *kind)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(needs); i++) {
		size_t n = strlen(needs[i].kind);

		if (eub_has_prefix(kind, needs[i].kind) && (kind[n] == '\0' || kind[n] == '.') &&
		    !needs[i].is_met())
			return &needs[i];
	}
	return NULL;
}

static bool is_lsm(const struct eun__attach_kind *kind)
{
	return eub_streq(kind->name, "lsm") || eub_streq(kind->name, "lsm.s");
}

int eun__need_check_lsm(const char *path, struct eun_error *err)
{
	char list[EUB_KERNEL_WORDS_MAX];

	if (eub_kernel_find_lsm(path, "bpf", list) != 0)
		return 0;
	(void)eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
			    "LSM programs are never called here: 'bpf' is not among the kernel's "
			    "active security modules (%s)",
			    list);
	eun_error_set_hint(err, "add lsm=%s,bpf to the kernel's command line and restart", list);
	return -EOPNOTSUPP;
}

int eun__need_check(const struct eun__attach_kind *kind, struct eun_error *err)
{
	const struct need *need = find_unmet(kind->name);

	if (need) {
		eun_error_set_subject(err, kind->name);
		(void)eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED, "%s", need->cause);
		eun_error_set_hint(err, "%s", need->hint);
		return -EOPNOTSUPP;
	}
	return is_lsm(kind) ? eun__need_check_lsm(EUB_LSM_PATH, err) : 0;
}

void eun__need_get_remark(const struct eun__attach_kind *kind, const char *path,
			  char ret_remark[static EUN__REMARK_MAX])
{
	char list[EUB_KERNEL_WORDS_MAX];
	int r = is_lsm(kind) ? eub_kernel_find_lsm(path, "bpf", list) : 0;

	ret_remark[0] = '\0';
	if (r < 0)
		(void)snprintf(ret_remark, EUN__REMARK_MAX,
			       "whether LSM programs are called here is not known: '%s': %s; mount "
			       "-t securityfs securityfs /sys/kernel/security",
			       path, strerror(-r));
}
