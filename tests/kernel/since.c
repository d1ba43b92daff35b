/* SPDX-License-Identifier: Apache-2.0 */
/* Older kernels refuse these with a bare EINVAL, which from later ones is an error of ours. */
#include "since.h"

#include "base/kernel.h"
#include "base/str.h"

static const struct {
	const char *program;
	unsigned int major;
	unsigned int minor;
} since[] = {
	{ "func_ip", 5, 15 },	/* bpf_get_func_ip() */
	{ "xdp_frags", 5, 18 }, /* programs for frames of many pages */
	{ "dynptr", 5, 19 },
	{ "lsm_cgroup", 6, 0 },
};

bool since_is_known(const char *program)
{
	for (size_t i = 0; i < EUB_ARRAY_SIZE(since); i++)
		if (eub_has_prefix(program, since[i].program))
			return eub_kernel_is_at_least(since[i].major, since[i].minor);
	return true;
}
