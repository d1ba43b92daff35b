/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as bytes and as fields; sending to a socket at journald's path, in a /run of our own. */
#include "journal.h"

#include "agent_test.h"

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

static void check_field(const struct iovec *field, const void *expected, size_t n)
{
	assert_int_equal(field->iov_len, n);
	assert_memory_equal(field->iov_base, expected, n);
}

static void test_fields_come_back(void **state)
{
	struct eub_buf entry = EUB_BUF_INIT;
	struct iovec fields[3];
	size_t n_fields = 0;

	(void)state;
	journal_append_str(&entry, "MESSAGE", "a=b");
	journal_append(&entry, "BINARY", "x\n\0y", 4);
	journal_append(&entry, "EMPTY", NULL, 0);
	assert_false(entry.has_failed);
	assert_int_equal(journal_split(entry.data, entry.len, fields, 3, &n_fields), 0);
	assert_int_equal(n_fields, 3);
	check_field(&fields[0], "MESSAGE=a=b", 11);
	check_field(&fields[1], "BINARY=x\n\0y", 11);
	check_field(&fields[2], "EMPTY=", 6);
	assert_int_equal(journal_split(entry.data, entry.len, fields, 2, &n_fields), -E2BIG);
	eub_buf_done(&entry);
}

static void test_no_entry_and_cut_entries(void **state)
{
	struct eub_buf entry = EUB_BUF_INIT;
	struct iovec fields[2];
	size_t n_fields = 1;

	(void)state;
	assert_int_equal(journal_split(NULL, 0, fields, 2, &n_fields), 0);
	assert_int_equal(n_fields, 0);
	journal_append_str(&entry, "A", "b");
	for (size_t n = 1; n < entry.len; n++)
		assert_int_equal(journal_split(entry.data, n, fields, 2, &n_fields), -EBADMSG);
	eub_buf_done(&entry);
}

/* A mount namespace with an empty /run. Return: whether that may be done. */
static bool enter_empty_run(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", "/run", "tmpfs", 0, "size=1m") == 0;
}

static void open_journal_socket(int *ret_fd)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX,
					     .sun_path = "/run/systemd/journal/socket" };

	assert_int_equal(mkdir("/run/systemd", 0755), 0);
	assert_int_equal(mkdir("/run/systemd/journal", 0755), 0);
	*ret_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(*ret_fd >= 0);
	assert_int_equal(bind(*ret_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
}

/* Nothing is said to have been sent that nobody took. */
static void test_send(void **state)
{
	struct eub_buf entry = EUB_BUF_INIT;
	char got[256];
	ssize_t n;
	int fd;

	(void)state;
	if (!enter_empty_run())
		skip();
	journal_append_str(&entry, "MESSAGE", "x");
	journal_append(&entry, "BINARY", "x\ny", 3);
	journal_append_str(&entry, "SYSLOG_IDENTIFIER", "test");
	assert_int_equal(journal_send(NULL, entry.data, entry.len), -ENOENT);
	open_journal_socket(&fd);
	assert_int_equal(journal_send(NULL, entry.data, entry.len), 0);
	n = recv(fd, got, sizeof(got), 0);
	assert_int_equal(n, 10 + 6 + 1 + 8 + 3 + 1 + 23);
	assert_memory_equal(got,
			    "MESSAGE=x\nBINARY\n\3\0\0\0\0\0\0\0x\ny\n"
			    "SYSLOG_IDENTIFIER=test\n",
			    (size_t)n);
	(void)close(fd);
	assert_int_equal(journal_send(NULL, entry.data, entry.len), -ECONNREFUSED);
	eub_buf_done(&entry);
}

static void test_too_many_fields(void **state)
{
	struct eub_buf entry = EUB_BUF_INIT;

	(void)state;
	for (int i = 0; i <= JOURNAL_MAX_FIELDS; i++)
		journal_append_str(&entry, "A", "b");
	assert_int_equal(journal_send(NULL, entry.data, entry.len), -E2BIG);
	eub_buf_done(&entry);
}

static void test_stream_is_recognised(void **state)
{
	char text[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDIN_FILENO, &st), 0);
	(void)snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	assert_true(journal_is_stream(STDIN_FILENO, text));
	assert_false(journal_is_stream(STDIN_FILENO, "1:1"));
	assert_false(journal_is_stream(STDIN_FILENO, "nonsense"));
	assert_false(journal_is_stream(STDIN_FILENO, NULL));
	assert_false(journal_is_stream(-1, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_come_back),
		cmocka_unit_test(test_no_entry_and_cut_entries),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_too_many_fields),
		cmocka_unit_test(test_stream_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
