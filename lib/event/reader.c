/* SPDX-License-Identifier: Apache-2.0 */
/* What ring buffer and perf buffer readers have in common: see reader.h for the contract. */
#include "event/reader.h"

#include "base/cleanup.h"
#include "base/error.h"
#include "event/reader_impl.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

int eun__reader_wrap(const struct eun__reader_kind *kind, void *impl,
		     struct eun__reader **ret_reader, struct eun_error *err)
{
	struct eun__reader *reader = malloc(sizeof(*reader));

	if (!reader)
		return eub_error_no_memory(err);
	*reader = (struct eun__reader){ .kind = kind, .impl = impl };
	*ret_reader = reader;
	return 0;
}

int eun__reader_check_map(int map_fd, unsigned int map_type, const char *type_name,
			  unsigned int *ret_max_entries, struct eun_error *err)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size) < 0) {
		int r = -errno;

		return eun_error_set(err, r, EUN_REASON_INTERNAL,
				     "cannot ask the kernel about map descriptor %d: %s", map_fd,
				     strerror(-r));
	}
	if (info.type != map_type)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "map '%s' is of type %u, not a %s", info.name, info.type,
				     type_name);
	*ret_max_entries = info.max_entries;
	return 0;
}

struct eun__reader *eun__reader_free(struct eun__reader *reader)
{
	if (!reader)
		return NULL;
	reader->kind->free(reader->impl);
	free(reader);
	return NULL;
}

int eun__reader_fd(const struct eun__reader *reader)
{
	return reader->kind->fd(reader->impl);
}

bool eun__reader_is_level_triggered(const struct eun__reader *reader)
{
	return reader->kind->is_level_triggered;
}

unsigned int eun__reader_read(struct eun__reader *reader, unsigned int budget, bool hold)
{
	return reader->kind->read(reader->impl, budget, hold);
}

uint64_t eun__reader_get_position(const struct eun__reader *reader)
{
	return reader->kind->get_position(reader->impl);
}

uint64_t eun__reader_get_end(const struct eun__reader *reader)
{
	return reader->kind->get_end(reader->impl);
}

int eun__reader_resume(struct eun__reader *reader, uint64_t position)
{
	if (!reader->kind->resume)
		return -EOPNOTSUPP;
	return reader->kind->resume(reader->impl, position);
}

void eun__reader_get_info(const struct eun__reader *reader, struct eun__reader_info *ret_info)
{
	*ret_info = (struct eun__reader_info){ 0 };
	reader->kind->get_info(reader->impl, ret_info);
}
