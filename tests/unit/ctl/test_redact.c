/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of text, and what is not. */
#include "redact.h"

#include "base/macro.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct sample {
	const char *text;
	const char *expected;
};

static void check(const struct sample *samples, size_t n,
		  void (*redact)(struct eub_buf *out, const char *text, size_t n))
{
	for (size_t i = 0; i < n; i++) {
		struct eub_buf out = EUB_BUF_INIT;
		char *text;

		/* The exact size lets the sanitizer see a read past the end. */
		char *copy = strndup(samples[i].text, strlen(samples[i].text));

		redact(&out, copy, strlen(copy));
		text = eub_buf_take_string(&out);
		assert_string_equal(text ? text : "", samples[i].expected);
		free(text);
		free(copy);
	}
}

static void test_text(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "plain text, token ring\n", "plain text, token ring\n" },
		{ "https://u:p@example.org/a?key=1#x",
		  "https://[redacted]@example.org/a?[redacted]" },
		{ "see http://example.org/a/b.", "see http://example.org/a/b." },
		{ "\"url\": \"ftp://u@h/\"", "\"url\": \"ftp://[redacted]@h/\"" },
		{ "a://b@c@d e", "a://[redacted]@d e" },
		{ "://", "://" },
		{ "API_TOKEN=abc def", "API_TOKEN=[redacted] def" },
		{ "password = 'a b\\'c' x", "password = '[redacted]' x" },
		{ "\"client_secret\": \"a\\\"b\", \"n\": 1",
		  "\"client_secret\": \"[redacted]\", \"n\": 1" },
		{ "Authorization: Basic dXNlcg==\nnext", "Authorization: [redacted]\nnext" },
		{ "with Bearer abc.def, please", "with Bearer [redacted], please" },
		{ "passwd=", "passwd=[redacted]" },
		{ "secret", "secret" },
		{ "token=\"never ends", "token=\"[redacted]\"" },
		{ "a -----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nb",
		  "a [redacted]\nb" },
		{ "-----BEGIN PRIVATE KEY-----\nx", "[redacted]" },
		{ "{\\\"token\\\":\\\"abc\\\"}", "{\\\"token\\\":[redacted]" },
		{ "forbearer x", "forbearer x" },
	};

	(void)state;
	check(samples, EUB_ARRAY_SIZE(samples), redact_text);
}

/* Whatever is cut off where: nothing is read past the end. */
static void test_cut(void **state)
{
	static const char text[] = "a\n-----BEGIN X\n-----END\nSet=k=\"v\\\"\" Args=\"a\\\\\" \\"
				   "token=\"\\\"x http://u:p@h/p?q Bearer t 'secret': 'v' -- x";
	void (*const rules[])(struct eub_buf *, const char *, size_t) = {
		redact_text, redact_config, redact_cmdline, redact_value, redact_argument,
	};

	(void)state;
	for (size_t start = 0; start < sizeof(text); start++) {
		for (size_t n = 0; start + n < sizeof(text); n++) {
			char *copy = malloc(n + !n);

			assert_non_null(copy);
			memcpy(copy, text + start, n);
			for (size_t i = 0; i < EUB_ARRAY_SIZE(rules); i++) {
				struct eub_buf out = EUB_BUF_INIT;

				rules[i](&out, copy, n);
				assert_false(out.has_failed);
				eub_buf_done(&out);
			}
			free(copy);
		}
	}
}

static void test_value(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "1234", "1234" },
		{ "-12.5", "-12.5" },
		{ "0xdeadBEEF", "0xdeadBEEF" },
		{ "true", "true" },
		{ "No", "No" },
		{ "deadbeef", "[redacted, 8 bytes]" },
		{ "0x", "[redacted, 2 bytes]" },
		{ "-", "[redacted, 1 bytes]" },
		{ "123456789012345678901", "[redacted, 21 bytes]" },
		{ "/srv/data", "[redacted, 9 bytes]" },
	};

	(void)state;
	check(samples, EUB_ARRAY_SIZE(samples), redact_value);
}

static void test_argument(void **state)
{
	static const struct sample samples[] = {
		{ "", "" },
		{ "--comm", "--comm" },
		{ "--comm=sh", "--comm=[redacted, 2 bytes]" },
		{ "--pid=7", "--pid=7" },
		{ "-7", "-7" },
		{ "sh", "[redacted, 2 bytes]" },
	};

	(void)state;
	check(samples, EUB_ARRAY_SIZE(samples), redact_argument);
}

static void test_config(void **state)
{
	static const struct sample samples[] = {
		{ "[Tracker]\n# a comment\nSource=opensnoop\n",
		  "[Tracker]\n# a comment\nSource=opensnoop\n" },
		{ "Set=comm=sh\n  Set = pid=7\nSet=x",
		  "Set=comm=[redacted, 2 bytes]\n  Set = pid=7\n"
		  "Set=[redacted, 1 bytes]" },
		{ "Args=--pid 7 \"a b\" c",
		  "Args=--pid 7 [redacted, 5 bytes] [redacted, 1 bytes]" },
		{ "Environment=A=b\n\nSettings=a",
		  "Environment=[redacted, 3 bytes]\n\nSettings=a" },
		{ "Password=x", "Password=[redacted]" },
	};

	(void)state;
	check(samples, EUB_ARRAY_SIZE(samples), redact_config);
}

static void test_cmdline(void **state)
{
	static const struct sample samples[] = {
		{ "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro lsm=yama,bpf lockdown=none quiet\n",
		  "BOOT_IMAGE=[redacted] root=[redacted] ro lsm=yama,bpf lockdown=none quiet\n" },
		{ "a=\"b c\" d", "a=[redacted] d" },
		{ "ro s3cr:et -- --key abc\n", "ro [redacted] -- [redacted]\n" },
		{ "", "" },
	};

	(void)state;
	check(samples, EUB_ARRAY_SIZE(samples), redact_cmdline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),   cmocka_unit_test(test_cut),
		cmocka_unit_test(test_value),  cmocka_unit_test(test_argument),
		cmocka_unit_test(test_config), cmocka_unit_test(test_cmdline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
