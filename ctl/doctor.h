/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at the host: checks, each of which finds something out and says how good it is, with
 * evidence and a remedy. Nothing is changed. Every path is taken below a root, so that tests can
 * make a host of files.
 */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,	/* good to know; nothing has to be done */
	DOCTOR_WARNING, /* works, but less well than it could */
	DOCTOR_PROBLEM, /* something does not work */
	_DOCTOR_LEVEL_MAX,
};

struct doctor_finding {
	const char *check; /* name of the check that found it */
	enum doctor_level level;
	char *evidence; /* owned */
	char *remedy;	/* owned; NULL: nothing is to be done */
};

struct doctor_agent; /* what the agent says of itself: cmd_doctor_agent.h */

/* Begins by doctor_init(); what differs from the defaults is set by the caller. */
struct doctor {
	const char *root; /* before every path; "" in use */
	const char *state_dir, *bpffs_dir, *trackers_dir;
	const struct doctor_agent *agent; /* borrowed; NULL: not asked */
	pid_t agent_pid;		  /* 0: not known */
	bool is_idle;			  /* doctor_is_agent_idle() said so */
	struct doctor_finding *findings;  /* owned */
	size_t n_findings;
	bool has_failed;   /* no memory: findings are missing */
	const char *check; /* the one at work */
};

struct doctor_check {
	const char *name;
	void (*run)(struct doctor *doctor);
};

#define DOCTOR_TEXT_MAX 4096

void doctor_init(struct doctor *doctor);
void doctor_done(struct doctor *doctor);
/* Runs @n checks. */
void doctor_run(struct doctor *doctor, const struct doctor_check *checks, size_t n);
/* "ok", "note", "warning", "problem". */
const char *doctor_level_to_string(enum doctor_level level);
/* How many findings are of this level. */
size_t doctor_count(const struct doctor *doctor, enum doctor_level level);
/* Appends findings for people: level, check and evidence, the remedy below; lines of @width. */
void doctor_append_text(const struct doctor *doctor, unsigned int width, struct eub_buf *out);

/* For checks. Text from outside is made harmless when it is printed. */

void doctor_find(struct doctor *doctor, enum doctor_level level, const char *format, ...)
    EUB_PRINTF(3, 4);
/* What to do about the finding made last. */
void doctor_remedy(struct doctor *doctor, const char *format, ...) EUB_PRINTF(2, 3);
/* A note that @what could not be seen, because of the negative errno @code. */
void doctor_unseen(struct doctor *doctor, const char *what, int code);
/* "ROOT/..."; free() it. NULL: no memory, which is noted. */
char *doctor_path(struct doctor *doctor, const char *format, ...) EUB_PRINTF(2, 3);
/**
 * doctor_read() - a small file of the kernel's as a string, without the last line feed
 * @path: without the root
 *
 * Return: 0; -EFBIG; -errno.
 */
int doctor_read(struct doctor *doctor, const char *path, char ret_text[static DOCTOR_TEXT_MAX]);
/* The rest of the line of @text that begins with @key, without blanks before; NULL: there is none.
 * @ret_n: its length. */
const char *doctor_find_field(const char *text, const char *key, size_t *ret_n);

/**
 * doctor_parse_numbers() - the numbers that a text begins with
 * @separators: one or more of them stand between numbers, and may stand before the first
 * @base:       10 or 16; without sign or prefix
 *
 * Return: how many were stored, at most @n; a number that does not fit is UINT64_MAX.
 */
size_t doctor_parse_numbers(const char *text, const char *separators, int base,
			    uint64_t *ret_numbers, size_t n);

/* The checks, by subject. */

/* Release of the kernel as numbers; false if it cannot be told. */
bool doctor_get_kernel(struct doctor *doctor, uint64_t *ret_major, uint64_t *ret_minor);
void doctor_check_kernel(struct doctor *doctor);
void doctor_check_btf(struct doctor *doctor);
void doctor_check_jit(struct doctor *doctor);
void doctor_check_unprivileged(struct doctor *doctor);
void doctor_check_lsm(struct doctor *doctor);
void doctor_check_lockdown(struct doctor *doctor);

void doctor_check_bpffs(struct doctor *doctor);
void doctor_check_tracefs(struct doctor *doctor);
void doctor_check_cgroup(struct doctor *doctor);

void doctor_check_user_namespace(struct doctor *doctor);
void doctor_check_own_rights(struct doctor *doctor);
void doctor_check_agent_rights(struct doctor *doctor);
void doctor_check_memlock(struct doctor *doctor);

/* Whether the agent does not run, but a call would start it: then no call is made. */
bool doctor_is_agent_idle(struct doctor *doctor);
void doctor_check_unit(struct doctor *doctor);
void doctor_check_journal(struct doctor *doctor);

void doctor_check_state(struct doctor *doctor);
void doctor_check_trackers(struct doctor *doctor);
void doctor_check_clock(struct doctor *doctor);
void doctor_check_clang(struct doctor *doctor);
