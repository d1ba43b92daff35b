/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a swap lose or repeat an event? For each attach kind a tracker is swapped, taken back,
 * paused and resumed while every processor makes calls as fast as the reader can follow. The calls
 * are numbered by those who make them, and judge.c compares them with the events.
 *
 *   test_swap_oracle [-n SWAPS] [-b WAYS_BACK] [-s SEED] [-r] [KIND...]
 *     -n  real swaps of each kind, each of which loads and unloads a generation (default 1,000);
 *         now and then a way back, a pause or a swap that is taken back comes on top
 *     -b  so many ways back to a loaded generation after each (default 0): switches as well, and
 *         cheap ones, for machines that load slowly
 *     -s  repeats the decisions of another run
 *     -r  every kind is required: one that this kernel does not have is a failure
 * All kinds at once without KIND; but uprobe and uretprobe do not go together, since each counts
 * what the other's hooks skip.
 */
#include "place.h"
#include "storm.h"

#include "base/macro.h"
#include "base/str.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define N_SWAPS_DEFAULT 1000
#define FIRST		(1u << 0)
#define BOTH		(1u << 0 | 1u << 1)
#define OBJECT(name)	ORACLE_OBJECTS "/oracle_" name ".bpf.o"

enum place {
	PLACE_HERE,
	PLACE_NETWORK,
	PLACE_CGROUP, /* in a network namespace as well */
};

/* How many invocations a closed gate may count beside those that did not become events. */
enum others {
	OTHERS_NONE, /* the hooks fire for this kind alone, if uprobe and uretprobe do not run at
			once */
	OTHERS_MANY,
	OTHERS_UNKNOWN, /* hooks vanish, so events do not come for another reason too */
};

static const struct kind {
	const char *name;
	struct storm_variant variants[4];
	enum load_kind load;
	enum others others;
	enum place place;
	const char *attach[ORACLE_HOOKS];
	bool has_no_tgid;
} kinds[] = {
	{ .name = "tracepoint",
	  .variants = { { OBJECT("tracepoint"), BOTH }, { OBJECT("tracepoint_wide"), BOTH } },
	  .load = LOAD_SYSCALL,
	  .others = OTHERS_MANY },
	{ .name = "hooks", /* that vanish and come back; and tail calls */
	  .variants = { { OBJECT("tracepoint"), BOTH },
			{ OBJECT("tracepoint_tail"), BOTH },
			{ OBJECT("tracepoint_single"), FIRST },
			{ OBJECT("tracepoint_wide"), BOTH } },
	  .load = LOAD_SYSCALL,
	  .others = OTHERS_UNKNOWN },
	{ .name = "raw_tp",
	  .variants = { { OBJECT("raw_tp"), BOTH }, { OBJECT("raw_tp_wide"), BOTH } },
	  .load = LOAD_SYSCALL,
	  .others = OTHERS_MANY },
	{ .name = "tp_btf",
	  .variants = { { OBJECT("tp_btf"), BOTH }, { OBJECT("tp_btf_wide"), BOTH } },
	  .load = LOAD_SYSCALL,
	  .others = OTHERS_MANY },
	{ .name = "uprobe",
	  .variants = { { OBJECT("uprobe"), BOTH }, { OBJECT("uprobe_wide"), BOTH } },
	  .load = LOAD_FUNCTIONS },
	{ .name = "uretprobe",
	  .variants = { { OBJECT("uretprobe"), BOTH }, { OBJECT("uretprobe_wide"), BOTH } },
	  .load = LOAD_FUNCTIONS },
	{ .name = "perf_event",
	  .variants = { { OBJECT("perf_event"), FIRST }, { OBJECT("perf_event_wide"), FIRST } },
	  .load = LOAD_FAULTS,
	  .others = OTHERS_MANY /* faults elsewhere in this process, and the slot's own clock */ },
	{ .name = "xdp",
	  .variants = { { OBJECT("xdp"), FIRST }, { OBJECT("xdp_wide"), FIRST } },
	  .load = LOAD_PACKETS,
	  .place = PLACE_NETWORK,
	  .attach = { "iface=lo" },
	  .has_no_tgid = true },
	{ .name = "tc",
	  .variants = { { OBJECT("tc"), BOTH }, { OBJECT("tc_wide"), BOTH } },
	  .load = LOAD_PACKETS,
	  .place = PLACE_NETWORK,
	  .attach = { "on_egress:iface=lo,dir=egress", "on_ingress:iface=lo,dir=ingress" },
	  .has_no_tgid = true },
	{ .name = "cgroup",
	  .variants = { { OBJECT("cgroup"), BOTH }, { OBJECT("cgroup_wide"), BOTH } },
	  .load = LOAD_PACKETS,
	  .place = PLACE_CGROUP,
	  .has_no_tgid = true },
	{ .name = "kprobe",
	  .variants = { { OBJECT("kprobe"), BOTH }, { OBJECT("kprobe_wide"), BOTH } },
	  .load = LOAD_PRCTL,
	  .others = OTHERS_MANY },
	{ .name = "kretprobe",
	  .variants = { { OBJECT("kretprobe"), BOTH }, { OBJECT("kretprobe_wide"), BOTH } },
	  .load = LOAD_PRCTL,
	  .others = OTHERS_MANY },
	{ .name = "fentry",
	  .variants = { { OBJECT("fentry"), BOTH }, { OBJECT("fentry_wide"), BOTH } },
	  .load = LOAD_PRCTL,
	  .others = OTHERS_MANY },
	{ .name = "fexit",
	  .variants = { { OBJECT("fexit"), BOTH }, { OBJECT("fexit_wide"), BOTH } },
	  .load = LOAD_PRCTL,
	  .others = OTHERS_MANY },
	{ .name = "lsm",
	  .variants = { { OBJECT("lsm"), FIRST }, { OBJECT("lsm_wide"), FIRST } },
	  .load = LOAD_PRCTL,
	  .others = OTHERS_MANY },
};

static struct {
	unsigned int n_swaps;
	unsigned int n_rollbacks;
	uint64_t seed;
	bool is_required;
} options = { .n_swaps = N_SWAPS_DEFAULT };

static void skip_kind(const struct kind *kind, const char *why)
{
	if (options.is_required)
		fail_msg("%s cannot be measured: %s", kind->name, why);
	print_message("skipped: %s: %s\n", kind->name, why);
	skip();
}

static void report(const struct kind *kind, const struct storm_result *result)
{
	const struct judge_verdict *v = &result->verdict;

	print_message("oracle: %s: %u swaps (%u reuse, %u fresh maps), %u rollbacks, %u pauses, %u "
		      "taken back in %.1f s\n",
		      kind->name, result->n_reuse + result->n_fresh, result->n_reuse,
		      result->n_fresh, result->n_rollbacks, result->n_pauses, result->n_cancelled,
		      (double)result->elapsed_ns / 1e9);
	print_message("oracle: %s: %" PRIu64 " calls, %" PRIu64 " events, %" PRIu64
		      " closed (%" PRIu64 " skipped): %" PRIu64 " lost, %" PRIu64
		      " repeated, %" PRIu64 " mixed, %" PRIu64 " strange\n",
		      kind->name, v->n_calls, v->n_events, v->n_closed, result->n_skipped,
		      v->n_lost, v->n_repeated, v->n_mixed, v->n_strangers);
	print_message("oracle: %s: switch p50 %" PRIu64 " ns, p99 %" PRIu64 " ns; %" PRIu64
		      " events with another generation's number\n",
		      kind->name, result->switch_p50_ns, result->switch_p99_ns,
		      result->n_misattributed);
}

static void check(const struct kind *kind, const struct storm_result *result)
{
	const struct judge_verdict *v = &result->verdict;

	assert_int_equal(result->n_lost, 0);
	assert_int_equal(result->n_misread, 0);
	assert_int_equal(v->n_lost, 0);
	assert_int_equal(v->n_repeated, 0);
	assert_int_equal(v->n_mixed, 0);
	assert_int_equal(v->n_strangers, 0);
	assert_true(v->n_events > 0);
	if (kind->others == OTHERS_NONE)
		assert_int_equal(v->n_closed, result->n_skipped);
	else if (kind->others == OTHERS_MANY)
		assert_true(v->n_closed <= result->n_skipped);
}

/* Of this process; left at its end, also after a failure. */
static struct place_cgroup cgroup;

static void enter_place(const struct kind *kind)
{
	int r = kind->place == PLACE_HERE ? 0 : place_enter_network();

	if (r == 0 && kind->place == PLACE_CGROUP)
		r = place_enter_cgroup(&cgroup);
	if (r < 0)
		skip_kind(kind, strerror(-r));
}

static void run_storm(const struct kind *kind, const char *const *attach, size_t n_attach,
		      struct storm_result *result)
{
	struct storm_plan plan = {
		.variants = kind->variants,
		.load = kind->load,
		.attach = attach,
		.n_attach = n_attach,
		.has_tgid = !kind->has_no_tgid,
		.n_swaps = options.n_swaps,
		.n_rollbacks = options.n_rollbacks,
		.seed = options.seed,
	};
	struct eun_error err = EUN_ERROR_INIT;
	char why[EUN_ERROR_MESSAGE_MAX];
	int r;

	while (plan.n_variants < EUB_ARRAY_SIZE(kind->variants) &&
	       kind->variants[plan.n_variants].path)
		plan.n_variants++;
	print_message("oracle: %s: seed %" PRIu64 "\n", kind->name, plan.seed);
	r = storm_run(&plan, result, &err);
	(void)snprintf(why, sizeof(why), "%s", err.message);
	eun_error_done(&err);
	if (r < 0)
		skip_kind(kind, why);
}

static void test_kind(void **state)
{
	const struct kind *kind = *state;
	struct storm_result result;
	char at_cgroup[300];
	const char *attach[ORACLE_HOOKS];
	size_t n_attach = 0;

	enter_place(kind);
	while (n_attach < ORACLE_HOOKS && kind->attach[n_attach]) {
		attach[n_attach] = kind->attach[n_attach];
		n_attach++;
	}
	if (kind->place == PLACE_CGROUP) {
		(void)snprintf(at_cgroup, sizeof(at_cgroup), "cgroup=%s", cgroup.path);
		attach[n_attach++] = at_cgroup;
	}
	run_storm(kind, attach, n_attach, &result);
	report(kind, &result);
	check(kind, &result);
}

static bool is_asked_for(const char *kind, char *const *names)
{
	if (!*names)
		return true;
	while (*names) {
		if (eub_streq(*names++, kind))
			return true;
	}
	return false;
}

/* In a process of its own, so that grace periods of the kernel, most of the time of a swap, pass
 * for all kinds at once. Returns its process id. */
static pid_t start_kind(const struct kind *kind)
{
	const struct CMUnitTest tests[] = { {
	    .name = kind->name,
	    .test_func = test_kind,
	    .initial_state = (void *)(uintptr_t)kind,
	} };
	pid_t pid = fork();
	int n_failed;

	if (pid != 0)
		return pid;
	/* Whole lines, since the others write as well. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (*cgroup.path)
		place_leave_cgroup(&cgroup);
	exit(n_failed == 0 ? 0 : 1);
}

static int parse_options(int argc, char **argv)
{
	int option;

	options.seed = (uint64_t)time(NULL);
	while ((option = getopt(argc, argv, "n:b:s:r")) != -1) {
		switch (option) {
		case 'n':
			options.n_swaps = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'b':
			options.n_rollbacks = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			options.is_required = true;
			break;
		default:
			return -EINVAL;
		}
	}
	/* The generator of decisions stays at 0. */
	return options.n_swaps > 0 && options.seed > 0 ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	int n_failed = 0;
	int n_kinds = 0;
	int status;

	if (parse_options(argc, argv) < 0) {
		(void)fprintf(stderr,
			      "usage: %s [-n SWAPS] [-b WAYS_BACK] [-s SEED] [-r] [KIND...]\n",
			      argv[0]);
		return 2;
	}
	if (geteuid() != 0) {
		(void)fprintf(stderr, "skipped: loading BPF programs needs root\n");
		return 77;
	}
	for (size_t i = 0; i < EUB_ARRAY_SIZE(kinds); i++) {
		if (!is_asked_for(kinds[i].name, argv + optind))
			continue;
		n_failed += start_kind(&kinds[i]) < 0;
		n_kinds++;
	}
	while (wait(&status) > 0)
		n_failed += status != 0;
	return n_failed > 0 || n_kinds == 0;
}
