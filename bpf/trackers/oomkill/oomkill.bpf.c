// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * oomkill: processes that the kernel kills because memory ran out, on the whole machine or in a
 * memory cgroup.
 *
 * The tracepoint runs in the thread whose allocation failed. Before Linux 6.9 it tells the victim's
 * process id and nothing more.
 */
#include "eunomia.bpf.h"
#include "eunomia_vmlinux.h"

#include "oomkill.h"

EUNOMIA_EVENTS(struct event, 64 * 1024);

static __always_inline void fill_details(struct event *event,
					 struct trace_event_raw_mark_victim *ctx)
{
	const char *comm = (const char *)ctx + (ctx->__data_loc_comm & 0xffff);

	event->tuid = ctx->uid;
	event->oom_score_adj = ctx->oom_score_adj;
	event->total_vm_kb = ctx->total_vm;
	event->anon_rss_kb = ctx->anon_rss;
	event->file_rss_kb = ctx->file_rss;
	event->shmem_rss_kb = ctx->shmem_rss;
	event->pgtables_kb = ctx->pgtables;
	bpf_probe_read_kernel_str(event->tcomm, sizeof(event->tcomm), comm);
}

SEC("tracepoint/oom/mark_victim")
int handle_victim(struct trace_event_raw_mark_victim *ctx)
{
	struct event *event = eunomia_reserve();

	if (!event)
		return 0;
	event->fpid = eunomia_current_pid();
	event->tpid = (__u32)ctx->pid;
	bpf_get_current_comm(event->fcomm, sizeof(event->fcomm));
	if (bpf_core_field_exists(ctx->total_vm))
		fill_details(event, ctx);
	eunomia_submit(event);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
