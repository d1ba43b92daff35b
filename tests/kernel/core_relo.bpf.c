/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One CO-RE relocation of each sort that the reduced kernel BTF must answer as the whole one does:
 * offsets through nested and anonymous members, arrays, bit-fields, sizes, existence of what is
 * there and what is not, flavours, enumerators.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <stdbool.h>

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))

struct list_head {
	struct list_head *next, *prev;
} CORE;

struct sched_info {
	unsigned long pcount;
} CORE;

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct list_head tasks;
	struct sched_info sched_info;
	unsigned int sched_reset_on_fork : 1;
	unsigned int in_iowait : 1;
	int no_such_member;
} CORE;

/* A flavour: the same kernel type seen with other members. */
struct task_struct___old {
	long state;
} CORE;

struct sock_common {
	union {
		struct {
			__u32 skc_daddr;
			__u32 skc_rcv_saddr;
		};
	};
	unsigned short skc_family;
} CORE;

struct sock {
	struct sock_common __sk_common;
} CORE;

struct no_such_struct {
	int x;
} CORE;

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_NO_SUCH = 77,
};

__u64 results[16];

SEC("raw_tp/sys_enter")
int relocations(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct sock *sock = ctx;
	int i = 0;

	results[i++] = BPF_CORE_READ(task, real_parent, tgid);
	results[i++] = bpf_core_field_offset(task->comm[3]);
	results[i++] = bpf_core_field_offset(task->tasks.prev);
	results[i++] = bpf_core_field_size(task->sched_info.pcount);
	results[i++] = BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
	results[i++] = bpf_core_field_exists(task->no_such_member);
	results[i++] = bpf_core_field_exists(struct task_struct___old, state);
	results[i++] = bpf_core_field_offset(sock->__sk_common.skc_rcv_saddr);
	results[i++] = bpf_core_type_exists(struct no_such_struct);
	results[i++] = bpf_core_type_size(struct sock_common);
	results[i++] = bpf_core_enum_value(enum pid_type, PIDTYPE_TGID);
	results[i++] = bpf_core_enum_value_exists(enum pid_type, PIDTYPE_NO_SUCH);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
