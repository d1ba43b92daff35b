/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's protocol against a socket that stands for journald's. */
#include "journal.h"

#include "journal_peer.h"

#include <errno.h>
#include <fcntl.h>

static void test_field_forms(void **state)
{
	struct eub_buf entry = EUB_BUF_INIT;

	(void)state;
	journal_append_str(&entry, "MESSAGE", "a=b");
	journal_append(&entry, "BINARY", "x\ny", 3);
	journal_append(&entry, "EMPTY", NULL, 0);
	assert_false(entry.has_failed);
	assert_int_equal(entry.len, 12 + 6 + 1 + 8 + 3 + 1 + 7);
	assert_memory_equal(entry.data, "MESSAGE=a=b\nBINARY\n\3\0\0\0\0\0\0\0x\ny\nEMPTY=\n",
			    entry.len);
	eub_buf_done(&entry);
}

static void test_send(void **state)
{
	struct journal_peer peer;
	struct journal journal;
	char got[64];

	(void)state;
	journal_peer_open(&peer);
	assert_int_equal(journal_open(peer.path, JOURNAL_NONBLOCKING, &journal), 0);
	assert_int_equal(journal_send(&journal, "MESSAGE=x\n", 10), 0);
	assert_int_equal(journal_peer_receive(&peer, got, sizeof(got)), 10);
	assert_string_equal(got, "MESSAGE=x\n");
	journal_close(&journal);
	journal_peer_close(&peer);
}

/* What no datagram can hold goes as a sealed memory file. */
static void test_large_entry_goes_as_a_file(void **state)
{
	const size_t size = 16u << 20;
	struct journal_peer peer;
	struct journal journal;
	char *entry = malloc(size);
	char control[256];
	struct msghdr message = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(entry);
	memset(entry, 'x', size);
	journal_peer_open(&peer);
	assert_int_equal(journal_open(peer.path, JOURNAL_BLOCKING, &journal), 0);
	assert_int_equal(journal_send(&journal, entry, size), 0);
	assert_int_equal(recvmsg(peer.fd, &message, MSG_CMSG_CLOEXEC), 0);
	assert_int_equal(message.msg_controllen, CMSG_SPACE(sizeof(fd)));
	memcpy(&fd, control + CMSG_LEN(0), sizeof(fd));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(fcntl(fd, F_GET_SEALS),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	(void)close(fd);
	free(entry);
	journal_close(&journal);
	journal_peer_close(&peer);
}

static void test_nobody_there(void **state)
{
	struct journal journal;

	(void)state;
	assert_int_equal(journal_open("/tmp/eunomia-no-such-socket", JOURNAL_BLOCKING, &journal),
			 0);
	assert_int_equal(journal_send(&journal, "A=b\n", 4), -ENOENT);
	journal_close(&journal);
}

static void test_full_socket_does_not_block(void **state)
{
	struct journal_peer peer;
	struct journal journal;
	int r = 0;

	(void)state;
	journal_peer_open(&peer);
	assert_int_equal(journal_open(peer.path, JOURNAL_NONBLOCKING, &journal), 0);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = journal_send(&journal, "MESSAGE=x\n", 10);
	assert_int_equal(r, -EAGAIN);
	journal_close(&journal);
	journal_peer_close(&peer);
}

static void test_path_too_long(void **state)
{
	struct journal journal;
	char path[200];

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[199] = '\0';
	assert_int_equal(journal_open(path, JOURNAL_BLOCKING, &journal), -ENAMETOOLONG);
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
		cmocka_unit_test(test_field_forms),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_large_entry_goes_as_a_file),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_full_socket_does_not_block),
		cmocka_unit_test(test_path_too_long),
		cmocka_unit_test(test_stream_is_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
