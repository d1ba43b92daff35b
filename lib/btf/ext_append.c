/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See ext_append.h. The section is a header and three parts: function information, line
 * information, CO-RE relocations (Documentation/bpf/btf.rst). The first two are a record size and
 * then blocks {section name, number of records, records}. libbpf looks at the first block of a
 * section only, so the records of new functions go to its end. The parts are written one after
 * another and the header last.
 */
#include "btf/ext_append.h"

#include "base/macro.h"

#include <assert.h>
#include <errno.h>
#include <linux/btf.h>

/* Records of the smallest size that there is; larger ones are padded with zeros. */
struct function_record {
	uint32_t at_bytes;
	uint32_t type_id;
};

struct line_record {
	uint32_t at_bytes;
	uint32_t file;
	uint32_t line;
	uint32_t position; /* line << 10 | column */
};

struct part {
	uint32_t offset; /* from the end of the header */
	uint32_t length;
};

/* struct btf_ext_header of libbpf. */
struct header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t header_length;
	struct part functions;
	struct part lines;
	struct part relocations;
};
static_assert(sizeof(struct header) == 32, "as on disk");

struct addition {
	uint32_t section;
	const struct eun__btf_ext_function *functions;
	size_t n_functions;
	/* Appends the record of a function. */
	void (*append)(struct eub_buf *out, const struct eun__btf_ext_function *function);
	uint32_t record_size; /* that append writes */
};

static void append_function(struct eub_buf *out, const struct eun__btf_ext_function *function)
{
	const struct function_record record = { function->at_bytes, function->type_id };

	eub_buf_append(out, &record, sizeof(record));
}

static void append_line(struct eub_buf *out, const struct eun__btf_ext_function *function)
{
	const struct line_record record = { function->at_bytes, function->file, function->line,
					    1 << 10 };

	eub_buf_append(out, &record, sizeof(record));
}

static void append_u32(struct eub_buf *out, uint32_t value)
{
	eub_buf_append(out, &value, sizeof(value));
}

static void append_records(const struct addition *addition, uint32_t record_size,
			   struct eub_buf *out)
{
	for (size_t i = 0; i < addition->n_functions; i++) {
		addition->append(out, &addition->functions[i]);
		eub_buf_fill(out, '\0', record_size - addition->record_size);
	}
}

/* Copies the block at @p, with the additional records if it is the right section's. */
static int copy_block(const struct addition *addition, uint32_t record_size, const unsigned char *p,
		      size_t left, bool *is_added, struct eub_buf *out)
{
	uint32_t words[2]; /* section name, number of records */
	bool is_it;
	size_t n;

	if (left < sizeof(words))
		return -EINVAL;
	memcpy(words, p, sizeof(words));
	if (words[1] > (left - sizeof(words)) / record_size)
		return -EINVAL;
	n = (size_t)words[1] * record_size;
	is_it = words[0] == addition->section && !*is_added;
	append_u32(out, words[0]);
	append_u32(out, words[1] + (is_it ? (uint32_t)addition->n_functions : 0));
	eub_buf_append(out, p + sizeof(words), n);
	if (is_it)
		append_records(addition, record_size, out);
	*is_added |= is_it;
	return (int)(sizeof(words) + n);
}

static int extend(const struct addition *addition, const unsigned char *p, size_t left,
		  struct eub_buf *out)
{
	bool is_added = false;
	uint32_t record_size;

	if (left == 0)
		return 0;
	if (left < sizeof(record_size))
		return -EINVAL;
	memcpy(&record_size, p, sizeof(record_size));
	if (record_size < addition->record_size || record_size > left)
		return -EINVAL;
	append_u32(out, record_size);
	for (size_t at = sizeof(record_size); at < left;) {
		int n = copy_block(addition, record_size, p + at, left - at, &is_added, out);

		if (n < 0)
			return n;
		at += (size_t)n;
	}
	if (!is_added) {
		append_u32(out, addition->section);
		append_u32(out, (uint32_t)addition->n_functions);
		append_records(addition, record_size, out);
	}
	return 0;
}

static int check_header(const void *data, size_t size, struct header *ret_header)
{
	const struct part *parts[] = { &ret_header->functions, &ret_header->lines,
				       &ret_header->relocations };
	struct header header = { 0 };
	size_t body;

	if (size < offsetof(struct header, relocations) || size > INT32_MAX)
		return -EINVAL;
	memcpy(&header, data, offsetof(struct header, relocations));
	if (header.magic != BTF_MAGIC ||
	    header.header_length < offsetof(struct header, relocations) ||
	    header.header_length > size)
		return -EINVAL;
	if (header.header_length > sizeof(header))
		return -EOPNOTSUPP;
	memcpy(&header, data, header.header_length);
	body = size - header.header_length;
	*ret_header = header;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(parts); i++)
		if (parts[i]->offset > body || parts[i]->length > body - parts[i]->offset)
			return -EINVAL;
	return 0;
}

int eun__btf_ext_append(const void *data, size_t size, uint32_t section,
			const struct eun__btf_ext_function *functions, size_t n_functions,
			struct eub_buf *out)
{
	struct addition addition = { section, functions, n_functions, append_function,
				     sizeof(struct function_record) };
	const unsigned char *body;
	struct header old;
	struct header new;
	int r = check_header(data, size, &old);

	if (r < 0)
		return r;
	body = (const unsigned char *)data + old.header_length;
	new = old;
	new.header_length = sizeof(new);
	eub_buf_fill(out, '\0', sizeof(new));
	new.functions.offset = 0;
	r = extend(&addition, body + old.functions.offset, old.functions.length, out);
	new.lines.offset = (uint32_t)(out->len - sizeof(new));
	new.functions.length = new.lines.offset;
	addition.append = append_line;
	addition.record_size = sizeof(struct line_record);
	if (r == 0)
		r = extend(&addition, body + old.lines.offset, old.lines.length, out);
	new.relocations.offset = (uint32_t)(out->len - sizeof(new));
	new.lines.length = new.relocations.offset - new.lines.offset;
	eub_buf_append(out, body + old.relocations.offset, old.relocations.length);
	if (r == 0 && out->has_failed)
		r = -ENOMEM;
	if (r == 0)
		memcpy(out->data, &new, sizeof(new));
	else
		eub_buf_done(out);
	return r;
}
