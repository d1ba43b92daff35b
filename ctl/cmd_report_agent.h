/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a report that come from the agent and from the doctor. */
#pragma once

#include "report.h"

int report_versions(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_doctor(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_doctor_json(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_info(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_slots(const struct report *report, struct eub_buf *out, struct eun_error *err);
int report_programs(const struct report *report, struct eub_buf *out, struct eun_error *err);
/* Name of the agent's slot @i; NULL past the end, and of an agent that is not there. */
const char *report_get_slot(const struct report *report, size_t i);
/* The folder of declared trackers. */
const char *report_get_declared_dir(const struct report *report);
/* One slot in full, and what ran in it, without the values of its settings. */
int report_show(const struct report *report, const char *slot, struct eub_buf *out,
		struct eun_error *err);
int report_history(const struct report *report, const char *slot, struct eub_buf *out,
		   struct eun_error *err);
