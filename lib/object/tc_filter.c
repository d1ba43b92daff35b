/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel chooses priority and handle: each new filter comes before those that are there, as a
 * link would, and none is replaced. The program's id in the pin's text guards against removing a
 * filter that came to the same place later.
 */
#include "object/tc_filter.h"

#include "object/libbpf_log.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define PIN_TEXT_MAX 128
#define PIN_FORMAT   "tc ifindex=%d direction=%d handle=%u priority=%u program=%u"

static enum bpf_tc_attach_point get_point(enum eun__direction direction)
{
	return direction == EUN__DIRECTION_EGRESS ? BPF_TC_EGRESS : BPF_TC_INGRESS;
}

int eun__tc_filter_attach(int program_fd, int ifindex, enum eun__direction direction,
			  struct eun__tc_filter *ret_filter)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = get_point(direction));
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program_fd);
	int r = bpf_tc_hook_create(&hook);

	if (r < 0 && r != -EEXIST)
		return r;
	eun__libbpf_log_reset(); /* of its complaint that the hook exists */
	r = bpf_tc_attach(&hook, &options);
	if (r < 0)
		return r;
	*ret_filter = (struct eun__tc_filter){ .ifindex = ifindex,
					       .direction = direction,
					       .handle = options.handle,
					       .priority = options.priority,
					       .program_id = options.prog_id };
	return 0;
}

void eun__tc_filter_detach(const struct eun__tc_filter *filter)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = filter->ifindex,
		    .attach_point = get_point(filter->direction));
	LIBBPF_OPTS(bpf_tc_opts, found, .handle = filter->handle, .priority = filter->priority);
	LIBBPF_OPTS(bpf_tc_opts, place, .handle = filter->handle, .priority = filter->priority);

	if (filter->ifindex > 0 && bpf_tc_query(&hook, &found) == 0 &&
	    found.prog_id == filter->program_id)
		(void)bpf_tc_detach(&hook, &place); /* gone with its interface: as good */
}

int eun__tc_filter_pin(const struct eun__tc_filter *filter, const char *path)
{
	char text[PIN_TEXT_MAX];

	(void)snprintf(text, sizeof(text), PIN_FORMAT, filter->ifindex, (int)filter->direction,
		       filter->handle, filter->priority, filter->program_id);
	return symlink(text, path) < 0 ? -errno : 0;
}

int eun__tc_filter_adopt(const char *path, struct eun__tc_filter *ret_filter)
{
	struct eun__tc_filter filter;
	char text[PIN_TEXT_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	int direction;

	if (n < 0)
		return -errno; /* -EINVAL for what is not a symbolic link */
	text[n] = '\0';
	if (sscanf(text, PIN_FORMAT, &filter.ifindex, &direction, &filter.handle, &filter.priority,
		   &filter.program_id) != 5 ||
	    filter.ifindex <= 0)
		return -EINVAL;
	if (direction != EUN__DIRECTION_INGRESS && direction != EUN__DIRECTION_EGRESS)
		return -EINVAL;
	filter.direction = (enum eun__direction)direction;
	*ret_filter = filter;
	return 0;
}

void eun__tc_filter_detach_pinned(const char *path)
{
	struct eun__tc_filter filter;

	if (eun__tc_filter_adopt(path, &filter) == 0)
		eun__tc_filter_detach(&filter);
}
