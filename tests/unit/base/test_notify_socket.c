/* SPDX-License-Identifier: Apache-2.0 */
/* Telling systemd, against a socket that stands for its own. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "base/notify_socket.h"

#include "base/macro.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A socket in the abstract namespace; the kernel chooses its name, "@....." in @ret_name. */
static int listen_abstract(char ret_name[static 16])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	length -= (socklen_t)offsetof(struct sockaddr_un, sun_path);
	assert_in_range(length, 2, 15);
	memcpy(ret_name, address.sun_path, length);
	ret_name[0] = '@';
	ret_name[length] = '\0';
	return fd;
}

static void test_a_datagram_for_each_message(void **state EUB_UNUSED)
{
	struct eub_notify_socket notify;
	char name[16], got[64] = "";
	int fd = listen_abstract(name);

	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	assert_true(eub_notify_is_wanted());
	eub_notify_open(&notify);
	eub_notify_send(&notify, "READY=1");
	eub_notify_send(&notify, "STOPPING=1");
	assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 7);
	assert_string_equal(got, "READY=1");
	assert_int_equal(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), 10);
	assert_string_equal(got, "STOPPING=1");
	eub_notify_close(&notify);
	eub_notify_send(&notify, "READY=1"); /* nobody is to be told any more */
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), -1);
	(void)close(fd);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

static void test_nobody_listens(void **state EUB_UNUSED)
{
	char too_long[200];
	const char *const names[] = { NULL, "", "x", "relative", "vsock:2:3", too_long };
	struct eub_notify_socket notify;

	memset(too_long, 'a', sizeof(too_long));
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < EUB_ARRAY_SIZE(names); i++) {
		assert_int_equal(
		    names[i] ? setenv("NOTIFY_SOCKET", names[i], 1) : unsetenv("NOTIFY_SOCKET"), 0);
		assert_int_equal(eub_notify_is_wanted(), i >= 2);
		eub_notify_open(&notify);
		assert_int_equal(notify.fd, -EBADF);
		eub_notify_send(&notify, "READY=1");
		eub_notify_close(&notify);
	}
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

/* What does not fit is lost, and nothing waits. */
static void test_nobody_reads(void **state EUB_UNUSED)
{
	struct eub_notify_socket notify;
	char name[16];
	int fd = listen_abstract(name);

	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	eub_notify_open(&notify);
	for (int i = 0; i < 1000; i++)
		eub_notify_send(&notify, "READY=1");
	eub_notify_close(&notify);
	(void)close(fd);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_datagram_for_each_message),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_nobody_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
