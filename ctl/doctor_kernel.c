/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel can, and what its administrator allows. */
#include "doctor.h"

#include "base/kernel.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define RELEASE_PATH "/proc/sys/kernel/osrelease"

/* What came with which kernel, the oldest first; docs/kernels.md tells more. */
static const struct {
	unsigned int major, minor;
	enum doctor_level level; /* of a kernel that is older */
	const char *what;
} novelties[] = {
	{ 5, 8, DOCTOR_PROBLEM, "ring buffers and CAP_BPF, which eunomia needs" },
	{ 5, 11, DOCTOR_NOTE, "BPF memory that does not count as locked memory" },
	{ 5, 15, DOCTOR_WARNING, "pinned tracepoints and probes, which outlive the agent" },
	{ 5, 18, DOCTOR_NOTE, "kprobe.multi, one link to many functions" },
	{ 6, 6, DOCTOR_NOTE, "tcx and uprobe.multi" },
};

bool doctor_get_kernel(struct doctor *doctor, uint64_t *ret_major, uint64_t *ret_minor)
{
	char text[DOCTOR_TEXT_MAX];
	uint64_t numbers[2];

	if (doctor_read(doctor, RELEASE_PATH, text) < 0 ||
	    doctor_parse_numbers(text, ".", 10, numbers, 2) < 2)
		return false;
	*ret_major = numbers[0];
	*ret_minor = numbers[1];
	return true;
}

void doctor_check_kernel(struct doctor *doctor)
{
	uint64_t major, minor;
	char release[DOCTOR_TEXT_MAX];
	int r = doctor_read(doctor, RELEASE_PATH, release);

	if (r < 0) {
		doctor_unseen(doctor, RELEASE_PATH, r);
		return;
	}
	if (!doctor_get_kernel(doctor, &major, &minor)) {
		doctor_find(doctor, DOCTOR_NOTE, "cannot tell the version of Linux '%s'", release);
		return;
	}
	doctor_find(doctor, DOCTOR_OK, "Linux %s", release);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(novelties); i++) {
		if (major > novelties[i].major ||
		    (major == novelties[i].major && minor >= novelties[i].minor))
			continue;
		doctor_find(doctor, novelties[i].level, "Linux %" PRIu64 ".%" PRIu64 " lacks %s",
			    major, minor, novelties[i].what);
		doctor_remedy(doctor, "Linux %u.%u or newer has it", novelties[i].major,
			      novelties[i].minor);
	}
}

void doctor_check_btf(struct doctor *doctor)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	_cleanup_(eub_freep) char *full = doctor_path(doctor, path);
	struct stat st;

	if (!full)
		return;
	if (stat(full, &st) == 0) {
		doctor_find(doctor, DOCTOR_OK, "%s, %" PRIuMAX " bytes", path,
			    (uintmax_t)st.st_size);
		return;
	}
	if (errno != ENOENT) {
		doctor_unseen(doctor, path, -errno);
		return;
	}
	doctor_find(doctor, DOCTOR_PROBLEM,
		    "there is no %s: trackers that read kernel structures do not load", path);
	doctor_remedy(doctor, "use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y, as those "
			      "of all large distributions are");
}

/* A file of the kernel's with a switch, and what each of its values means. */
struct knob {
	const char *path;
	const struct {
		const char *value; /* NULL: every other */
		enum doctor_level level;
		const char *meaning;
		const char *remedy;
	} meanings[3];
};

static void check_knob(struct doctor *doctor, const struct knob *knob)
{
	char text[DOCTOR_TEXT_MAX];
	int r = doctor_read(doctor, knob->path, text);
	size_t i = 0;

	if (r < 0) {
		doctor_unseen(doctor, knob->path, r);
		return;
	}
	while (knob->meanings[i].value && !eub_streq(knob->meanings[i].value, text))
		i++;
	doctor_find(doctor, knob->meanings[i].level, "%s is %.20s: %s", knob->path, text,
		    knob->meanings[i].meaning);
	if (knob->meanings[i].remedy)
		doctor_remedy(doctor, "%s", knob->meanings[i].remedy);
}

void doctor_check_jit(struct doctor *doctor)
{
	static const struct knob knob = {
		"/proc/sys/net/core/bpf_jit_enable",
		{ { "0", DOCTOR_WARNING, "programs are interpreted, several times as slow",
		    "sysctl net.core.bpf_jit_enable=1" },
		  { NULL, DOCTOR_OK, "programs are compiled", NULL } },
	};

	check_knob(doctor, &knob);
}

void doctor_check_unprivileged(struct doctor *doctor)
{
	static const struct knob knob = {
		"/proc/sys/kernel/unprivileged_bpf_disabled",
		{ { "0", DOCTOR_NOTE, "every user may load programs of some types",
		    "eunomia does not need that: sysctl kernel.unprivileged_bpf_disabled=2" },
		  { NULL, DOCTOR_OK, "only privileged processes load programs", NULL } },
	};

	check_knob(doctor, &knob);
}

void doctor_check_lsm(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *path = doctor_path(doctor, EUB_LSM_PATH);
	char modules[EUB_KERNEL_WORDS_MAX];
	int r = path ? eub_kernel_find_lsm(path, "bpf", modules) : -ENOMEM;

	if (r < 0) {
		doctor_unseen(doctor, EUB_LSM_PATH, r);
		if (r == -ENOENT)
			doctor_remedy(doctor, "mount -t securityfs securityfs "
					      "/sys/kernel/security");
		return;
	}
	if (r > 0) {
		doctor_find(doctor, DOCTOR_OK, "active: %s", modules);
		return;
	}
	doctor_find(doctor, DOCTOR_NOTE,
		    "active: %s; 'bpf' is not among them: LSM programs attach but never run",
		    modules);
	doctor_remedy(doctor,
		      "for trackers at LSM hooks, add 'lsm=%s,bpf' to the kernel's command "
		      "line and restart",
		      modules);
}

void doctor_check_lockdown(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *path = doctor_path(doctor, EUB_LOCKDOWN_PATH);
	char level[EUB_KERNEL_WORDS_MAX];
	int r = path ? eub_kernel_get_lockdown(path, level) : -ENOMEM;

	if (r < 0) {
		doctor_unseen(doctor, EUB_LOCKDOWN_PATH, r);
		return;
	}
	if (!eub_streq(level, "confidentiality")) {
		doctor_find(doctor, DOCTOR_OK, "%s", level);
		return;
	}
	doctor_find(doctor, DOCTOR_PROBLEM, "%s: the kernel lets no program read its memory",
		    level);
	doctor_remedy(doctor, "use lockdown=integrity on the kernel's command line");
}
