/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates of network programs (gate_bed.h says what is tested), on traffic of which every packet is
 * known. A datagram that a closed gate swallowed would not come back and end the flood: the neutral
 * verdicts are tested as well.
 */
#include "base/macro.h"
#include "gate_bed.h"
#include "net_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define N_DATAGRAMS   50000
#define N_CONNECTIONS 3000

/* Interfaces of the bed carry nothing else, and nobody else is in its cgroup. */
static void flood_interface(const char *name, enum eun__direction direction)
{
	char interface[] = NET_BED_INTERFACE;
	const struct gate_row row = { .object = NET_OBJECT,
				      .name = name,
				      .target = { .point = EUN__POINT_INTERFACE,
						  .direction = direction,
						  .name = interface },
				      .one = net_bed_send_datagram,
				      .n_events = N_DATAGRAMS,
				      .is_alone = true };

	gate_bed_flood(&row);
}

static void flood_cgroup(const char *name, int (*one)(void), unsigned int n_events, bool is_alone)
{
	const char *path;
	char folder[512];
	const struct gate_row row = { .object = NET_OBJECT,
				      .name = name,
				      .target = { .point = EUN__POINT_CGROUP, .name = folder },
				      .one = one,
				      .n_events = n_events,
				      .is_alone = is_alone };
	int r = net_bed_enter_cgroup(&path);

	if (r < 0)
		gate_bed_skip("no cgroup of our own", r);
	(void)snprintf(folder, sizeof(folder), "%s", path);
	gate_bed_flood(&row);
}

static int leave_cgroup(void **state EUB_UNUSED)
{
	net_bed_leave_cgroup();
	return 0;
}

static void test_xdp(void **state EUB_UNUSED)
{
	flood_interface("xdp", EUN__DIRECTION_NONE);
}

static void test_xdp_frags(void **state EUB_UNUSED)
{
	flood_interface("xdp_frags", EUN__DIRECTION_NONE);
}

static void test_tc_ingress(void **state EUB_UNUSED)
{
	flood_interface("tc", EUN__DIRECTION_INGRESS);
}

static void test_tc_egress(void **state EUB_UNUSED)
{
	flood_interface("tc", EUN__DIRECTION_EGRESS);
}

static void test_tcx_ingress(void **state EUB_UNUSED)
{
	flood_interface("tcx_ingress", EUN__DIRECTION_INGRESS);
}

static void test_tcx_egress(void **state EUB_UNUSED)
{
	flood_interface("tcx_egress", EUN__DIRECTION_EGRESS);
}

static void test_cgroup_ingress(void **state EUB_UNUSED)
{
	flood_cgroup("cgroup_ingress", net_bed_send_datagram, N_DATAGRAMS, true);
}

static void test_cgroup_egress(void **state EUB_UNUSED)
{
	flood_cgroup("cgroup_egress", net_bed_send_datagram, N_DATAGRAMS, true);
}

static void test_connect4(void **state EUB_UNUSED)
{
	flood_cgroup("connect4", net_bed_connect, N_CONNECTIONS, true);
}

/* A connection calls sockops several times, of which the test's programs count one. */
static void test_sockops(void **state EUB_UNUSED)
{
	flood_cgroup("sockops", net_bed_connect, N_CONNECTIONS, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xdp),
		cmocka_unit_test(test_xdp_frags),
		cmocka_unit_test(test_tc_ingress),
		cmocka_unit_test(test_tc_egress),
		cmocka_unit_test(test_tcx_ingress),
		cmocka_unit_test(test_tcx_egress),
		cmocka_unit_test_teardown(test_cgroup_ingress, leave_cgroup),
		cmocka_unit_test_teardown(test_cgroup_egress, leave_cgroup),
		cmocka_unit_test_teardown(test_connect4, leave_cgroup),
		cmocka_unit_test_teardown(test_sockops, leave_cgroup),
	};
	int r;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	r = net_bed_enter();
	if (r < 0) {
		(void)fprintf(stderr, "skipped: no network of our own: %s\n", strerror(-r));
		return 77;
	}
	r = cmocka_run_group_tests(tests, NULL, NULL);
	net_bed_close();
	return r;
}
