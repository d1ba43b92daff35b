/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of a BPF_MAP_TYPE_PERF_EVENT_ARRAY, on libbpf's perf_buffer in its raw form: it opens and
 * maps a buffer per CPU and walks their records; a record's bytes are interpreted here. The raw
 * form also allows to stop after any record, which is how the budget is kept. Each read starts with
 * the CPU after the one that the last read ended with, so that a flood on one CPU starves no other.
 *
 * The kernel wakes the reader for each record, and forgets records that come while a buffer is full
 * but counts them: they arrive as a record of their own.
 */
#include "event/reader.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "base/macro.h"
#include "event/reader_impl.h"

#include <bpf/libbpf.h>
#include <linux/perf_event.h>
#include <string.h>

struct perf_reader {
	struct perf_buffer *buffers;
	const struct eun__reader_ops *ops;
	void *userdata;
	size_t next_cpu;     /* buffer that the next read starts with */
	unsigned int n_left; /* budget of the read under way */
	uint64_t seq;	     /* of the last record */
	uint64_t size_bytes;
	uint64_t read_bytes; /* by the read under way */
	uint64_t high_water_bytes;
	bool has_lost; /* the read under way was told of a loss */
	uint64_t n_full;
};

/* PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW alone. */
struct raw_sample {
	struct perf_event_header header;
	uint32_t size;
	uint8_t data[];
};

/* PERF_RECORD_LOST. */
struct lost_sample {
	struct perf_event_header header;
	uint64_t id;
	uint64_t count;
};

static void take_sample(struct perf_reader *reader, const struct perf_event_header *header)
{
	const struct raw_sample *sample = (const void *)header;
	size_t room = header->size - EUB_MIN((size_t)header->size, sizeof(*sample));

	if (header->size < sizeof(*sample) || sample->size > room || sample->size == 0)
		return;
	reader->ops->on_record(reader->userdata, sample->data, sample->size, ++reader->seq);
	reader->n_left--;
}

static void take_lost(struct perf_reader *reader, const struct perf_event_header *header)
{
	const struct lost_sample *lost = (const void *)header;

	if (header->size < sizeof(*lost))
		return;
	reader->has_lost = true;
	reader->ops->on_lost(reader->userdata, lost->count);
}

static enum bpf_perf_event_ret on_event(void *userdata, int cpu EUB_UNUSED,
					struct perf_event_header *header)
{
	struct perf_reader *reader = userdata;

	reader->read_bytes += header->size;
	if (header->type == PERF_RECORD_SAMPLE)
		take_sample(reader, header);
	else if (header->type == PERF_RECORD_LOST)
		take_lost(reader, header);
	return reader->n_left > 0 ? LIBBPF_PERF_EVENT_CONT : LIBBPF_PERF_EVENT_DONE;
}

static void perf_free(void *impl)
{
	struct perf_reader *reader = impl;

	perf_buffer__free(reader->buffers);
	free(reader);
}

static void perf_freep(struct perf_reader **reader)
{
	if (*reader)
		perf_free(*reader);
}

static int perf_fd(const void *impl)
{
	const struct perf_reader *reader = impl;

	return perf_buffer__epoll_fd(reader->buffers);
}

static unsigned int perf_read(void *impl, unsigned int budget, bool hold EUB_UNUSED)
{
	struct perf_reader *reader = impl;
	size_t n_buffers = perf_buffer__buffer_cnt(reader->buffers);

	reader->n_left = budget;
	reader->read_bytes = 0;
	reader->has_lost = false;
	for (size_t i = 0; i < n_buffers && reader->n_left > 0; i++) {
		/* Its result is what on_event() returned last. */
		(void)perf_buffer__consume_buffer(reader->buffers, reader->next_cpu);
		reader->next_cpu = (reader->next_cpu + 1) % n_buffers;
	}
	reader->high_water_bytes = EUB_MAX(reader->high_water_bytes, reader->read_bytes);
	reader->n_full += reader->has_lost;
	return budget - reader->n_left;
}

static uint64_t perf_get_position(const void *impl)
{
	const struct perf_reader *reader = impl;

	return reader->seq + 1;
}

static void perf_get_info(const void *impl, struct eun__reader_info *ret_info)
{
	const struct perf_reader *reader = impl;

	ret_info->size_bytes = reader->size_bytes;
	ret_info->high_water_bytes = reader->high_water_bytes;
	ret_info->n_full = reader->n_full;
}

static const struct eun__reader_kind perf_kind = {
	.fd = perf_fd,
	.read = perf_read,
	.get_position = perf_get_position,
	.get_end = perf_get_position,
	.get_info = perf_get_info,
	.free = perf_free,
};

static int open_buffers(struct perf_reader *reader, int map_fd, size_t pages)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};

	reader->buffers = perf_buffer__new_raw(map_fd, pages, &attr, on_event, reader, NULL);
	if (!reader->buffers)
		return -errno;
	reader->size_bytes =
	    perf_buffer__buffer_cnt(reader->buffers) * pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

int eun__reader_new_perf(int map_fd, size_t pages, const struct eun__reader_ops *ops,
			 void *userdata, struct eun__reader **ret_reader, struct eun_error *err)
{
	_cleanup_(perf_freep) struct perf_reader *reader = NULL;
	unsigned int max_entries;
	int r = eun__reader_check_map(map_fd, BPF_MAP_TYPE_PERF_EVENT_ARRAY, "perf event array",
				      &max_entries, err);

	if (r < 0)
		return r;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return eub_error_no_memory(err);
	reader->ops = ops;
	reader->userdata = userdata;
	r = open_buffers(reader, map_fd, pages);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot open perf buffers of %zu pages a CPU: %s", pages,
				     strerror(-r));
	r = eun__reader_wrap(&perf_kind, reader, ret_reader, err);
	if (r == 0)
		reader = NULL; /* moved */
	return r;
}
