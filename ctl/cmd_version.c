/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl version: of this program and of the library it runs with. */
#include <eunomia/version.h>

#include "record.h"

const struct option_row cmd_version_options[] = { { 0 } };

static void write_version(struct document *doc, const void *library)
{
	document_begin_object(doc, NULL);
	document_add_string(doc, "eunomiactl", EUNOMIA_VERSION);
	document_add_string(doc, "libeunomia", library);
	document_end(doc);
}

static int append_version(const struct ctl *ctl, const void *library, struct eub_buf *out)
{
	(void)ctl; /* two lines fit any terminal */
	eub_buf_printf(out, "eunomiactl %s\nlibeunomia %s\n", EUNOMIA_VERSION,
		       (const char *)library);
	return 0;
}

static void append_number(const void *library, struct eub_buf *out)
{
	(void)library; /* the number of this program is asked for */
	record_append_name(out, EUNOMIA_VERSION);
}

static const struct record_kind version_kind = {
	.write = write_version,
	.append_table = append_version,
	.append_names = append_number,
};

enum ctl_exit cmd_version(struct ctl *ctl)
{
	return record_print(ctl, &version_kind, eun_version());
}
