/* SPDX-License-Identifier: Apache-2.0 */
#include "object/target.h"

#include "base/macro.h"
#include "object/attach_point.h"
#include "object/gate_elf.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GIVEN_MAX 3

static struct eun_slot_options make_options(const char *const given[static GIVEN_MAX])
{
	struct eun_slot_options options = { .size = sizeof(options), .attach = given };

	while (options.n_attach < GIVEN_MAX && given[options.n_attach])
		options.n_attach++;
	return options;
}

static void test_find(void **state EUB_UNUSED)
{
	static const struct {
		const char *given[GIVEN_MAX];
		const char *section;
		const char *expected; /* of program "p"; "" for none */
	} rows[] = {
		{ { "iface=eth0" }, "xdp", "iface=eth0" },
		{ { "iface=eth0,dir=egress" }, "xdp", "iface=eth0" },
		{ { "p:iface=eth0,dir=ingress" }, "xdp.frags", "iface=eth0" },
		{ { "p:iface=eth0" }, "tc", "iface=eth0,dir=ingress" },
		{ { "p:iface=eth0,dir=egress" }, "tc", "iface=eth0,dir=egress" },
		{ { "dir=egress,iface=eth0" }, "classifier", "iface=eth0,dir=egress" },
		{ { "iface=eth0" }, "tc/egress", "iface=eth0,dir=egress" },
		{ { "iface=eth0,dir=ingress" }, "tcx/egress", "iface=eth0,dir=egress" },
		{ { "iface=a", "p:iface=b" }, "xdp", "iface=b" },
		{ { "p:iface=b", "iface=a" }, "xdp", "iface=b" },
		{ { "q:iface=b", "iface=a" }, "xdp", "iface=a" },
		{ { "iface=a", "cgroup=/c" }, "cgroup_skb/egress", "cgroup=/c" },
		{ { "p:cgroup=/a:b,c=d" }, "sockops", "cgroup=/a:b,c=d" },
		{ { "q:iface=b" }, "xdp", "" },
		{ { NULL }, "xdp", "" },
		{ { "iface=eth0" }, "tp/a/b", "" },
		{ { "iface=eth0" }, "sk_msg", "" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct eun_slot_options options = make_options(rows[i].given);
		struct eun__target target;
		char text[64];

		assert_int_equal(eun__target_find(&options, "p", rows[i].section,
						  eun__attach_kind_find(rows[i].section), &target,
						  NULL),
				 rows[i].expected[0] ? 1 : 0);
		assert_int_equal(eun__target_to_string(&target, text, sizeof(text)),
				 strlen(rows[i].expected));
		assert_string_equal(text, rows[i].expected);
		assert_int_equal(eun__target_to_string(&target, NULL, 0), strlen(text));
		eun__target_done(&target);
	}
}

/* Of one program, "gate". Opening asks nothing of the kernel. */
static struct bpf_object *open_object(const char *section)
{
	static const struct bpf_insn insns[] = { { .code = BPF_ALU64 | BPF_MOV | BPF_K },
						 { .code = BPF_JMP | BPF_EXIT } };
	struct eub_buf elf = EUB_BUF_INIT;
	struct bpf_object *object;

	assert_int_equal(eun__gate_elf_build(section, insns, EUB_ARRAY_SIZE(insns), &elf), 0);
	object = bpf_object__open_mem(elf.data, elf.len, NULL);
	assert_non_null(object);
	eub_buf_done(&elf);
	return object;
}

static int check(const char *section, const char *const given[static GIVEN_MAX],
		 struct eun_error *err)
{
	struct eun_slot_options options = make_options(given);
	struct bpf_object *object = open_object(section);
	int r = eun__targets_check(&options, object, err);

	bpf_object__close(object);
	return r;
}

static void test_check_accepts(void **state EUB_UNUSED)
{
	static const struct {
		const char *section;
		const char *given[GIVEN_MAX];
	} rows[] = {
		{ "tp/a/b", { NULL } },
		{ "xdp", { "iface=eth0" } },
		{ "xdp", { "gate:iface=eth0" } },
		{ "xdp", { "iface=eth1", "gate:iface=eth0" } },
		{ "tc", { "gate:iface=eth0,dir=egress" } },
		{ "cgroup_skb/ingress", { "cgroup=/sys/fs/cgroup" } },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++)
		assert_int_equal(check(rows[i].section, rows[i].given, NULL), 0);
}

static void test_check_refuses(void **state EUB_UNUSED)
{
	static const struct {
		const char *section;
		const char *given[GIVEN_MAX];
		const char *message; /* a part of it */
		const char *hint;    /* a part of it */
	} rows[] = {
		{ "xdp", { "" }, "not KEY=VALUE", "[PROGRAM:]iface=NAME" },
		{ "xdp", { "eth0" }, "not KEY=VALUE", "" },
		{ "xdp", { "gate:" }, "not KEY=VALUE", "" },
		{ "xdp", { ":iface=eth0" }, "name is empty", "" },
		{ "xdp", { "iface=" }, "value is empty", "" },
		{ "xdp", { "iface=eth0," }, "not KEY=VALUE", "" },
		{ "xdp", { "ifaces=eth0" }, "no 'ifaces'", "did you mean 'iface'?" },
		{ "xdp", { "x=eth0" }, "no 'x'", "there are iface, dir and cgroup" },
		{ "xdp", { "iface=a,iface=b" }, "more than one", "" },
		{ "xdp", { "iface=a,cgroup=/b" }, "more than one", "" },
		{ "xdp", { "dir=ingress" }, "neither an interface nor", "" },
		{ "tc", { "iface=a,dir=in" }, "neither ingress nor egress", "" },
		{ "sockops", { "cgroup=a" }, "does not begin with '/'", "" },
		{ "sockops", { "dir=egress,cgroup=/a" }, "section", "" },
		{ "xdp", { "gat:iface=a" }, "no program 'gat'", "did you mean 'gate'?" },
		{ "xdp", { "gate:cgroup=/a" }, "attached to an interface", "" },
		{ "sockops", { "gate:iface=a" }, "attached to a cgroup", "" },
		{ "tp/a/b", { "gate:iface=a" }, "takes no target", "" },
		{ "tp/a/b", { "iface=a" }, "no program of the tracker", "" },
		{ "xdp", { "cgroup=/a" }, "no program of the tracker", "" },
		{ "xdp", { "iface=a", "iface=b" }, "'iface=a' is for the same programs", "" },
		{ "xdp", { "gate:iface=a", "gate:iface=a" }, "is for the same", "" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct eun_error err = EUN_ERROR_INIT;
		int r = check(rows[i].section, rows[i].given, &err);

		assert_true(r == -EINVAL || r == -ENOENT);
		assert_non_null(strstr(err.message, rows[i].message));
		assert_non_null(strstr(err.hint, rows[i].hint));
		eun_error_done(&err);
	}
}

/* What was said to this very program must be possible; what is for all is not held against it. */
static void test_directions_that_contradict(void **state EUB_UNUSED)
{
	static const char *const own[GIVEN_MAX] = { "p:iface=a,dir=egress" };
	struct eun_slot_options options = make_options(own);
	struct eun__target target = EUN__TARGET_INIT;
	static const char *const sections[] = { "xdp", "tcx/ingress", "tc/ingress" };

	for (size_t i = 0; i < EUB_ARRAY_SIZE(sections); i++)
		assert_int_equal(eun__target_find(&options, "p", sections[i],
						  eun__attach_kind_find(sections[i]), &target,
						  NULL),
				 -EINVAL);
	assert_null(target.name);
}

static void test_missing(void **state EUB_UNUSED)
{
	static const struct {
		const char *section;
		const char *part;
	} rows[] = {
		{ "xdp", "--attach p:iface=NAME" },
		{ "tc", "--attach p:iface=NAME,dir=ingress|egress" },
		{ "cgroup/connect4", "--attach p:cgroup=PATH" },
		{ "sk_lookup/x", "a socket, a name space" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		char text[256];

		eun__target_format_missing(eun__attach_kind_find(rows[i].section), "p", text,
					   sizeof(text));
		assert_non_null(strstr(text, rows[i].part));
	}
}

static int look_up(enum eun__point_kind point, const char *name, struct eun_error *err)
{
	struct eun__target target = { .point = point, .name = strdup(name) };
	int r = eun__attach_point_check_target(&target, err);

	eun__target_done(&target);
	return r;
}

static void test_look_up(void **state EUB_UNUSED)
{
	struct eun__target none = EUN__TARGET_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	assert_int_equal(eun__attach_point_check_target(&none, NULL), 0);
	assert_int_equal(look_up(EUN__POINT_INTERFACE, "lo", NULL), 0);
	assert_int_equal(look_up(EUN__POINT_INTERFACE, "lo7", &err), -ENOENT);
	assert_int_equal(err.reason, EUN_REASON_NO_TARGET);
	assert_string_equal(err.subject, "lo7");
	assert_non_null(strstr(err.hint, "'lo'"));
	eun_error_done(&err);
	err = (struct eun_error)EUN_ERROR_INIT;
	assert_int_equal(look_up(EUN__POINT_CGROUP, "/proc", &err), -EINVAL);
	assert_non_null(strstr(err.message, "not a cgroup"));
	eun_error_done(&err);
	assert_int_equal(look_up(EUN__POINT_CGROUP, "/no/such/folder", NULL), -ENOENT);
}

EUB_PRINTF(2, 0)
static int quiet(enum libbpf_print_level level EUB_UNUSED, const char *format EUB_UNUSED,
		 va_list args EUB_UNUSED)
{
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_check_accepts),
		cmocka_unit_test(test_check_refuses),
		cmocka_unit_test(test_directions_that_contradict),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_look_up),
	};

	(void)libbpf_set_print(quiet);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
