/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's words of several releases, and what is made of them. */
#include "object/refusal.h"

#include "base/str.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>

struct row {
	int r;
	const char *complaint;
	const char *words;
	enum eun_reason reason; /* EUN_REASON_NONE: nothing is known about it */
	const char *said;
};

static void test_known_words(void **state)
{
	static const struct row rows[] = {
		{ -EINVAL, "BPF_STX uses reserved fields", "", EUN_REASON_UNSUPPORTED,
		  "Linux 5.12" },
		{ -EINVAL, "invalid func unknown#173", "", EUN_REASON_UNSUPPORTED,
		  "bpf_get_func_ip()" },
		{ -EINVAL, "unknown func bpf_timer_init#169", "", EUN_REASON_UNSUPPORTED,
		  "bpf_timer_init()" },
		{ -EINVAL, "program of this type cannot use helper bpf_d_path#147", "",
		  EUN_REASON_UNSUPPORTED, "bpf_d_path()" },
		{ -EINVAL, "invalid func unknown#99999", "", EUN_REASON_UNSUPPORTED,
		  "a later helper" },
		{ -EINVAL, "bpf_lsm_file_open is not sleepable", "", EUN_REASON_UNSUPPORTED,
		  "sleep" },
		{ -EINVAL, "unknown opcode d4", "", EUN_REASON_UNSUPPORTED, "does not know" },
		{ -EINVAL, "",
		  "prog 'x': missing BPF prog type, check ELF section name 'uprobe.multi/x'",
		  EUN_REASON_UNSUPPORTED, "libbpf" },
		{ -ENOMEM, "", "map 'events': failed to create: Cannot allocate memory(-12)",
		  EUN_REASON_NO_MEMORY, "'events'" },
		{ -EACCES, "R1 invalid mem access 'scalar'", "", EUN_REASON_NONE, "" },
		{ -EINVAL, "unreachable insn 3#x", "", EUN_REASON_NONE, "" },
		{ -EINVAL, "", "failed to open object", EUN_REASON_NONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(rows); i++) {
		struct eun_error err = EUN_ERROR_INIT;
		bool is_known =
		    eun__refusal_explain_load(rows[i].r, rows[i].complaint, rows[i].words, &err);

		assert_int_equal(is_known, rows[i].reason != EUN_REASON_NONE);
		assert_int_equal(err.reason, rows[i].reason);
		assert_int_equal(err.code, is_known ? rows[i].r : 0);
		assert_non_null(strstr(err.message, rows[i].said));
		assert_non_null(strstr(err.message, is_known ? rows[i].complaint : ""));
		assert_true(is_known == (err.hint[0] != '\0'));
		eun_error_done(&err);
	}
}

static void test_attach(void **state)
{
	static const int errors[] = { -EPERM, -EINVAL, -524 };

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(errors); i++) {
		struct eun_error err = EUN_ERROR_INIT;

		eun__refusal_hint_attach(errors[i], EUN__STEP_ATTACH, &err);
		assert_true(err.hint[0] != '\0');
	}
	assert_non_null(strstr(eun__refusal_strerror(-524), "ENOTSUPP"));
	assert_string_equal(eun__refusal_strerror(-EINVAL), "Invalid argument");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_words),
		cmocka_unit_test(test_attach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
