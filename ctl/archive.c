/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each file is a header of 512 bytes and its contents, filled up to a multiple of 512; two blocks
 * of zeros end the archive. All of it goes through deflate at once, so memory holds what is
 * compressed.
 */
#include "archive.h"

#include "base/cleanup.h"

#include <assert.h>
#include <stdio.h>
#include <zlib.h>

#define BLOCK_BYTES    512
#define CHUNK_BYTES    (16u << 10)
/* Window of 32 kB, and a head and tail of gzip instead of zlib's (zlib.h, deflateInit2). */
#define GZIP_WINDOW    (15 + 16)
#define DEFAULT_MEMORY 8

/* IEEE Std 1003.1-2017, pax, "ustar Interchange Format". Numbers are octal text. */
struct header {
	char name[100];
	char mode[8];
	char uid[8];
	char gid[8];
	char size[12];
	char time[12];
	char checksum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char user[32];
	char group[32];
	char major[8];
	char minor[8];
	char prefix[155];
	char padding[12];
};
static_assert(sizeof(struct header) == BLOCK_BYTES, "a header is one block");

struct archive {
	z_stream deflate;
	struct eub_buf out;
	uint64_t time_s;
};

int archive_new(uint64_t time_s, struct archive **ret_archive)
{
	struct archive *archive = calloc(1, sizeof(*archive));

	if (!archive)
		return -ENOMEM;
	archive->time_s = time_s;
	if (deflateInit2(&archive->deflate, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
			 DEFAULT_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(archive);
		return -ENOMEM;
	}
	*ret_archive = archive;
	return 0;
}

struct archive *archive_free(struct archive *archive)
{
	if (!archive)
		return NULL;
	(void)deflateEnd(&archive->deflate); /* says whether all was written: it need not be */
	eub_buf_done(&archive->out);
	free(archive);
	return NULL;
}

/* Compresses @n bytes; @flush: Z_NO_FLUSH, or Z_FINISH at the end. */
static int put(struct archive *archive, const void *data, size_t n, int flush)
{
	z_stream *deflater = &archive->deflate;
	unsigned char chunk[CHUNK_BYTES];

	assert(n <= UINT32_MAX);			      /* parts are bounded far below */
	deflater->next_in = (unsigned char *)(uintptr_t)data; /* zlib does not write to it */
	deflater->avail_in = (uInt)n;
	do {
		deflater->next_out = chunk;
		deflater->avail_out = sizeof(chunk);
		(void)deflate(deflater, flush); /* fails only on a stream that is none */
		eub_buf_append(&archive->out, chunk, sizeof(chunk) - deflater->avail_out);
	} while (deflater->avail_out == 0);
	return archive->out.has_failed ? -ENOMEM : 0;
}

/* Splits a path at a slash into prefix and name, if it is too long for the name alone. */
static int set_name(struct header *header, const char *path)
{
	size_t n = strlen(path);
	const char *name = path;

	if (n > sizeof(header->name)) {
		name = strchr(path + n - sizeof(header->name) - 1, '/');
		if (!name || (size_t)(name - path) > sizeof(header->prefix))
			return -ENAMETOOLONG;
		memcpy(header->prefix, path, (size_t)(name - path));
		name++;
	}
	/* A name that fills its field has no terminator. */
	memcpy(header->name, name, strlen(name));
	return 0;
}

/* The sum of all bytes, those of the sum itself taken as blanks. */
static void set_checksum(struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)header;
	unsigned int sum = 0;

	memset(header->checksum, ' ', sizeof(header->checksum));
	for (size_t i = 0; i < sizeof(*header); i++)
		sum += bytes[i];
	(void)snprintf(header->checksum, sizeof(header->checksum), "%06o", sum & 0777777);
}

int archive_add(struct archive *archive, const char *name, const void *data, size_t n)
{
	static const char zeros[BLOCK_BYTES];
	struct header header;
	int r;

	memset(&header, 0, sizeof(header));
	r = set_name(&header, name);
	if (r < 0)
		return r;
	(void)snprintf(header.mode, sizeof(header.mode), "%07o", 0600u);
	(void)snprintf(header.uid, sizeof(header.uid), "%07o", 0u);
	(void)snprintf(header.gid, sizeof(header.gid), "%07o", 0u);
	(void)snprintf(header.size, sizeof(header.size), "%011zo", n);
	(void)snprintf(header.time, sizeof(header.time), "%011llo",
		       (unsigned long long)(archive->time_s & 077777777777));
	header.type = '0';
	memcpy(header.magic, "ustar", sizeof(header.magic));
	memcpy(header.version, "00", sizeof(header.version));
	set_checksum(&header);
	r = put(archive, &header, sizeof(header), Z_NO_FLUSH);
	if (r == 0 && n > 0)
		r = put(archive, data, n, Z_NO_FLUSH);
	if (r == 0)
		r = put(archive, zeros, (BLOCK_BYTES - n % BLOCK_BYTES) % BLOCK_BYTES, Z_NO_FLUSH);
	return r;
}

int archive_finish(struct archive *archive, struct eub_buf *ret_bytes)
{
	static const char end[2 * BLOCK_BYTES];
	int r = put(archive, end, sizeof(end), Z_FINISH);

	if (r < 0)
		return r;
	*ret_bytes = archive->out;
	archive->out = EUB_BUF_INIT;
	return 0;
}
