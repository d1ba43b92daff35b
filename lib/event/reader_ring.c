/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of a BPF_MAP_TYPE_RINGBUF. Owns a descriptor of the map and the mappings of its pages: the
 * consumer's page, which we write, and the producer's page with the data behind it, which we read;
 * the kernel maps the data twice in a row, so that no record is cut at the end. What is done with
 * them is in ring.c. Closing the reader leaves the consumer position in the map: the next reader
 * goes on there, or where it is told to.
 */
#include "event/reader.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "event/reader_impl.h"
#include "event/ring.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>

struct ring_reader {
	struct eun__ring ring;
	const struct eun__reader_ops *ops;
	void *userdata;
	int fd;
	void *consumer_page; /* NULL while not mapped, as the next */
	void *data_pages;
	size_t page_size;
	size_t data_pages_size;
};

static void ring_free(void *impl)
{
	struct ring_reader *reader = impl;

	/* Unmapping what mmap() gave cannot fail. */
	if (reader->consumer_page)
		(void)munmap(reader->consumer_page, reader->page_size);
	if (reader->data_pages)
		(void)munmap(reader->data_pages, reader->data_pages_size);
	eub_closep(&reader->fd);
	free(reader);
}

static void ring_freep(struct ring_reader **reader)
{
	if (*reader)
		ring_free(*reader);
}

static int ring_fd(const void *impl)
{
	const struct ring_reader *reader = impl;

	return reader->fd;
}

static unsigned int ring_read(void *impl, unsigned int budget, bool hold)
{
	struct ring_reader *reader = impl;

	return eun__ring_read(&reader->ring, reader->ops, reader->userdata, budget, hold);
}

static uint64_t ring_get_position(const void *impl)
{
	const struct ring_reader *reader = impl;

	return reader->ring.position;
}

static uint64_t ring_get_end(const void *impl)
{
	const struct ring_reader *reader = impl;

	return eun__ring_get_end(&reader->ring);
}

static int ring_resume(void *impl, uint64_t position)
{
	struct ring_reader *reader = impl;

	return eun__ring_resume(&reader->ring, position);
}

static void ring_get_info(const void *impl, struct eun__reader_info *ret_info)
{
	const struct ring_reader *reader = impl;

	ret_info->size_bytes = reader->ring.size;
	ret_info->used_bytes = eun__ring_used(&reader->ring);
	ret_info->high_water_bytes = reader->ring.high_water_bytes;
	ret_info->n_full = reader->ring.n_full;
}

static const struct eun__reader_kind ring_kind = {
	.is_level_triggered = true,
	.fd = ring_fd,
	.read = ring_read,
	.get_position = ring_get_position,
	.get_end = ring_get_end,
	.resume = ring_resume,
	.get_info = ring_get_info,
	.free = ring_free,
};

/* Return: 0; -errno of mmap(2). */
static int map_pages(int fd, size_t size, int protection, size_t offset, void **ret_pages)
{
	void *pages = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);

	if (pages == MAP_FAILED)
		return -errno;
	*ret_pages = pages;
	return 0;
}

static int map_ring(struct ring_reader *reader, size_t size)
{
	int r = map_pages(reader->fd, reader->page_size, PROT_READ | PROT_WRITE, 0,
			  &reader->consumer_page);

	if (r < 0)
		return r;
	reader->data_pages_size = reader->page_size + 2 * size;
	return map_pages(reader->fd, reader->data_pages_size, PROT_READ, reader->page_size,
			 &reader->data_pages);
}

int eun__reader_new_ring(int map_fd, const struct eun__reader_ops *ops, void *userdata,
			 struct eun__reader **ret_reader, struct eun_error *err)
{
	_cleanup_(ring_freep) struct ring_reader *reader = NULL;
	unsigned int size;
	int r = eun__reader_check_map(map_fd, BPF_MAP_TYPE_RINGBUF, "ring buffer", &size, err);

	if (r < 0)
		return r;
	reader = calloc(1, sizeof(*reader));
	if (!reader)
		return eub_error_no_memory(err);
	reader->ops = ops;
	reader->userdata = userdata;
	reader->page_size = (size_t)sysconf(_SC_PAGESIZE);
	reader->fd = fcntl(map_fd, F_DUPFD_CLOEXEC, 3);
	if (reader->fd < 0) {
		r = -errno;
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot duplicate the descriptor of a ring buffer: %s",
				     strerror(-r));
	}
	r = map_ring(reader, size);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot map a ring buffer of %u bytes: %s", size,
				     strerror(-r));
	r = eun__ring_init(&reader->ring, reader->consumer_page, reader->data_pages,
			   (const uint8_t *)reader->data_pages + reader->page_size, size);
	if (r < 0)
		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "the positions in a ring buffer contradict each other");
	r = eun__reader_wrap(&ring_kind, reader, ret_reader, err);
	if (r == 0)
		reader = NULL; /* moved */
	return r;
}
