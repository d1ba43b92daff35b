/* SPDX-License-Identifier: Apache-2.0 */
/* Downloads of bounded size and time. */
#pragma once

#include <eunomia/error.h>

#include "base/buf.h"

#include <stdbool.h>
#include <strings.h>

struct fetch_limits {
	size_t max_bytes;
	long connect_timeout_ms;
	long timeout_ms;
	long max_redirects;
};

static inline bool fetch_is_url(const char *s)
{
	return strncasecmp(s, "http://", 7) == 0 || strncasecmp(s, "https://", 8) == 0;
}

/**
 * fetch_url() - append what an http or https URL holds
 * @limits: NULL for those of limits.h
 *
 * Redirects stay within http and https. Proxies are taken from the environment, as curl does.
 *
 * Return: 0; -EINVAL (INVALID_ARGUMENT: no http(s) URL), -EFBIG (TOO_LARGE), -ETIMEDOUT (TIMEOUT),
 * -ENOENT (NOT_FOUND: the server said so), -EIO (IO), -ENOMEM; -EOPNOTSUPP (UNSUPPORTED) in a build
 * without libcurl.
 */
int fetch_url(const char *url, const struct fetch_limits *limits, struct eub_buf *out,
	      struct eun_error *err);
