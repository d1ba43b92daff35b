/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads from a real server on the loopback, the unwilling ones above all. */
#include "fetch.h"

#include "base/str.h"
#include "ctl_limits.h"
#include "http_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
	(void)signal(SIGPIPE, SIG_IGN);
	/* The loopback is reached without a proxy whatever the environment says. */
	(void)setenv("no_proxy", "127.0.0.1", 1);
	*state = http_server_new();
	return 0;
}

static int tear_down(void **state)
{
	http_server_free(*state);
	return 0;
}

static const struct fetch_limits limits = {
	.max_bytes = 100000,
	.connect_timeout_ms = 5000,
	.timeout_ms = 30000,
	.max_redirects = 3,
};

static void test_answers(void **state)
{
	static const struct {
		const char *path;
		int r;
		enum eun_reason reason;
		const char *message; /* part of it */
	} cases[] = {
		{ "/body", 0, EUN_REASON_NONE, "" },
		{ "/moved", 0, EUN_REASON_NONE, "" },
		{ "/large", -EFBIG, EUN_REASON_TOO_LARGE, "more than the 100000 bytes" },
		{ "/announced", -EFBIG, EUN_REASON_TOO_LARGE, "more than the 100000 bytes" },
		{ "/silent", -ETIMEDOUT, EUN_REASON_TIMEOUT, "download failed" },
		{ "/missing", -ENOENT, EUN_REASON_NOT_FOUND, "HTTP status 404" },
		{ "/broken", -EIO, EUN_REASON_IO, "HTTP status 500" },
		{ "/loop", -EIO, EUN_REASON_IO, "redirects" },
		{ "/away", -EINVAL, EUN_REASON_INVALID_ARGUMENT, "rotocol" },
	};

	for (size_t i = 0; i < EUB_ARRAY_SIZE(cases); i++) {
		struct eub_buf buf = EUB_BUF_INIT;
		struct eun_error err = EUN_ERROR_INIT;
		struct fetch_limits patience = limits;
		char url[100];
		int r;

		if (cases[i].r == -ETIMEDOUT)
			patience.timeout_ms = 300;
		http_server_url(*state, cases[i].path, url, sizeof(url));
		r = fetch_url(url, &patience, &buf, &err);
		if (r != cases[i].r || err.reason != cases[i].reason ||
		    !strstr(err.message, cases[i].message))
			fail_msg("%s: %d, '%s'", cases[i].path, r, err.message);
		if (r == 0) {
			assert_int_equal(buf.len, 7);
			assert_memory_equal(buf.data, "{\"a\":1}", 7);
		}
		assert_true(buf.len <= limits.max_bytes);
		eub_buf_done(&buf);
		eun_error_done(&err);
	}
}

static void test_nobody_there(void **state)
{
	struct eub_buf buf = EUB_BUF_INIT;
	struct eun_error err = EUN_ERROR_INIT;

	(void)state;
	/* Port 1 of the loopback: refused at once. */
	assert_int_equal(fetch_url("http://127.0.0.1:1/x", &limits, &buf, &err), -EIO);
	assert_int_equal(err.reason, EUN_REASON_IO);
	eun_error_done(&err);
	eub_buf_done(&buf);
}

static void test_no_url(void **state)
{
	static const char *const urls[] = { "ftp://127.0.0.1/x", "file:///etc/passwd", "x", "" };
	char *url = malloc(CTL_URL_MAX_BYTES + 2);
	struct eub_buf buf = EUB_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < EUB_ARRAY_SIZE(urls); i++) {
		assert_false(fetch_is_url(urls[i]));
		assert_int_equal(fetch_url(urls[i], NULL, &buf, NULL), -EINVAL);
	}
	memset(url, 'x', CTL_URL_MAX_BYTES + 1);
	memcpy(url, "http://", 7);
	url[CTL_URL_MAX_BYTES + 1] = '\0';
	assert_int_equal(fetch_url(url, NULL, &buf, NULL), -EINVAL);
	assert_int_equal(buf.len, 0);
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_no_url),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
