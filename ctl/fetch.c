/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one door to libcurl. A server is not trusted with anything: the body is cut off as soon as it
 * passes the bound (a Content-Length may lie or be missing), the whole transfer has a time limit,
 * and redirects can neither leave http(s), as to file://, nor go on for ever.
 */
#include "fetch.h"

#include "base/error.h"
#include "base/str.h"
#include "ctl_limits.h"

#include <curl/curl.h>

static const struct fetch_limits default_limits = {
	.max_bytes = CTL_SOURCE_MAX_BYTES,
	.connect_timeout_ms = CTL_FETCH_CONNECT_TIMEOUT_MS,
	.timeout_ms = CTL_FETCH_TIMEOUT_MS,
	.max_redirects = CTL_FETCH_REDIRECTS_MAX,
};

/* A transfer under way. */
struct fetch {
	CURL *curl;
	const struct fetch_limits *limits;
	struct eub_buf *out;
	size_t n_bytes;
	bool is_too_large;
	char message[CURL_ERROR_SIZE];
};

static const struct {
	CURLcode curl;
	int code;
	enum eun_reason reason;
} failures[] = {
	{ CURLE_OPERATION_TIMEDOUT, -ETIMEDOUT, EUN_REASON_TIMEOUT },
	{ CURLE_OUT_OF_MEMORY, -ENOMEM, EUN_REASON_NO_MEMORY },
	{ CURLE_UNSUPPORTED_PROTOCOL, -EINVAL, EUN_REASON_INVALID_ARGUMENT },
	{ CURLE_URL_MALFORMAT, -EINVAL, EUN_REASON_INVALID_ARGUMENT },
	{ CURLE_FILESIZE_EXCEEDED, -EFBIG, EUN_REASON_TOO_LARGE },
};

/* Libcurl's write callback; returning less than @n ends the transfer. */
static size_t on_data(char *data, size_t size, size_t n, void *userdata)
{
	struct fetch *fetch = userdata;

	(void)size; /* always 1 (CURLOPT_WRITEFUNCTION(3)) */
	if (n > fetch->limits->max_bytes - fetch->n_bytes) {
		fetch->is_too_large = true;
		return 0;
	}
	fetch->n_bytes += n;
	eub_buf_append(fetch->out, data, n);
	return fetch->out->has_failed ? 0 : n;
}

static CURLcode set_options(struct fetch *fetch, const char *url)
{
	const struct fetch_limits *limits = fetch->limits;
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{ CURLOPT_NOSIGNAL, 1 },
		{ CURLOPT_FAILONERROR, 1 },
		{ CURLOPT_FOLLOWLOCATION, 1 },
		{ CURLOPT_MAXREDIRS, limits->max_redirects },
		{ CURLOPT_CONNECTTIMEOUT_MS, limits->connect_timeout_ms },
		{ CURLOPT_TIMEOUT_MS, limits->timeout_ms },
	};
	const struct {
		CURLoption option;
		const char *value;
	} strings[] = {
		{ CURLOPT_URL, url },
		{ CURLOPT_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_REDIR_PROTOCOLS_STR, "http,https" },
		{ CURLOPT_ACCEPT_ENCODING, "" }, /* all that libcurl can undo */
		{ CURLOPT_USERAGENT, "eunomiactl/" EUNOMIA_VERSION },
	};
	CURLcode code = CURLE_OK;

	for (size_t i = 0; i < EUB_ARRAY_SIZE(numbers) && code == CURLE_OK; i++)
		code = curl_easy_setopt(fetch->curl, numbers[i].option, numbers[i].value);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(strings) && code == CURLE_OK; i++)
		code = curl_easy_setopt(fetch->curl, strings[i].option, strings[i].value);
	if (code == CURLE_OK)
		code = curl_easy_setopt(fetch->curl, CURLOPT_MAXFILESIZE_LARGE,
					(curl_off_t)limits->max_bytes);
	if (code == CURLE_OK)
		code = curl_easy_setopt(fetch->curl, CURLOPT_ERRORBUFFER, fetch->message);
	if (code == CURLE_OK)
		code = curl_easy_setopt(fetch->curl, CURLOPT_WRITEDATA, fetch);
	if (code == CURLE_OK)
		code = curl_easy_setopt(fetch->curl, CURLOPT_WRITEFUNCTION, on_data);
	return code;
}

static int fail(const struct fetch *fetch, CURLcode code, struct eun_error *err)
{
	long status = 0;

	if (fetch->is_too_large || code == CURLE_FILESIZE_EXCEEDED)
		return eun_error_set(err, -EFBIG, EUN_REASON_TOO_LARGE,
				     "the server sends more than the %zu bytes allowed",
				     fetch->limits->max_bytes);
	if (fetch->out->has_failed)
		return eub_error_no_memory(err);
	(void)curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return eun_error_set(err, status == 404 ? -ENOENT : -EIO,
				     status == 404 ? EUN_REASON_NOT_FOUND : EUN_REASON_IO,
				     "the server answers with HTTP status %ld", status);
	for (size_t i = 0; i < EUB_ARRAY_SIZE(failures); i++)
		if (failures[i].curl == code)
			return eun_error_set(err, failures[i].code, failures[i].reason,
					     "download failed: %s", fetch->message);
	return eun_error_set(err, -EIO, EUN_REASON_IO, "download failed: %s",
			     fetch->message[0] ? fetch->message : curl_easy_strerror(code));
}

int fetch_url(const char *url, const struct fetch_limits *limits, struct eub_buf *out,
	      struct eun_error *err)
{
	struct fetch fetch = { .limits = limits ? limits : &default_limits, .out = out };
	CURLcode code;
	int r = 0;

	if (!fetch_is_url(url) || strlen(url) > CTL_URL_MAX_BYTES)
		return eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				     "only http and https URLs of at most %d bytes are fetched",
				     CTL_URL_MAX_BYTES);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return eun_error_set(err, -ENOMEM, EUN_REASON_NO_MEMORY,
				     "libcurl cannot be initialised");
	fetch.curl = curl_easy_init();
	code = fetch.curl ? set_options(&fetch, url) : CURLE_OUT_OF_MEMORY;
	if (code == CURLE_OK)
		code = curl_easy_perform(fetch.curl);
	if (code != CURLE_OK)
		r = fail(&fetch, code, err);
	curl_easy_cleanup(fetch.curl);
	curl_global_cleanup();
	return r;
}
