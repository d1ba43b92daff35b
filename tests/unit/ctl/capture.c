/* SPDX-License-Identifier: Apache-2.0 */
/* Both streams go to files without a name and are read back at the end. */
#include "capture.h"

#include "base/fd.h"

#include <stdio.h>
#include <sys/mman.h>

static char *read_back(int fd, size_t *ret_size)
{
	struct eub_buf buf = EUB_BUF_INIT;

	(void)lseek(fd, 0, SEEK_SET);
	(void)eub_read_fd(fd, 1 << 26, &buf);
	*ret_size = buf.len;
	return eub_buf_take_string(&buf);
}

struct captured capture_call(int (*fn)(void *userdata), void *userdata)
{
	struct captured captured = { 0 };
	int files[2] = { memfd_create("out", MFD_CLOEXEC), memfd_create("err", MFD_CLOEXEC) };
	int saved[2] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
	size_t size;

	(void)fflush(NULL);
	(void)dup2(files[0], STDOUT_FILENO);
	(void)dup2(files[1], STDERR_FILENO);
	captured.status = (enum ctl_exit)fn(userdata);
	(void)dup2(saved[0], STDOUT_FILENO);
	(void)dup2(saved[1], STDERR_FILENO);
	captured.out = read_back(files[0], &captured.out_size);
	captured.err = read_back(files[1], &size);
	for (int i = 0; i < 2; i++) {
		(void)close(files[i]);
		(void)close(saved[i]);
	}
	return captured;
}

static int run_words(void *userdata)
{
	const char *const *words = userdata;
	const char *argv[32] = { "eunomiactl" };
	size_t n = 1;

	for (; words[n - 1] && n < 31; n++)
		argv[n] = words[n - 1];
	return (int)ctl_main(n, argv);
}

struct captured capture_ctl(const char *const *words)
{
	return capture_call(run_words, (void *)(uintptr_t)words);
}

void captured_done(struct captured *captured)
{
	free(captured->out);
	free(captured->err);
	*captured = (struct captured){ 0 };
}
