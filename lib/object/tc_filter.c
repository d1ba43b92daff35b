/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel chooses priority and handle: each new filter comes before those that are there, as a
 * link would, and none is replaced. The program's id in the pin's text guards against removing a
 * filter that came to the same place later.
 */
#include "object/tc_filter.h"

#include "base/str.h"
#include "object/libbpf_log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIN_TEXT_MAX 128
#define PIN_PREFIX   "tc " /* then: ifindex, direction, handle, priority, program */

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

	(void)snprintf(text, sizeof(text), PIN_PREFIX "%d %d %u %u %u", filter->ifindex,
		       (int)filter->direction, filter->handle, filter->priority,
		       filter->program_id);
	return symlink(text, path) < 0 ? -errno : 0;
}

/* @n numbers of 32 bits, a space between any two. @text is cut up. Return: 0; -EINVAL. */
static int parse_numbers(char *text, uint32_t *ret, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *word = strsep(&text, " ");
		uint64_t value;

		if (!word || eub_parse_u64(word, &value) < 0 || value > UINT32_MAX)
			return -EINVAL;
		ret[i] = (uint32_t)value;
	}
	return text ? -EINVAL : 0;
}

int eun__tc_filter_adopt(const char *path, struct eun__tc_filter *ret_filter)
{
	char text[PIN_TEXT_MAX];
	uint32_t numbers[5];
	ssize_t n = readlink(path, text, sizeof(text) - 1);

	if (n < 0)
		return -errno; /* -EINVAL for what is not a symbolic link */
	text[n] = '\0';
	if (!eub_has_prefix(text, PIN_PREFIX) ||
	    parse_numbers(text + strlen(PIN_PREFIX), numbers, EUB_ARRAY_SIZE(numbers)) < 0)
		return -EINVAL;
	if (numbers[0] == 0 || numbers[0] > INT_MAX || numbers[1] == EUN__DIRECTION_NONE ||
	    numbers[1] >= _EUN__DIRECTION_MAX)
		return -EINVAL;
	*ret_filter = (struct eun__tc_filter){ .ifindex = (int)numbers[0],
					       .direction = (enum eun__direction)numbers[1],
					       .handle = numbers[2],
					       .priority = numbers[3],
					       .program_id = numbers[4] };
	return 0;
}

void eun__tc_filter_detach_pinned(const char *path)
{
	struct eun__tc_filter filter = { 0 };

	if (eun__tc_filter_adopt(path, &filter) == 0)
		eun__tc_filter_detach(&filter);
}
