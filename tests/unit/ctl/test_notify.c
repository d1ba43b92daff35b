/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to a service manager that is there, and to one that is not. */
#include "notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void test_nobody(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	notify_send("READY=1");
	assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1), 0);
	notify_send("READY=1"); /* is no failure */
}

static void test_message(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char message[64] = "";

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/ctl-notify-%d", getpid());
	(void)unlink(address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	notify_send("STATUS=%s %d", "slot", 7);
	assert_true(recv(fd, message, sizeof(message) - 1, MSG_DONTWAIT) > 0);
	assert_string_equal(message, "STATUS=slot 7");
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(address.sun_path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
