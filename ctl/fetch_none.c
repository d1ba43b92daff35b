/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In place of fetch.c in a build without libcurl (EUNOMIA_CURL=OFF): one that shall run where
 * nothing is installed, since libcurl brings twenty libraries. Whoever has a URL has a program that
 * fetches it, and a package is read from standard input as well.
 */
#include "fetch.h"

#include "base/error.h"

int fetch_url(const char *url, const struct fetch_limits *limits, struct eub_buf *out,
	      struct eun_error *err)
{
	(void)url; /* nothing is fetched, so nothing is needed */
	(void)limits;
	(void)out;
	eun_error_set(err, -EOPNOTSUPP, EUN_REASON_UNSUPPORTED,
		      "this build of eunomiactl has no libcurl, so it fetches no URL");
	eun_error_set_hint(err,
			   "fetch it with another program and give the file, or '-' to read it "
			   "from standard input");
	return -EOPNOTSUPP;
}
