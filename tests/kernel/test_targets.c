/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trackers of interfaces and cgroups through the public interface: where their programs hang, what
 * is said when they cannot, pause, swap, and taking over from a process that was killed. Each
 * datagram passes every place once.
 */
#include "net_bed.h"
#include "targets.bpf.h"

#include "base/macro.h"

#include <eunomia/engine.h>

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define N_DATAGRAMS 50
#define ATTACH_MAX  3

struct fixture {
	struct eun_engine *engine;
	unsigned int n_events[N_PLACES];
	uint32_t last_number;
};

static const char *cgroup_target; /* "cgroup=PATH" */

static void on_event(struct eun_slot *slot EUB_UNUSED, const struct eun_event *event,
		     void *userdata)
{
	struct fixture *f = userdata;
	struct passage passage;

	assert_int_equal(event->size, sizeof(passage));
	memcpy(&passage, event->data, sizeof(passage));
	assert_in_range(passage.place, 0, N_PLACES - 1);
	f->n_events[passage.place]++;
	f->last_number = passage.number;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct eun_engine_options options = { .size = sizeof(options),
						    .on_event = on_event,
						    .userdata = f };

	assert_int_equal(eun_engine_new(&options, &f->engine, NULL), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	eun_engine_free(f->engine);
	free(f);
	return 0;
}

static struct eun_package *read_package(const char *object)
{
	struct eun_package *package = NULL;

	assert_int_equal(eun_package_read(object, &package, NULL), 0);
	return package;
}

static struct eun_slot_options make_options(const char *const attach[static ATTACH_MAX])
{
	struct eun_slot_options options = { .size = sizeof(options),
					    .name = "targets",
					    .attach = attach };

	while (options.n_attach < ATTACH_MAX && attach[options.n_attach])
		options.n_attach++;
	return options;
}

static int new_slot(struct fixture *f, const char *object,
		    const char *const attach[static ATTACH_MAX], const char *pin_dir,
		    struct eun_slot **ret_slot, struct eun_error *err)
{
	struct eun_slot_options options = make_options(attach);
	struct eun_package *package = read_package(object);
	int r;

	options.pin_dir = pin_dir;
	r = eun_slot_new(f->engine, package, &options, ret_slot, err);
	if (r < 0)
		eun_package_free(package);
	return r;
}

static struct eun_slot *start(struct fixture *f, const char *object,
			      const char *const attach[static ATTACH_MAX], const char *pin_dir)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *slot = NULL;
	int r = new_slot(f, object, attach, pin_dir, &slot, &err);

	if (r < 0)
		print_message("%s\n", err.message);
	assert_int_equal(r, 0);
	eun_error_done(&err);
	assert_int_equal(eun_engine_add(f->engine, slot, NULL), 0);
	return slot;
}

static void end(struct fixture *f, struct eun_slot *slot)
{
	eun_engine_remove(f->engine, slot);
	eun_slot_free(slot);
}

/* Each of the datagrams passes each place as often as @expected says. */
static void expect_passages(struct fixture *f, const unsigned int expected[static N_PLACES])
{
	memset(f->n_events, 0, sizeof(f->n_events));
	for (unsigned int i = 0; i < N_DATAGRAMS; i++)
		assert_int_equal(net_bed_send_datagram(), 0);
	while (eun_engine_dispatch(f->engine, 64, 0) > 0)
		continue;
	for (size_t i = 0; i < N_PLACES; i++)
		assert_int_equal(f->n_events[i], expected[i] * N_DATAGRAMS);
}

static const unsigned int everywhere[N_PLACES] = { 1, 1, 1 };
static const unsigned int nowhere[N_PLACES] = { 0, 0, 0 };

static const struct eun_slot_hook *find_hook(const struct eun_slot *slot, const char *program)
{
	const struct eun_slot_hook *hook;

	for (size_t i = 0; (hook = eun_slot_get_hook(slot, i)); i++)
		if (strcmp(hook->program, program) == 0)
			return hook;
	fail_msg("no hook of '%s'", program);
	return NULL;
}

static void test_everywhere(void **state)
{
	const char *const attach[ATTACH_MAX] = { "iface=" NET_BED_INTERFACE, cgroup_target };
	struct fixture *f = *state;
	struct eun_slot *slot = start(f, TARGETS_OBJECT, attach, NULL);
	static const char *const programs[] = { "at_cgroup", "at_tc", "at_xdp" };
	struct eun_slot_stats stats;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(programs); i++)
		assert_int_equal(find_hook(slot, programs[i])->mode, EUN_ATTACH_GATE);
	expect_passages(f, everywhere);
	assert_int_equal(eun_slot_pause(slot, NULL), 0);
	expect_passages(f, nowhere);
	eun_slot_get_stats(slot, &stats);
	assert_int_equal(stats.skipped, 3 * N_DATAGRAMS);
	assert_int_equal(eun_slot_resume(slot, NULL), 0);
	expect_passages(f, everywhere);
	end(f, slot);
	expect_passages(f, nowhere);
}

/* The others stay unattached, and say what they need. */
static void test_one_of_them(void **state)
{
	const char *const attach[ATTACH_MAX] = { "at_xdp:iface=" NET_BED_INTERFACE };
	static const unsigned int at_xdp[N_PLACES] = { [PLACE_XDP] = 1 };
	struct fixture *f = *state;
	struct eun_slot *slot = start(f, TARGETS_OBJECT, attach, NULL);

	assert_int_equal(find_hook(slot, "at_tc")->mode, EUN_ATTACH_NONE);
	assert_non_null(strstr(find_hook(slot, "at_tc")->mode_reason, "--attach at_tc:iface="));
	assert_non_null(
	    strstr(find_hook(slot, "at_cgroup")->mode_reason, "--attach at_cgroup:cgroup="));
	expect_passages(f, at_xdp);
	end(f, slot);
}

static void expect_failure(struct fixture *f, const char *const attach[static ATTACH_MAX],
			   int expected, const char *message, const char *hint)
{
	struct eun_error err = EUN_ERROR_INIT;
	struct eun_slot *slot = NULL;

	assert_int_equal(new_slot(f, TARGETS_OBJECT, attach, NULL, &slot, &err), expected);
	assert_non_null(strstr(err.message, message));
	assert_non_null(strstr(err.hint, hint));
	eun_error_done(&err);
}

static void test_failures(void **state)
{
	static const struct {
		const char *attach[ATTACH_MAX];
		int expected;
		const char *message;
		const char *hint;
	} rows[] = {
		{ { NULL }, -EOPNOTSUPP, "--attach at_", "inspect" },
		{ { "iface=lo2" }, -ENOENT, "no network interface 'lo2'", "'lo'" },
		{ { "at_xpd:iface=lo" }, -ENOENT, "no program 'at_xpd'", "'at_xdp'" },
		{ { "cgroup=/proc" }, -EINVAL, "not a cgroup", "findmnt" },
		{ { "at_xdp:iface=lo,dir=egress" }, -EINVAL, "incoming packets only", "" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++)
		expect_failure(*state, rows[i].attach, rows[i].expected, rows[i].message,
			       rows[i].hint);
}

static void test_interface_is_taken(void **state)
{
	const char *const attach[ATTACH_MAX] = { "at_xdp:iface=" NET_BED_INTERFACE };
	struct fixture *f = *state;
	struct eun_slot *slot = start(f, TARGETS_OBJECT, attach, NULL);

	expect_failure(f, attach, -EBUSY, "'iface=" NET_BED_INTERFACE "'", "one XDP program");
	end(f, slot);
}

static void swap_to(struct fixture *f, struct eun_slot *slot,
		    const char *const attach[static ATTACH_MAX], enum eun_hook_change at_tc)
{
	struct eun_slot_options slot_options = make_options(attach);
	const struct eun_swap_options options = { .size = sizeof(options), .slot = &slot_options };
	const struct eun_swap_hook *hook;
	struct eun_swap *swap = NULL;
	struct eun_swap_info info;

	assert_int_equal(eun_swap_new(slot, read_package(TARGETS_OBJECT), &options, &swap, NULL),
			 0);
	for (size_t i = 0; (hook = eun_swap_get_hook(swap, i)); i++)
		if (strcmp(hook->hook.program, "at_tc") == 0)
			assert_true(hook->change == at_tc || hook->change == EUN_HOOK_REMOVED);
		else
			assert_int_equal(hook->change, EUN_HOOK_KEPT);
	assert_int_equal(eun_swap_commit(swap, NULL), 0);
	eun_swap_get_info(swap, &info);
	assert_true(info.is_exact);
	eun_swap_settle(swap);
	eun_swap_drain(swap);
	eun_swap_free(swap);
	expect_passages(f, everywhere);
}

/* The same place has the same gate; another direction is another place. */
static void test_swap(void **state)
{
	const char *const ingress[ATTACH_MAX] = { "iface=" NET_BED_INTERFACE, cgroup_target };
	const char *const egress[ATTACH_MAX] = { "iface=" NET_BED_INTERFACE ",dir=egress",
						 cgroup_target };
	struct fixture *f = *state;
	struct eun_slot *slot = start(f, TARGETS_OBJECT, ingress, NULL);

	expect_passages(f, everywhere);
	swap_to(f, slot, ingress, EUN_HOOK_KEPT);
	swap_to(f, slot, egress, EUN_HOOK_ADDED);
	end(f, slot);
}

static void test_storage(void **state)
{
	const char *const attach[ATTACH_MAX] = { cgroup_target };
	static const unsigned int at_cgroup[N_PLACES] = { [PLACE_CGROUP] = 1 };
	struct fixture *f = *state;
	struct eun_slot *slot = start(f, STORAGE_OBJECT, attach, NULL);

	assert_int_equal(find_hook(slot, "at_cgroup")->mode, EUN_ATTACH_DIRECT);
	assert_non_null(strstr(find_hook(slot, "at_cgroup")->mode_reason, "cgroup storage"));
	expect_passages(f, at_cgroup);
	assert_int_equal(f->last_number, N_DATAGRAMS);
	assert_int_equal(eun_slot_pause(slot, NULL), 0);
	expect_passages(f, nowhere);
	assert_int_equal(eun_slot_resume(slot, NULL), 0);
	expect_passages(f, at_cgroup);
	end(f, slot);
}

static void start_and_die(struct fixture *f, const char *const attach[static ATTACH_MAX],
			  const char *pin_dir)
{
	struct eun_slot *slot = NULL;

	if (new_slot(f, TARGETS_OBJECT, attach, pin_dir, &slot, NULL) == 0 &&
	    eun_slot_survives(slot, NULL) && eun_engine_add(f->engine, slot, NULL) == 0)
		(void)kill(getpid(), SIGKILL);
	_exit(1);
}

static void test_survival(void **state)
{
	const char *const attach[ATTACH_MAX] = { "iface=" NET_BED_INTERFACE, cgroup_target };
	struct eun_slot_options options = make_options(attach);
	struct eun_adopt_generation generation = { .number = 1,
						   .package = read_package(TARGETS_OBJECT),
						   .options = &options };
	struct fixture *f = *state;
	struct eun_slot *slot = NULL;
	char pin_dir[64];
	pid_t child;
	int status;

	(void)snprintf(pin_dir, sizeof(pin_dir), "/sys/fs/bpf/eunomia-targets-%d", getpid());
	child = fork();
	if (child == 0)
		start_and_die(f, attach, pin_dir);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	for (unsigned int i = 0; i < N_DATAGRAMS; i++)
		assert_int_equal(net_bed_send_datagram(), 0);
	assert_int_equal(eun_slot_adopt(f->engine, "targets", pin_dir, &generation, 1, &slot, NULL),
			 0);
	assert_int_equal(eun_engine_add(f->engine, slot, NULL), 0);
	while (eun_engine_dispatch(f->engine, 64, 0) > 0)
		continue;
	for (size_t i = 0; i < N_PLACES; i++)
		assert_int_equal(f->n_events[i], N_DATAGRAMS); /* while nobody was there */
	expect_passages(f, everywhere);
	end(f, slot);
	expect_passages(f, nowhere);
	assert_int_equal(access(pin_dir, F_OK), -1);
}

static int run_all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_of_them, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interface_is_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_swap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_storage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_survival, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
	static char target[600];
	const char *path;
	int r;

	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	r = net_bed_enter();
	if (r == 0)
		r = net_bed_enter_cgroup(&path);
	if (r < 0) {
		(void)fprintf(stderr, "skipped: no network and cgroup of our own: %s\n",
			      strerror(-r));
		return 77;
	}
	(void)snprintf(target, sizeof(target), "cgroup=%s", path);
	cgroup_target = target;
	r = run_all();
	net_bed_leave_cgroup();
	return r;
}
