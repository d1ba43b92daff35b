/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The events of targets.bpf.c. */
#pragma once

#include <linux/types.h>

enum place { PLACE_CGROUP, PLACE_TC, PLACE_XDP, N_PLACES };

struct passage {
	__u32 place;
	__u32 number; /* of the cgroup's datagrams so far, with storage */
};
