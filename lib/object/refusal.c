/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier tells what it did not like, in the terms of instructions; whether the program is
 * wrong or the kernel too old, or locked down, the reader must guess. Here stands what follows from
 * its words. Helpers are numbered in the order in which they came, so a number tells the release.
 */
#include "object/refusal.h"

#include "base/error.h"
#include "base/kernel.h"
#include "base/str.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

/* "Operation is not supported", an errno that should not leave the kernel (linux/errno.h). */
#define KERNEL_ENOTSUPP 524

#define HELPER_NAME(name_) [BPF_FUNC_##name_] = "bpf_" #name_
static const char *const helper_names[] = { __BPF_FUNC_MAPPER(HELPER_NAME) };
#undef HELPER_NAME

/* First helper of each release, in include/uapi/linux/bpf.h of that release. */
static const struct helper_release {
	uint32_t first;
	unsigned int major;
	unsigned int minor;
} helper_releases[] = {
	{ 210, 6, 2 },	{ 208, 6, 1 },	{ 204, 6, 0 },	{ 194, 5, 19 }, { 186, 5, 18 },
	{ 180, 5, 17 }, { 176, 5, 16 }, { 169, 5, 15 }, { 166, 5, 14 }, { 164, 5, 13 },
	{ 163, 5, 12 }, { 156, 5, 11 }, { 142, 5, 10 }, { 136, 5, 9 },	{ 125, 5, 8 },
};

/* Words of the verifier or of libbpf that have one cause. */
static const struct known {
	const char *words;
	const char *cause;
	const char *hint;
} known_words[] = {
	{ "BPF_STX uses reserved fields",
	  "it has atomic instructions that came with Linux 5.12 (the result of an addition, exchange, "
	  "and, or, xor)",
	  "build it with clang -mcpu=v2, which tells where they are, and do without" },
	{ "BPF_XADD uses reserved fields", "it has atomic instructions that came with Linux 5.12",
	  "build it with clang -mcpu=v2, which tells where they are, and do without" },
	{ "unknown opcode", "it has instructions that this kernel does not know",
	  "build it with clang -mcpu=v3, or v2 for kernels before 5.1" },
	{ " is not sleepable", "its function is not one in which this kernel lets programs sleep",
	  "use the section without '.s'" },
	{ "missing BPF prog type, check ELF section name",
	  "its section is not known to the libbpf that eunomia runs with",
	  "use another kind of hook, or a newer libbpf" },
	{ "Unsupported way to attach", "libbpf cannot attach programs of its section by itself",
	  "eunomiactl inspect lists programs and their sections" },
};

static const char *get_release(struct utsname *uts)
{
	return uname(uts) < 0 ? "?" : uts->release;
}

static const struct helper_release *find_release(uint32_t helper)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(helper_releases); i++)
		if (helper >= helper_releases[i].first)
			return &helper_releases[i];
	return NULL;
}

/* "unknown func NAME#ID", "invalid func unknown#ID", "... cannot use helper NAME#ID". */
static bool find_helper(const char *complaint, uint32_t *ret_helper)
{
	const char *hash = strchr(complaint, '#');
	char *end;

	if (!hash || (!strstr(complaint, " func ") && !strstr(complaint, " helper ")))
		return false;
	*ret_helper = (uint32_t)strtoul(hash + 1, &end, 10);
	return end > hash + 1;
}

static bool reads_kernel_memory(uint32_t helper)
{
	return helper == BPF_FUNC_probe_read || helper == BPF_FUNC_probe_read_str ||
	       helper == BPF_FUNC_probe_read_kernel || helper == BPF_FUNC_probe_read_kernel_str;
}

static void set_locked_down(int r, const char *words, struct eun_error *err)
{
	(void)eun_error_set(err, r, EUN_REASON_PERMISSION, EUN__LOCKED_DOWN "; %s", words);
	eun_error_set_hint(err, EUN__UNLOCK);
}

static void set_missing_helper(int r, uint32_t helper, const char *complaint, struct eun_error *err)
{
	const struct helper_release *release = find_release(helper);
	const char *name =
	    helper < EUB_ARRAY_SIZE(helper_names) ? helper_names[helper] : "a later helper";
	struct utsname uts;

	if (release && !eub_kernel_is_at_least(release->major, release->minor))
		(void)eun_error_set(err, r, EUN_REASON_UNSUPPORTED,
				    "it calls %s(), which came with Linux %u.%u; this is %s: %s",
				    name, release->major, release->minor, get_release(&uts),
				    complaint);
	else
		(void)eun_error_set(err, r, EUN_REASON_UNSUPPORTED,
				    "it calls %s(), which programs of its type may not call on %s: "
				    "%s",
				    name, get_release(&uts), complaint);
	eun_error_set_hint(err,
			   "a newer kernel, or a tracker that asks bpf_core_enum_value_exists() "
			   "first");
}

static bool explain_helper(int r, const char *complaint, struct eun_error *err)
{
	uint32_t helper;

	if (!find_helper(complaint, &helper))
		return false;
	if (reads_kernel_memory(helper) && eub_kernel_is_confidential())
		set_locked_down(r, complaint, err);
	else
		set_missing_helper(r, helper, complaint, err);
	return true;
}

static bool explain_known(int r, const char *words, struct eun_error *err)
{
	struct utsname uts;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(known_words); i++) {
		if (!strstr(words, known_words[i].words))
			continue;
		(void)eun_error_set(err, r, EUN_REASON_UNSUPPORTED,
				    "the tracker does not load on %s: %s; %s", get_release(&uts),
				    known_words[i].cause, words);
		eun_error_set_hint(err, "%s", known_words[i].hint);
		return true;
	}
	return false;
}

/* Before 5.11 maps are charged to RLIMIT_MEMLOCK, and EPERM says that it is used up. */
static bool is_memlock_short(int r, const char *words)
{
	struct rlimit limit;

	return r == -EPERM && strstr(words, "map") && !eub_kernel_is_at_least(5, 11) &&
	       getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

static bool explain_memory(int r, const char *words, struct eun_error *err)
{
	if (is_memlock_short(r, words)) {
		(void)eun_error_set(err, r, EUN_REASON_NO_MEMORY,
				    "the limit of locked memory is too small for the tracker's "
				    "maps: %s",
				    words);
		eun_error_set_hint(err, "set LimitMEMLOCK=infinity in the unit, or ulimit -l "
					"unlimited; kernels from 5.11 do not need it");
		return true;
	}
	if (r != -ENOMEM)
		return false;
	(void)eun_error_set(err, r, EUN_REASON_NO_MEMORY,
			    "the kernel has no memory for the tracker: %s; %s", strerror(-r),
			    words);
	eun_error_set_hint(err,
			   "raise MemoryMax= of the agent's unit (memory.max of its cgroup), or "
			   "make the ring smaller with --ring-bytes");
	return true;
}

bool eun__refusal_explain_load(int r, const char *complaint, const char *words,
			       struct eun_error *err)
{
	if (*complaint)
		return explain_helper(r, complaint, err) || explain_known(r, complaint, err);
	if (explain_memory(r, words, err) || explain_known(r, words, err))
		return true;
	if (r != -EPERM || !eub_kernel_is_confidential())
		return false;
	set_locked_down(r, words, err);
	return true;
}

void eun__refusal_hint_attach(int r, enum eun__step step, struct eun_error *err)
{
	if ((r == -EPERM || r == -EACCES) && eub_kernel_is_confidential())
		eun_error_set_hint(err,
				   "the kernel is locked down: use lockdown=integrity, or none, "
				   "on the kernel's command line");
	else if (r == -EPERM || r == -EACCES)
		eun__privilege_hint(step, err);
	else
		eun_error_set_hint(err, "eunomiactl info tells what this kernel offers");
}

const char *eun__refusal_strerror(int r)
{
	return r == -KERNEL_ENOTSUPP ? "not supported by this kernel (ENOTSUPP)" : strerror(-r);
}
