/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of a report: each gathers one file of it. A part that cannot be had says why, and the
 * report is made without it.
 */
#pragma once

#include <eunomia/error.h>

#include "doctor.h"

struct ctl;

struct report {
	struct ctl *ctl;
	const char *root; /* before every path; "" in use */
	const struct doctor *doctor;
	const struct doctor_agent *agent;
	uint64_t n_lines; /* of the journal */
};

struct report_part {
	const char *name; /* of its file */
	/* Appends it. Return: 0; -errno with @err filled: it is left out. */
	int (*gather)(const struct report *report, struct eub_buf *out, struct eun_error *err);
};

int report_kernel(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_mounts(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_libraries(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_config(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_unit(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_journal(const struct report *report, struct eub_buf *out, struct eun_error *err);
/* A file of configuration; @path is without the root. */
int report_file(const struct report *report, const char *path, struct eub_buf *out,
		struct eun_error *err);
