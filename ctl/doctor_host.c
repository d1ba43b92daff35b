/* SPDX-License-Identifier: Apache-2.0 */
/* Folders, clock and programs of the host. */
#include "doctor.h"

#include "base/clock.h"
#include "base/str.h"
#include "process.h"

#include <eunomia/package.h>

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* Free space below which slots may not be kept: a few packages, and less than one. */
#define SPACE_WARNING_BYTES (64u << 20)
#define SPACE_PROBLEM_BYTES (1u << 20)
#define NS_PER_S	    1000000000u

static void judge_space(struct doctor *doctor, const struct statvfs *fs)
{
	uint64_t free_bytes;

	if (eub_mul_overflow((uint64_t)fs->f_bavail, (uint64_t)fs->f_frsize, &free_bytes))
		free_bytes = UINT64_MAX;
	if (fs->f_flag & ST_RDONLY) {
		doctor_find(doctor, DOCTOR_PROBLEM,
			    "%s is on a read-only file system: slots are "
			    "not kept over restarts",
			    doctor->state_dir);
		doctor_remedy(doctor, "mount it writable, or set StateDir= to another folder");
	} else if (free_bytes < SPACE_WARNING_BYTES || (fs->f_files > 0 && fs->f_favail < 100)) {
		doctor_find(doctor,
			    free_bytes < SPACE_PROBLEM_BYTES ? DOCTOR_PROBLEM : DOCTOR_WARNING,
			    "%s has %" PRIu64 " bytes and %" PRIuMAX " files left",
			    doctor->state_dir, free_bytes, (uintmax_t)fs->f_favail);
		doctor_remedy(doctor, "free space: slots that cannot be kept do not start");
	} else {
		doctor_find(doctor, DOCTOR_OK, "%s has %" PRIu64 " MB left", doctor->state_dir,
			    free_bytes >> 20);
	}
}

void doctor_check_state(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *path = doctor_path(doctor, "%s", doctor->state_dir);
	struct statvfs fs;

	if (!path)
		return;
	if (statvfs(path, &fs) == 0) {
		judge_space(doctor, &fs);
	} else if (errno == ENOENT) {
		doctor_find(doctor, DOCTOR_NOTE, "there is no %s yet: the agent makes it",
			    doctor->state_dir);
	} else {
		doctor_unseen(doctor, doctor->state_dir, -errno);
	}
}

void doctor_check_trackers(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *path = doctor_path(doctor, "%s", doctor->trackers_dir);
	char **names = NULL;
	size_t n = 0;
	int r = path ? eun_tracker_list(path, &names, &n) : -ENOMEM;

	if (r < 0) {
		doctor_unseen(doctor, doctor->trackers_dir, r);
	} else if (n == 0) {
		doctor_find(doctor, DOCTOR_NOTE, "there are no trackers in %s",
			    doctor->trackers_dir);
		doctor_remedy(doctor, "install the package 'eunomia-trackers', or name packages "
				      "by their files");
	} else {
		doctor_find(doctor, DOCTOR_OK, "%zu trackers in %s", n, doctor->trackers_dir);
	}
	eun_tracker_free_list(names, n);
}

/* This program was installed at some time, so it cannot be earlier than that now. */
void doctor_check_clock(struct doctor *doctor)
{
	static const char path[] = "/proc/self/exe";
	_cleanup_(eub_freep) char *full = doctor_path(doctor, path);
	_cleanup_(eub_buf_done) struct eub_buf now = EUB_BUF_INIT;
	uint64_t now_ns = eub_clock_wall_ns();
	struct stat st;

	if (!full)
		return;
	if (stat(full, &st) < 0) {
		doctor_unseen(doctor, path, -errno);
		return;
	}
	eub_append_rfc3339(&now, now_ns);
	eub_buf_append_char(&now, '\0');
	if (now.has_failed) {
		doctor->has_failed = true;
	} else if (st.st_mtim.tv_sec <= (time_t)(now_ns / NS_PER_S)) {
		doctor_find(doctor, DOCTOR_OK, "%s", now.data);
	} else {
		doctor_find(doctor, DOCTOR_WARNING,
			    "the clock says %s, but this program is younger: times of events are "
			    "wrong",
			    now.data);
		doctor_remedy(doctor, "set the clock: timedatectl set-ntp true");
	}
}

void doctor_check_clang(struct doctor *doctor)
{
	_cleanup_(eub_freep) char *path = NULL;

	if (process_find("clang", &path) == 0) {
		doctor_find(doctor, DOCTOR_OK, "%s", path);
		return;
	}
	doctor_find(doctor, DOCTOR_NOTE,
		    "there is no clang: 'eunomiactl build' does not work, all "
		    "else does");
	doctor_remedy(doctor, "to write trackers, install clang and llvm");
}
