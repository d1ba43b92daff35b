/* SPDX-License-Identifier: Apache-2.0 */
/* tcpstates on the running kernel, over the loopback device of a network namespace of its own. */
#include "watch.h"

#include "base/macro.h"

#include "trackers/tcpstates/tcpstates.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct wanted {
	enum tcp_state oldstate;
	enum tcp_state newstate;
	uint16_t sport; /* 0: any */
	uint16_t dport; /* 0: any */
};

static bool is_equal(const void *data, const void *userdata)
{
	const struct event *event = data;
	const struct wanted *wanted = userdata;

	return event->oldstate == wanted->oldstate && event->newstate == wanted->newstate &&
	       (!wanted->sport || event->sport == wanted->sport) &&
	       (!wanted->dport || event->dport == wanted->dport);
}

static const struct event *wait_for(struct watch *watch, enum tcp_state oldstate,
				    enum tcp_state newstate, uint16_t sport, uint16_t dport)
{
	return watch_for(watch, is_equal, &(struct wanted){ oldstate, newstate, sport, dport });
}

/* One connection over loopback: opened, used, closed by the client first. */
struct connection {
	uint16_t client_port;
	uint16_t server_port;
};

static socklen_t make_loopback(int family, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)family;
	if (family == AF_INET6) {
		in6->sin6_addr = in6addr_loopback;
		return sizeof(*in6);
	}
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*in);
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	/* The port stands at the same place for both families. */
	return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static struct connection connect_and_close(int family)
{
	struct sockaddr_storage address;
	socklen_t len = make_loopback(family, &address);
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server;
	struct connection made;
	char byte;

	assert_true(listener >= 0 && client >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	made =
	    (struct connection){ .client_port = port_of(client), .server_port = port_of(listener) };
	assert_int_equal(close(client), 0);
	assert_int_equal(read(server, &byte, 1), 0);
	assert_int_equal(close(server) + close(listener), 0);
	return made;
}

static void follow_the_client(struct watch *watch, struct connection made)
{
	static const enum tcp_state life[] = { SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2 };
	const struct event *event = wait_for(watch, CLOSE, SYN_SENT, 0, made.server_port);

	assert_int_equal(event->pid, getpid());
	assert_string_equal(event->comm, "test_tcpstates");
	assert_int_equal(event->delta_us, 0);
	for (size_t i = 1; i < EUB_ARRAY_SIZE(life); i++) {
		event = wait_for(watch, life[i - 1], life[i], made.client_port, made.server_port);
		assert_int_equal(event->pid, getpid());
		assert_true(event->delta_us < 10000000);
	}
}

static void follow_the_server(struct watch *watch, struct connection made)
{
	const struct event *event;

	event = wait_for(watch, CLOSE, LISTEN, made.server_port, 0);
	assert_int_equal(event->pid, getpid());
	event = wait_for(watch, SYN_RECV, ESTABLISHED, made.server_port, made.client_port);
	assert_int_equal(event->pid, 0); /* made by a packet */
	event = wait_for(watch, ESTABLISHED, CLOSE_WAIT, made.server_port, made.client_port);
	assert_int_equal(event->pid, 0);
	event = wait_for(watch, CLOSE_WAIT, LAST_ACK, made.server_port, made.client_port);
	assert_int_equal(event->pid, getpid());
	(void)wait_for(watch, LAST_ACK, CLOSE, made.server_port, made.client_port);
	(void)wait_for(watch, LISTEN, CLOSE, made.server_port, 0);
}

static void follows_both_ends(int family, const char *loopback, const char *nowhere)
{
	struct watch *watch = watch_open("tcpstates", sizeof(struct event), NULL);
	struct connection made = connect_and_close(family);
	const struct event *event;

	follow_the_client(watch, made);
	follow_the_server(watch, made);
	event = wait_for(watch, SYN_SENT, ESTABLISHED, made.client_port, made.server_port);
	watch_assert_member(watch, event, "saddr", loopback);
	watch_assert_member(watch, event, "daddr", loopback);
	event = wait_for(watch, CLOSE, LISTEN, made.server_port, 0);
	watch_assert_member(watch, event, "saddr", loopback);
	watch_assert_member(watch, event, "daddr", nowhere);
	watch_close(watch);
}

static void follows_ipv4(void **state)
{
	(void)state;
	follows_both_ends(AF_INET, "127.0.0.1", "0.0.0.0");
}

static void follows_ipv6(void **state)
{
	(void)state;
	follows_both_ends(AF_INET6, "::1", "::");
}

static void target_family_shows_one_family(void **state)
{
	struct watch *watch = watch_open("tcpstates", sizeof(struct event),
					 (const char *const[]){ "target_family=10", NULL });
	struct connection v4 = connect_and_close(AF_INET);
	struct connection v6 = connect_and_close(AF_INET6);

	(void)state;
	(void)wait_for(watch, CLOSE, LISTEN, v6.server_port, 0);
	assert_int_equal(
	    watch_count(watch, is_equal, &(struct wanted){ CLOSE, LISTEN, v4.server_port, 0 }), 0);
	watch_close(watch);
}

static int bring_loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);

	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	return r;
}

static int set_up(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET) == 0 ? bring_loopback_up() : -1;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_ipv4),
		cmocka_unit_test(follows_ipv6),
		cmocka_unit_test(target_family_shows_one_family),
	};

	return watch_main(tests, set_up, NULL);
}
