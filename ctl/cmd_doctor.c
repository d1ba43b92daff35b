/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl doctor: what is missing on this host, and what to do. It looks, and changes nothing.
 */
#include "cmd_doctor.h"

#include "base/str.h"
#include "ctl_limits.h"

const struct option_row cmd_doctor_options[] = { { 0 } };

/* In the order in which things depend on each other. */
static const struct doctor_check checks[] = {
	{ "kernel", doctor_check_kernel },
	{ "btf", doctor_check_btf },
	{ "jit", doctor_check_jit },
	{ "unprivileged", doctor_check_unprivileged },
	{ "lsm", doctor_check_lsm },
	{ "lockdown", doctor_check_lockdown },
	{ "user-namespace", doctor_check_user_namespace },
	{ "bpffs", doctor_check_bpffs },
	{ "tracefs", doctor_check_tracefs },
	{ "cgroup", doctor_check_cgroup },
	{ "memlock", doctor_check_memlock },
	{ "own-rights", doctor_check_own_rights },
	{ "clock", doctor_check_clock },
	{ "journal", doctor_check_journal },
	{ "state-folder", doctor_check_state },
	{ "trackers", doctor_check_trackers },
	{ "clang", doctor_check_clang },
	{ "unit", doctor_check_unit },
	{ "agent", doctor_check_agent },
	{ "version", doctor_check_versions },
	{ "agent-rights", doctor_check_agent_rights },
	{ "features", doctor_check_features },
	{ "slots", doctor_check_slots },
	{ "declared", doctor_check_declared },
	{ "set-aside", doctor_check_set_aside },
};

void doctor_examine(struct doctor *doctor, struct doctor_agent *agent, struct ctl *ctl)
{
	if (ctl->options.timeout_ms == 0)
		ctl->options.timeout_ms = CTL_PROBE_TIMEOUT_MS;
	doctor_agent_ask(agent, ctl, doctor);
	doctor_run(doctor, checks, EUB_ARRAY_SIZE(checks));
}

static void write_finding(struct document *doc, const struct doctor_finding *finding)
{
	document_begin_object(doc, NULL);
	document_add_string(doc, "check", finding->check);
	document_add_string(doc, "level", doctor_level_to_string(finding->level));
	document_add_string(doc, "evidence", finding->evidence);
	document_add_string(doc, "remedy", finding->remedy ? finding->remedy : "");
	document_end(doc);
}

static bool write_item(struct document *doc, const void *object, size_t i)
{
	const struct doctor *doctor = object;

	if (i >= doctor->n_findings)
		return false;
	write_finding(doc, &doctor->findings[i]);
	return true;
}

static void write_findings(struct document *doc, const void *object)
{
	document_begin_array(doc, NULL);
	for (size_t i = 0; write_item(doc, object, i); i++)
		;
	document_end(doc);
}

static int append_text(const struct ctl *ctl, const void *object, struct eub_buf *out)
{
	const struct doctor *doctor = object;
	unsigned int width = output_get_width();

	(void)ctl; /* there is no header to leave out */
	doctor_append_text(doctor, width > 0 ? width : CTL_TABLE_WIDTH, out);
	eub_buf_printf(out, "\nproblems: %zu, warnings: %zu, notes: %zu\n",
		       doctor_count(doctor, DOCTOR_PROBLEM), doctor_count(doctor, DOCTOR_WARNING),
		       doctor_count(doctor, DOCTOR_NOTE));
	return doctor->has_failed ? -ENOMEM : 0;
}

/* The checks that found a problem or something to warn of. */
static void append_names(const void *object, struct eub_buf *out)
{
	const struct doctor *doctor = object;

	for (size_t i = 0; i < doctor->n_findings; i++)
		if (doctor->findings[i].level >= DOCTOR_WARNING)
			record_append_name(out, doctor->findings[i].check);
}

const struct record_kind doctor_kind = {
	.write = write_findings,
	.write_item = write_item,
	.append_table = append_text,
	.append_names = append_names,
};

enum ctl_exit cmd_doctor(struct ctl *ctl)
{
	struct doctor_agent agent;
	struct doctor doctor;
	enum ctl_exit status;

	doctor_init(&doctor);
	doctor_examine(&doctor, &agent, ctl);
	status = record_print(ctl, &doctor_kind, &doctor);
	if (status == CTL_EXIT_OK && doctor_count(&doctor, DOCTOR_PROBLEM) > 0)
		status = CTL_EXIT_FAILED;
	doctor_done(&doctor);
	doctor_agent_done(&agent);
	return status;
}
